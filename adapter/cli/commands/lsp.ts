import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error';
import { untilInterrupted } from '../console-io';
import { portValue } from '../option-values';

/** `hds lsp`: the language server, which is a program of its own beside this one. */
export function addLspCommand(program: Command): void {
  program
    .command('lsp')
    .description('the language server, on stdin and stdout or on a port of this computer')
    .option('--stdio', 'talk on stdin and stdout (the default)')
    .option('--port <number>', 'listen on this port of 127.0.0.1', portValue)
    .action(async ({ stdio, port }: { stdio?: true; port?: number }) => {
      if (stdio && port !== undefined) {
        throw new CliError('Give either --stdio or --port, not both.', EXIT.wrongUse);
      }
      process.exitCode = await runServer(port === undefined ? ['--stdio'] : ['--port', String(port)]);
    });
}

function runServer(serverArguments: readonly string[]): Promise<number> {
  const server = path.join(path.dirname(__filename), 'language-server.js');
  return untilInterrupted(
    (signal) =>
      new Promise<number>((resolve, reject) => {
        const child = spawn(process.execPath, ['--max-semi-space-size=4', server, ...serverArguments], {
          stdio: 'inherit',
        });
        signal.addEventListener('abort', () => child.kill());
        child.on('error', (error) =>
          reject(new CliError(`The language server did not start: ${error.message}`, EXIT.machineLacks)),
        );
        child.on('exit', (code) => resolve(signal.aborted ? EXIT.interrupted : (code ?? EXIT.failed)));
      }),
  );
}
