import type { Command } from 'commander';
import { runAdapter } from '../../run-adapter';
import { portValue } from '../option-values';

/** `hds dap`: the debug adapter, the same as dist/adapter.js. */
export function addDapCommand(program: Command): void {
  program
    .command('dap')
    .description('the debug adapter, on stdin and stdout or on a port of this computer')
    .option('--port <number>', 'listen on this port of 127.0.0.1', portValue)
    .action(async ({ port }: { port?: number }) => {
      const status = await runAdapter(port === undefined ? [] : ['--port', String(port)]);
      // The client is gone: nothing that a dead target left behind may keep the process alive.
      process.exit(status);
    });
}
