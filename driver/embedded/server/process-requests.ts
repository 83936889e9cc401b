/** Requests about processes and threads (driver-protocol 8.4). */

import { ANSWER, REQUEST } from '../../kd/packets';
import { textToBytes } from '../../kd/text-bytes';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_TYPE as PROCESS,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_TYPE as THREAD,
  DEBUGGER_ERROR,
  OPERATION,
} from '../../sdk/tables.generated';
import type { ProcessDetails } from '../../debuggee';
import type { Machine } from './machine';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
/** The field holds 16 bytes with the NUL. */
const NAME_BYTES = 15;

const nameBytes = ({ processName }: ProcessDetails) => textToBytes(processName).slice(0, NAME_BYTES);
const hex = (value: number | bigint) => value.toString(16);

// The offsets in kernel records that the stock client sends along are those of Windows; nobody needs them here.
function processLines(machine: Machine): string[] {
  const { processId } = machine.currentProcess();
  return machine
    .processes()
    .map(
      (each) =>
        `${each.processId === processId ? '*' : ' '} pid ${hex(each.processId)}, process ${hex(each.processObject)}, ` +
        `cr3 ${hex(each.cr3)}, ${each.processName}\n`,
    );
}

/** Of the current process, or of the one whose object the request names. */
function threadLines(machine: Machine, processObject: bigint): string[] {
  const current = machine.currentProcess();
  const processId =
    machine.processes().find((each) => each.processObject === processObject)?.processId ?? current.processId;
  return machine
    .threads()
    .filter((thread) => thread.processId === processId)
    .map(
      (thread) =>
        `${thread.threadId === current.threadId ? '*' : ' '} pid ${hex(processId)}, tid ${hex(thread.threadId)}, ` +
        `thread ${hex(thread.threadObject)}\n`,
    );
}

export function installProcessRequests(install: Install): void {
  install(REQUEST.changeProcess, ({ machine, send, log, switchAfterContinue }, record) => {
    const details = machine.currentProcess();
    const answer: typeof record = { ...record, Result: OK };
    switch (record.ActionType) {
      case PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_DETAILS:
        answer.ProcessId = details.processId;
        answer.Process = details.processObject;
        answer.ProcessName = nameBytes(details);
        break;
      case PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_LIST:
        for (const line of processLines(machine)) log(OPERATION.OPERATION_LOG_INFO_MESSAGE, line);
        break;
      case PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PERFORM_SWITCH: {
        const wanted = machine
          .processes()
          .find(({ processId, processObject }) =>
            record.Process === 0n ? processId === record.ProcessId : processObject === record.Process,
          );
        const thread = machine.threads().find(({ processId }) => processId === wanted?.processId);
        if (wanted === undefined || thread === undefined)
          answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_PROCESS_INVALID_PARAMETER;
        else {
          const isHere = wanted.processId === details.processId;
          switchAfterContinue(isHere ? details.threadId : thread.threadId, 'process switched');
        }
        break;
      }
      default:
        answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_PROCESS_INVALID_PARAMETER;
    }
    send(ANSWER.changeProcess, answer);
  });

  install(REQUEST.changeThread, ({ machine, send, log, switchAfterContinue }, record) => {
    const details = machine.currentProcess();
    const answer: typeof record = { ...record, Result: OK };
    switch (record.ActionType) {
      case THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_DETAILS:
        answer.ThreadId = details.threadId;
        answer.ProcessId = details.processId;
        answer.Thread = details.threadObject;
        answer.Process = details.processObject;
        answer.ProcessName = nameBytes(details);
        break;
      case THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_LIST:
        for (const line of threadLines(machine, record.ThreadListSymDetails.Process))
          log(OPERATION.OPERATION_LOG_INFO_MESSAGE, line);
        break;
      case THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PERFORM_SWITCH: {
        const wanted = machine
          .threads()
          .find(({ threadId, threadObject }) =>
            record.Thread === 0n ? threadId === record.ThreadId : threadObject === record.Thread,
          );
        if (wanted === undefined)
          answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_THREAD_INVALID_PARAMETER;
        else switchAfterContinue(wanted.threadId, 'thread switched');
        break;
      }
      default:
        answer.Result = DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_THREAD_INVALID_PARAMETER;
    }
    send(ANSWER.changeThread, answer);
  });
}
