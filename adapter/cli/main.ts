#!/usr/bin/env node
/** `hds`, the command line of HyperDbg scripts (cli.md). */

import { Command, CommanderError } from 'commander';
import { isMainThread } from 'node:worker_threads';
import { CliError, EXIT } from './cli-error';
import { addAsmCommand } from './commands/asm';
import { addCheckCommand } from './commands/check';
import { addCompileCommand } from './commands/compile';
import { addConsoleCommand } from './commands/console';
import { addDapCommand } from './commands/dap';
import { addDisasmCommand } from './commands/disasm';
import { addDoctorCommand } from './commands/doctor';
import { addEvalCommand } from './commands/eval';
import { addLspCommand } from './commands/lsp';
import { addRunCommand } from './commands/run';
import { addServeCommand } from './commands/serve';
import { addTestCommand } from './commands/test';
import { addVectorsCommand } from './commands/vectors';
import { endQuietlyWhenUnread, say } from './console-io';
import { type GuestArguments, splitGuestArguments } from './guest-arguments';

function createProgram(guest: GuestArguments | undefined): Command {
  const program = new Command('hds')
    .description('Check, compile, test and run HyperDbg scripts without an editor.')
    .exitOverride()
    .showHelpAfterError('Run "hds --help" or "hds COMMAND --help" for what can be given.');
  const add = [
    addCheckCommand,
    addCompileCommand,
    addEvalCommand,
    addTestCommand,
    addVectorsCommand,
    addAsmCommand,
    addDisasmCommand,
    addDapCommand,
    addLspCommand,
    addDoctorCommand,
  ];
  for (const addCommand of add) addCommand(program);
  addRunCommand(program, guest);
  addServeCommand(program, guest);
  addConsoleCommand(program, guest);
  return program;
}

/** Commands that end in `--guest PROGRAM [ARGUMENT…]`. */
function takesGuest(command: string | undefined): boolean {
  return command === 'run' || command === 'serve' || command === 'console';
}

async function main(): Promise<void> {
  endQuietlyWhenUnread();
  try {
    const args = process.argv.slice(2);
    const { own, guest } = takesGuest(args[0]) ? splitGuestArguments(args) : { own: args, guest: undefined };
    await createProgram(guest).parseAsync(own, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what was wrong already; help and version end here with 0.
      process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
      return;
    }
    if (error instanceof CliError) {
      say(`hds: ${error.message}`);
      process.exitCode = error.exitStatus;
      return;
    }
    say(`hds: this should not have happened: ${error instanceof Error ? error.message : String(error)}`);
    say('It is a fault of hds itself; please report it with the command line and the file.');
    process.exitCode = EXIT.failed;
  }
}

// The evaluation worker is this same bundle, loaded a second time.
if (isMainThread) void main();
