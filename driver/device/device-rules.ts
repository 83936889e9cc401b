/** Requests that the real driver answers by crashing, hanging or freezing the machine (the TRAP lines of driver-protocol). */

import type { Struct } from '../sdk/layout';
import * as sdk from '../sdk/structs.generated';
import {
  DEBUGGER_ERROR as E,
  DEBUGGER_EVENT_ACTION_TYPE_ENUM as ACTION,
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  DEBUGGER_UD_COMMAND_ACTION_TYPE as COMMAND,
  IOCTL,
  SDK,
} from '../sdk/tables.generated';
import type { AttachedProcesses } from './attached-processes';
import { DEVICE_STATUS, type DeviceAnswer } from './device-io';

export interface DeviceState {
  readonly isVmmUp: boolean;
  readonly attached: AttachedProcesses;
}

type Rule = (input: Uint8Array, outputSizeBytes: number, state: DeviceState) => DeviceAnswer | undefined;

const INVALID: DeviceAnswer = { status: DEVICE_STATUS.invalidParameter, bytes: new Uint8Array(0) };
const PAGE_BYTES = 4096n;
const SEARCH_BYTES = 8 * SDK.MaximumSearchResults;
/** Operation codes of messages carry 32 bits of the tag, and bit 31 means another thing (5.1). */
const TAG_LIMIT = 0x8000_0000n;
const FIRST_TAG = 0x100_0000n;

function answered<R>(struct: Struct<R>, record: Partial<R>): DeviceAnswer {
  return { status: DEVICE_STATUS.success, bytes: struct.encode(record) };
}

const refusedEvent = (Error: number) =>
  answered(sdk.DEBUGGER_EVENT_AND_ACTION_RESULT, { IsSuccessful: false, Error });

/** A rule about a whole record; a shorter one is nothing to send, and neither is one without room for its answer (3.2). */
function onRecord<R>(
  struct: Struct<R>,
  leastOutputBytes: number,
  check: (
    record: R,
    inputBytes: number,
    outputSizeBytes: number,
    state: DeviceState,
  ) => DeviceAnswer | undefined,
): Rule {
  return (input, outputSizeBytes, state) =>
    input.length < struct.sizeBytes || outputSizeBytes < leastOutputBytes
      ? INVALID
      : check(struct.decode(input), input.length, outputSizeBytes, state);
}

const whole = <R extends { readonly sizeBytes: number }>(struct: R) => struct.sizeBytes;

