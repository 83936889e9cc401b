/** The user debugger's requests as functions (driver-protocol 7). */

import { DriverError, requireSuccess } from '../driver-error';
import type { RegisterFile } from '../debuggee';
import { registerFileOf } from '../kd/machine-records';
import { ALL_REGISTERS, registerAnswer } from '../kd/special-payloads';
import type { StructOf } from '../sdk/layout';
import * as sdk from '../sdk/structs.generated';
import {
  DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_TYPE as VERB,
  DEBUGGER_ERROR,
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  DEBUGGER_UD_COMMAND_ACTION_TYPE as COMMAND,
  SDK,
} from '../sdk/tables.generated';
import type { DeviceClient } from './device-client';

export type AttachRecord = StructOf<typeof sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS>;
export type PausedPacket = StructOf<typeof sdk.DEBUGGEE_UD_PAUSED_PACKET>;

const PREFIX = 'DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_' as const;
const VERB_NUMBER = {
  attach: VERB[`${PREFIX}ATTACH`],
  detach: VERB[`${PREFIX}DETACH`],
  removeHooks: VERB[`${PREFIX}REMOVE_HOOKS`],
  kill: VERB[`${PREFIX}KILL_PROCESS`],
  continue: VERB[`${PREFIX}CONTINUE_PROCESS`],
  pause: VERB[`${PREFIX}PAUSE_PROCESS`],
  switch: VERB[`${PREFIX}SWITCH_BY_PROCESS_OR_THREAD`],
  count: VERB[`${PREFIX}QUERY_COUNT_OF_ACTIVE_DEBUGGING_THREADS`],
} as const;
export type AttachVerb = keyof typeof VERB_NUMBER;

const REGISTERS_BYTES = sdk.GUEST_REGS.sizeBytes + sdk.GUEST_EXTRA_REGISTERS.sizeBytes;

/** A thread that has reported that it is paused. Only such a one may be named: the real driver crashes on others (7.5, TRAP). */
export interface PausedThread {
  readonly token: bigint;
  readonly threadId: number;
}

export class UserDebuggerClient {
  readonly #client: DeviceClient;

  constructor(client: DeviceClient) {
    this.#client = client;
  }

  /** One of the verbs of the attach record; rejects with the refusal. */
  async verb(verb: AttachVerb, record: Partial<AttachRecord>): Promise<AttachRecord> {
    const operation = `The user debugger's request "${verb}"`;
    const answer = await this.#client.exchange(
      operation,
      'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
      sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS,
      { ...record, Action: VERB_NUMBER[verb] },
    );
    requireSuccess(operation, answer.Result);
    return answer;
  }

  async #command(
    operation: string,
    { token, threadId }: PausedThread,
    action: Partial<StructOf<typeof sdk.DEBUGGER_UD_COMMAND_ACTION>>,
    tail: Uint8Array,
  ): Promise<Uint8Array> {
    const head = sdk.DEBUGGER_UD_COMMAND_PACKET;
    const input = head.encode(
      {
        UdAction: { ...sdk.DEBUGGER_UD_COMMAND_ACTION.zero(), ...action },
        ProcessDebuggingDetailToken: token,
        TargetThreadId: threadId,
        WaitForEventCompletion: tail.length > 0,
      },
      tail,
    );
    const bytes = await this.#client.request(
      operation,
      'IOCTL_SEND_USER_DEBUGGER_COMMANDS',
      input,
      input.length,
      input.length,
    );
    requireSuccess(operation, head.decode(bytes).Result);
    return bytes.slice(head.sizeBytes);
  }

  /** Lets the thread make one instruction; the paused packet that follows is the stop. */
  async step(thread: PausedThread): Promise<void> {
    const action = {
      ActionType: COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_REGULAR_STEP,
      OptionalParam1: BigInt(STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_IN),
    };
    await this.#command('Stepping', thread, action, new Uint8Array(0));
  }

  async readRegisters(thread: PausedThread): Promise<RegisterFile> {
    const operation = 'Reading the registers';
    const action = {
      ActionType: COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_READ_REGISTERS,
      OptionalParam1: BigInt(ALL_REGISTERS),
    };
    const question = sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION.encode(
      { RegisterId: ALL_REGISTERS },
      new Uint8Array(REGISTERS_BYTES),
    );
    const { record, all } = registerAnswer.decode(await this.#command(operation, thread, action, question));
    requireSuccess(operation, record.KernelStatus);
    if (all === undefined)
      throw new DriverError(operation, undefined, 'the answer does not hold all registers');
    return registerFileOf(all.general, all.extra);
  }

  /** Runs a compiled script on the paused thread; resolves with the value of `formats` when that was asked for. */
  async runScript(
    thread: PausedThread,
    bytes: Uint8Array,
    symbolCount: number,
    expectValue: boolean,
  ): Promise<bigint> {
    const operation = 'Running the script';
    const script = sdk.DEBUGGEE_SCRIPT_PACKET.encode(
      { ScriptBufferSize: bytes.length, ScriptBufferPointer: symbolCount, IsFormat: expectValue },
      bytes,
    );
    const action = { ActionType: COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_EXECUTE_SCRIPT_BUFFER };
    const answer = sdk.DEBUGGEE_SCRIPT_PACKET.decode(await this.#command(operation, thread, action, script));
    requireSuccess(operation, answer.Result);
    return answer.FormatValue;
  }

  /** int3 at the address, gone after its first hit: no request lists or removes breakpoints (7.6, TRAP). */
  async setBreakpoint(processId: number, address: bigint, removeAfterHit = true): Promise<void> {
    const operation = `Setting the breakpoint at 0x${address.toString(16)}`;
    const record = {
      Address: address,
      Pid: processId,
      Tid: SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES,
      Core: SDK.DEBUGGER_EVENT_APPLY_TO_ALL_CORES,
      RemoveAfterHit: removeAfterHit,
      Result: DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED,
    };
    const answer = await this.#client.exchange(
      operation,
      'IOCTL_SET_BREAKPOINT_USER_DEBUGGER',
      sdk.DEBUGGEE_BP_PACKET,
      record,
    );
    requireSuccess(operation, answer.Result);
  }

  /** Attached processes (thread 0) and paused threads. */
  async activeThreads(): Promise<readonly { readonly processId: number; readonly threadId: number }[]> {
    const { CountOfActiveDebuggingThreadsAndProcesses: count } = await this.verb('count', {});
    const entry = sdk.USERMODE_DEBUGGING_THREAD_OR_PROCESS_STATE_DETAILS;
    if (count === 0) return [];
    const size = entry.sizeBytes * count;
    const bytes = await this.#client.request(
      'Listing the paused threads',
      'IOCTL_GET_DETAIL_OF_ACTIVE_THREADS_AND_PROCESSES',
      new Uint8Array(0),
      size,
      size,
    );
    return Array.from({ length: count }, (_, index) => {
      const { ProcessId, ThreadId } = entry.decode(bytes, index * entry.sizeBytes);
      return { processId: ProcessId, threadId: ThreadId };
    });
  }
}
