/**
 * A device that cannot be misused: requests that would crash, hang or freeze the machine are refused before they leave, and
 * `shutDown` runs the orderly end whatever the client left behind (driver-protocol 1, 3.3, 5 to 7).
 */

import { concatBytes } from '../kd/packet';
import * as sdk from '../sdk/structs.generated';
import {
  DEBUGGEE_PAUSING_REASON as REASON,
  DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_TYPE as VERB,
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR as E,
  DEBUGGER_MODIFY_EVENTS_TYPE as MODIFY,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  DEBUGGER_UD_COMMAND_ACTION_TYPE as COMMAND,
  IOCTL,
  OPERATION,
} from '../sdk/tables.generated';
import { ALL_EVENTS } from '../kd/event-records';
import { AttachedProcesses } from './attached-processes';
import { refusedBeforeSending } from './device-rules';
import { DEVICE_STATUS, type DeviceAnswer, type DeviceIo } from './device-io';

const NO_BYTES = new Uint8Array(0);
const GONE: DeviceAnswer = { status: DEVICE_STATUS.notConnected, bytes: NO_BYTES };
const OPERATION_BYTES = 4;
const INT3 = 0xcc;
const VERB_PREFIX = 'DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_' as const;
const SOFTWARE_BREAKPOINT = REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_SOFTWARE_BREAKPOINT_HIT;
/** A request that is stuck in the kernel must not keep the end from coming (7.5, TRAP). */
const STEP_LIMIT_MS = 2000;

interface PlantedByte {
  readonly processId: number;
  readonly address: bigint;
  readonly original: number;
}

const keyOf = (processId: number, address: bigint) => `${processId}:${address}`;

export class GuardedDevice implements DeviceIo {
  readonly description: string;
  readonly #inner: DeviceIo;
  readonly #attached = new AttachedProcesses();
  readonly #planted = new Map<string, PlantedByte>();
  #isOpen = false;
  #isVmmUp = false;
  #isTraceUp = false;
  #hasEndMarker = false;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting: Promise<DeviceAnswer> | undefined;
  #ending: Promise<void> | undefined;

  constructor(inner: DeviceIo) {
    this.#inner = inner;
    this.description = inner.description;
  }

  async open(): Promise<number> {
    const status = await this.#inner.open();
    this.#isOpen = status === DEVICE_STATUS.success;
    return status;
  }

  /** One request at a time: the driver keeps one buffer for commands that wait (7.5, TRAP). */
  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    if (this.#ending !== undefined) return Promise.resolve(GONE);
    return this.#inTurn(() => this.#serve(code, input, outputSizeBytes));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #serve(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    const rules = { isVmmUp: this.#isVmmUp, attached: this.#attached };
    const refusal = refusedBeforeSending(code, input, outputSizeBytes, rules);
    if (refusal !== undefined) return refusal;
    switch (code) {
      case IOCTL.IOCTL_SET_BREAKPOINT_USER_DEBUGGER.code:
        return this.#plant(input, outputSizeBytes);
      case IOCTL.IOCTL_DEBUGGER_READ_MEMORY.code:
        return this.#hideBreakpoints(input, await this.#inner.ioctl(code, input, outputSizeBytes));
      case IOCTL.IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.code:
        return this.#attach(input, outputSizeBytes);
      case IOCTL.IOCTL_SEND_USER_DEBUGGER_COMMANDS.code: {
        const { UdAction, ProcessDebuggingDetailToken } = sdk.DEBUGGER_UD_COMMAND_PACKET.decode(input);
        // All threads of the process run while one of them steps (7.5).
        if (UdAction.ActionType === COMMAND.DEBUGGER_UD_COMMAND_ACTION_TYPE_REGULAR_STEP)
          this.#attached.runs(ProcessDebuggingDetailToken);
        return this.#inner.ioctl(code, input, outputSizeBytes);
      }
      default: {
        const answer = await this.#inner.ioctl(code, input, outputSizeBytes);
        this.#learn(code, answer);
        return answer;
      }
    }
  }

