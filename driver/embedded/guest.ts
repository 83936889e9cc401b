/**
 * What the machine runs: a Linux process whose kernel is ours, or a bare-metal kernel of the user's. The CPU reports what it
 * cannot do by itself, and the guest says what becomes of it.
 */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import type { TargetModule } from '../debuggee';
import type { MemoryAccess } from '../native/unicorn';
import type { PhysicalMemory } from './memory/physical-memory';
import type { CodeSpace } from './cpu/code-runner';
import type { Cpu } from './cpu/cpu';
import type { KernelArea } from './memory/kernel-area';

export interface GuestEnd {
  readonly code: number;
  readonly signal: string | undefined;
}

export type ConsoleWriter = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;

/** Who runs on the selected core. */
export interface GuestPlace {
  readonly coreId: number;
  readonly processId: number;
  readonly threadId: number;
}

export interface GuestProcessSummary {
  readonly processId: number;
  /** Physical address of its page tables. */
  readonly cr3: bigint;
}

export interface GuestThreadSummary {
  readonly processId: number;
  readonly threadId: number;
  /** It waits for nothing but the CPU. */
  readonly isReady: boolean;
}

export interface GuestException {
  readonly vector: number;
  readonly errorCode: number;
  /** Raised by an `int` instruction; RIP is then behind it. */
  readonly isSoftware: boolean;
}

export interface WatchedRange {
  readonly first: bigint;
  /** Inclusive. */
  readonly last: bigint;
  readonly isPhysical: boolean;
  readonly kind: 'write' | 'read and write';
}

/** How the guest's accesses and instructions are made visible to armed events, without the guest noticing. */
export interface Exposure {
  /** Replaces the watched ranges. Whole pages are watched; the events look at the range. */
  watch(ranges: readonly WatchedRange[]): void;
  isWatched(address: bigint, access: MemoryAccess): boolean;
  /** Runs `body` while the page of `address` is not watched. */
  unwatched<T>(address: bigint, body: () => T): T;
  /** Looks from now on for instructions that events of these types are for. */
  expose(eventTypes: ReadonlySet<number>): void;
  /** Addresses where such an instruction may begin. */
  sites(): Iterable<bigint>;
  /** The sites may have changed. */
  onSitesChanged: () => void;
  /**
   * The exact address of a held data access, of which the CPU tells only the page. undefined when the instruction has run
   * without the access.
   */
  locate(address: bigint, access: 'read' | 'write'): bigint | undefined;
  /** True when an access that the CPU held up was held for the machine's own sake, and can be made now. */
  admit(address: bigint, access: MemoryAccess): boolean;
  /** To be called before the CPU runs. */
  prepareRun(): void;
}

export interface Guest {
  /** Shown to the user of the debugger: "Linux x86-64 program". */
  readonly kind: string;
  readonly end: GuestEnd | undefined;
  readonly coreCount: number;
  readonly cpu: Cpu;
  readonly physical: PhysicalMemory;
  readonly place: GuestPlace;
  readonly exposure: Exposure;
  /** Told, in a sentence, of what the guest wanted and the machine does not have. */
  onMissing: (text: string) => void;
  readonly memory: ScriptMemory;
  readonly area: KernelArea;
  readonly codeSpace: CodeSpace;
  readonly processName: string;
  hasProcess(processId: number): boolean;
  processes(): readonly GuestProcessSummary[];
  /** Of all processes. */
  threads(): readonly GuestThreadSummary[];
  /** Puts a thread on the selected core, ready or not. False for a thread that does not exist. */
  switchThread(threadId: number): boolean;
  /** The main program first. */
  modules(): readonly TargetModule[];
  /** Puts a core's state on the CPU for the debugger to see. Called only with a core below `coreCount`. */
  selectCore(core: number): void;

  /** Physical address; the page is given first when the guest has a right to it. */
  translate(address: bigint): bigint | undefined;

  /** The CPU must not run before `schedule` has found somebody for it. */
  readonly isWaiting: boolean;
  /** Puts somebody on the CPU. Returns 0, or the milliseconds until that can succeed. */
  schedule(): number;
  /** Microseconds that the CPU may run before the guest wants to be asked; 0 is no limit. */
  readonly timeSliceUs: number;
  sliceOver(): void;
  /** Ends the guest at once. */
  kill(): void;
  /** UTF-8 text that somebody has typed; undefined when no more will come. */
  input(text: Uint8Array | undefined): void;
  /** `hlt` has run. False when nothing can ever wake the CPU. */
  halt(): boolean;

  /** The `syscall` that RIP stands at. */
  systemCall(): void;
  /** The 64-bit `sysret` that RIP stands at, in ring 0. */
  systemReturn(): void;
  /** Gives the page of an access that faulted when the guest has a right to it without knowing of the fault. */
  givePage(address: bigint, access: MemoryAccess): boolean;
  /** An exception that is the guest's own. `address`: CR2 for page faults, else RIP. */
  exception(exception: GuestException, address: bigint): void;
  /** The vector of an interrupt that the CPU would take now. */
  pendingInterrupt(): number | undefined;
  /** Takes the pending interrupt, into its handler or (`isLost`) out of the world. */
  takeInterrupt(vector: number, isLost: boolean): void;
  /** Lets the guest see an exception or interrupt that a script made up. False when it cannot receive it. */
  inject(vector: number, errorCode: number | undefined): boolean;
  dispose(): void;
}
