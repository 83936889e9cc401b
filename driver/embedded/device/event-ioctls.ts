/** Events, actions and the message queues (driver-protocol 4, 5). */

import { actionOfRecord } from '../../kd/event-records';
import { ANSWER, REQUEST } from '../../kd/packets';
import {
  DEBUGGEE_EVENT_AND_ACTION_HEADER_FOR_REMOTE_PACKET as LENGTH_HEADER,
  DEBUGGER_EVENT_AND_ACTION_RESULT,
  DEBUGGER_FLUSH_LOGGING_BUFFERS,
  DEBUGGER_GENERAL_ACTION,
  DEBUGGER_GENERAL_EVENT_DETAIL,
  DEBUGGER_MODIFY_EVENTS,
  DEBUGGER_PREACTIVATE_COMMAND,
  DEBUGGER_PREALLOC_COMMAND,
} from '../../sdk/structs.generated';
import { DEBUGGER_ERROR, DEBUGGER_PREACTIVATE_COMMAND_TYPE as PREACTIVATE } from '../../sdk/tables.generated';
import { onRecord, onShared } from './ioctl';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** The other door carries the same record behind its length. */
const measured = (input: Uint8Array): Uint8Array => LENGTH_HEADER.encode({ Length: input.length }, input);

export const registerEvent = onRecord(
  DEBUGGER_GENERAL_EVENT_DETAIL,
  DEBUGGER_EVENT_AND_ACTION_RESULT.sizeBytes,
  (context, _record, { input }) =>
    context.ask(REQUEST.registerEvent, measured(input), ANSWER.registerEvent).bytes,
);

export const addAction = onRecord(
  DEBUGGER_GENERAL_ACTION,
  DEBUGGER_EVENT_AND_ACTION_RESULT.sizeBytes,
  (context, record, { input }) => {
    const action = actionOfRecord({ record, tail: input.subarray(DEBUGGER_GENERAL_ACTION.sizeBytes) });
    // The real driver accepts it and freezes the machine at the first hit, because nobody answers (1, TRAP).
    if (typeof action !== 'string' && action.kind === 'break') {
      const Error = DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED;
      return DEBUGGER_EVENT_AND_ACTION_RESULT.encode({ IsSuccessful: false, Error });
    }
    return context.ask(REQUEST.addAction, measured(input), ANSWER.addAction).bytes;
  },
);

export const modifyEvents = onShared(
  DEBUGGER_MODIFY_EVENTS,
  DEBUGGER_MODIFY_EVENTS.sizeBytes,
  REQUEST.modifyEvent,
  ANSWER.modifyEvent,
);

export const flushMessages = onRecord(
  DEBUGGER_FLUSH_LOGGING_BUFFERS,
  DEBUGGER_FLUSH_LOGGING_BUFFERS.sizeBytes,
  ({ queues }) => {
    const flushed = queues.flush();
    return DEBUGGER_FLUSH_LOGGING_BUFFERS.encode({
      KernelStatus: OK,
      CountOfMessagesThatSetAsReadFromVmxRoot: flushed.root,
      CountOfMessagesThatSetAsReadFromVmxNonRoot: flushed.nonRoot,
    });
  },
);

export const reservePools = onRecord(
  DEBUGGER_PREALLOC_COMMAND,
  DEBUGGER_PREALLOC_COMMAND.sizeBytes,
  ({ pools }, record) =>
    DEBUGGER_PREALLOC_COMMAND.encode({ ...record, KernelStatus: pools.reserve(record.Type, record.Count) }),
);

/** The mode trap needs no preparation here; an unknown feature is refused as by the real driver. */
export const preactivate = onRecord(
  DEBUGGER_PREACTIVATE_COMMAND,
  DEBUGGER_PREACTIVATE_COMMAND.sizeBytes,
  (_context, record) => {
    const isKnown = record.Type === PREACTIVATE.DEBUGGER_PREACTIVATE_COMMAND_TYPE_MODE;
    const KernelStatus = isKnown ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_COULD_NOT_FIND_PREACTIVATION_TYPE;
    return DEBUGGER_PREACTIVATE_COMMAND.encode({ ...record, KernelStatus });
  },
);
