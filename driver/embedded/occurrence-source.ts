/**
 * Turns what the CPU reports into occurrences for the event core, and does to the guest what the CPU leaves to its embedder.
 * Everything happens between two instructions: before each call and after it the guest's state is exact.
 */

import { VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';
import type { MemoryAccess } from '../native/unicorn';
import { AddressHits } from './address-hits';
import type { CpuExit } from './cpu/cpu';
import type { Delivery, EventCore, Occurrence } from './events/event-core';
import type { GuestMachine } from './guest-machine';
import {
  decodeInstruction,
  isSystemReturn,
  isPushFlags,
  LONGEST_INSTRUCTION_BYTES,
  type DecodedInstruction,
} from './instructions';
import { PAGE_BYTES } from './memory/physical-memory';

const PAGE_FAULT = 14;
const INVALID_OPCODE = 6;
const BREAKPOINT = 3;
const EXCEPTION_COUNT = 32;
const RAX = 0;
const RSP = 4;
const PAGE_FAULT_WRITE = 2;
const PAGE_FAULT_FETCH = 16;
const SYSCALL_BYTES = 2n;
const TRAP_FLAG = 1n << 8n;

const EXECUTE_EVENTS = [
  TYPE.HIDDEN_HOOK_EXECUTE,
  TYPE.HIDDEN_HOOK_READ_AND_EXECUTE,
  TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE,
  TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE,
];
const MODE = TYPE.TRAP_EXECUTION_MODE_CHANGED;
const NOTHING = { shortCircuited: false, postNeeded: false } as const;
const OTHERS_HAVE_NONE = new Uint8Array(0);

interface Injection {
  readonly vector: number;
  readonly errorCode: number | undefined;
}

export class OccurrenceSource {
  readonly #machine: GuestMachine;
  readonly #events: EventCore;
  readonly #takesBreakpoint: () => boolean;
  readonly #hits: AddressHits;
  /** Counts instructions that were completed one by one, so that a step knows it has made one. */
  retired = 0;
  /** Why the machine cannot go on. */
  failure: string | undefined;
  /** What scripts have made up, to be seen before the next instruction. */
  readonly #injections: Injection[] = [];
  #traceType: number | undefined;
  /** A `!mode` event keeps the guest from running in the mode that it has entered (5.6, row 25). */
  #isBlocked = false;

  constructor(
    machine: GuestMachine,
    events: EventCore,
    /** Offers the guest's own int3 to the debugger; false when it leaves it to the guest. */
    takesBreakpoint: () => boolean,
  ) {
    this.#machine = machine;
    this.#events = events;
    this.#takesBreakpoint = takesBreakpoint;
    this.#hits = new AddressHits(machine, events);
  }

  get #isOver(): boolean {
    return this.#machine.guest.end !== undefined;
  }

  inject(vector: number, errorCode: number | undefined): void {
    this.#injections.push({ vector, errorCode });
  }

  traceStep(traceType: number): void {
    this.#traceType = traceType;
  }

  /** A trace step is due: the guest must not run past the next instruction. */
  get mustStep(): boolean {
    return this.#traceType !== undefined;
  }

  /** The thread waits until no event keeps it from entering its mode. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Asks again whether the guest may run in its mode. */
  retryMode(): void {
    this.#isBlocked = false;
    if (this.#events.isWanted(MODE)) this.#enterMode();
  }

  /** What comes between two instructions: made-up interruptions and those of devices. True when there was one. */
  interrupt(): boolean {
    const { guest, cpu } = this.#machine;
    const injected = this.#injections.shift();
    if (injected !== undefined) {
      this.#changingMode(() => guest.inject(injected.vector, injected.errorCode));
      return true;
    }
    const vector = guest.pendingInterrupt();
    if (vector === undefined) return false;
    const type = TYPE.EXTERNAL_INTERRUPT_OCCURRED;
    const occurrence: Occurrence = { kind: 'instruction', type, stage: 'pre', context: BigInt(vector) };
    const { rip } = cpu;
    const delivery = this.#events.isWanted(type) ? this.#deliver(occurrence) : NOTHING;
    // Who moved RIP in the event goes on there; the interrupt comes again.
    if (cpu.rip !== rip) return true;
    this.#changingMode(() => guest.takeInterrupt(vector, delivery.shortCircuited));
    if (delivery.postNeeded && !this.#isOver) this.#deliver({ ...occurrence, stage: 'post' });
    return true;
  }

  /** One instruction, with all that comes of it. */
  step(): void {
    const traceType = this.#traceType;
    this.#traceType = undefined;
    const { retired } = this;
    this.handle(this.#tryStep(() => this.#stepOnce()));
    if (traceType === undefined || this.#isOver) return;
    if (retired === this.retired) {
      this.#traceType ??= traceType;
      return;
    }
    const type = TYPE.TRAP_EXECUTION_INSTRUCTION_TRACE;
    if (this.#events.isWanted(type))
      this.#deliver({ kind: 'instruction', type, stage: 'pre', context: BigInt(traceType) });
  }

  /**
   * The trap flag that stops the step must not be seen by the guest: `pushf` would put it on the stack. Nor does it stop the
   * engine after a `sysret`, which loads other flags; that one is done here.
   */
  #stepOnce(): CpuExit {
    const { cpu, guest } = this.#machine;
    const wasTrapped = (cpu.rflags & TRAP_FLAG) !== 0n;
    const bytes = wasTrapped ? OTHERS_HAVE_NONE : this.#bytesAt(cpu.rip);
    if (isSystemReturn(bytes) && cpu.privilegeLevel === 0) {
      guest.systemReturn();
      return { kind: 'stepped' };
    }
    const exit = cpu.step();
    if (exit.kind !== 'stepped' || !isPushFlags(bytes)) return exit;
    const at = (cpu.general[RSP] ?? 0n) + 1n;
    const pushed = guest.memory.read(at, 1)?.[0];
    if (pushed !== undefined) guest.memory.write(at, Uint8Array.of(pushed & ~Number(TRAP_FLAG >> 8n)));
    return exit;
  }

  #bytesAt(address: bigint): Uint8Array {
    const { memory, guest } = this.#machine;
    const toPageEnd = PAGE_BYTES - Number(address & BigInt(PAGE_BYTES - 1));
    if (toPageEnd >= LONGEST_INSTRUCTION_BYTES) {
      const physical = guest.translate(address);
      if (physical === undefined) return OTHERS_HAVE_NONE;
      return guest.physical.bytes.subarray(Number(physical), Number(physical) + LONGEST_INSTRUCTION_BYTES);
    }
    return (
      memory.read(address, LONGEST_INSTRUCTION_BYTES) ??
      memory.read(address, Math.min(toPageEnd, LONGEST_INSTRUCTION_BYTES)) ??
      OTHERS_HAVE_NONE
    );
  }

  /**
   * Steps until the instruction has what it needs: a page that is given on first touch is no event of the guest, and the
   * events of the instruction must not come again for it.
   */
  #tryStep(step: () => CpuExit): CpuExit {
    const { exposure } = this.#machine.guest;
    for (;;) {
      // What ran since may have armed events or written code.
      this.#machine.prepareRun();
      const exit = step();
      const isMended =
        (exit.kind === 'exception' && exit.vector === PAGE_FAULT && this.#givePage(exit.errorCode)) ||
        (exit.kind === 'held access' && exposure.admit(exit.address, exit.access));
      if (!isMended) return exit;
    }
  }

  /** RIP stands where hooks or instructions with events are; afterwards the instruction has run, or RIP is elsewhere. */
  atExitAddress(): void {
    const { cpu } = this.#machine;
    const address = cpu.rip;
    this.#hits.deliver();
    if (cpu.rip === address) this.#executeMonitored(address);
  }

  /** The same in the middle of a run, as far as it can be done there (see HitHandler). */
  hit(address: bigint): 'pass' | 'leave' | 'begun' {
    if (!this.#isPlain(address)) return 'leave';
    const isDone = this.#hits.begin(address);
    const mustLeave = this.#injections.length > 0 || this.mustStep || this.#isOver;
    return isDone && !mustLeave && this.#machine.prepareGoingOn() ? 'pass' : 'begun';
  }

  /** The CPU can run the instruction at a hooked address by itself, stopped by the trap flag. */
  #isPlain(address: bigint): boolean {
    if (EXECUTE_EVENTS.some((type) => this.#events.isWanted(type))) return false;
    const bytes = this.#bytesAt(address);
    return decodeInstruction(bytes) === undefined && !isPushFlags(bytes);
  }

  #finishHit(): void {
    if (this.#hits.finish()) this.#executeMonitored(this.#machine.cpu.rip);
  }

  /** Execute monitors (`!monitor x`) come before what the instruction itself is watched for. */
  #executeMonitored(address: bigint): void {
    const { cpu } = this.#machine;
    const isMonitored = EXECUTE_EVENTS.some((type) => this.#events.isWanted(type));
    const access = isMonitored ? this.#access('x', address) : undefined;
    const delivery = access === undefined ? NOTHING : this.#deliver(access);
    // A blocked execution re-faults for ever in the real driver; here the thread waits for the debugger the same way.
    if (delivery.shortCircuited || cpu.rip !== address) return;
    const instruction = this.#instructionAt(address);
    if (instruction === undefined) this.step();
    else this.#instruction(instruction);
    if (access !== undefined && delivery.postNeeded && !this.#isOver)
      this.#deliver({ ...access, stage: 'post' });
  }

  #instructionAt(address: bigint): DecodedInstruction | undefined {
    const found = decodeInstruction(this.#bytesAt(address));
    if (found === undefined || !found.eventTypes.some((type) => this.#events.isWanted(type)))
      return undefined;
    const { cpu } = this.#machine;
    return found.isAllowed(cpu.privilegeLevel, cpu.rflags) ? found : undefined;
  }

  /** An instruction with events of its own: before, the instruction unless an event wants it skipped, after. */
  #instruction(instruction: DecodedInstruction): void {
    const { cpu } = this.#machine;
    const address = cpu.rip;
    const type = instruction.eventTypes.find((candidate) => candidate !== MODE);
    if (type === undefined || !this.#events.isWanted(type)) {
      this.#changingMode(() => this.step());
      return;
    }
    const state = {
      general: cpu.general,
      rip: address,
      readControl: (register: number) => cpu.engine.readRegister(register === 0 ? 'cr0' : 'cr4'),
    };
    const changedBits = instruction.changedBits?.(state);
    const occurrence: Occurrence = {
      kind: 'instruction',
      type,
      stage: 'pre',
      context: instruction.context(state),
      ...(changedBits === undefined ? {} : { changedBits }),
    };
    const delivery = this.#deliver(occurrence);
    if (cpu.rip !== address) return;
    if (delivery.shortCircuited) {
      cpu.rip += BigInt(instruction.sizeBytes);
      this.retired++;
    } else {
      this.#changingMode(() => this.step());
    }
    if (delivery.postNeeded && !this.#isOver) this.#deliver({ ...occurrence, stage: 'post' });
  }

  /** Runs what can change the privilege level, and tells of the change. */
  #changingMode(body: () => void): void {
    if (!this.#events.isWanted(MODE)) {
      body();
      return;
    }
    const before = this.#machine.cpu.privilegeLevel;
    body();
    if (!this.#isOver && this.#machine.cpu.privilegeLevel !== before) this.#enterMode();
  }

  #enterMode(): void {
    const context = BigInt(this.#machine.cpu.privilegeLevel);
    this.#isBlocked = this.#deliver({
      kind: 'instruction',
      type: MODE,
      stage: 'pre',
      context,
    }).shortCircuited;
  }

  #deliver(occurrence: Occurrence): Delivery {
    return this.#events.deliver(occurrence);
  }

  handle(exit: CpuExit): void {
    switch (exit.kind) {
      case 'hit':
        this.#finishHit();
        return;
      case 'exit address':
      case 'interrupted':
        return;
      case 'stepped':
        this.retired++;
        return;
      case 'syscall':
        this.#systemCall();
        return;
      case 'exception':
        this.#exception(exit.vector, exit.errorCode, exit.isSoftware);
        return;
      case 'invalid opcode':
        this.#exception(INVALID_OPCODE, 0, false);
        return;
      case 'held access':
        this.#heldAccess(exit.address, exit.access);
        return;
      case 'failed':
        this.failure = `${exit.text} at 0x${this.#machine.cpu.rip.toString(16)}`;
        return;
    }
  }

  #heldAccess(page: bigint, access: MemoryAccess): void {
    const { exposure } = this.#machine.guest;
    if (exposure.admit(page, access) || access === 'execute') return;
    const address = exposure.locate(page, access);
    if (address === undefined) this.retired++;
    else this.#watchedAccess(address, access);
  }

  #systemCall(): void {
    const { cpu, guest } = this.#machine;
    const address = cpu.rip;
    const type = TYPE.SYSCALL_HOOK_EFER_SYSCALL;
    const context = cpu.general[RAX] ?? 0n;
    const occurrence: Occurrence = { kind: 'instruction', type, stage: 'pre', context };
    const delivery = this.#events.isWanted(type) ? this.#deliver(occurrence) : NOTHING;
    if (cpu.rip !== address) return;
    this.retired++;
    if (delivery.shortCircuited) cpu.rip += SYSCALL_BYTES;
    else this.#changingMode(() => guest.systemCall());
    if (delivery.postNeeded && !this.#isOver) this.#deliver({ ...occurrence, stage: 'post' });
  }

  #exception(vector: number, errorCode: number, isSoftware: boolean): void {
    const { cpu, guest } = this.#machine;
    if (vector === PAGE_FAULT && this.#pageFault(errorCode)) return;
    const type = TYPE.EXCEPTION_OCCURRED;
    const address = cpu.rip;
    const where = vector === PAGE_FAULT ? cpu.engine.readRegister('cr2') : address;
    const occurrence: Occurrence = { kind: 'instruction', type, stage: 'pre', context: BigInt(vector) };
    // `int n` with a vector of its own is no exception (SDM volume 3, 26.2: the exception bitmap has 32 bits).
    const isException = vector < EXCEPTION_COUNT;
    const delivery = isException && this.#events.isWanted(type) ? this.#deliver(occurrence) : NOTHING;
    if (delivery.shortCircuited || cpu.rip !== address || this.#isOver) return;
    if (vector === BREAKPOINT && this.#takesBreakpoint()) return;
    this.#changingMode(() => guest.exception({ vector, errorCode, isSoftware }, where));
    if (delivery.postNeeded && !this.#isOver) this.#deliver({ ...occurrence, stage: 'post' });
  }

  /** True when the fault was no fault of the guest: a page to be given, or an access that a monitor event watches. */
  #pageFault(errorCode: number): boolean {
    const { address, access } = this.#faultingAccess(errorCode);
    if (!this.#machine.guest.exposure.isWatched(address, access)) return this.#givePage(errorCode);
    this.#watchedAccess(address, access);
    return true;
  }

  #givePage(errorCode: number): boolean {
    const { address, access } = this.#faultingAccess(errorCode);
    return this.#machine.guest.givePage(address, access);
  }

  #faultingAccess(errorCode: number): { address: bigint; access: MemoryAccess } {
    const address = this.#machine.cpu.engine.readRegister('cr2');
    if ((errorCode & PAGE_FAULT_FETCH) !== 0) return { address, access: 'execute' };
    return { address, access: (errorCode & PAGE_FAULT_WRITE) !== 0 ? 'write' : 'read' };
  }

  /** The event decides by its range; then the instruction runs unwatched. */
  #watchedAccess(context: bigint, access: MemoryAccess): void {
    const { cpu } = this.#machine;
    const address = cpu.rip;
    const letter = access === 'read' ? 'r' : 'w';
    const occurrence = this.#access(letter, context);
    const delivery = this.#deliver(occurrence);
    if (cpu.rip !== address) return;
    if (delivery.shortCircuited) this.#skipAccess(context);
    else this.handle(this.#stepUnwatched(context));
    if (delivery.postNeeded && !this.#isOver) this.#deliver({ ...occurrence, stage: 'post' });
  }

  #access(access: 'r' | 'w' | 'x', context: bigint): Occurrence {
    const physical = this.#machine.guest.translate(context);
    const place = physical === undefined ? {} : { physical };
    return { kind: 'access', access, stage: 'pre', context, ...place };
  }

  #stepUnwatched(accessed: bigint): CpuExit {
    return this.#tryStep(() => this.#machine.guest.exposure.unwatched(accessed, () => this.#stepOnce()));
  }

  /** Registers unchanged, store lost (5.6). Running the instruction and taking it back gives its length as well. */
  #skipAccess(accessed: bigint): void {
    const { cpu, memory } = this.#machine;
    const registers = cpu.general.slice();
    const flags = cpu.rflags;
    const page = accessed - (accessed % BigInt(PAGE_BYTES));
    const bytes = memory.read(page, PAGE_BYTES);
    this.handle(this.#stepUnwatched(accessed));
    cpu.general.set(registers);
    cpu.rflags = flags;
    if (bytes !== undefined) memory.write(page, bytes);
  }
}
