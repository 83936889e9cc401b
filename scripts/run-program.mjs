import { spawn } from 'node:child_process';

/** Longest that a helper program may take; a hanging network must not hang set-up. */
const timeLimitMs = 10 * 60_000;

/**
 * Runs a program without a shell, so that spaces in paths need no quoting.
 * @returns {Promise<{status: number | undefined, output: string}>} `status` undefined: it could not be started, or was ended
 */
export function runProgram(file, args, { showOutput = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ['ignore', showOutput ? 'inherit' : 'pipe', showOutput ? 'inherit' : 'pipe'],
      windowsHide: true,
      ...options,
    });
    // Not spawn's own time limit: its timer outlives a program that could not be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs);
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const outputText = () => Buffer.concat(chunks).toString('utf8');
    const finish = (status, output) => {
      clearTimeout(timer);
      resolve({ status, output });
    };
    child.on('error', (error) => finish(undefined, error.message));
    child.on('close', (status) => finish(status ?? undefined, outputText()));
  });
}

/** Runs a script with this Node; its output goes to the terminal. Resolves to its exit status. */
export async function runNode(script, args, options = {}) {
  const { status } = await runProgram(process.execPath, [script, ...args], { showOutput: true, ...options });
  return status ?? 1;
}

/** The last line that says something, for a message of one line. */
export function lastLine(text) {
  return (
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? 'no output'
  );
}
