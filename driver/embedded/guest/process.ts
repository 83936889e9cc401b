/** The Linux process in the embedded machine: memory, files, threads, and how it ended. */

import type { Cpu, SavedCpu } from '../cpu/cpu';
import type { AddressSpace } from './address-space';
import { Descriptors, streamFile, type OpenFile } from './descriptors';
import { ERRNO } from './errno';
import type { FileSystem } from './file-system';
import { SIGNAL, signalBit, signalName } from './signals';

export const PROCESS_ID = 42;

/** What a thread waits for. `deadlineMs` is on the clock of `performance.now()`. */
export interface Wait {
  readonly kind: 'futex' | 'sleep' | 'for ever';
  /** Address of the futex word. */
  readonly address?: number;
  readonly deadlineMs?: number;
}

export interface GuestThread {
  readonly id: number;
  readonly saved: SavedCpu;
  wait: Wait | undefined;
  /** Where the kernel stores 0 and wakes a waiter when the thread ends (set_tid_address); 0 for nowhere. */
  clearTidAddress: number;
  /** Result of the call that the thread waited in, put into RAX when it runs again. */
  wakeResult: number;
  /** Signals that wait until they are let in, bit `signal - 1`. */
  blocked: bigint;
  /** What rt_sigsuspend puts back when its handler returns. */
  suspended: bigint | undefined;
  alternateStack: { readonly address: bigint; readonly sizeBytes: bigint } | undefined;
}

export interface ProcessEnd {
  readonly code: number;
  readonly signal: string | undefined;
}

export type ConsoleWriter = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;

const SIGNAL_EXIT_BASE = 128;

export interface SharedMapping {
  readonly file: OpenFile;
  readonly offset: number;
  readonly sizeBytes: number;
}

export class GuestProcess {
  readonly id = PROCESS_ID;
  readonly descriptors = new Descriptors();
  workingDirectory = '/';
  /** Current end of the heap (brk). */
  heapEnd = 0;
  heapStart = 0;
  readonly startedMs = performance.now();
  /** Told of things that the guest wanted and the machine does not have; each sentence once. */
  onMissing: (text: string) => void = () => undefined;
  readonly #missing = new Set<string>();
  /** struct sigaction by signal number, as rt_sigaction set them. */
  readonly signalActions = new Map<number, Uint8Array>();
  /** State before each handler that has not returned yet, by the address of its frame. */
  readonly signalFrames = new Map<number, SavedCpu>();
  /** The system call under way has set all registers itself (rt_sigreturn, a signal to itself). */
  registersAreSet = false;
  /** Signals sent to the process that no thread has taken yet. */
  readonly pendingSignals = new Set<number>();
  /** setitimer(ITIMER_REAL), on the clock of `performance.now()`. */
  timer: { readonly dueMs: number; readonly intervalMs: number } | undefined;
  /** Mappings whose pages go back into their file (MAP_SHARED), by their address. */
  readonly sharedMappings = new Map<number, SharedMapping>();
  end: ProcessEnd | undefined;
  readonly #threads: GuestThread[] = [];
  #current: GuestThread;
  #lastThreadId = PROCESS_ID;

  constructor(
    readonly cpu: Cpu,
    readonly space: AddressSpace,
    readonly files: FileSystem,
    readonly executable: string,
    writeConsole: ConsoleWriter,
  ) {
    this.#current = this.#newThread(PROCESS_ID);
    const console = (stream: 'stdout' | 'stderr') =>
      streamFile(
        () => new Uint8Array(0),
        (bytes) => {
          writeConsole(stream, bytes);
          return bytes.length;
        },
      );
    for (const file of [console('stdout'), console('stdout'), console('stderr')]) this.descriptors.add(file);
  }

  tellMissing(text: string): void {
    if (this.#missing.has(text)) return;
    this.#missing.add(text);
    this.onMissing(text);
  }

  get current(): GuestThread {
    return this.#current;
  }
  get threads(): readonly GuestThread[] {
    return this.#threads;
  }

  #newThread(id: number): GuestThread {
    const thread: GuestThread = {
      id,
      saved: this.cpu.createSaved(),
      wait: undefined,
      clearTidAddress: 0,
      wakeResult: 0,
      blocked: 0n,
      suspended: undefined,
      alternateStack: undefined,
    };
    this.#threads.push(thread);
    return thread;
  }

  /** Makes a thread that starts with the CPU state that `prepare` leaves behind; the present state comes back. */
  startThread(prepare: () => void): GuestThread {
    const before = this.cpu.createSaved();
    before.save();
    prepare();
    const thread = this.#newThread(++this.#lastThreadId);
    thread.saved.save();
    before.restore();
    before.dispose();
    return thread;
  }

