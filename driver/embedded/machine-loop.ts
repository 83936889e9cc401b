/**
 * The life of the embedded machine: runs the guest, turns what the CPU reports into occurrences for the event core, serves
 * the debugger while halted. Synchronous from end to end; `Transport` is its only way to wait.
 */

import { VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';
import type { CpuExit } from './cpu/cpu';
import type { Delivery, EventCore, Occurrence } from './events/event-core';
import type { HaltCause } from './events/event-host';
import type { GuestMachine } from './guest-machine';
import { deliverSignal, SIGNAL_CODE } from './guest/signal-delivery';
import { signalOfException } from './guest/signals';
import { serveSystemCall } from './guest/system-calls/dispatch';
import { RDTSCP_BYTES } from './intercepts';
import { PAGE_BYTES } from './memory/physical-memory';
import type { KdServer, StopInfo } from './server/kd-server';

export interface Transport {
  /** Bytes of the debugger that have come, without waiting. */
  take(): Uint8Array | undefined;
  /** Waits for bytes, the end, or `timeoutMs`. */
  wait(timeoutMs: number): void;
  readonly mustQuit: boolean;
  /** Runs `body` as the time in which the owner may stop the CPU from outside; skips it when something has come. */
  whileInterruptible<T>(body: () => T): T | undefined;
  /** The CPU comes back after so many microseconds at the latest; 0 or missing is no limit. */
  readonly runLimitUs?: number;
}

/** What the loop needs of the door through which a debugger comes. */
export type DebuggerDoor = Pick<
  KdServer,
  'state' | 'ping' | 'receive' | 'takePauseRequest' | 'takeResume' | 'stop' | 'breakpointHit'
> & {
  /** The program's own int3, RIP behind it: true when the debugger takes it (7.6), so that it is no signal. */
  readonly takesOwnBreakpoints?: boolean;
};

const PING_INTERVAL_MS = 5000;
/** One turn when several guest threads want the CPU. */
const TIME_SLICE_US = 10_000;
const PAGE_FAULT = 14;
const INVALID_OPCODE = 6;
const BREAKPOINT = 3;
const RAX = 0;
const RSP = 4;
const USER_LIMIT = 1n << 47n;
const PAGE_FAULT_WRITE = 2;
const PAGE_FAULT_FETCH = 16;

const ADDRESS_EVENTS = [TYPE.HIDDEN_HOOK_EXEC_DETOURS, TYPE.HIDDEN_HOOK_EXEC_CC];
const EXECUTE_EVENTS = [
  TYPE.HIDDEN_HOOK_EXECUTE,
  TYPE.HIDDEN_HOOK_READ_AND_EXECUTE,
  TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE,
  TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE,
];
const NOTHING = { shortCircuited: false, postNeeded: false } as const;

type Stepping =
  | { readonly kind: 'none' }
  /** `since`: how many had retired when it was asked for, which can be in the middle of an occurrence. */
  | { readonly kind: 'one instruction'; readonly since: number }
  /** To the instruction behind a call, in the frame that made it. */
  | { readonly kind: 'over call'; readonly address: bigint; readonly stackPointer: bigint };

export class MachineLoop {
  readonly #machine: GuestMachine;
  readonly #events: EventCore;
  readonly #server: DebuggerDoor;
  readonly #transport: Transport;
  #stepping: Stepping = { kind: 'none' };
  /** The program waits at its entry point for the debugger's first `continue`. */
  #held = true;
  #failure: string | undefined;

  constructor(machine: GuestMachine, events: EventCore, server: DebuggerDoor, transport: Transport) {
    this.#machine = machine;
    this.#events = events;
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
      else this.#advance();
    }
    return this.#failure;
  }

  #isOver(): boolean {
    return this.#machine.process.end !== undefined || this.#failure !== undefined || this.#transport.mustQuit;
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
      this.#stepping = { kind: 'one instruction', since: this.#retired };
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
    const { cpu, process } = this.#machine;
    if (process.current.wait !== undefined) {
      this.#schedule();
      return;
    }
    this.#machine.prepareRun();
    if (cpu.isExit(cpu.rip)) this.#atExitAddress();
    else if (this.#stepping.kind === 'one instruction') this.#step();
    else this.#runFreely();
    const stepping = this.#stepping;
    if (stepping.kind === 'one instruction' && this.#retired !== stepping.since)
      this.#stop({ reason: 'step' });
  }

  #step(): void {
    this.#handle(this.#tryStep(() => this.#machine.cpu.step()));
  }

  /**
   * Steps until the instruction has what it needs: a page that is given on first touch is no event of the guest, and the
   * events of the instruction must not come again for it.
   */
  #tryStep(step: () => CpuExit): CpuExit {
    for (;;) {
      // What ran since may have armed events or written code.
      this.#machine.prepareRun();
      const exit = step();
      if (exit.kind !== 'exception' || exit.vector !== PAGE_FAULT || !this.#givePage(exit.errorCode))
        return exit;
    }
  }

  #runFreely(): void {
    const exit = this.#transport.whileInterruptible(() => this.#machine.cpu.run(this.#timeSlice()));
    if (exit !== undefined) this.#handle(exit);
  }

  /** Counts instructions that were completed one by one, so that a step knows it has made one. */
  #retired = 0;

  #timeSlice(): number {
    return this.#machine.process.readyThreads > 1 ? TIME_SLICE_US : (this.#transport.runLimitUs ?? 0);
  }

  #schedule(): void {
    const waitMs = this.#machine.process.schedule();
    if (waitMs > 0) this.#transport.wait(Math.min(waitMs, PING_INTERVAL_MS));
  }

  /** RIP stands where events or breakpoints are; afterwards the instruction has run, or RIP is somewhere else. */
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
    for (const type of ADDRESS_EVENTS) {
      if (cpu.rip === address && this.#events.isWanted(type))
        this.#deliver({ kind: 'instruction', type, stage: 'pre', context: address });
    }
    if (cpu.rip === address) this.#executeMonitored(address);
  }

  #stepEnds(address: bigint): boolean {
    const stepping = this.#stepping;
    if (stepping.kind !== 'over call' || stepping.address !== address) return false;
    // A deeper call of the same function comes past the address too, with less stack left.
    return (this.#machine.cpu.general[RSP] ?? 0n) >= stepping.stackPointer;
  }

  /** Execute monitors (`!monitor x`) come before what the instruction itself is watched for. */
  #executeMonitored(address: bigint): void {
    const access: Occurrence = { kind: 'access', access: 'x', stage: 'pre', context: address };
    const delivery = EXECUTE_EVENTS.some((type) => this.#events.isWanted(type))
      ? this.#deliver(access)
      : NOTHING;
    // A blocked execution re-faults for ever in the real driver; here the thread waits for the debugger the same way.
    if (delivery.shortCircuited || this.#machine.cpu.rip !== address) return;
    const opcode = this.#machine.intercepts.opcodeAt(address);
    if (opcode === undefined) this.#step();
    else this.#instruction(opcode.eventType, opcode.bytes.length);
    if (delivery.postNeeded) this.#deliver({ ...access, stage: 'post' });
  }

  /** An instruction with events of its own: before, the instruction unless an event wants it skipped, after. */
  #instruction(type: number, sizeBytes: number): void {
    const { cpu } = this.#machine;
    const address = cpu.rip;
    const context =
      type === TYPE.TSC_INSTRUCTION_EXECUTION ? BigInt(sizeBytes === RDTSCP_BYTES) : this.#eax();
    const occurrence: Occurrence = { kind: 'instruction', type, stage: 'pre', context };
    const delivery = this.#deliver(occurrence);
    if (cpu.rip !== address) return;
    if (delivery.shortCircuited) {
      cpu.rip += BigInt(sizeBytes);
      this.#retired++;
    } else {
      this.#step();
    }
    if (delivery.postNeeded) this.#deliver({ ...occurrence, stage: 'post' });
  }

  #eax(): bigint {
    return BigInt.asUintN(32, this.#machine.cpu.general[RAX] ?? 0n);
  }

  #deliver(occurrence: Occurrence): Delivery {
    return this.#events.deliver(occurrence);
  }

  #handle(exit: CpuExit): void {
    switch (exit.kind) {
      case 'exit address':
        return;
      case 'interrupted':
        if (this.#machine.process.readyThreads > 1) this.#machine.process.schedule();
        return;
      case 'stepped':
        this.#retired++;
        return;
      case 'syscall':
        this.#systemCall(exit.sizeBytes);
        return;
      case 'exception':
        this.#exception(exit.vector, exit.errorCode);
        return;
      case 'invalid opcode':
        this.#exception(INVALID_OPCODE, 0);
        return;
      case 'failed':
        this.#failure = `${exit.text} at 0x${this.#machine.cpu.rip.toString(16)}`;
        return;
    }
  }

  #systemCall(sizeBytes: number): void {
    const { cpu, process } = this.#machine;
    const address = cpu.rip;
    const type = TYPE.SYSCALL_HOOK_EFER_SYSCALL;
    const wanted = this.#events.isWanted(type);
    const occurrence: Occurrence = {
      kind: 'instruction',
      type,
      stage: 'pre',
      context: cpu.general[RAX] ?? 0n,
    };
    const delivery = wanted ? this.#deliver(occurrence) : undefined;
    if (cpu.rip !== address) return;
    this.#retired++;
    if (delivery?.shortCircuited === true) cpu.rip += BigInt(sizeBytes);
    else serveSystemCall(process);
    if (delivery?.postNeeded === true && process.end === undefined)
      this.#deliver({ ...occurrence, stage: 'post' });
  }

  #exception(vector: number, errorCode: number): void {
    const { cpu, process } = this.#machine;
    if (vector === PAGE_FAULT && this.#pageFault(errorCode)) return;
    if (vector === BREAKPOINT && this.#server.takesOwnBreakpoints === true) {
      this.#stop({ reason: 'breakpoint' });
      return;
    }
    const type = TYPE.EXCEPTION_OCCURRED;
    const address = cpu.rip;
    if (this.#events.isWanted(type)) {
      const delivery = this.#deliver({ kind: 'instruction', type, stage: 'pre', context: BigInt(vector) });
      if (delivery.shortCircuited || cpu.rip !== address || process.end !== undefined) return;
    }
    const fault = cpu.engine.readRegister('cr2');
    const where = vector === PAGE_FAULT ? fault : address;
    deliverSignal(process, { signal: signalOfException(vector), code: SIGNAL_CODE.fault, address: where });
  }

  /** True when the fault was no fault of the guest: a page to be given, or an access that a monitor event watches. */
  #pageFault(errorCode: number): boolean {
    const { address, access } = this.#faultingAccess(errorCode);
    if (access === 'execute' || !this.#machine.isWatched(address, access)) return this.#givePage(errorCode);
    this.#watchedAccess(address, access);
    return true;
  }

  #givePage(errorCode: number): boolean {
    const { address, access } = this.#faultingAccess(errorCode);
    if (access !== 'execute' && this.#machine.isWatched(address, access)) return false;
    return address < USER_LIMIT && this.#machine.process.space.touch(Number(address), access);
  }

  #faultingAccess(errorCode: number): { address: bigint; access: 'read' | 'write' | 'execute' } {
    const address = this.#machine.cpu.engine.readRegister('cr2');
    if ((errorCode & PAGE_FAULT_FETCH) !== 0) return { address, access: 'execute' };
    return { address, access: (errorCode & PAGE_FAULT_WRITE) !== 0 ? 'write' : 'read' };
  }

  /** The event decides by its range; then the instruction runs unwatched. */
  #watchedAccess(context: bigint, access: 'read' | 'write'): void {
    const { cpu } = this.#machine;
    const address = cpu.rip;
    const occurrence: Occurrence = {
      kind: 'access',
      access: access === 'read' ? 'r' : 'w',
      stage: 'pre',
      context,
    };
    const delivery = this.#deliver(occurrence);
    if (cpu.rip !== address) return;
    if (delivery.shortCircuited) this.#skipAccess(context);
    else this.#handle(this.#tryStep(() => this.#machine.stepUnwatched(context)));
    if (delivery.postNeeded) this.#deliver({ ...occurrence, stage: 'post' });
  }

  /** Registers unchanged, store lost (5.6). Running the instruction and taking it back gives its length as well. */
  #skipAccess(accessed: bigint): void {
    const { cpu, memory } = this.#machine;
    const registers = cpu.general.slice();
    const flags = cpu.rflags;
    const page = accessed - (accessed % BigInt(PAGE_BYTES));
    const bytes = memory.read(page, PAGE_BYTES);
    this.#handle(this.#tryStep(() => this.#machine.stepUnwatched(accessed)));
    cpu.general.set(registers);
    cpu.rflags = flags;
    if (bytes !== undefined) memory.write(page, bytes);
  }
}
