/**
 * The machine's CPU: one Unicorn engine that runs until something the driver must see happens, and then says what it was.
 * Between two calls of `run` or `step` the state is exact and may be changed at will.
 */

import { generalRegisterOrder } from '../../../script-engine/catalog/registers';
import {
  Unicorn,
  type MemoryAccess,
  type RegisterBatch,
  type Translation,
  type UnicornContext,
  type UnicornLibrary,
} from '../../native/unicorn';
import { UC_ERROR, UC_PROTECTION } from '../../native/unicorn-constants';
import type { PhysicalMemory } from '../memory/physical-memory';
import { RFLAGS, RIP, STATE, TRAP_FLAG } from './cpu-state';
import { engineLayout, type EngineLayout } from './engine-layout';
import { HotAddresses, RESUME_FLAG, type HitHandler } from './hot-addresses';
import { enableLongMode } from './long-mode';
import { enterPrivilege } from './privilege';

export type CpuExit =
  /** RIP has reached an exit address; its instruction has not run. */
  | { readonly kind: 'exit address' }
  /** The same at a hot address, whose handler has been asked: it has begun something, or the instruction has met a stop. */
  | { readonly kind: 'hit' }
  /** RIP is at the `syscall` instruction, which has not run; `sizeBytes` is its length. */
  | { readonly kind: 'syscall'; readonly sizeBytes: number }
  | {
      readonly kind: 'exception';
      readonly vector: number;
      readonly errorCode: number;
      /** Raised by an `int` instruction; RIP is then behind it. */
      readonly isSoftware: boolean;
    }
  | { readonly kind: 'invalid opcode' }
  /** The machine's own paging has refused the access, which has not been made. RIP is at its instruction. */
  | { readonly kind: 'held access'; readonly address: bigint; readonly access: MemoryAccess }
  /** One instruction has run (`step` only). */
  | { readonly kind: 'stepped' }
  /** `requestStop` or the time limit. */
  | { readonly kind: 'interrupted' }
  /** The engine cannot go on; `text` says why. */
  | { readonly kind: 'failed'; readonly text: string };

/** The answer of `CpuPaging`: where the address leads, a page fault of the guest, or an access that the machine holds up. */
export type Walk =
  ({ readonly kind: 'page' } & Translation) | { readonly kind: 'fault' } | { readonly kind: 'hold' };

/** Stands in for the CPU's own walk of the guest's page tables. */
export interface CpuPaging {
  walk(address: bigint, access: MemoryAccess): Walk;
}

export interface CpuPorts {
  read(port: number, sizeBytes: number): number;
  write(port: number, sizeBytes: number, value: number): void;
}

/** A page fault that our own paging has found: where the page is, but not the byte. */
interface OwnFault {
  readonly kind: 'own fault';
  readonly address: bigint;
  readonly access: MemoryAccess;
}

const PROBED = ['cr0', 'cr2', 'cr3'] as const;
const CR0_WRITE_PROTECT = 1n << 16n;
const PAGE_FAULT = 14;
const FETCH_ERROR = 16;
const PAGE_BITS = 12n;
const LONGEST_INSTRUCTION_BYTES = 15n;
const MAX_LATE_STOPS = 1000;
const NO_EXITS = new BigUint64Array(0);
const NO_ADDRESSES: ReadonlySet<bigint> = new Set();
const SYSCALL_BYTES = 2;
const DEBUG_EXCEPTION = 1;
/** A page fault, or the double fault that a second one on the way to the stop becomes. */
const FETCH_FAULTS: ReadonlySet<number> = new Set([8, 14]);
const NO_EXCEPTION = -1;
/** Never reached: with exit addresses in use the engine ignores it. */
const NO_END = 0n;

const RCX = 1;
const R11 = 11;

/** What a guest thread keeps while another one runs. */
export interface SavedCpu {
  restore(): void;
  save(): void;
  dispose(): void;
}

