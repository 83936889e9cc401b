/** `.process`, `.thread`, `.sym`: what the halted machine is running (driver-protocol 8.4). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { bytesToText, untilNul } from '../../../driver/kd/text-bytes';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET,
} from '../../../driver/sdk/structs.generated';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_TYPE as PROCESS,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_TYPE as THREAD,
  SDK,
} from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { addressOf, CommandWords } from '../command-words';
import { addressText, hex } from '../format/numbers';

const SWITCH_COMES = 'the switch comes when the target runs: "g" stops again in it';
const NEEDS_KERNEL_SYMBOLS =
  'lists need the places of fields in the kernel of Windows, which are in its PDB file; this console reads none.';

export async function processCommand({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const pid = words.takeNumberOf('pid');
  const object = words.takeValueOf('process');
  const isList = words.takeWord('list') !== undefined;
  words.end();
  if (isList && !context.client.requests.isOwn)
    throw new CommandError(
      `"${command.name} list" does not work here: ${NEEDS_KERNEL_SYMBOLS} ".process" shows the current one.`,
    );
  const isSwitch = pid !== undefined || object !== undefined;
  const operation = isSwitch ? 'Switching to another process' : 'Asking for the process';
  const record = {
    ...DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.zero(),
    ActionType: isSwitch
      ? PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PERFORM_SWITCH
      : isList
        ? PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_LIST
        : PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_DETAILS,
    ProcessId: Number(pid ?? 0n),
    Process: object === undefined ? 0n : await addressOf(object, context),
    IsSwitchByClkIntr: isSwitch && !command.name.endsWith('2'),
  };
  const answer = await context.client.requests.ask(
    REQUEST.changeProcess,
    record,
    operation,
    ANSWER.changeProcess,
    (value) => value.ActionType === record.ActionType,
  );
  requireSuccess(operation, answer.Result);
  if (isList) return;
  const name = bytesToText(untilNul(answer.ProcessName));
  context.io.print(
    isSwitch ? SWITCH_COMES : `pid ${hex(answer.ProcessId)}  ${name}  object ${addressText(answer.Process)}`,
  );
}

export async function threadCommand({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const isList = words.takeWord('list') !== undefined;
  const tid = words.takeNumberOf('tid');
  const object = words.takeValueOf('thread');
  const process = words.takeValueOf('process');
  words.end();
  if (isList && !context.client.requests.isOwn)
    throw new CommandError(
      `"${command.name} list" does not work here: ${NEEDS_KERNEL_SYMBOLS} ".thread" shows the current one.`,
    );
  const isSwitch = tid !== undefined || object !== undefined;
  const operation = isSwitch ? 'Switching to another thread' : 'Asking for the thread';
  const zero = DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero();
  const record = {
    ...zero,
    ActionType: isSwitch
      ? THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PERFORM_SWITCH
      : isList
        ? THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_LIST
        : THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_DETAILS,
    ThreadId: Number(tid ?? 0n),
    Thread: object === undefined ? 0n : await addressOf(object, context),
    CheckByClockInterrupt: isSwitch && !command.name.endsWith('2'),
    ThreadListSymDetails: {
      ...zero.ThreadListSymDetails,
      Process: process === undefined ? 0n : await addressOf(process, context),
    },
  };
  const answer = await context.client.requests.ask(
    REQUEST.changeThread,
    record,
    operation,
    ANSWER.changeThread,
    (value) => value.ActionType === record.ActionType,
  );
  requireSuccess(operation, answer.Result);
  if (isList) return;
  context.io.print(
    isSwitch
      ? SWITCH_COMES
      : `tid ${hex(answer.ThreadId)}  pid ${hex(answer.ProcessId)}  object ${addressText(answer.Thread)}`,
  );
}

/** `.sym`: the module list is the target's; PDB files are nobody's here yet. */
export async function symbolCommand({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const verb = words.takeOneOf('table', 'reload', 'load', 'unload', 'download', 'add');
  switch (verb) {
    case 'table':
      words.end();
      for (const { baseAddress, path, isUserMode } of context.client.modules)
        context.io.print(`${addressText(baseAddress)}  ${isUserMode ? 'user  ' : 'kernel'}  ${path}`);
      return;
    case 'reload': {
      const pid = Number(words.takeNumberOf('pid') ?? SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES);
      words.end();
      await context.client.requests.reloadSymbols(pid);
      context.io.print(`${context.client.modules.length} modules`);
      return;
    }
    default:
      throw new CommandError(
        `".sym ${verb}" works on PDB files, which this console does not read; symbols of ELF modules are loaded by themselves. ".sym table" lists the modules.`,
      );
  }
}
