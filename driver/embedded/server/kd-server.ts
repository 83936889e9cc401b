/**
 * The debuggee's side of the kernel-debugger wire (driver-protocol 8) for an embedded machine. No promises, no timers: it
 * runs inside CPU hooks, and its user feeds it with bytes.
 *
 * Contract for the machine's loop:
 *   1. `ping()` at the start and every few seconds while `state` is `handshake`; feed `receive`.
 *   2. When `state` is `running`: run the CPU; from time to time feed `receive`. When `takePauseRequest()` is true, stop the
 *      CPU and call `stop({ reason: 'requested' })`.
 *   3. `stop(...)` makes `state` `halted`: feed `receive` (blocking on the transport) until `state` is no longer `halted`,
 *      then take `takeResume()` and do what it says. A machine halted inside a CPU hook does the same there.
 *   4. Between two instructions of a running machine ask `takeSwitch()` and stop for what it gives.
 *   5. `state` `closed`: the debugger has left. Events and breakpoints are gone; run on or end. `stop` does nothing then.
 *      Another debugger that shows its signature makes it `running` again.
 */

import type { Stop, StopReason } from '../../debuggee';
import { encodeFrame, FrameReader, type KdFrame } from '../../kd/frame';
import { logOfBuffer } from '../../kd/log-message';
import { recordOfModule } from '../../kd/machine-records';
import { PACKET_TYPE, type Packet } from '../../kd/packet';
import { ANSWER, packetByAction, REQUEST } from '../../kd/packets';
import { recordOfStop } from '../../kd/stop-record';
import { textToBytes } from '../../kd/text-bytes';
import {
  DEBUGGEE_PAUSING_REASON,
  DEBUGGER_ERROR,
  OPERATION,
  REGS_ENUM,
  SDK,
} from '../../sdk/tables.generated';
import type { EventCore } from '../events/event-core';
import { BreakpointList } from './breakpoint-list';
import type { Machine } from './machine';
import { serveRequest } from './requests';
import type { Resume, ServerContext } from './server-context';

export type { Resume } from './server-context';
export type ServerState = 'handshake' | 'running' | 'halted' | 'closed';

export interface StopInfo {
  readonly reason: StopReason;
  /** Tag of the event (reason `event`) or id of the breakpoint (reason `breakpoint`). */
  readonly eventTag?: bigint;
  readonly stage?: 'pre' | 'post';
}

export interface KdServerOptions {
  readonly machine: Machine;
  readonly events: EventCore;
  /** Takes bytes for the debugger; must not call back. */
  readonly send: (bytes: Uint8Array) => void;
  /** Build signature that the debugger must present; undefined accepts any. */
  readonly signature?: string;
  /** Shown to the user of the debugger, e.g. `Linux guest of HyperDbg for VS Code`. */
  readonly operatingSystem: string;
  /** Sends what still waits to be sent, so that it comes before the stop (8.3, TRAP). */
  readonly beforeStop?: () => void;
}

/** Texts longer than this go in pieces, as a message of the driver has no room for more (driver-protocol 4). */
const MAX_TEXT_BYTES = SDK.PacketChunkSize - 1;
const INSTRUCTION_BYTES = SDK.MAXIMUM_INSTR_SIZE;
const PAGE_BYTES = 4096n;

export class KdServer {
  readonly #options: KdServerOptions;
  #reader = new FrameReader();
  readonly #breakpoints: BreakpointList;
  readonly #context: ServerContext;
  #state: ServerState = 'handshake';
  #pauseRequested = false;
  #resume: Resume | undefined;
  #stepsAfterContinue = false;
  #switch: { readonly threadId: number; readonly reason: StopReason } | undefined;
  #isTracking = false;

