/**
 * Commands of the stock client that run in the debuggee's own client program (driver-protocol 8.4, user input). That program
 * does not exist here; what such a command asks of the machine itself is done, and of all others it is said that they are not.
 */

import { REQUEST } from '../../kd/packets';
import { bytesToText, untilNul } from '../../kd/text-bytes';
import {
  DEBUGGER_PREACTIVATE_COMMAND_TYPE as PREACTIVATE,
  DEBUGGER_PREALLOC_COMMAND_TYPE as POOL,
  OPERATION,
} from '../../sdk/tables.generated';
import type { Machine } from './machine';
import type { Install, ServerContext } from './server-context';

/** Answers with the text for the user. */
type UserCommand = (context: ServerContext, words: readonly string[]) => string;

/** Hexadecimal by default; `0n` and `n` are decimal, backticks mean nothing (driver-protocol 9, "Numbers"). */
function numberOf(word: string | undefined): bigint | undefined {
  const text = (word ?? '').replaceAll('`', '').toLowerCase();
  const decimal = /^(?:0n|\\?n)([0-9]+)$/.exec(text);
  if (decimal?.[1] !== undefined) return BigInt(decimal[1]);
  const digits = /^(?:0x|\\?x)?([0-9a-f]{1,16})$/.exec(text);
  return digits?.[1] === undefined ? undefined : BigInt(`0x${digits[1]}`);
}

const hex = (value: bigint) => value.toString(16).padStart(16, '0');

/** The cores that `core N` names, or all; undefined for one that does not exist. */
function coresOf(machine: Machine, words: readonly string[]): readonly number[] | undefined {
  const at = words.indexOf('core');
  if (at < 0) return Array.from({ length: machine.coreCount }, (_, core) => core);
  const core = numberOf(words[at + 1]);
  return core === undefined || core >= BigInt(machine.coreCount) ? undefined : [Number(core)];
}

function onCores(machine: Machine, cores: readonly number[], work: (core: number) => string): string {
  const selected = machine.currentCore;
  try {
    return cores
      .map((core) => {
        machine.selectCore(core);
        return work(core);
      })
      .join('');
  } finally {
    machine.selectCore(selected);
  }
}

const NO_SUCH_CORE = 'there is no such core; leave "core" out for all of them\n';

const rdmsr: UserCommand = ({ machine }, words) => {
  const msr = numberOf(words[1]);
  const cores = coresOf(machine, words);
  if (msr === undefined) return `"rdmsr" needs the number of a register, e.g. "rdmsr c0000082"\n`;
  if (cores === undefined) return NO_SUCH_CORE;
  return onCores(machine, cores, (core) => {
    const value = machine.readMsr(Number(msr));
    return value === undefined
      ? `core ${core}: msr ${msr.toString(16)} does not exist on this CPU\n`
      : `core ${core}: msr ${msr.toString(16)} = ${hex(value)}\n`;
  });
};

const wrmsr: UserCommand = ({ machine }, words) => {
  const msr = numberOf(words[1]);
  const value = numberOf(words[2]);
  const cores = coresOf(machine, words);
  if (msr === undefined || value === undefined)
    return `"wrmsr" needs the number of a register and a number for it, e.g. "wrmsr c0000103 55"\n`;
  if (cores === undefined) return NO_SUCH_CORE;
  return onCores(machine, cores, (core) =>
    machine.writeMsr(Number(msr), value)
      ? `core ${core}: msr ${msr.toString(16)} = ${hex(value)}\n`
      : `core ${core}: msr ${msr.toString(16)} does not exist or does not take ${hex(value)}; nothing was written\n`,
  );
};

const listModules: UserCommand = ({ machine }, words) => {
  const filterAt = words.indexOf('m');
  const filter = filterAt < 0 ? '' : (words[filterAt + 1] ?? '').toLowerCase();
  const wantsKernel = !words.includes('um');
  const wantsUser = !words.includes('km');
  const lines = machine
    .modules()
    .filter(({ isUserMode }) => (isUserMode ? wantsUser : wantsKernel))
    .filter(({ path }) => path.toLowerCase().includes(filter))
    .map(
      ({ baseAddress, isUserMode, path }) =>
        `${hex(baseAddress)} ${isUserMode ? 'user' : 'kernel'} ${path}\n`,
    );
  return lines.length === 0 ? 'there is no such module\n' : lines.join('');
};

const status: UserCommand = ({ machine, events, breakpoints }) => {
  const { processId, threadId, processName } = machine.currentProcess();
  return (
    `halted on core ${machine.currentCore} of ${machine.coreCount}, pid ${processId.toString(16)}, ` +
    `tid ${threadId.toString(16)}, ${processName}; ${events.events().length} events, ${breakpoints.all.length} breakpoints\n`
  );
};

const keyword = (name: string, prefix: string) =>
  name.slice(prefix.length).toLowerCase().replaceAll('_', '-');
const POOLS = Object.keys(POOL).map((name) => keyword(name, 'DEBUGGER_PREALLOC_COMMAND_TYPE_'));
const FUNCTIONS = Object.keys(PREACTIVATE).map((name) => keyword(name, 'DEBUGGER_PREACTIVATE_COMMAND_TYPE_'));

const preallocate: UserCommand = (_context, words) => {
  const kind = words[1] ?? '';
  if (!POOLS.includes(kind) || numberOf(words[2]) === undefined)
    return `"prealloc" needs a kind and a count; the kinds are ${POOLS.join(', ')}\n`;
  return `nothing has to be reserved: this machine takes memory for ${kind} when it is needed, halted or not\n`;
};

const preactivate: UserCommand = (_context, words) =>
  FUNCTIONS.includes(words[1] ?? '')
    ? `"${words[1]}" is always active on this machine\n`
    : `"preactivate" needs one of ${FUNCTIONS.join(', ')}\n`;

const unload: UserCommand = ({ events, breakpoints }) => {
  events.modify('all', 'clear');
  breakpoints.clearAll();
  return 'all events and breakpoints are cleared; the machine itself stays, "exit" ends the session\n';
};

const COMMANDS: Readonly<Record<string, UserCommand>> = {
  rdmsr,
  wrmsr,
  lm: listModules,
  status,
  '.status': status,
  prealloc: preallocate,
  preallocate,
  preallocation: preallocate,
  preactivate,
  preactive: preactivate,
  preactivation: preactivate,
  unload,
};

/** Runs one command line; the answer is what the user reads. */
export function runUserCommand(context: ServerContext, line: string): string {
  const words = line.trim().toLowerCase().split(/\s+/);
  const command = COMMANDS[words[0] ?? ''];
  return command === undefined
    ? `this target has no client program of its own, so "${line.trim()}" was not run\n`
    : command(context, words);
}

export function installUserInput(install: Install): void {
  install(REQUEST.userInput, (context, { record, tail }) => {
    const line = bytesToText(untilNul(tail.subarray(0, record.CommandLen)));
    context.log(OPERATION.OPERATION_LOG_MESSAGE_MANDATORY, runUserCommand(context, line));
    // The client regards the target as running after commands of this kind, and asks it to halt with a pause request (8.4).
    if (record.IgnoreFinishedSignal) context.resume({ kind: 'continue' });
    else context.stop({ reason: 'command finished' });
  });
}
