import type { Command } from 'commander';
import { type RunOptions, type RunOutcome, runOnGuest } from '../../run/run-on-guest';
import type { RunRecord } from '../../run/run-record';
import { remoteTarget } from '../../target/remote-target';
import { CliError, EXIT, wrongUse } from '../cli-error';
import { printJson, printLine, say, untilInterrupted } from '../console-io';
import type { GuestArguments } from '../guest-arguments';
import { readBeside, readTextFile } from '../input-file';
import { collected, coreCount, countValue, secondsAsMs } from '../option-values';

interface RunCommandOptions {
  readonly arg?: string[];
  readonly json?: true;
  readonly maxStops?: number;
  readonly timeout?: number;
  readonly cores?: number;
  readonly stdin?: true;
  readonly connect?: string;
  readonly signature?: string;
}

/**
 * `hds run`: a script on the embedded machine with a guest program, or on a target that runs already (cli.md). `guest` was cut
 * off before parsing.
 */
export function addRunCommand(program: Command, guest: GuestArguments | undefined): void {
  program
    .command('run')
    .description('arm a script on a target, let its guest run and go on after each stop')
    .usage('[options] <script> (--guest <program> [arguments of the program...] | --connect <address>)')
    .argument('<script>', 'HyperDbg script (.hds)')
    .option('--arg <value>', 'value of $arg1, $arg2 … in this order; may be repeated', collected)
    .option('--json', 'print one JSON object a line')
    .option('--max-stops <count>', 'end the run at this stop', countValue)
    .option('--timeout <seconds>', 'end the run after this time', secondsAsMs)
    .option('--cores <count>', 'processor cores of the embedded machine (1)', coreCount)
    .option('--stdin', 'let the program read the standard input of hds; without, it finds the end at once')
    .option('--connect <address>', 'a target that runs already: tcp:HOST:PORT or pipe:PATH')
    .option('--signature <text>', 'build signature of a real debuggee, with --connect')
    .addHelpText('after', '\n--guest comes last: everything behind it is the program and its arguments.')
    .action(async (script: string, options: RunCommandOptions) => {
      if ((guest === undefined) === (options.connect === undefined)) {
        throw wrongUse(
          '"hds run" needs a program or a target: hds run SCRIPT.hds --guest PROGRAM [ARGUMENT…], or hds run SCRIPT.hds --connect tcp:HOST:PORT',
        );
      }
      process.exitCode = await run(script, options, guest);
    });
}

/** What is run, and where. */
function targetOf(
  { connect, signature, cores, stdin }: RunCommandOptions,
  guest: GuestArguments | undefined,
): Pick<RunOptions, 'program' | 'programArgs' | 'cores' | 'input' | 'openTarget'> {
  if (guest !== undefined) {
    return {
      program: guest.program,
      programArgs: guest.args,
      ...(cores === undefined ? {} : { cores }),
      ...(stdin === undefined ? {} : { input: process.stdin }),
    };
  }
  return {
    openTarget: ({ signal }) =>
      remoteTarget({
        connection: connect ?? '',
        ...(signature === undefined ? {} : { signature }),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}

async function run(
  script: string,
  options: RunCommandOptions,
  guest: GuestArguments | undefined,
): Promise<number> {
  const scriptText = readTextFile(script);
  const emit = options.json === true ? printJson : printRecord;
  const outcome = await untilInterrupted((signal) =>
    runOnGuest(
      {
        scriptPath: script,
        scriptText,
        scriptArgs: options.arg ?? [],
        ...targetOf(options, guest),
        ...(options.maxStops === undefined ? {} : { maxStops: options.maxStops }),
        ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
        signal,
        readFile: (name) => readBeside(script, name),
      },
      emit,
    ),
  );
  return exitStatusOf(outcome, options);
}

function exitStatusOf(outcome: RunOutcome, options: RunCommandOptions): number {
  // A target that somebody else has started goes on without us.
  const fate = options.connect === undefined ? 'ended' : 'left as it is, without the events of the script';
  switch (outcome.kind) {
    case 'exited':
    case 'maxStops':
      return EXIT.done;
    case 'timeout':
      throw new CliError(
        `The guest did not exit within ${(options.timeout ?? 0) / 1000} s and was ${fate}. Give more with --timeout.`,
        EXIT.failed,
      );
    case 'cancelled':
      say(`hds: interrupted; the guest was ${fate}.`);
      return EXIT.interrupted;
    case 'script':
      for (const problem of outcome.problems)
        say(`${problem.path}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`);
      return EXIT.failed;
    case 'failed': {
      const statuses = { program: EXIT.wrongUse, machine: EXIT.machineLacks, target: EXIT.failed };
      throw new CliError(outcome.reason, statuses[outcome.origin]);
    }
  }
}

/** A record for people: what scripts and the guest print goes to stdout as it is, the rest is told on stderr. */
function printRecord(record: RunRecord): void {
  const event = 'event' in record && record.event !== undefined ? `event ${record.event}` : 'the target';
  switch (record.type) {
    case 'armed':
      say(`armed event ${record.event}: ${record.command} (line ${record.line})`);
      return;
    case 'message':
      printLine(record.text);
      return;
    case 'guestOutput':
      if (record.stream === 'stdout') printLine(record.text);
      else say(record.text);
      return;
    case 'stopped':
      printLine(
        `stopped: ${record.reason}, ${event}, rip ${record.rip}, core ${record.core}, thread ${record.thread}`,
      );
      return;
    case 'buffer':
      printLine(`buffer of ${event}: ${record.hex}`);
      return;
    case 'error':
      say(`error in ${event}${record.line === undefined ? '' : `, line ${record.line}`}: ${record.text}`);
      return;
    case 'lost':
      say(`${record.messages} messages were lost`);
      return;
    case 'exited':
      say(`the guest exited with code ${record.code}`);
      return;
  }
}
