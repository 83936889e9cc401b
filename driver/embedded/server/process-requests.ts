/** Requests about processes and threads (driver-protocol 8.4). The embedded machine has one process. */

import { ANSWER, REQUEST } from '../../kd/packets';
import { textToBytes } from '../../kd/text-bytes';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_TYPE as PROCESS,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_TYPE as THREAD,
  DEBUGGER_ERROR,
  OPERATION,
} from '../../sdk/tables.generated';
import type { ProcessDetails } from '../../debuggee';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
/** The field holds 16 bytes with the NUL. */
const NAME_BYTES = 15;

const nameBytes = ({ processName }: ProcessDetails) => textToBytes(processName).slice(0, NAME_BYTES);
const describe = (details: ProcessDetails) =>
  `pid ${details.processId.toString(16)}, tid ${details.threadId.toString(16)}, process ${details.processObject.toString(16)}, ` +
  `thread ${details.threadObject.toString(16)}, ${details.processName}\n`;

export function installProcessRequests(install: Install): void {
  install(REQUEST.changeProcess, ({ machine, send, log }, record) => {
    const details = machine.currentProcess();
    const answer: typeof record = { ...record, Result: OK };
    if (record.ActionType === PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_DETAILS) {
      answer.ProcessId = details.processId;
      answer.Process = details.processObject;
      answer.ProcessName = nameBytes(details);
    } else if (record.ActionType === PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_LIST) {
      log(OPERATION.OPERATION_LOG_INFO_MESSAGE, describe(details));
    } else if (record.ProcessId !== details.processId && record.Process !== details.processObject) {
      answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_PROCESS_INVALID_PARAMETER;
    }
    send(ANSWER.changeProcess, answer);
  });

  install(REQUEST.changeThread, ({ machine, send, log }, record) => {
    const details = machine.currentProcess();
    const answer: typeof record = { ...record, Result: OK };
    if (record.ActionType === THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_DETAILS) {
      answer.ThreadId = details.threadId;
      answer.ProcessId = details.processId;
      answer.Thread = details.threadObject;
      answer.Process = details.processObject;
      answer.ProcessName = nameBytes(details);
    } else if (record.ActionType === THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_LIST) {
      log(OPERATION.OPERATION_LOG_INFO_MESSAGE, describe(details));
    } else if (record.ThreadId !== details.threadId && record.Thread !== details.threadObject) {
      answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_THREAD_INVALID_PARAMETER;
    }
    send(ANSWER.changeThread, answer);
  });
}
