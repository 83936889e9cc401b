/** What the halted target is running: two requests for one answer (driver-protocol 8.4). */

import type { ProcessDetails } from '../debuggee';
import { requireSuccess } from '../driver-error';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET,
} from '../sdk/structs.generated';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_TYPE as PROCESS,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_TYPE as THREAD,
} from '../sdk/tables.generated';
import type { Ask } from './kd-memory';
import { ANSWER, REQUEST } from './packets';
import { bytesToText, untilNul } from './text-bytes';

export async function askCurrentProcess(ask: Ask): Promise<ProcessDetails> {
  const operation = 'Asking for the current process';
  const processQuestion = {
    ...DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.zero(),
    ActionType: PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_DETAILS,
  };
  const process = await ask(REQUEST.changeProcess, processQuestion, operation, ANSWER.changeProcess);
  requireSuccess(operation, process.Result);
  const threadQuestion = {
    ...DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(),
    ActionType: THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_DETAILS,
  };
  const thread = await ask(REQUEST.changeThread, threadQuestion, operation, ANSWER.changeThread);
  requireSuccess(operation, thread.Result);
  return {
    processId: process.ProcessId,
    threadId: thread.ThreadId,
    processName: bytesToText(untilNul(process.ProcessName)),
    processObject: process.Process,
    threadObject: thread.Thread,
  };
}
