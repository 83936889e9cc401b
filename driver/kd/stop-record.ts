/** DEBUGGEE_KD_PAUSED_PACKET and the Stop that the rest of the house knows (driver-protocol 8.3). */

import type { Stop, StopReason } from '../debuggee';
import type { StructOf } from '../sdk/layout';
import type { DEBUGGEE_KD_PAUSED_PACKET } from '../sdk/structs.generated';
import {
  DEBUGGEE_PAUSING_REASON as REASON,
  VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE as STAGE,
} from '../sdk/tables.generated';

export type StopRecord = StructOf<typeof DEBUGGEE_KD_PAUSED_PACKET>;

const REASONS: Readonly<Record<StopReason, number>> = {
  pause: REASON.DEBUGGEE_PAUSING_REASON_PAUSE,
  requested: REASON.DEBUGGEE_PAUSING_REASON_REQUEST_FROM_DEBUGGER,
  step: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_STEPPED,
  breakpoint: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_SOFTWARE_BREAKPOINT_HIT,
  'hardware breakpoint': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_HARDWARE_DEBUG_REGISTER_HIT,
  'core switched': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_CORE_SWITCHED,
  'process switched': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_PROCESS_SWITCHED,
  'thread switched': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_THREAD_SWITCHED,
  'command finished': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_COMMAND_EXECUTION_FINISHED,
  event: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_EVENT_TRIGGERED,
  'module loaded': REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_STARTING_MODULE_LOADED,
  other: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_DEBUG_BREAK,
};

const reasonByNumber = new Map<number, StopReason>([
  ...(Object.keys(REASONS) as StopReason[]).map((reason): [number, StopReason] => [REASONS[reason], reason]),
  [REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_TRACKING_STEPPED, 'step'],
]);

export function stopOfRecord(record: StopRecord): Stop {
  const isPre = record.EventCallingStage === STAGE.VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION;
  const isPost = record.EventCallingStage === STAGE.VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION;
  return {
    reason: reasonByNumber.get(record.PausingReason) ?? 'other',
    core: record.CurrentCore,
    rip: record.Rip,
    rflags: record.Rflags,
    is32Bit: record.IsProcessorOn32BitMode,
    eventTag: record.EventTag,
    stage: isPre ? 'pre' : isPost ? 'post' : undefined,
    instructionBytes: record.InstructionBytesOnRip.subarray(0, record.ReadInstructionLen),
  };
}

export function recordOfStop(stop: Stop): StopRecord {
  return {
    Rip: stop.rip,
    IsProcessorOn32BitMode: stop.is32Bit,
    IgnoreDisassembling: false,
    PausingReason: REASONS[stop.reason],
    CurrentCore: stop.core,
    EventTag: stop.eventTag,
    EventCallingStage:
      stop.stage === 'pre'
        ? STAGE.VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION
        : stop.stage === 'post'
          ? STAGE.VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION
          : STAGE.VMM_CALLBACK_CALLING_STAGE_INVALID_EVENT_EMULATION,
    Rflags: stop.rflags,
    InstructionBytesOnRip: stop.instructionBytes,
    ReadInstructionLen: stop.instructionBytes.length,
  };
}