  /** The running thread ends; the process with it when it was the last. */
  endThread(code: number): void {
    const thread = this.#current;
    if (thread.clearTidAddress !== 0) {
      this.space.writeU32(thread.clearTidAddress, 0);
      this.wake(thread.clearTidAddress, 1);
    }
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    thread.saved.dispose();
    if (this.#threads.length === 0) this.exit(code);
    else thread.wait = { kind: 'for ever' };
  }

  exit(code: number): void {
    this.end ??= { code: code & 0xff, signal: undefined };
    this.descriptors.closeAll();
  }

  /** The process dies of a signal. */
  kill(signal: number): void {
    this.end ??= { code: SIGNAL_EXIT_BASE + signal, signal: signalName(signal) };
    this.descriptors.closeAll();
  }

  sendSignal(signal: number): void {
    this.pendingSignals.add(signal);
  }

  /** Sends SIGALRM when its time has come, and wakes a thread that can take it. */
  #expireTimer(): void {
    const { timer } = this;
    if (timer === undefined || timer.dueMs > performance.now()) return;
    const { intervalMs } = timer;
    this.timer = intervalMs > 0 ? { dueMs: performance.now() + intervalMs, intervalMs } : undefined;
    this.sendSignal(SIGNAL.SIGALRM);
    const thread = this.#threads.find(({ blocked }) => (blocked & signalBit(SIGNAL.SIGALRM)) === 0n);
    if (thread?.wait === undefined) return;
    thread.wait = undefined;
    thread.wakeResult = -ERRNO.EINTR;
  }

  /** Wakes up to `limit` threads that wait on the futex; returns how many. */
  wake(address: number, limit: number): number {
    const waiting = this.#threads.filter(({ wait }) => wait?.kind === 'futex' && wait.address === address);
    for (const thread of waiting.slice(0, limit)) {
      thread.wait = undefined;
      thread.wakeResult = 0;
    }
    return Math.min(limit, waiting.length);
  }

  /** Moves waiters from one futex to another; returns how many. */
  requeue(from: number, to: number, limit: number): number {
    const waiting = this.#threads.filter(({ wait }) => wait?.kind === 'futex' && wait.address === from);
    for (const thread of waiting.slice(0, limit))
      thread.wait = { ...thread.wait, kind: 'futex', address: to };
    return Math.min(limit, waiting.length);
  }

  get readyThreads(): number {
    return this.#threads.filter(({ wait }) => wait === undefined).length;
  }

  #expireWaits(): void {
    const now = performance.now();
    for (const thread of this.#threads) {
      const { wait } = thread;
      if (wait?.deadlineMs === undefined || wait.deadlineMs > now) continue;
      thread.wakeResult = wait.kind === 'futex' ? -ERRNO.ETIMEDOUT : 0;
      thread.wait = undefined;
    }
  }

  /**
   * Puts the next thread that can run on the CPU. Returns 0 when there is one, else the milliseconds until one can;
   * Infinity when none ever will.
   */
  schedule(): number {
    this.#expireWaits();
    this.#expireTimer();
    const threads = this.#threads;
    const at = threads.indexOf(this.#current);
    for (let offset = 1; offset <= threads.length; offset++) {
      const next = threads[(at + offset) % threads.length];
      if (next === undefined || next.wait !== undefined) continue;
      this.#putOnCpu(next, at >= 0);
      return 0;
    }
    const deadlines = threads.map(({ wait }) => wait?.deadlineMs ?? Infinity);
    return Math.max(1, Math.min(...deadlines, this.timer?.dueMs ?? Infinity) - performance.now());
  }

  /** Puts this thread on the CPU, ready or not: the debugger wants to see it. False when it does not exist. */
  switchTo(threadId: number): boolean {
    const thread = this.#threads.find(({ id }) => id === threadId);
    if (thread !== undefined) this.#putOnCpu(thread, this.#threads.includes(this.#current));
    return thread !== undefined;
  }

  #putOnCpu(next: GuestThread, keepCurrent: boolean): void {
    const woke = next !== this.#current || next.wakeResult !== 0;
    if (next !== this.#current) {
      if (keepCurrent) this.#current.saved.save();
      next.saved.restore();
      this.#current = next;
    }
    if (woke && next.wakeResult !== 0) this.cpu.general[0] = BigInt.asUintN(64, BigInt(next.wakeResult));
    next.wakeResult = 0;
  }

  dispose(): void {
    this.descriptors.closeAll();
    for (const thread of this.#threads.splice(0)) thread.saved.dispose();
    for (const saved of this.signalFrames.values()) saved.dispose();
    this.signalFrames.clear();
  }
}
