/** What the device needs of the machine beyond the kernel-debugger door's needs: threads, their process, MSRs. */

import type { Machine } from '../server/machine';

export interface DeviceThread {
  readonly threadId: number;
  readonly threadObject: bigint;
  /** False while it waits in a system call: then it does not run in user mode and cannot be intercepted there. */
  readonly isReady: boolean;
}

export interface DeviceTarget {
  readonly machine: Machine;
  /** Physical address of the page tables of the program. */
  readonly cr3: bigint;
  /** False once the program has ended. */
  readonly isAlive: boolean;
  threads(): readonly DeviceThread[];
  /** Puts a thread on the CPU between two instructions. False for a thread that does not exist. */
  switchThread(threadId: number): boolean;
  /** Ends the program. */
  kill(): void;
  /** undefined for a register that the core does not have. */
  readMsr(core: number, msr: number): bigint | undefined;
  /** False for a register that the core does not have or cannot change. */
  writeMsr(core: number, msr: number, value: bigint): boolean;
}

const WHOLE_PAGE = 4096n;
const INSTRUCTION_BYTES = 16;

/** The bytes of the instruction at RIP, up to the end of what is mapped. */
export function instructionBytes({ memory }: Machine, rip: bigint): Uint8Array {
  const whole = memory.read(rip, INSTRUCTION_BYTES);
  if (whole !== undefined) return whole;
  const toPageEnd = Number(WHOLE_PAGE - (rip % WHOLE_PAGE));
  return memory.read(rip, Math.min(INSTRUCTION_BYTES, toPageEnd)) ?? new Uint8Array(0);
}

/** `pid` of a request: the program, or 0 for the address space of who asks, which here is the program's as well. */
export function isKnownProcess({ machine }: DeviceTarget, processId: number): boolean {
  return processId === 0 || machine.hasProcess(processId);
}
