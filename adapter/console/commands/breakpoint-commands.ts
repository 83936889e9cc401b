/** `bp`, `bl`, `be`, `bd`, `bc`: breakpoints that the debuggee keeps (driver-protocol 8.4). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST as VERB, SDK } from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandWords } from '../command-words';
import { addressText, hex } from '../format/numbers';

const ALL = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES;
const LARGEST_ID = 0xffff_ffff_ffff_ffffn;

export async function setBreakpoint({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const narrowed = (keyword: string) => Number(words.takeNumberOf(keyword) ?? ALL);
  const record = { Pid: narrowed('pid'), Tid: narrowed('tid'), Core: narrowed('core') };
  const address = await words.takeAddress('an address', context);
  words.end();
  const operation = `Setting a breakpoint at 0x${hex(address)}`;
  const answer = await context.client.requests.ask(
    REQUEST.setBreakpoint,
    { Address: address, ...record, RemoveAfterHit: false, CheckForCallbacks: false, Result: 0 },
    operation,
    ANSWER.setBreakpoint,
    (value) => value.Address === address,
  );
  requireSuccess(operation, answer.Result);
  context.io.print(`breakpoint set at ${addressText(address)}; "bl" shows its id`);
}

async function modify(id: bigint, verb: number, operation: string, context: CommandContext): Promise<void> {
  const record = { BreakpointId: id, Request: verb, Result: 0 };
  const answer = await context.client.requests.ask(
    REQUEST.modifyBreakpoints,
    record,
    operation,
    ANSWER.modifyBreakpoints,
    (value) => value.BreakpointId === id && value.Request === verb,
  );
  requireSuccess(operation, answer.Result);
}

/** The lines come as messages. */
export async function listBreakpoints({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  const verb = VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_LIST_BREAKPOINTS;
  await modify(0n, verb, 'Listing the breakpoints', context);
}

const VERBS = {
  enable: VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_ENABLE,
  disable: VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_DISABLE,
  clear: VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_CLEAR,
} as const;

export function modifyBreakpoint(verb: keyof typeof VERBS) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    const id = words.takeNumber('the id of a breakpoint ("bl" shows them)', LARGEST_ID);
    words.end();
    await modify(id, VERBS[verb], `The request to ${verb} breakpoint ${hex(id)}`, context);
    context.io.print(`breakpoint ${hex(id)}: ${verb}${verb === 'clear' ? 'ed' : 'd'}`);
  };
}
