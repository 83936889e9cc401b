/** DEBUGGER_GENERAL_EVENT_DETAIL, DEBUGGER_GENERAL_ACTION and the requests they carry (driver-protocol 5.1, 5.3). */

import type { ActionRequest, EventRequest, EventVerb } from '../debuggee';
import type { StructOf } from '../sdk/layout';
import type { DEBUGGER_GENERAL_ACTION, DEBUGGER_GENERAL_EVENT_DETAIL } from '../sdk/structs.generated';
import {
  DEBUGGER_EVENT_ACTION_TYPE_ENUM as ACTION_TYPE,
  DEBUGGER_MODIFY_EVENTS_TYPE as MODIFY,
  SDK,
} from '../sdk/tables.generated';
import type { RecordWithTail } from './packet';

export type EventDetail = StructOf<typeof DEBUGGER_GENERAL_EVENT_DETAIL>;
export type GeneralAction = StructOf<typeof DEBUGGER_GENERAL_ACTION>;

export const FIRST_EVENT_TAG = BigInt(SDK.DebuggerEventTagStartSeed);
export const ALL_EVENTS = SDK.DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG;

const NO_BYTES = new Uint8Array(0);

export function recordOfEvent(event: EventRequest): RecordWithTail<EventDetail, Uint8Array> {
  const option = (index: number) => event.options[index] ?? 0n;
  const condition = event.condition ?? NO_BYTES;
  const outputTags = event.outputTags ?? [];
  return {
    record: {
      CommandsEventList: NO_BYTES,
      CoreId: event.coreId,
      ProcessId: event.processId,
      // The stock client fills in these two, and drivers ignore them.
      IsEnabled: true,
      CountOfActions: event.actionCount ?? 0,
      EnableShortCircuiting: event.shortCircuit,
      EventStage: event.stage,
      HasCustomOutput: outputTags.length > 0,
      OutputSourceTags: outputTags,
      Tag: event.tag,
      EventType: event.type,
      Options: {
        OptionalParam1: option(0),
        OptionalParam2: option(1),
        OptionalParam3: option(2),
        OptionalParam4: option(3),
        OptionalParam5: 0n,
        OptionalParam6: 0n,
      },
      CommandStringBuffer: 0n,
      ConditionBufferSize: condition.length,
    },
    tail: condition,
  };
}

/** undefined when the record promises a longer condition than came: the real driver would read on (5.3, TRAP). */
export function eventOfRecord(value: RecordWithTail<EventDetail, Uint8Array>): EventRequest | undefined {
  const { record, tail } = value;
  if (record.ConditionBufferSize > tail.length) return undefined;
  return {
    tag: record.Tag,
    type: record.EventType,
    coreId: record.CoreId,
    processId: record.ProcessId,
    // Unknown stages count as pre.
    stage: record.EventStage === 2 || record.EventStage === 3 ? record.EventStage : 1,
    shortCircuit: record.EnableShortCircuiting,
    options: [
      record.Options.OptionalParam1,
      record.Options.OptionalParam2,
      record.Options.OptionalParam3,
      record.Options.OptionalParam4,
    ],
    condition: record.ConditionBufferSize > 0 ? tail.slice(0, record.ConditionBufferSize) : undefined,
  };
}

export function recordOfAction(
  tag: bigint,
  action: ActionRequest,
  immediate: boolean,
): RecordWithTail<GeneralAction, Uint8Array> {
  const record: GeneralAction = {
    EventTag: tag,
    ActionType: ACTION_TYPE.BREAK_TO_DEBUGGER,
    ImmediateMessagePassing: immediate,
    PreAllocatedBuffer: 0,
    CustomCodeBufferSize: 0,
    ScriptBufferSize: 0,
    ScriptBufferPointer: 0,
  };
  if (action.kind === 'break') return { record, tail: NO_BYTES };
  record.PreAllocatedBuffer = action.bufferSizeBytes;
  if (action.kind === 'script') {
    record.ActionType = ACTION_TYPE.RUN_SCRIPT;
    record.ScriptBufferSize = action.bytes.length;
    record.ScriptBufferPointer = action.symbolCount;
  } else {
    record.ActionType = ACTION_TYPE.RUN_CUSTOM_CODE;
    record.CustomCodeBufferSize = action.bytes.length;
  }
  return { record, tail: action.bytes };
}

/** `unknown type` and `short` are refusals: an ActionType that does not exist, a payload shorter than its size field. */
export function actionOfRecord(
  value: RecordWithTail<GeneralAction, Uint8Array>,
): ActionRequest | 'unknown type' | 'short' {
  const { record, tail } = value;
  const bufferSizeBytes = record.PreAllocatedBuffer;
  switch (record.ActionType) {
    case ACTION_TYPE.BREAK_TO_DEBUGGER:
      return { kind: 'break' };
    case ACTION_TYPE.RUN_SCRIPT:
      if (record.ScriptBufferSize > tail.length) return 'short';
      return {
        kind: 'script',
        bytes: tail.slice(0, record.ScriptBufferSize),
        symbolCount: record.ScriptBufferPointer,
        bufferSizeBytes,
      };
    case ACTION_TYPE.RUN_CUSTOM_CODE:
      if (record.CustomCodeBufferSize > tail.length) return 'short';
      return { kind: 'code', bytes: tail.slice(0, record.CustomCodeBufferSize), bufferSizeBytes };
    default:
      return 'unknown type';
  }
}

export const VERB_NUMBER: Readonly<Record<EventVerb, number>> = {
  query: MODIFY.DEBUGGER_MODIFY_EVENTS_QUERY_STATE,
  enable: MODIFY.DEBUGGER_MODIFY_EVENTS_ENABLE,
  disable: MODIFY.DEBUGGER_MODIFY_EVENTS_DISABLE,
  clear: MODIFY.DEBUGGER_MODIFY_EVENTS_CLEAR,
};

export function verbOfNumber(value: number): EventVerb | undefined {
  return (Object.keys(VERB_NUMBER) as EventVerb[]).find((verb) => VERB_NUMBER[verb] === value);
}
