import type { Command } from 'commander';
import {
  type EmbeddedMachine,
  EmbeddedMachineError,
  startEmbeddedMachine,
} from '../../../driver/embedded/embedded-machine';
import { ListenError } from '../../../driver/embedded/serve/listen';
import {
  serveMachine,
  type ServedMachine,
  type ServeEnd,
} from '../../../driver/embedded/serve/serve-machine';
import {
  ConnectionAddressError,
  connectionAddressText,
  parseConnectionAddress,
  type SocketAddress,
} from '../../../driver/kd/streams/connection-address';
import { CliError, EXIT, wrongUse } from '../cli-error';
import { say, untilInterrupted } from '../console-io';
import type { GuestArguments } from '../guest-arguments';
import { coreCount } from '../option-values';

interface ServeCommandOptions {
  readonly listen: string;
  readonly allowRemote?: true;
  readonly endWithClient?: true;
  readonly cores?: number;
}

/** `hds serve`: the embedded machine as a debuggee for any kernel-debugger client (cli.md). */
export function addServeCommand(program: Command, guest: GuestArguments | undefined): void {
  program
    .command('serve')
    .description('run a guest program on the embedded machine and let debuggers connect to it, one at a time')
    .usage('[options] --listen <address> --guest <program> [arguments of the program...]')
    .argument('[program]', 'the guest program, instead of --guest')
    .argument('[arguments...]', 'its arguments')
    .requiredOption('--listen <address>', 'tcp:HOST:PORT (port 0 takes a free one) or pipe:PATH')
    .option('--cores <count>', 'processor cores of the embedded machine (1)', coreCount)
    .option('--end-with-client', 'end with the first debugger; without it the guest goes on for the next')
    .option('--allow-remote', 'listen beyond this computer; the wire knows no password')
    .addHelpText('after', '\n--guest comes last: everything behind it is the program and its arguments.')
    .action(async (given: string | undefined, args: readonly string[], options: ServeCommandOptions) => {
      const served = guest ?? (given === undefined ? undefined : { program: given, args });
      if (served === undefined) {
        throw wrongUse(
          '"hds serve" needs a program: hds serve --listen tcp:127.0.0.1:0 --guest PROGRAM [ARGUMENT…]',
        );
      }
      if (guest !== undefined && given !== undefined) {
        throw wrongUse(`"${given}" is one program too many: --guest names the one to run.`);
      }
      process.exitCode = await serve(served, options);
    });
}

async function serve(guest: GuestArguments, options: ServeCommandOptions): Promise<number> {
  const address = addressOf(options.listen);
  return untilInterrupted(async (signal) => {
    const served = await open(await machineFor(guest, options), address, options);
    try {
      say(
        `${guest.program} waits at its entry point for a debugger at ${connectionAddressText(served.address)}`,
      );
      const interrupted = new Promise<'interrupted'>((resolve) => {
        if (signal.aborted) resolve('interrupted');
        else signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
      });
      const end = await Promise.race([served.ended, interrupted]);
      // A server is meant to be ended like that, so it is no failure.
      return end === 'interrupted' ? EXIT.done : exitStatusOf(end);
    } finally {
      await served.close();
    }
  });
}

function addressOf(text: string): SocketAddress {
  try {
    const address = parseConnectionAddress(text);
    if (address.kind === 'serial')
      throw wrongUse('"hds serve" listens at a TCP port or a pipe; relay a serial line to one of them.');
    return address;
  } catch (error) {
    if (error instanceof ConnectionAddressError) throw wrongUse(error.message);
    throw error;
  }
}

async function machineFor(guest: GuestArguments, { cores }: ServeCommandOptions): Promise<EmbeddedMachine> {
  try {
    return await startEmbeddedMachine({
      program: guest.program,
      arguments: guest.args,
      ...(cores === undefined ? {} : { cores }),
    });
  } catch (error) {
    if (!(error instanceof EmbeddedMachineError)) throw error;
    throw new CliError(error.message, error.origin === 'program' ? EXIT.wrongUse : EXIT.machineLacks);
  }
}

async function open(
  machine: EmbeddedMachine,
  address: SocketAddress,
  options: ServeCommandOptions,
): Promise<ServedMachine> {
  try {
    return await serveMachine(machine, {
      address,
      mayBeRemote: options.allowRemote === true,
      endsWithClient: options.endWithClient === true,
      output: (stream, bytes) => void process[stream].write(bytes),
      tell: say,
    });
  } catch (error) {
    if (error instanceof ListenError) throw wrongUse(error.message);
    throw error;
  }
}

function exitStatusOf(end: ServeEnd): number {
  switch (end.kind) {
    case 'exited':
      say(`the guest exited with code ${end.code}${end.signal === undefined ? '' : ` (${end.signal})`}`);
      return EXIT.done;
    case 'client left':
      return EXIT.done;
    case 'failed':
      throw new CliError(end.reason, EXIT.failed);
  }
}
