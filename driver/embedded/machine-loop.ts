/**
 * The life of the embedded machine: runs the guest, lets its occurrences be seen, serves the debugger while halted.
 * Synchronous from end to end; `Transport` is its only way to wait.
 */

import type { CpuExit } from './cpu/cpu';
import type { EventCore } from './events/event-core';
import type { HaltCause } from './events/event-host';
import type { GuestMachine } from './guest-machine';
import { OccurrenceSource } from './occurrence-source';
import type { KdServer, StopInfo } from './server/kd-server';

export interface Transport {
  /** Bytes of the debugger that have come, without waiting. */
  take(): Uint8Array | undefined;
  /** Waits for bytes, the end, or `timeoutMs`. */
  wait(timeoutMs: number): void;
  readonly mustQuit: boolean;
  /** Something has come that the loop has not looked at. */
  readonly hasNews: boolean;
  /**
   * Runs `body` as the time in which the owner may stop the CPU from outside; skips it when something has come. What
   * `isLimited` is stopped from outside when it goes on far beyond a slice.
   */
  whileInterruptible<T>(body: () => T, isLimited: boolean): T | undefined;
  /** The CPU comes back after so many microseconds at the latest; 0 or missing is no limit. */
  readonly runLimitUs?: number;
}

/** What the loop needs of the door through which a debugger comes. */
export type DebuggerDoor = Pick<
  KdServer,
  'state' | 'ping' | 'receive' | 'takePauseRequest' | 'takeResume' | 'takeSwitch' | 'stop' | 'breakpointHit'
> & {
  /** The program's own int3, RIP behind it: true when the debugger takes it (7.6), so that it is no signal. */
  readonly takesOwnBreakpoints?: boolean;
};

const PING_INTERVAL_MS = 5000;
const RSP = 4;
const HLT = 0xf4;
/** How often a guest that a `!mode` event blocks is tried again. */
const BLOCKED_RETRY_MS = 10;

type Stepping =
  | { readonly kind: 'none' }
  /** `since`: how many had retired when it was asked for, which can be in the middle of an occurrence. */
  | { readonly kind: 'one instruction'; readonly since: number }
  /** To the instruction behind a call, in the frame that made it. */
  | { readonly kind: 'over call'; readonly address: bigint; readonly stackPointer: bigint };

/** Of two limits, where 0 is none. */
function shorter(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}

export class MachineLoop {
  readonly #machine: GuestMachine;
  readonly #source: OccurrenceSource;
  readonly #server: DebuggerDoor;
  readonly #transport: Transport;
  #stepping: Stepping = { kind: 'none' };
  /** The program waits at its entry point for the debugger's first `continue`. */
  #held = true;

  constructor(machine: GuestMachine, events: EventCore, server: DebuggerDoor, transport: Transport) {
    this.#machine = machine;
    this.#source = new OccurrenceSource(machine, events, () => this.#takesBreakpoint());
    machine.cpu.onHit = (address) => this.#hit(address);
    this.#server = server;
    this.#transport = transport;
  }

  /** Runs until the program ends, the owner wants it to, or the CPU gives up. Returns the sentence of a failure. */
  run(): string | undefined {
    while (!this.#isOver()) {
      this.#receive();
      if (this.#server.state === 'halted') this.#serveHalted();
      else if (this.#server.takePauseRequest()) this.#stop({ reason: 'requested' });
      else if (this.#server.state === 'handshake') this.#waitForDebugger();
      else if (this.#held && this.#server.state === 'running') this.#waitForStart();
      else if (!this.#switchThread()) this.#advance();
    }
    return this.#source.failure;
  }

  #switchThread(): boolean {
    const switched = this.#server.takeSwitch();
    if (switched !== undefined) this.#stop(switched);
    return switched !== undefined;
  }

  #isOver(): boolean {
    const hasEnded = this.#machine.guest.end !== undefined || this.#source.failure !== undefined;
    return hasEnded || this.#transport.mustQuit;
  }

  #receive(): void {
    for (let bytes = this.#transport.take(); bytes !== undefined; bytes = this.#transport.take()) {
      this.#server.receive(bytes);
    }
  }

  #waitForDebugger(): void {
    this.#server.ping();
    this.#transport.wait(PING_INTERVAL_MS);
  }

  /** A door that halts the machine by itself can have let it go again before the loop saw it halted. */
  #waitForStart(): void {
    if (!this.#takeResume()) this.#transport.wait(PING_INTERVAL_MS);
  }

  /** Called by the event core from inside a delivery. */
  halt(cause: HaltCause): void {
    this.#stop({ reason: 'event', eventTag: cause.eventTag, stage: cause.stage });
  }

  /** The program's own int3 belongs to the debugger (7.6). */
  #takesBreakpoint(): boolean {
    if (this.#server.takesOwnBreakpoints !== true) return false;
    this.#stop({ reason: 'breakpoint' });
    return true;
  }

  /** Asked by scripts; see EventHost. */
  inject(vector: number, errorCode: number | undefined): boolean {
    this.#source.inject(vector, errorCode);
    return true;
  }

  traceStep(traceType: number): void {
    this.#source.traceStep(traceType);
  }

  #stop(info: StopInfo): void {
    this.#endStepping();
    this.#server.stop(info);
    this.#serveHalted();
  }

