/** `flush`, `test`, `x`, and what runs in the debuggee's own client program (driver-protocol 8.4). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { DEBUGGER_FLUSH_LOGGING_BUFFERS } from '../../../driver/sdk/structs.generated';
import { DEBUGGER_TEST_QUERY_STATE as TEST } from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { CommandWords } from '../command-words';
import { addressText } from '../format/numbers';

export async function flush({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  const operation = 'Throwing away queued messages';
  const answer = await context.client.requests.ask(
    REQUEST.flush,
    DEBUGGER_FLUSH_LOGGING_BUFFERS.zero(),
    operation,
    ANSWER.flush,
  );
  requireSuccess(operation, answer.KernelStatus);
  const { CountOfMessagesThatSetAsReadFromVmxRoot: root, CountOfMessagesThatSetAsReadFromVmxNonRoot: plain } =
    answer;
  context.io.print(`${root + plain} messages were thrown away`);
}

const TESTS: Readonly<Record<string, number>> = {
  query: TEST.TEST_QUERY_HALTING_CORE_STATUS,
  pool: TEST.TEST_QUERY_PREALLOCATED_POOL_STATE,
  'trap-status': TEST.TEST_QUERY_TRAP_STATE,
  'breakpoint off': TEST.TEST_BREAKPOINT_TURN_OFF_BPS,
  'breakpoint on': TEST.TEST_BREAKPOINT_TURN_ON_BPS,
  'trap off': TEST.TEST_BREAKPOINT_TURN_OFF_DBS,
  'trap on': TEST.TEST_BREAKPOINT_TURN_ON_DBS,
};

export async function test({ command }: CommandLine, context: CommandContext): Promise<void> {
  const task = command.rest.text.trim().toLowerCase().replace(/\s+/g, ' ');
  const type = TESTS[task];
  if (type === undefined) throw new CommandError(`"${command.name}" takes ${Object.keys(TESTS).join(', ')}.`);
  const operation = `The test "${task}"`;
  const answer = await context.client.requests.ask(
    REQUEST.testQuery,
    { RequestType: type, Context: 0n, KernelStatus: 0 },
    operation,
    ANSWER.testQuery,
    (value) => value.RequestType === type,
  );
  requireSuccess(operation, answer.KernelStatus);
  context.io.print(`${task}: done`);
}

const MOST_SYMBOLS = 200;

/** `x module!pattern`, over the modules whose files are here. */
export function findSymbols({ command }: CommandLine, { symbols, io }: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const pattern = words.take('a pattern, e.g. main!*').text;
  words.end();
  const found = symbols.namesMatching(pattern, MOST_SYMBOLS + 1);
  for (const name of found.slice(0, MOST_SYMBOLS)) {
    const address = symbols.resolve(name);
    io.print(`${address === undefined ? 'several places' : addressText(address)}  ${name}`);
  }
  if (found.length === 0) io.print('no symbol is named like that');
  if (found.length > MOST_SYMBOLS) io.say(`Only ${MOST_SYMBOLS} are shown; narrow the pattern.`);
  return Promise.resolve();
}
