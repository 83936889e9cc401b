/** A thread of the guest, and what it waits for inside a system call. */

import type { SavedCpu } from '../cpu/cpu';
import type { GuestProcess } from './process';
import type { SignalQueue } from './signal-queue';

/**
 * Why a thread is not on the CPU. It ends by the first of these that comes. Times are on the clock of `performance.now()`.
 */
export interface Wait {
  /** Tries to do what the call is for: its result, or undefined while that cannot be done. */
  readonly attempt?: () => number | undefined;
  /** Woken by FUTEX_WAKE on this word with a bit of `bits`. */
  readonly futex?: { readonly key: number; readonly bits: number };
  readonly deadlineMs?: number;
  /** What the call returns at the deadline; 0 when left out. */
  readonly timedOut?: () => number;
  /** A handler with SA_RESTART lets the call begin anew; without that, and for calls that never restart, it fails with EINTR. */
  readonly isRestartable?: boolean;
  /** No signal ends it. */
  readonly isUnstoppable?: boolean;
  /** A handler is about to run: what the call returns when it has done a part, or undefined to restart or fail as ever. */
  readonly interrupted?: () => number | undefined;
}

/** Of a thread that is no more. */
export const FOR_EVER: Wait = { isUnstoppable: true };

export interface GuestThread {
  readonly id: number;
  readonly process: GuestProcess;
  readonly saved: SavedCpu;
  wait: Wait | undefined;
  /** Result of the call that the thread waited in, put into RAX when it runs again. */
  wakeResult: number | undefined;
  /** The number in RAX of the call that the thread is in or was in last. */
  call: bigint;
  /** A signal has ended its wait, and what becomes of the call depends on the handler. */
  interrupted: Wait | undefined;
  /** Where the kernel stores 0 and wakes a waiter when the thread ends (set_tid_address); 0 for nowhere. */
  clearTidAddress: number;
  /** Signals that wait until they are let in, bit `signal - 1`. */
  blocked: bigint;
  /** The mask before rt_sigsuspend, ppoll and the like; comes back when the call is over or its handler returns. */
  suspended: bigint | undefined;
  /** Signals sent to this thread alone. */
  readonly pending: SignalQueue;
  alternateStack: { readonly address: bigint; readonly sizeBytes: bigint } | undefined;
  /** PR_SET_NAME. */
  name: string | undefined;
}