  constructor(options: KdServerOptions) {
    this.#options = options;
    this.#breakpoints = new BreakpointList(options.machine);
    this.#context = {
      machine: options.machine,
      events: options.events,
      breakpoints: this.#breakpoints,
      send: (packet, value) => this.#send(packet, value),
      log: (operation, text) => this.message(operation, text),
      stop: (info) => this.stop(info),
      sendModules: () => this.sendModules(),
      resume: (resume) => this.#continue(resume),
      stepAfterContinue: () => (this.#stepsAfterContinue = true),
      switchAfterContinue: (threadId, reason) => (this.#switch = { threadId, reason }),
      close: () => this.#close(),
    };
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Asks for a debugger (8.2). Does nothing once one has answered. */
  ping(): void {
    if (this.#state === 'handshake') this.#send(ANSWER.ping, undefined);
  }

  /** Bytes from the debugger, cut anywhere. */
  receive(bytes: Uint8Array): void {
    for (const item of this.#reader.push(bytes)) {
      if (item.kind === 'frame') this.#take(item.frame);
      else this.#warn(`a frame of ${item.sizeBytes} bytes from the debugger was dropped: ${item.problem}`);
    }
  }

  #take(frame: KdFrame): void {
    if (this.#state === 'closed' && frame.action !== REQUEST.version.action) return;
    const name = packetByAction(frame.action)?.name ?? `with action ${frame.action}`;
    try {
      if (frame.type === PACKET_TYPE.toRunning) this.#takeForRunning(frame);
      // A request for the halted debuggee is lost while it runs, and is never answered (8.2, TRAP).
      else if (this.#state !== 'halted')
        this.#warn(`the request ${name} came while the target runs and was dropped`);
      else if (frame.type !== PACKET_TYPE.toHalted || !serveRequest(this.#context, frame))
        this.#warn(`the request ${name} is not one for a halted target and was dropped`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#warn(`the request ${name} was dropped: ${error.message}`);
    }
  }

  #takeForRunning(frame: KdFrame): void {
    switch (frame.action) {
      case REQUEST.version.action:
        // One debugger has left, and another has come: whoever carries the bytes has greeted it.
        if (this.#state === 'handshake' || this.#state === 'closed')
          this.#welcome(REQUEST.version.decode(frame.payload));
        return;
      case REQUEST.pause.action:
        this.#pauseRequested = this.#state === 'running';
        return;
      case REQUEST.stopListening.action:
        this.#close();
        return;
      default:
        this.#warn(`a request with action ${frame.action} is not one for a running target and was dropped`);
    }
  }

  #welcome(signature: string): void {
    const expected = this.#options.signature;
    if (expected !== undefined && expected !== signature) {
      const text = `the debugger shows the build signature ${signature}, but this target is of build ${expected}`;
      this.#send(ANSWER.log, { operation: OPERATION.OPERATION_LOG_ERROR_MESSAGE, bytes: textToBytes(text) });
      return;
    }
    this.#state = 'running';
    this.#send(ANSWER.started, {
      PortAddress: 0,
      Baudrate: 0,
      KernelBaseAddress: 0n,
      Result: DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL,
      OsName: this.#options.operatingSystem,
    });
    this.sendModules();
  }

  /** True once for each pause request that came while the machine runs. */
  takePauseRequest(): boolean {
    const requested = this.#pauseRequested;
    this.#pauseRequested = false;
    return requested;
  }

  /** What ended the halt; undefined while halted. Each answer is given once. */
  takeResume(): Resume | undefined {
    const resume = this.#resume;
    this.#resume = undefined;
    return resume;
  }

  #continue(resume: Resume): void {
    const isStep = this.#stepsAfterContinue && resume.kind === 'continue';
    this.#stepsAfterContinue = false;
    this.#isTracking = resume.kind === 'step' && resume.isTracking === true;
    this.#resume = isStep ? { kind: 'step', step: 'in', callSizeBytes: undefined } : resume;
    this.#state = 'running';
  }

  /**
   * The switch to another thread that the debugger asked for, done now, when the machine stands between two instructions. The
   * machine must stop for it; undefined when there is none.
   */
  takeSwitch(): StopInfo | undefined {
    const wanted = this.#state === 'running' ? this.#switch : undefined;
    if (wanted === undefined) return undefined;
    this.#switch = undefined;
    // The thread can have ended since it was asked for.
    return this.#options.machine.switchThread(wanted.threadId) ? { reason: wanted.reason } : undefined;
  }

  /** The debugger's connection is gone, or has been: whatever it left is cleared, and another one may come. */
  disconnect(): void {
    this.#reader = new FrameReader();
    if (this.#state !== 'handshake') this.#close();
  }

  #close(): void {
    this.#options.events.reset();
    this.#breakpoints.reset();
    this.#stepsAfterContinue = false;
    this.#switch = undefined;
    if (this.#state === 'halted') this.#resume = { kind: 'continue' };
    this.#pauseRequested = false;
    this.#state = 'closed';
  }

  /** Tells the debugger that the machine has halted. Text printed before goes out before (8.3, TRAP). */
  stop(info: StopInfo): void {
    if (this.#state === 'handshake' || this.#state === 'closed') return;
    this.#state = 'halted';
    // The debugger that asked for a pause has its stop now, whatever the reason.
    this.#pauseRequested = false;
    this.#resume = undefined;
    this.#options.beforeStop?.();
    const record = recordOfStop(this.#describeStop(info));
    // Follows a command and not the program, so the client shows no instruction (recorded: `rdmsr`).
    if (info.reason === 'command finished') record.IgnoreDisassembling = true;
    if (info.reason === 'step' && this.#isTracking)
      record.PausingReason = DEBUGGEE_PAUSING_REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_TRACKING_STEPPED;
    this.#send(ANSWER.stopped, record);
  }

  #describeStop(info: StopInfo): Stop {
    const { machine } = this.#options;
    const rip = machine.readRegister(REGS_ENUM.REGISTER_RIP) ?? 0n;
    return {
      reason: info.reason,
      core: machine.currentCore,
      rip,
      rflags: machine.readRegister(REGS_ENUM.REGISTER_RFLAGS) ?? 0n,
      is32Bit: machine.is32Bit,
      eventTag: info.eventTag ?? 0n,
      stage: info.stage,
      instructionBytes: this.#instructionBytes(rip),
    };
  }

  #instructionBytes(rip: bigint): Uint8Array {
    const { memory } = this.#options.machine;
    const whole = memory.read(rip, INSTRUCTION_BYTES);
    const toPageEnd = Number(PAGE_BYTES - (rip % PAGE_BYTES));
    return whole ?? memory.read(rip, Math.min(INSTRUCTION_BYTES, toPageEnd)) ?? new Uint8Array(0);
  }

  /** The id of the breakpoint at `address` that applies to the present process, thread and core. Removes one-shot ones. */
  breakpointHit(address: bigint): bigint | undefined {
    return this.#breakpoints.hit(address);
  }

  /** Log text (8.4, action 41): 1 info, 2 warning, 3 error, or the low 32 bits of an event's tag. */
  message(operation: number, text: string): void {
    if (!this.#hasDebugger) return;
    const bytes = textToBytes(text);
    for (let start = 0; start < bytes.length; start += MAX_TEXT_BYTES)
      this.#send(ANSWER.log, { operation, bytes: bytes.subarray(start, start + MAX_TEXT_BYTES) });
  }

  #warn(text: string): void {
    this.message(OPERATION.OPERATION_LOG_WARNING_MESSAGE, text);
  }

  /** The safe buffer of an event's custom code; see `logOfBuffer`. */
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void {
    if (this.#hasDebugger) this.#send(ANSWER.log, logOfBuffer({ eventTag, bytes }));
  }

  /** Tells the debugger the module list again, e.g. after a library was mapped. */
  sendModules(): void {
    if (!this.#hasDebugger) return;
    const modules = this.#options.machine.modules();
    modules.forEach((module, index) =>
      this.#send(ANSWER.module, {
        TotalSymbols: modules.length,
        CurrentSymbolIndex: index,
        SymbolDetailPacket: recordOfModule(module),
      }),
    );
    const status = BigInt(DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL);
    this.#send(ANSWER.modulesFinished, { KernelStatus: status });
  }

  get #hasDebugger(): boolean {
    return this.#state === 'running' || this.#state === 'halted';
  }

  #send<V>(packet: Packet<V>, value: V): void {
    this.#options.send(
      encodeFrame({ type: packet.type, action: packet.action, payload: packet.encode(value) }),
    );
  }
}
