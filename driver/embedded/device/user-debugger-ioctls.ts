/** The user debugger's requests (driver-protocol 7.3 to 7.6). */

import { ANSWER, REQUEST } from '../../kd/packets';
import { concatBytes } from '../../kd/packet';
import { ALL_REGISTERS } from '../../kd/special-payloads';
import * as sdk from '../../sdk/structs.generated';
import type { StructOf } from '../../sdk/layout';
import {
  DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_TYPE as VERB,
  DEBUGGER_ERROR,
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  DEBUGGER_UD_COMMAND_ACTION_TYPE as COMMAND,
} from '../../sdk/tables.generated';
import { INVALID_PARAMETER, onRecord, padded, type DeviceContext } from './ioctl';
import type { AttachRecord, UserDebugger } from './user-debugger';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const PREFIX = 'DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_' as const;

const VERBS: Readonly<Record<number, (userDebugger: UserDebugger, record: AttachRecord) => AttachRecord>> = {
  [VERB[`${PREFIX}ATTACH`]]: (userDebugger, record) => userDebugger.attach(record),
  [VERB[`${PREFIX}DETACH`]]: (userDebugger, record) => userDebugger.detach(record),
  [VERB[`${PREFIX}REMOVE_HOOKS`]]: (userDebugger, record) => userDebugger.removeHooks(record),
  [VERB[`${PREFIX}KILL_PROCESS`]]: (userDebugger, record) => userDebugger.kill(record),
  [VERB[`${PREFIX}CONTINUE_PROCESS`]]: (userDebugger, record) => userDebugger.continue(record),
  [VERB[`${PREFIX}PAUSE_PROCESS`]]: (userDebugger, record) => userDebugger.pause(record),
  [VERB[`${PREFIX}SWITCH_BY_PROCESS_OR_THREAD`]]: (userDebugger, record) => userDebugger.switchTo(record),
  [VERB[`${PREFIX}QUERY_COUNT_OF_ACTIVE_DEBUGGING_THREADS`]]: (userDebugger, record) => ({
    ...record,
    CountOfActiveDebuggingThreadsAndProcesses: userDebugger.details.length,
    Result: BigInt(OK),
  }),
};

export const attachOrDetach = onRecord(
  sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS,
  sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.sizeBytes,
  ({ userDebugger }, record) => {
    const serve = VERBS[record.Action];
    const status = DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_TARGET_USER_MODE_PROCESS;
    const answer = serve?.(userDebugger, record) ?? { ...record, Result: BigInt(status) };
    return sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.encode(answer);
  },
);

/** The answer is as long as the caller's buffer; only whole records are in it. */
export const activeThreads = ({ userDebugger }: DeviceContext, outputSizeBytes: number): Uint8Array => {
  const record = sdk.USERMODE_DEBUGGING_THREAD_OR_PROCESS_STATE_DETAILS;
  const listed = userDebugger.details.slice(0, Math.floor(outputSizeBytes / record.sizeBytes));
  const records = listed.map(({ processId, threadId }) =>
    record.encode({ ProcessId: processId, ThreadId: threadId ?? 0, IsProcess: threadId === undefined }),
  );
  return padded(concatBytes(records), outputSizeBytes);
};

export const setBreakpoint = onRecord(
  sdk.DEBUGGEE_BP_PACKET,
  sdk.DEBUGGEE_BP_PACKET.sizeBytes,
  ({ breakpoints }, record) => {
    const Result = breakpoints.set({
      address: record.Address,
      processId: record.Pid,
      threadId: record.Tid,
      coreId: record.Core,
      removeAfterHit: record.RemoveAfterHit,
    });
    return sdk.DEBUGGEE_BP_PACKET.encode({ ...record, Result });
  },
);

type Command = StructOf<typeof sdk.DEBUGGER_UD_COMMAND_PACKET>;

interface CommandAnswer {
  readonly result: number;
  readonly tail: Uint8Array;
}

const REGISTERS_BYTES = sdk.GUEST_REGS.sizeBytes + sdk.GUEST_EXTRA_REGISTERS.sizeBytes;

/** undefined for a tail that is shorter than the command needs. */
function runCommand(
  context: DeviceContext,
  { UdAction }: Command,
  tail: Uint8Array,
): CommandAnswer | undefined {
  switch (UdAction.ActionType) {
    case COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_REGULAR_STEP:
      return { result: step(context, UdAction), tail };
    case COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_READ_REGISTERS:
      return readRegisters(context, UdAction, tail);
    case COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_EXECUTE_SCRIPT_BUFFER:
      return runScript(context, tail);
    default:
      // Accepted, does nothing (7.5).
      return { result: OK, tail };
  }
}

function step({ userDebugger }: DeviceContext, action: Command['UdAction']): number {
  const isOver = action.OptionalParam1 === BigInt(STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER);
  const isIn = action.OptionalParam1 === BigInt(STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_IN);
  if (!isOver && !isIn) return DEBUGGER_ERROR.DEBUGGER_ERROR_STEPPING_INVALID_PARAMETER;
  const isCall = isOver && action.OptionalParam2 !== 0n;
  userDebugger.step({
    kind: 'step',
    step: isOver ? 'over' : 'in',
    callSizeBytes: isCall ? Number(BigInt.asUintN(32, action.OptionalParam3)) : undefined,
  });
  return OK;
}

function readRegisters(
  context: DeviceContext,
  action: Command['UdAction'],
  tail: Uint8Array,
): CommandAnswer | undefined {
  const description = sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION;
  if (tail.length < description.sizeBytes) return undefined;
  const registerId = Number(BigInt.asUintN(32, action.OptionalParam1));
  if (registerId === ALL_REGISTERS && tail.length < description.sizeBytes + REGISTERS_BYTES) return undefined;
  const question = description.encode({ RegisterId: registerId });
  return { result: OK, tail: context.ask(REQUEST.readRegisters, question, ANSWER.readRegisters).bytes };
}

function runScript(context: DeviceContext, tail: Uint8Array): CommandAnswer | undefined {
  const head = sdk.DEBUGGEE_SCRIPT_PACKET;
  // The driver trusts the size field (5.3, TRAP).
  if (tail.length < head.sizeBytes || head.decode(tail).ScriptBufferSize > tail.length - head.sizeBytes)
    return undefined;
  const { bytes } = context.ask(REQUEST.runScript, tail, ANSWER.runScript);
  const answer = tail.slice();
  answer.set(bytes.subarray(0, head.sizeBytes));
  return { result: OK, tail: answer };
}

/** A command to a paused thread. The real driver queues it; here the thread is there, so it is done when this returns. */
export const sendCommand = onRecord(
  sdk.DEBUGGER_UD_COMMAND_PACKET,
  sdk.DEBUGGER_UD_COMMAND_PACKET.sizeBytes,
  (context, record, { input, outputSizeBytes }) => {
    const { sizeBytes } = sdk.DEBUGGER_UD_COMMAND_PACKET;
    if (outputSizeBytes < input.length) return INVALID_PARAMETER;
    const tail = input.subarray(sizeBytes);
    // An unknown thread is a crash there, and a wait for one that runs never ends (7.5, TRAP).
    const status = context.userDebugger.selectPausedThread(
      record.ProcessDebuggingDetailToken,
      record.TargetThreadId,
    );
    const done = status === OK ? runCommand(context, record, tail) : { result: status, tail };
    if (done === undefined) return INVALID_PARAMETER;
    const answer = sdk.DEBUGGER_UD_COMMAND_PACKET.encode({ ...record, Result: done.result }, done.tail);
    return padded(answer, input.length);
  },
);
