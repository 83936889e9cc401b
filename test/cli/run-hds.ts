import { spawn } from 'node:child_process';
import { projectFile, projectRoot } from '../project-root';

export interface HdsResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the bundled command line to its end. */
export function runHds(args: readonly string[], input = ''): Promise<HdsResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [projectFile('dist/hds.js'), ...args], { cwd: projectRoot });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    // A command that ends without reading its input closes the pipe; that is no failure of the test.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