const RULES: Partial<Record<keyof typeof IOCTL, Rule>> = {
  // There is no test for "already running" on this path (3.1).
  IOCTL_INIT_VMM: (_input, _outputSizeBytes, { isVmmUp }) =>
    isVmmUp
      ? answered(sdk.DEBUGGER_INIT_VMM_PACKET, {
          KernelStatus: E.DEBUGGER_ERROR_CANNOT_INITIALIZE_DEBUGGER,
        })
      : undefined,

  // Freezes the machine: nobody answers on a serial line that was never set up (1).
  IOCTL_PAUSE_PACKET_RECEIVED: () =>
    answered(sdk.DEBUGGER_PAUSE_PACKET_RECEIVED, { Result: E.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED }),

  IOCTL_DEBUGGER_REGISTER_EVENT: onRecord(
    sdk.DEBUGGER_GENERAL_EVENT_DETAIL,
    whole(sdk.DEBUGGER_EVENT_AND_ACTION_RESULT),
    ({ ConditionBufferSize, Tag }, inputBytes) =>
      sdk.DEBUGGER_GENERAL_EVENT_DETAIL.sizeBytes + ConditionBufferSize > inputBytes ||
      Tag < FIRST_TAG ||
      Tag >= TAG_LIMIT
        ? INVALID
        : undefined,
  ),

  IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT: onRecord(
    sdk.DEBUGGER_GENERAL_ACTION,
    whole(sdk.DEBUGGER_EVENT_AND_ACTION_RESULT),
    ({ ActionType, CustomCodeBufferSize, ScriptBufferSize, ScriptBufferPointer }, inputBytes) => {
      if (ActionType === ACTION.BREAK_TO_DEBUGGER) return refusedEvent(E.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED);
      const payload = ActionType === ACTION.RUN_SCRIPT ? ScriptBufferSize : CustomCodeBufferSize;
      // The driver trusts the sizes (5.3).
      if (sdk.DEBUGGER_GENERAL_ACTION.sizeBytes + payload > inputBytes) return INVALID;
      return ActionType === ACTION.RUN_SCRIPT && ScriptBufferPointer * sdk.SYMBOL.sizeBytes > ScriptBufferSize
        ? INVALID
        : undefined;
    },
  ),

  IOCTL_DEBUGGER_READ_MEMORY: onRecord(
    sdk.DEBUGGER_READ_MEMORY,
    whole(sdk.DEBUGGER_READ_MEMORY),
    ({ Address, Size }, _inputBytes, outputSizeBytes) =>
      // More than there is room for is written all the same, and what lies behind a page's end is another page's (6.1).
      sdk.DEBUGGER_READ_MEMORY.sizeBytes + Size > outputSizeBytes ||
      (Address % PAGE_BYTES) + BigInt(Size) > PAGE_BYTES
        ? INVALID
        : undefined,
  ),

  IOCTL_DEBUGGER_SEARCH_MEMORY: onRecord(sdk.DEBUGGER_SEARCH_MEMORY, SEARCH_BYTES, () => undefined),

  IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS: onRecord(
    sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS,
    whole(sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS),
    () => undefined,
  ),

  IOCTL_SET_BREAKPOINT_USER_DEBUGGER: onRecord(
    sdk.DEBUGGEE_BP_PACKET,
    whole(sdk.DEBUGGEE_BP_PACKET),
    (record) =>
      // "All" would be looked up as an address space that is none (7.6).
      record.Pid === 0 || record.Pid === SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES
        ? answered(sdk.DEBUGGEE_BP_PACKET, { ...record, Result: E.DEBUGGER_ERROR_INVALID_PROCESS_ID })
        : undefined,
  ),

  IOCTL_SEND_USER_DEBUGGER_COMMANDS: (input, outputSizeBytes, { attached }) => {
    const struct = sdk.DEBUGGER_UD_COMMAND_PACKET;
    if (input.length < struct.sizeBytes || outputSizeBytes < input.length) return INVALID;
    const record = struct.decode(input);
    const refused = (Result: number): DeviceAnswer => {
      const bytes = input.slice();
      bytes.set(struct.encode({ ...record, Result }));
      return { status: DEVICE_STATUS.success, bytes };
    };
    const process = attached.get(record.ProcessDebuggingDetailToken);
    if (process === undefined) return refused(E.DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN);
    // An unknown id crashes Windows; a command that waits for a running thread waits for ever (7.5).
    const isPaused = process.state === 'stopped' && process.pausedThreads.has(record.TargetThreadId);
    const { ActionType, OptionalParam1, OptionalParam2 } = record.UdAction;
    // Stepping over a call sets a breakpoint on all cores from VMX root, which can deadlock the machine (7.5).
    const stepsOverCall =
      ActionType === COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_REGULAR_STEP &&
      OptionalParam1 === BigInt(STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER) &&
      OptionalParam2 !== 0n;
    return isPaused && !stepsOverCall
      ? undefined
      : refused(E.DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD);
  },
};

const byCode = new Map<number, Rule>(
  (Object.keys(RULES) as (keyof typeof IOCTL)[]).flatMap((name) => {
    const rule = RULES[name];
    return rule === undefined ? [] : [[IOCTL[name].code, rule]];
  }),
);

/** The answer to a request that must not be sent, or undefined for one that may. */
export function refusedBeforeSending(
  code: number,
  input: Uint8Array,
  outputSizeBytes: number,
  state: DeviceState,
): DeviceAnswer | undefined {
  return byCode.get(code)?.(input, outputSizeBytes, state);
}