export class Cpu {
  readonly engine: Unicorn;
  readonly #layout: EngineLayout;
  readonly #state: RegisterBatch;
  /** The first sixteen are a view on the batch, so that scripts and code write where the CPU reads. */
  readonly general: BigUint64Array;
  readonly #context: UnicornContext;
  readonly #hot: HotAddresses;
  readonly #exits = new Set<bigint>();
  /** Those that are not hot, as the engine takes them. */
  #exitArray = new BigUint64Array(0);
  #pending: CpuExit | OwnFault | undefined;
  /** CR2 as the last page fault of the guest has left it. */
  #faultAddress = 0n;
  /** `new`: the engine has other addresses. `lifted`: it has none, but its translations are right. */
  #exitState: 'set' | 'lifted' | 'new' = 'set';
  #isRunning = false;
  #paging: CpuPaging | undefined;
  #hasTranslationHook = false;

  /** `cr3`: physical address of the page tables. Starts in ring 0. */
  constructor(
    library: UnicornLibrary,
    memory: PhysicalMemory,
    cr3: number,
    /** What of the memory the CPU can reach, from physical address 0 on. */
    reachableBytes = memory.sizeBytes,
  ) {
    this.#layout = engineLayout(library);
    this.engine = new Unicorn(library);
    this.engine.mapHost(0n, reachableBytes, UC_PROTECTION.all, memory.hostAddress);
    enableLongMode(this.engine, BigInt(cr3));
    this.engine.useExits();
    this.#state = this.engine.batch(STATE);
    this.general = this.#state.values.subarray(0, generalRegisterOrder.length);
    this.#hot = new HotAddresses(this.engine, this.#layout, this.#state);
    this.#context = this.engine.createContext();
    this.#addHooks();
    this.load();
  }

  #addHooks(): void {
    const { engine } = this;
    engine.onSyscall(() => this.#stopFor({ kind: 'syscall', sizeBytes: SYSCALL_BYTES }));
    engine.onInterrupt((vector) => {
      const met = vector === DEBUG_EXCEPTION && this.#isRunning ? this.#hot.meet() : 'guest';
      if (met === 'guest') this.#stopFor({ kind: 'exception', vector, errorCode: 0, isSoftware: false });
      else if (met !== 'go on') this.#stopFor({ kind: met });
    });
    engine.onInvalidInstruction(() => {
      this.#pending ??= { kind: 'invalid opcode' };
      return false;
    });
  }

  /** Gives the CPU a world behind its I/O ports. To be called once, if at all. */
  connectPorts(ports: CpuPorts): void {
    this.engine.onPortRead((port, sizeBytes) => ports.read(port, sizeBytes));
    this.engine.onPortWrite((port, sizeBytes, value) => ports.write(port, sizeBytes, value));
  }

  /** Lets `paging` translate addresses from now on, or the CPU itself again. */
  usePaging(paging: CpuPaging | undefined): void {
    this.#paging = paging;
    if (paging !== undefined && !this.#hasTranslationHook) {
      this.#hasTranslationHook = true;
      this.engine.onTranslation((address, access) => this.#translate(address, access));
    }
    this.engine.useTranslations(paging !== undefined);
  }

  #translate(address: bigint, access: MemoryAccess): Translation | undefined {
    const walk = this.#paging?.walk(address, access);
    if (walk?.kind === 'page') return walk;
    this.#pending ??=
      walk?.kind === 'fault'
        ? { kind: 'own fault', address, access }
        : { kind: 'held access', address, access };
    return undefined;
  }

  /** Ends the run from inside a hook, after the instruction that the hook is for. */
  requestStop(): void {
    this.engine.requestStop();
  }

