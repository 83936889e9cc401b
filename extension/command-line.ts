import { spawn } from 'node:child_process';
import path from 'node:path';
import type { CancellationToken, ExtensionContext } from 'vscode';

export interface CommandLineResult {
  readonly output: string;
  /** What it wrote to its error output, or why it did not start. */
  readonly problems: string;
}

/** Runs the command line `hds` of the extension in the Node that runs the extension host. Never rejects. */
export function runCommandLine(
  context: ExtensionContext,
  args: readonly string[],
  token?: CancellationToken,
): Promise<CommandLineResult> {
  return new Promise((resolve) => {
    const program = path.join(context.extensionPath, 'dist', 'hds.js');
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      windowsHide: true,
    });
    let output = '';
    let problems = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text));
    const cancelled = token?.onCancellationRequested(() => child.kill());
    const finish = (): void => {
      cancelled?.dispose();
      resolve({ output, problems: problems.trim() });
    };
    child.once('error', (error) => {
      problems += `it could not be started: ${error.message}`;
      finish();
    });
    child.once('close', finish);
  });
}