  #serveHalted(): void {
    while (this.#server.state === 'halted' && !this.#transport.mustQuit) {
      this.#receive();
      if (this.#server.state === 'halted') this.#transport.wait(PING_INTERVAL_MS);
    }
    this.#takeResume();
  }

  /** Gets ready for what ended the halt; false when nothing has. */
  #takeResume(): boolean {
    const resume = this.#server.takeResume();
    if (resume === undefined) return false;
    this.#held = false;
    if (resume.kind === 'step') this.#beginStep(resume.callSizeBytes);
    return true;
  }

  #beginStep(callSizeBytes: number | undefined): void {
    const { rip, general } = this.#machine.cpu;
    if (callSizeBytes === undefined) {
      this.#stepping = { kind: 'one instruction', since: this.#source.retired };
      return;
    }
    const address = rip + BigInt(callSizeBytes);
    this.#stepping = { kind: 'over call', address, stackPointer: general[RSP] ?? 0n };
    this.#machine.intercepts.setTemporary(address);
  }

  #endStepping(): void {
    if (this.#stepping.kind === 'over call') this.#machine.intercepts.setTemporary(undefined);
    this.#stepping = { kind: 'none' };
  }

  /** Lets the guest make progress: one instruction with its events, or a run to the next thing worth seeing. */
  #advance(): void {
    const { guest, cpu } = this.#machine;
    if (guest.isWaiting) {
      this.#wait(guest.schedule());
      return;
    }
    if (this.#source.isBlocked) {
      this.#transport.wait(BLOCKED_RETRY_MS);
      this.#source.retryMode();
      return;
    }
    if (this.#source.interrupt()) return;
    this.#machine.prepareRun();
    if (cpu.isExit(cpu.rip)) this.#atExitAddress();
    else if (this.#stepping.kind === 'one instruction' || this.#source.mustStep) this.#source.step();
    else this.#runFreely();
    const stepping = this.#stepping;
    if (stepping.kind === 'one instruction' && this.#source.retired !== stepping.since)
      this.#stop({ reason: 'step' });
  }

  #wait(timeoutMs: number): void {
    if (timeoutMs > 0) this.#transport.wait(Math.min(timeoutMs, PING_INTERVAL_MS));
  }

  #runFreely(): void {
    const { guest, cpu } = this.#machine;
    const sliceUs = shorter(guest.timeSliceUs, this.#transport.runLimitUs ?? 0);
    const startedMs = performance.now();
    const exit = this.#transport.whileInterruptible(() => cpu.run(sliceUs), sliceUs > 0);
    if (exit === undefined) return;
    if (exit.kind !== 'interrupted') this.#source.handle(exit);
    else if (this.#hasHalted(exit, sliceUs, startedMs)) this.#halted();
    else guest.sliceOver();
  }

  /** The engine does not say that it stopped for `hlt`: nobody has asked it to, and its time is not over. */
  #hasHalted(exit: CpuExit, sliceUs: number, startedMs: number): boolean {
    if (exit.kind !== 'interrupted' || this.#transport.hasNews) return false;
    const isTimeOver = sliceUs > 0 && (performance.now() - startedMs) * 1000 >= sliceUs;
    const { cpu, memory } = this.#machine;
    return !isTimeOver && memory.read(cpu.rip - 1n, 1)?.[0] === HLT;
  }

  #halted(): void {
    const { guest, cpu } = this.#machine;
    if (guest.end !== undefined || guest.halt()) return;
    const where = `0x${(cpu.rip - 1n).toString(16)}`;
    this.#source.failure = `the guest has halted at ${where} (hlt), and no interrupt can wake it`;
  }

  /** RIP stands where breakpoints, events or the end of a step are. */
  #atExitAddress(): void {
    const { cpu, intercepts } = this.#machine;
    const address = cpu.rip;
    if (intercepts.isTemporary(address) && this.#stepEnds(address)) {
      this.#stop({ reason: 'step' });
      return;
    }
    if (intercepts.isBreakpoint(address)) {
      const id = this.#server.breakpointHit(address);
      if (id !== undefined) this.#stop({ reason: 'breakpoint', eventTag: id });
    }
    if (cpu.rip === address && this.#server.state !== 'halted') this.#source.atExitAddress();
  }

  /** The same in the middle of a run. */
  #hit(address: bigint): 'pass' | 'leave' | 'begun' {
    const { intercepts } = this.#machine;
    const isOurs = intercepts.isTemporary(address) || intercepts.isBreakpoint(address);
    return isOurs ? 'leave' : this.#source.hit(address);
  }

  #stepEnds(address: bigint): boolean {
    const stepping = this.#stepping;
    if (stepping.kind !== 'over call' || stepping.address !== address) return false;
    // A deeper call of the same function comes past the address too, with less stack left.
    return (this.#machine.cpu.general[RSP] ?? 0n) >= stepping.stackPointer;
  }
}