  #learn(code: number, { status, bytes }: DeviceAnswer): void {
    if (status !== DEVICE_STATUS.success) return;
    // The status may stay 0 although something runs (3.1), so any answer counts as "may be up".
    if (code === IOCTL.IOCTL_INIT_VMM.code) this.#isVmmUp = bytes.length > 0;
    if (code === IOCTL.IOCTL_INIT_HYPERTRACE.code) this.#isTraceUp = bytes.length > 0;
    if (code === IOCTL.IOCTL_PERFORM_HYPERTRACE_UNLOAD.code) this.#isTraceUp = false;
    if (code === IOCTL.IOCTL_TERMINATE_VMX.code) this.#isVmmUp = false;
  }

  async #attach(input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    const struct = sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS;
    const record = struct.decode(input);
    if (record.Action === VERB[`${VERB_PREFIX}CONTINUE_PROCESS`]) this.#attached.runs(record.Token);
    const code = IOCTL.IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.code;
    const answer = await this.#inner.ioctl(code, input, outputSizeBytes);
    if (answer.bytes.length >= struct.sizeBytes) {
      const { Token, ProcessId, ...rest } = struct.decode(answer.bytes);
      // Verbs that name a process by one of the two leave the other out.
      const known = { ...rest, Token: Token || record.Token, ProcessId: ProcessId || record.ProcessId };
      this.#attached.answered(record, known);
    }
    return answer;
  }

  /** No request lists or removes breakpoints: what stood there is remembered (7.6, TRAP). */
  async #plant(input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    const { Address: address, Pid: processId } = sdk.DEBUGGEE_BP_PACKET.decode(input);
    const original = await this.#readByte(processId, address);
    const code = IOCTL.IOCTL_SET_BREAKPOINT_USER_DEBUGGER.code;
    const answer = await this.#inner.ioctl(code, input, outputSizeBytes);
    if (answer.bytes.length < sdk.DEBUGGEE_BP_PACKET.sizeBytes) return answer;
    const isSet = sdk.DEBUGGEE_BP_PACKET.decode(answer.bytes).Result === E.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    if (isSet && original !== undefined)
      this.#planted.set(keyOf(processId, address), { processId, address, original });
    return answer;
  }

  async #readByte(processId: number, address: bigint): Promise<number | undefined> {
    const head = sdk.DEBUGGER_READ_MEMORY;
    const MemoryType = READ.DEBUGGER_READ_VIRTUAL_ADDRESS;
    const input = head.encode({ Pid: processId, Address: address, Size: 1, MemoryType });
    const code = IOCTL.IOCTL_DEBUGGER_READ_MEMORY.code;
    const answer = await this.#inner.ioctl(code, input, head.sizeBytes + 1);
    return this.#hideBreakpoints(input, answer).bytes[head.sizeBytes];
  }

  /** Planted int3 bytes are visible to reads (6.1, TRAP). */
  #hideBreakpoints(input: Uint8Array, answer: DeviceAnswer): DeviceAnswer {
    const head = sdk.DEBUGGER_READ_MEMORY;
    const { Pid, Address, Size, MemoryType } = head.decode(input);
    if (MemoryType !== READ.DEBUGGER_READ_VIRTUAL_ADDRESS || answer.bytes.length <= head.sizeBytes)
      return answer;
    const bytes = answer.bytes.slice();
    for (const { processId, address, original } of this.#planted.values()) {
      if (processId !== Pid || address < Address || address >= Address + BigInt(Size)) continue;
      const at = head.sizeBytes + Number(address - Address);
      if (bytes[at] === INT3) bytes[at] = original;
    }
    return { status: answer.status, bytes };
  }

  async pend(): Promise<DeviceAnswer> {
    if (this.#ending !== undefined) return GONE;
    const waiting = this.#inner.pend().then((answer) => this.#observe(answer));
    // A second request comes back at once without bytes; the first is the one that still waits.
    this.#waiting ??= waiting;
    const answer = await waiting;
    if (this.#waiting === waiting) this.#waiting = undefined;
    return answer;
  }

  #observe(answer: DeviceAnswer): DeviceAnswer {
    if (answer.status !== DEVICE_STATUS.success || answer.bytes.length < OPERATION_BYTES) return answer;
    const { bytes } = answer;
    const operation = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const packet = sdk.DEBUGGEE_UD_PAUSED_PACKET;
    if (operation === OPERATION.OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS) this.#hasEndMarker = true;
    else if (
      operation === OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE &&
      bytes.length >= OPERATION_BYTES + packet.sizeBytes
    ) {
      const stop = packet.decode(bytes, OPERATION_BYTES);
      this.#attached.paused(stop);
      if (stop.PausingReason === SOFTWARE_BREAKPOINT) this.#planted.delete(keyOf(stop.ProcessId, stop.Rip));
    }
    return answer;
  }

  cancel(): Promise<void> {
    return this.#inner.cancel();
  }

  /** Closing without the orderly end would leave the hypervisor without an owner, so the two are one. */
  close(): Promise<void> {
    return this.shutDown();
  }

  /** Events, breakpoints and processes first, then the hypervisor, the channel and the handles (3.3). Safe to call twice. */
  shutDown(): Promise<void> {
    // A request of the client that is stuck must not keep the end from being tried.
    return (this.#ending ??= limited(this.#queue, undefined).then(() => this.#end()));
  }

  async #end(): Promise<void> {
    if (!this.#isOpen) return;
    if (this.#isVmmUp) await this.#leaveHypervisor();
    if (!this.#hasEndMarker) {
      await this.#send(IOCTL.IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL.code, NO_BYTES, 0);
      await limited(this.#readToEnd(), undefined);
    }
    this.#isOpen = false;
    await limited(this.#inner.close(), undefined);
  }

  async #leaveHypervisor(): Promise<void> {
    const all = { Tag: ALL_EVENTS, TypeOfAction: MODIFY.DEBUGGER_MODIFY_EVENTS_CLEAR };
    const clear = sdk.DEBUGGER_MODIFY_EVENTS.encode(all);
    await this.#send(IOCTL.IOCTL_DEBUGGER_MODIFY_EVENTS.code, clear, clear.length);
    for (const planted of this.#planted.values()) await this.#restore(planted);
    for (const { token, processId, state } of this.#attached.all()) {
      if (state !== 'running') await this.#sendVerb('CONTINUE_PROCESS', { Token: token });
      await this.#sendVerb('DETACH', { ProcessId: processId });
    }
    if (this.#isTraceUp) await this.#send(IOCTL.IOCTL_PERFORM_HYPERTRACE_UNLOAD.code, NO_BYTES, 0);
    await this.#send(IOCTL.IOCTL_TERMINATE_VMX.code, NO_BYTES, 0);
    this.#isVmmUp = false;
  }

  #sendVerb(
    verb: 'CONTINUE_PROCESS' | 'DETACH',
    record: { readonly Token?: bigint; readonly ProcessId?: number },
  ): Promise<DeviceAnswer> {
    const struct = sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS;
    const input = struct.encode({ ...record, Action: VERB[`${VERB_PREFIX}${verb}`] });
    return this.#send(IOCTL.IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.code, input, input.length);
  }

  async #restore({ processId, address, original }: PlantedByte): Promise<void> {
    const head = sdk.DEBUGGER_READ_MEMORY;
    const question = head.encode({
      Pid: processId,
      Address: address,
      Size: 1,
      MemoryType: READ.DEBUGGER_READ_VIRTUAL_ADDRESS,
    });
    const read = await this.#send(IOCTL.IOCTL_DEBUGGER_READ_MEMORY.code, question, head.sizeBytes + 1);
    if (read.bytes[head.sizeBytes] !== INT3) return;
    const edit = sdk.DEBUGGER_EDIT_MEMORY;
    const tail = new Uint8Array(8);
    tail[0] = original;
    const record = {
      Address: address,
      ProcessId: processId,
      MemoryType: EDIT.EDIT_VIRTUAL_MEMORY,
      ByteSize: WIDTH.EDIT_BYTE,
      CountOf64Chunks: 1,
      FinalStructureSize: edit.sizeBytes + tail.length,
    };
    const input = concatBytes([edit.encode(record), tail]);
    await this.#send(IOCTL.IOCTL_DEBUGGER_EDIT_MEMORY.code, input, input.length);
  }

  #send(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    return limited(this.#inner.ioctl(code, input, outputSizeBytes), GONE);
  }

  /** Never asks again behind the marker: nothing would complete that request (3.3, step 4). */
  async #readToEnd(): Promise<void> {
    await this.#waiting;
    while (!this.#hasEndMarker) {
      const { status, bytes } = this.#observe(await this.#inner.pend());
      if (status !== DEVICE_STATUS.success || bytes.length < OPERATION_BYTES) return;
    }
  }
}

/** The result, or `late` when it does not come in time. */
async function limited<T>(work: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), STEP_LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
