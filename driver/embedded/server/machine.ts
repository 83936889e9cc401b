/** What the debuggee's side of the kernel-debugger wire needs of the machine that it serves. All of it is synchronous. */

import type { ScriptMemory } from '../../../script-engine/evaluator/script-machine';
import type { ProcessDetails, TargetModule } from '../../debuggee';

export interface PageTableEntry {
  readonly address: bigint;
  readonly value: bigint;
}

/** PML4E, PDPTE, PDE, PTE. */
export type PageTableWalk = readonly [PageTableEntry, PageTableEntry, PageTableEntry, PageTableEntry];

export interface CpuidResult {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export interface ProcessSummary {
  readonly processId: number;
  readonly processName: string;
  readonly processObject: bigint;
  /** Physical address of its page tables. */
  readonly cr3: bigint;
}

export interface ThreadSummary {
  readonly processId: number;
  readonly threadId: number;
  readonly threadObject: bigint;
}

/** An int3 breakpoint of the debugger. Processes, threads and cores are checked by the server when it is hit. */
export interface Breakpoint {
  /** From 1 up. */
  readonly id: bigint;
  readonly address: bigint;
  /** 0xffffffff for all, in these three. */
  readonly processId: number;
  readonly threadId: number;
  readonly coreId: number;
  readonly removeAfterHit: boolean;
  readonly isEnabled: boolean;
}

export interface Machine {
  readonly coreCount: number;
  /** The core that registers and stops are about. */
  readonly currentCore: number;
  /** Called only with a core below `coreCount`. */
  selectCore(core: number): void;

  /** GUEST_REGS order, live. */
  readonly generalRegisters: BigUint64Array;
  /** Any register by its REGS_ENUM id, parts of general ones included; undefined for an id the machine does not have. */
  readRegister(registerId: number): bigint | undefined;
  /** False for an id the machine does not have or cannot change. */
  writeRegister(registerId: number, value: bigint): boolean;
  readonly is32Bit: boolean;

  /** Breakpoints never show in it. */
  readonly memory: ScriptMemory;
  /** undefined when the walk ends before the last table. Behind the entry of a large page there are zeros. */
  pageTableEntries(virtualAddress: bigint): PageTableWalk | undefined;

  currentProcess(): ProcessDetails;
  hasProcess(processId: number): boolean;
  processes(): readonly ProcessSummary[];
  /** Of all processes. */
  threads(): readonly ThreadSummary[];
  /** Puts a thread on the selected core; only between two instructions. False for a thread that does not exist. */
  switchThread(threadId: number): boolean;

  /** Value on the selected core; undefined for a register that its CPU does not have. */
  readMsr(msr: number): bigint | undefined;
  /** False for a register that the selected core does not have, and for a value that it does not take. */
  writeMsr(msr: number, value: bigint): boolean;
  /** What the CPUID instruction answers; undefined when it cannot be run. */
  cpuid(leaf: number, subleaf: number): CpuidResult | undefined;
  /** The handlers of the 256 vectors; undefined when the selected core has no table that can be read. */
  interruptHandlers(): readonly bigint[] | undefined;

  /** The main program first. */
  modules(): readonly TargetModule[];

  /** Plants an int3 breakpoint; false when the address is not mapped. */
  plantBreakpoint(address: bigint): boolean;
  removeBreakpoint(address: bigint): void;
}