  /** What comes first counts: after a run the engine can raise more (see `#isStray`). */
  #stopFor(exit: CpuExit): void {
    this.#pending ??= exit;
    this.engine.requestStop();
  }

  /** Takes the registers from the engine into `general`, `rip` and `rflags`. */
  load(): void {
    this.#state.read();
  }

  get rip(): bigint {
    return this.#state.values[RIP] ?? 0n;
  }
  set rip(value: bigint) {
    this.#state.values[RIP] = value;
  }
  get rflags(): bigint {
    return this.#state.values[RFLAGS] ?? 0n;
  }
  set rflags(value: bigint) {
    this.#state.values[RFLAGS] = value;
  }

  /** Addresses before which `run` comes back. At the `hot` ones among them it asks `onHit` first, at a tenth of the cost. */
  setExits(addresses: Iterable<bigint>, hot: ReadonlySet<bigint> = NO_ADDRESSES): void {
    this.#exits.clear();
    for (const address of addresses) this.#exits.add(address);
    this.#exitArray = BigUint64Array.from([...this.#exits].filter((address) => !hot.has(address)));
    this.#exitState = 'new';
    this.#withOwnWalk(() => this.#hot.set(hot));
  }

  set onHit(handler: HitHandler) {
    this.#hot.onHit = handler;
  }

  isExit(address: bigint): boolean {
    return this.#exits.has(address);
  }

  /** Entries of the page tables have changed that the engine may have kept. */
  flushTlb(): void {
    this.engine.flushTlb();
  }

  /** Code in memory has changed behind the engine's back. */
  flushCode(): void {
    this.engine.flushTranslations();
  }

  /** Runs from RIP on, past an exit address that RIP stands at only by `step`. `timeoutUs` 0 is no limit. */
  run(timeoutUs: number): CpuExit {
    this.#store();
    if (this.#exitState !== 'set') this.engine.setExits(this.#exitArray);
    if (this.#exitState === 'new') this.engine.flushTranslations();
    this.#exitState = 'set';
    this.#isRunning = true;
    const exit = this.#start(timeoutUs);
    if (exit?.kind === 'hit') return exit;
    const atExit = this.#exits.has(this.rip);
    // At an exit address nothing has run, so a fault there is none of the guest's: for an address at the start of its page
    // the engine touches the page before as well.
    const isFault = exit?.kind === 'exception' && FETCH_FAULTS.has(exit.vector);
    if (atExit && (isFault || exit?.kind === 'held access')) return { kind: 'exit address' };
    return exit ?? { kind: atExit ? 'exit address' : 'interrupted' };
  }

  /**
   * Runs one instruction, exit address or not. The trap flag is what stops it: a count of one does not reach blocks that
   * were translated before (measured).
   */
  step(): CpuExit {
    const hadTrapFlag = (this.rflags & TRAP_FLAG) !== 0n;
    this.rflags |= TRAP_FLAG;
    // A hot address would stop it before it has begun.
    if (this.#hot.has(this.rip)) this.rflags |= RESUME_FLAG;
    this.#store();
    // Without this the translation of the stepped instruction would be one that stops before it.
    if (this.#exitState !== 'lifted') this.engine.setExits(NO_EXITS);
    if (this.#exitState === 'set') this.#exitState = 'lifted';
    const { rip } = this;
    let exit = this.#start(0);
    // A stop that another thread asked for a moment ago can arrive now, before the instruction: it was for the run before.
    for (let late = 0; exit === undefined && this.rip === rip && late < MAX_LATE_STOPS; late++)
      exit = this.#start(0);
    this.rflags &= hadTrapFlag ? ~RESUME_FLAG : ~(TRAP_FLAG | RESUME_FLAG);
    if (exit?.kind === 'exception' && exit.vector === DEBUG_EXCEPTION) return { kind: 'stepped' };
    return exit ?? { kind: 'interrupted' };
  }

  /** Moves behind the `syscall` at RIP with RCX and R11 as the instruction leaves them (SDM volume 2, SYSCALL). */
  leaveSystemCall(): void {
    this.rip += BigInt(SYSCALL_BYTES);
    this.general[RCX] = this.rip;
    this.general[R11] = this.rflags;
  }

  #store(): void {
    this.#state.write();
  }

  #start(timeoutUs: number): CpuExit | undefined {
    this.#pending = undefined;
    this.engine.writeEngineByte(this.#layout.noExitRequest, 1);
    const code = this.engine.start(this.rip, NO_END, timeoutUs, 0);
    this.#isRunning = false;
    const unfinished = this.#hot.takeUnfinished();
    if (!this.#isHeld()) this.load();
    return unfinished === undefined ? this.#settle(code) : this.#takeBack(unfinished);
  }

  /** What the handler of a hot address has left in the registers is newer than what the engine has. */
  #isHeld(): boolean {
    return this.#pending?.kind === 'hit' || this.#pending?.kind === 'exit address';
  }

  /** The instruction at a hot address has met a stop or a fault before its end: it is still to run. */
  #takeBack(address: bigint): CpuExit {
    if (this.#pending?.kind === 'exception') this.#acknowledge();
    this.rip = address;
    this.rflags &= ~(TRAP_FLAG | RESUME_FLAG);
    return { kind: 'hit' };
  }

  #settle(code: number): CpuExit | undefined {
    const pending = this.#pending;
    switch (pending?.kind) {
      case 'syscall':
        this.rip -= BigInt(pending.sizeBytes);
        return pending;
      case 'exception':
        return this.#genuine({ ...pending, ...this.#acknowledge() });
      case 'own fault':
        if (pending.access === 'execute' && this.#isStray(pending.address)) return undefined;
        return this.#withOwnWalk(() => this.step());
      case 'held access':
        return pending.access === 'execute' && this.#isStray(pending.address) ? undefined : pending;
      case undefined:
        return code === UC_ERROR.ok
          ? undefined
          : { kind: 'failed', text: `the CPU stopped: ${this.engine.errorText(code)}` };
      default:
        return pending;
    }
  }

  /**
   * After a run the engine looks at the code of every exit address, wherever the CPU then is. Where that code cannot be
   * reached it raises a fault, which is none of the guest's: nothing was executed there.
   */
  #isStray(fetched: bigint): boolean {
    const page = fetched >> PAGE_BITS;
    return page !== this.rip >> PAGE_BITS && page !== (this.rip + LONGEST_INSTRUCTION_BYTES) >> PAGE_BITS;
  }

  #genuine(exit: CpuExit & { kind: 'exception' }): CpuExit | undefined {
    if (exit.vector !== PAGE_FAULT) return exit;
    const address = this.engine.readRegister('cr2');
    if ((exit.errorCode & FETCH_ERROR) !== 0 && this.#isStray(address)) {
      this.engine.writeRegister('cr2', this.#faultAddress);
      return undefined;
    }
    this.#faultAddress = address;
    return exit;
  }

  /** Lets the CPU walk the page tables by itself, which tells the exact address and the error code of a fault. */
  #withOwnWalk<T>(body: () => T): T {
    const paging = this.#paging;
    if (paging === undefined) return body();
    this.#paging = undefined;
    this.engine.useTranslations(false);
    try {
      return body();
    } finally {
      this.#paging = paging;
      this.engine.useTranslations(true);
    }
  }

  /**
   * The address at which the instruction at RIP faults under the page tables at `root`, where supervisors obey write
   * protection too. Nothing has happened afterwards; undefined when it does not fault: then it has run.
   */
  faultUnder(root: bigint): bigint | undefined {
    const { engine } = this;
    const kept = PROBED.map((name) => [name, engine.readRegister(name)] as const);
    const faultAddress = this.#faultAddress;
    const exit = this.#withOwnWalk(() => {
      engine.writeRegister('cr0', engine.readRegister('cr0') | CR0_WRITE_PROTECT);
      engine.writeRegister('cr3', root);
      return this.step();
    });
    const address = engine.readRegister('cr2');
    for (const [name, value] of kept) engine.writeRegister(name, value);
    this.#faultAddress = faultAddress;
    return exit.kind === 'exception' && exit.vector === PAGE_FAULT ? address : undefined;
  }

  /** Reads the exception's details and lets the engine forget that it is in flight (see engine-layout). */
  #acknowledge(): { errorCode: number; isSoftware: boolean } {
    const context = this.#context;
    context.save();
    const errorCode = context.readInt(this.#layout.errorCode);
    const isSoftware = context.readInt(this.#layout.isSoftware) === 1;
    if (context.readInt(this.#layout.oldException) !== NO_EXCEPTION) {
      context.writeInt(this.#layout.oldException, NO_EXCEPTION);
      context.restore();
    }
    return { errorCode, isSoftware };
  }

  /** Privilege level, 0 or 3. */
  get privilegeLevel(): number {
    return Number(this.engine.readRegister('cs') & 3n);
  }

  /** Enters another privilege level as a far transfer does. The selectors name flat 64-bit segments; `stack` may be 0. */
  setPrivilege(level: number, code: number, stack: number): void {
    this.#store();
    enterPrivilege(this.#context, this.#layout, level, code, stack);
  }

  /** A place to keep the whole state for another guest thread. `save` keeps what `run` would start with. */
  createSaved(): SavedCpu {
    const context = this.engine.createContext();
    return {
      save: () => {
        this.#store();
        context.save();
      },
      restore: () => {
        context.restore();
        this.load();
      },
      dispose: () => context.dispose(),
    };
  }

  dispose(): void {
    this.#hot.dispose();
    this.#context.dispose();
    this.engine.dispose();
  }
}
