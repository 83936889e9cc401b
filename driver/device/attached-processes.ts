/** What the user debugger of the driver holds, told from the requests and messages that pass (driver-protocol 7.1 to 7.6). */

import type { StructOf } from '../sdk/layout';
import type * as sdk from '../sdk/structs.generated';
import {
  DEBUGGEE_PAUSING_REASON as REASON,
  DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_TYPE as VERB,
  DEBUGGER_ERROR,
} from '../sdk/tables.generated';

type AttachRecord = StructOf<typeof sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS>;
type PausedPacket = StructOf<typeof sdk.DEBUGGEE_UD_PAUSED_PACKET>;

/** `stopping`: asked to stop, so the first packet of any reason is the stop (7.2). */
type ProcessState = 'running' | 'stopping' | 'stopped';

export interface AttachedProcess {
  readonly processId: number;
  readonly token: bigint;
  state: ProcessState;
  /** Threads of which a paused packet of the present stop has come. The driver crashes on others (7.5, TRAP). */
  readonly pausedThreads: Set<number>;
}

const PREFIX = 'DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_' as const;
const INTERCEPTED = REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED;
const OK = BigInt(DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL);
const GONE = BigInt(DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_KILL_THE_PROCESS_DOES_NOT_EXISTS);

export class AttachedProcesses {
  readonly #byToken = new Map<bigint, AttachedProcess>();

  all(): readonly AttachedProcess[] {
    return [...this.#byToken.values()];
  }

  get(token: bigint): AttachedProcess | undefined {
    return this.#byToken.get(token);
  }

  /** An attach record was answered. */
  answered({ Action: verb }: AttachRecord, answer: AttachRecord): void {
    const { ProcessId, Token, Result } = answer;
    if (verb === VERB[`${PREFIX}KILL_PROCESS`] && Result === GONE) this.#forget(ProcessId);
    if (Result !== OK) return;
    switch (verb) {
      case VERB[`${PREFIX}ATTACH`]:
        this.#byToken.set(Token, {
          processId: ProcessId,
          token: Token,
          state: 'stopping',
          pausedThreads: new Set(),
        });
        return;
      case VERB[`${PREFIX}PAUSE_PROCESS`]:
        this.#become(Token, 'stopping');
        return;
      case VERB[`${PREFIX}DETACH`]:
      case VERB[`${PREFIX}KILL_PROCESS`]:
        this.#forget(ProcessId);
        return;
      default:
    }
  }

  /** Before the request leaves: a packet that is read afterwards may be from before (it waited in the queue). */
  runs(token: bigint): void {
    this.#become(token, 'running');
  }

  #become(token: bigint, state: ProcessState): void {
    const process = this.#byToken.get(token);
    if (process === undefined) return;
    process.state = state;
    process.pausedThreads.clear();
  }

  #forget(processId: number): void {
    for (const { token, processId: id } of this.all()) if (id === processId) this.#byToken.delete(token);
  }

  /** "Also stopped" of a running process is left over from the stop before, and the thread may run again (7.2). */
  paused({ ProcessDebuggingToken, ThreadId, PausingReason }: PausedPacket): void {
    const process = this.#byToken.get(ProcessDebuggingToken);
    if (process === undefined || (process.state === 'running' && PausingReason === INTERCEPTED)) return;
    process.state = 'stopped';
    process.pausedThreads.add(ThreadId);
  }
}
