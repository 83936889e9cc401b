/** The threads of all guest processes and their turns on the CPU. */

import type { Cpu } from '../cpu/cpu';
import { OutOfMemoryError } from '../memory/physical-memory';
import { ERRNO, GuestError } from './errno';
import type { GuestProcess } from './process';
import { SignalQueue } from './signal-queue';
import type { GuestThread, Wait } from './thread';

/** Threads and processes have their numbers out of one row, as on Linux. */
export const FIRST_ID = 42;
const RAX = 0;

export class Scheduler {
  readonly #threads: GuestThread[] = [];
  readonly #cpu: Cpu;
  #current: GuestThread | undefined;
  #lastId = FIRST_ID - 1;
  /** The CPU goes over to a thread of another process. */
  onProcessChanged: (process: GuestProcess) => void = () => undefined;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  /** The thread whose registers are on the CPU. It can have ended. */
  get current(): GuestThread {
    if (this.#current === undefined) throw new Error('the guest has no thread yet');
    return this.#current;
  }

  get threads(): readonly GuestThread[] {
    return this.#threads;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** A thread with the state that `saved` will have; the first one is on the CPU. */
  add(process: GuestProcess, id: number): GuestThread {
    const thread: GuestThread = {
      id,
      process,
      saved: this.#cpu.createSaved(),
      wait: undefined,
      wakeResult: undefined,
      call: 0n,
      interrupted: undefined,
      clearTidAddress: 0,
      blocked: 0n,
      suspended: undefined,
      pending: new SignalQueue(),
      alternateStack: undefined,
      name: undefined,
    };
    this.#threads.push(thread);
    this.#current ??= thread;
    return thread;
  }

  /** Makes a thread that starts with the CPU state that `prepare` leaves behind; the present state comes back. */
  start(process: GuestProcess, id: number, prepare: () => void): GuestThread {
    const before = this.#cpu.createSaved();
    before.save();
    prepare();
    const thread = this.add(process, id);
    thread.saved.save();
    before.restore();
    before.dispose();
    return thread;
  }

  remove(thread: GuestThread): void {
    const at = this.#threads.indexOf(thread);
    if (at < 0) return;
    this.#threads.splice(at, 1);
    thread.saved.dispose();
  }

  /** Wakes up to `limit` threads that wait on the futex; returns how many. */
  wake(key: number, limit: number, bits = ~0): number {
    const waiting = this.#waiters(key).filter(({ wait }) => ((wait?.futex?.bits ?? 0) & bits) !== 0);
    for (const thread of waiting.slice(0, limit)) endWait(thread, 0);
    return Math.min(limit, waiting.length);
  }

  /** Moves waiters from one futex to another; returns how many. */
  requeue(from: number, to: number, limit: number): number {
    const waiting = this.#waiters(from);
    for (const thread of waiting.slice(0, limit)) {
      const bits = thread.wait?.futex?.bits ?? ~0;
      thread.wait = { ...thread.wait, futex: { key: to, bits } };
    }
    return Math.min(limit, waiting.length);
  }

  #waiters(key: number): GuestThread[] {
    return this.#threads.filter(({ wait }) => wait?.futex?.key === key);
  }

  /** The CPU has to be taken from the thread on it now and then: another one may be due, or a timer. */
  get isShared(): boolean {
    if (this.#nextTimerMs() < Infinity) return true;
    return this.#threads.some((thread) => {
      if (thread === this.#current) return false;
      const { wait } = thread;
      return wait === undefined || wait.attempt !== undefined || wait.deadlineMs !== undefined;
    });
  }

  #nextTimerMs(): number {
    return Math.min(Infinity, ...[...this.#processes()].map(({ timers }) => timers.nextMs));
  }

  #processes(): Set<GuestProcess> {
    return new Set(this.#threads.map(({ process }) => process));
  }

  /**
   * Puts the next thread that can run on the CPU. Returns 0 when there is one, else the milliseconds until one can;
   * Infinity when only something from outside can change that.
   */
  schedule(): number {
    const now = performance.now();
    for (const process of this.#processes()) process.timers.expire(now);
    this.#endWaits(now);
    const threads = this.#threads;
    const at = this.#current === undefined ? -1 : threads.indexOf(this.#current);
    for (let offset = 1; offset <= threads.length; offset++) {
      const next = threads[(at + offset) % threads.length];
      if (next === undefined || next.wait !== undefined) continue;
      this.#putOnCpu(next);
      return 0;
    }
    const deadlines = threads.map(({ wait }) => wait?.deadlineMs ?? Infinity);
    return Math.max(1, Math.min(this.#nextTimerMs(), ...deadlines) - performance.now());
  }

  /** One that is done can free another, and be waited for by one that was looked at before it. */
  #endWaits(nowMs: number): void {
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const thread of [...this.#threads]) {
        const result = thread.wait === undefined ? undefined : resultOf(thread.wait, nowMs);
        if (result === undefined || thread.wait === undefined) continue;
        endWait(thread, result);
        isChanged = true;
      }
    }
  }

  /** Puts this thread on the CPU, ready or not: the debugger wants to see it. False when it does not exist. */
  switchTo(threadId: number): boolean {
    const thread = this.#threads.find(({ id }) => id === threadId);
    if (thread !== undefined) this.#putOnCpu(thread);
    return thread !== undefined;
  }

  #putOnCpu(next: GuestThread): void {
    const before = this.#current;
    if (next !== before) {
      if (before !== undefined && this.#threads.includes(before)) before.saved.save();
      next.saved.restore();
      this.#current = next;
      if (next.process !== before?.process) this.onProcessChanged(next.process);
    }
    if (next.wakeResult !== undefined) this.#cpu.general[RAX] = BigInt.asUintN(64, BigInt(next.wakeResult));
    next.wakeResult = undefined;
  }

  dispose(): void {
    for (const thread of this.#threads.splice(0)) thread.saved.dispose();
  }
}

/** The call that the thread waits in is over. */
export function endWait(thread: GuestThread, result: number): void {
  thread.wait = undefined;
  thread.wakeResult = result;
  restoreMask(thread);
}

/** The mask that a call has put in force for its own time goes. */
export function restoreMask(thread: GuestThread): void {
  thread.blocked = thread.suspended ?? thread.blocked;
  thread.suspended = undefined;
}

function resultOf(wait: Wait, nowMs: number): number | undefined {
  try {
    const result = wait.attempt?.();
    if (result !== undefined) return result;
    const isOver = wait.deadlineMs !== undefined && wait.deadlineMs <= nowMs;
    return isOver ? (wait.timedOut?.() ?? 0) : undefined;
  } catch (error) {
    if (error instanceof GuestError) return error.result;
    if (error instanceof OutOfMemoryError) return -ERRNO.ENOMEM;
    throw error;
  }
}
