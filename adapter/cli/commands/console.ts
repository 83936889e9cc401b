import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { ConsoleEvent } from '../../../driver/embedded/embedded-machine';
import { DriverError } from '../../../driver/driver-error';
import { findBuildSignatures, isBuildSignature } from '../../../driver/kd/build-signature';
import { ConnectionAddressError } from '../../../driver/kd/streams/connection-address';
import { ConsoleSession } from '../../console/console-session';
import { connectTarget, launchGuest } from '../../console/connect-target';
import { TargetError } from '../../target/target';
import { CliError, EXIT, wrongUse } from '../cli-error';
import { followInput } from '../console-input';
import { say, terminalIo } from '../console-io';
import type { GuestArguments } from '../guest-arguments';
import { coreCount, secondsAsMs } from '../option-values';

interface ConsoleCommandOptions {
  readonly connect?: string;
  readonly signature?: string;
  readonly signatureFrom?: string;
  readonly pause?: true;
  readonly wait?: number;
  readonly cores?: number;
}

/** `hds console`: the debugger's command line over the kernel debugger's wire (cli.md). */
export function addConsoleCommand(program: Command, guest: GuestArguments | undefined): void {
  program
    .command('console')
    .description(
      "the debugger's command line: commands from stdin, results to stdout, Ctrl-C halts the target",
    )
    .usage('[options] --connect <address> | --guest <program> [arguments of the program...]')
    .option('--connect <address>', 'tcp:HOST:PORT, pipe:PATH or serial:DEVICE[:BAUD] of a debuggee')
    .option('--signature <text>', 'build signature of the debuggee, which accepts no other one')
    .option('--signature-from <file>', 'libhyperdbg.dll of the debuggee, to take the signature from')
    .option('--pause', 'halt the debuggee as soon as it is connected')
    .option('--wait <seconds>', 'how long to wait for the debuggee to call (20)', secondsAsMs)
    .option('--cores <count>', 'processor cores of the embedded machine, with --guest (1)', coreCount)
    .addHelpText('after', '\n--guest comes last: everything behind it is the program and its arguments.')
    .action(async (options: ConsoleCommandOptions) => {
      if ((options.connect === undefined) === (guest === undefined))
        throw wrongUse(
          '"hds console" needs one target: --connect tcp:HOST:PORT|pipe:PATH|serial:DEVICE, or --guest PROGRAM [ARGUMENT…].',
        );
      process.exitCode = await runConsole(options, guest);
    });
}

async function runConsole(
  options: ConsoleCommandOptions,
  guest: GuestArguments | undefined,
): Promise<number> {
  const signature = signatureOf(options);
  let last = options.connect;
  const session: ConsoleSession = new ConsoleSession({
    io: terminalIo(),
    readFile: readText,
    connect: (address, signal) => {
      if (address === undefined && last === undefined && guest !== undefined) {
        const cores = options.cores === undefined ? {} : { cores: options.cores };
        const config = { program: guest.program, arguments: guest.args, ...cores, signal };
        return launchGuest(config, (event) => guestEvent(event, session));
      }
      last = address ?? last;
      return connectTarget(last ?? '', {
        signal,
        ...(signature === undefined ? {} : { signature }),
        ...(options.wait === undefined ? {} : { handshakeTimeoutMs: options.wait }),
      });
    },
  });
  const input = followInput(session);
  try {
    // A guest waits at its entry point, and nobody wants to lose it from there.
    await session.connect(undefined, options.pause === true || guest !== undefined);
    await input.ended();
  } catch (error) {
    throw cliError(error);
  } finally {
    input.stop();
    await session.close();
  }
  return session.lostReason === undefined ? EXIT.done : EXIT.failed;
}

function guestEvent(event: ConsoleEvent, session: ConsoleSession): void {
  if (event.kind === 'output') process[event.stream].write(event.bytes);
  else if (event.kind === 'exited') session.guestExited(event.code);
  else say(event.reason);
}

function signatureOf({ signature, signatureFrom }: ConsoleCommandOptions): string | undefined {
  if (signatureFrom === undefined) {
    if (signature !== undefined && !isBuildSignature(signature))
      say(
        `"${signature}" does not look like a signature; one is written 0.2.0-YYYYMMDD.HHMM. It is shown as it is.`,
      );
    return signature;
  }
  if (signature !== undefined) throw wrongUse('Give --signature or --signature-from, not both.');
  let file: Uint8Array;
  try {
    file = readFileSync(signatureFrom);
  } catch (error) {
    throw wrongUse(`"${signatureFrom}" cannot be read: ${(error as Error).message}`);
  }
  const found = findBuildSignatures(file);
  const [only] = found;
  if (only === undefined)
    throw wrongUse(
      `"${signatureFrom}" holds no build signature; point at the libhyperdbg.dll of the debuggee.`,
    );
  if (found.length > 1)
    throw wrongUse(
      `"${signatureFrom}" holds several signatures: ${found.join(', ')}. Give one with --signature.`,
    );
  return only;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

function cliError(error: unknown): unknown {
  if (error instanceof TargetError)
    return new CliError(error.message, error.origin === 'program' ? EXIT.wrongUse : EXIT.machineLacks);
  if (error instanceof ConnectionAddressError) return wrongUse(error.message);
  if (error instanceof DriverError) return new CliError(error.message, EXIT.failed);
  return error;
}
