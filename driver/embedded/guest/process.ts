/** A Linux process in the embedded machine: memory, files, signals, and how it ended. */

import type { Cpu, SavedCpu } from '../cpu/cpu';
import type { AddressSpace } from './address-space';
import { Descriptors } from './descriptors';
import { ERRNO, GuestError } from './errno';
import type { FileSystem } from './file-system';
import type { OpenFile } from './open-file';
import type { Processes } from './processes';
import type { Scheduler } from './scheduler';
import { SignalQueue } from './signal-queue';
import { HANDLER } from './signal-sending';
import { signalName } from './signals';
import { FOR_EVER, type GuestThread, type Wait } from './thread';
import { Timers, type GuestTimer } from './timers';

export interface ProcessEnd {
  readonly code: number;
  /** Its name; undefined for an exit. */
  readonly signal: string | undefined;
  readonly signalNumber: number;
}

const SIGNAL_EXIT_BASE = 128;
const DEFAULT_UMASK = 0o022;

export interface SharedMapping {
  readonly file: OpenFile;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What all processes of the machine have in common. */
export interface GuestWorld {
  readonly coreCount: number;
  readonly cpu: Cpu;
  readonly files: FileSystem;
  readonly scheduler: Scheduler;
  readonly processes: Processes;
  /** Told of things that the guest wanted and the machine does not have; each sentence once. */
  tellMissing(text: string): void;
}

export class GuestProcess {
  readonly id: number;
  readonly world: GuestWorld;
  space: AddressSpace;
  readonly descriptors: Descriptors;
  /** Guest path of the program. */
  executable: string;
  workingDirectory = '/';
  umask = DEFAULT_UMASK;
  groupId: number;
  /** Soft and hard limit by resource, where the guest has set them. */
  readonly limits = new Map<number, readonly [bigint, bigint]>();
  /** Current end of the heap (brk). */
  heapEnd = 0;
  heapStart = 0;
  readonly startedMs = performance.now();
  /** struct sigaction by signal number, as rt_sigaction set them. */
  readonly signalActions = new Map<number, Uint8Array>();
  /** State before each handler that has not returned yet, by the address of its frame. */
  readonly signalFrames = new Map<number, { readonly thread: GuestThread; readonly saved: SavedCpu }>();
  /** The system call under way has set all registers itself (rt_sigreturn). */
  registersAreSet = false;
  /** Signals sent to the process that no thread has taken yet. */
  readonly pending = new SignalQueue();
  readonly timers = new Timers();
  /** setitimer, by its first argument. */
  readonly intervalTimers = new Map<number, GuestTimer>();
  /** timer_create, by the identifier it gave. */
  readonly posixTimers = new Map<number, GuestTimer>();
  /** Mappings whose pages go back into their file (MAP_SHARED), by their address. */
  readonly sharedMappings = new Map<number, SharedMapping>();
  end: ProcessEnd | undefined;
  parent: GuestProcess | undefined;
  /** Children that wait4 has not told of yet, ended or not. */
  readonly children = new Set<GuestProcess>();
  /** What the parent is sent at the end; 0 for nothing. */
  exitSignal = 0;
  /** It runs in its parent's memory until it starts a program or ends (vfork). */
  isBorrower = false;
  onEnd: (end: ProcessEnd) => void = () => undefined;

  constructor(
    world: GuestWorld,
    space: AddressSpace,
    executable: string,
    id: number,
    descriptors = new Descriptors(),
  ) {
    this.world = world;
    this.space = space;
    this.executable = executable;
    this.id = id;
    this.groupId = id;
    this.descriptors = descriptors;
  }

  get cpu(): Cpu {
    return this.world.cpu;
  }
  get files(): FileSystem {
    return this.world.files;
  }
  /** The thread that makes the system call under way. */
  get current(): GuestThread {
    return this.world.scheduler.current;
  }
  get threads(): readonly GuestThread[] {
    return this.world.scheduler.threads.filter(({ process }) => process === this);
  }

  tellMissing(text: string): void {
    this.world.tellMissing(text);
  }

  /** Makes a thread that starts with the CPU state that `prepare` leaves behind; the present state comes back. */
  startThread(prepare: () => void): GuestThread {
    const { scheduler } = this.world;
    return scheduler.start(this, scheduler.nextId(), prepare);
  }

  /** The running thread ends; the process with it when it was the last. */
  endThread(code: number): void {
    const thread = this.current;
    if (thread.clearTidAddress !== 0) this.#clearThreadId(thread.clearTidAddress);
    if (this.threads.length === 1) {
      this.exit(code);
      return;
    }
    this.world.scheduler.remove(thread);
    thread.wait = FOR_EVER;
    this.forgetFrames((frame) => frame.thread === thread);
  }

  /** Gives up what is kept for handlers that will never return. */
  forgetFrames(isDead: (frame: { readonly thread: GuestThread; readonly address: number }) => boolean): void {
    for (const [address, { thread, saved }] of this.signalFrames) {
      if (!isDead({ thread, address })) continue;
      saved.dispose();
      this.signalFrames.delete(address);
    }
  }

  /** A stack that has gone before its thread is no error. */
  #clearThreadId(address: number): void {
    try {
      this.space.writeU32(address, 0);
      this.world.scheduler.wake(this.space.physical(address), 1);
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
    }
  }

  exit(code: number): void {
    this.#finish({ code: code & 0xff, signal: undefined, signalNumber: 0 });
  }

  /** The process dies of a signal. */
  kill(signal: number): void {
    this.#finish({ code: SIGNAL_EXIT_BASE + signal, signal: signalName(signal), signalNumber: signal });
  }

  #finish(end: ProcessEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.isBorrower = false;
    this.writeBack(0, Infinity);
    this.descriptors.closeAll();
    for (const thread of this.threads) thread.wait = FOR_EVER;
    this.onEnd(end);
  }

  /** What a child begins with. */
  inherit(parent: GuestProcess): void {
    this.parent = parent;
    parent.children.add(this);
    this.workingDirectory = parent.workingDirectory;
    this.umask = parent.umask;
    this.groupId = parent.groupId;
    for (const [resource, limit] of parent.limits) this.limits.set(resource, limit);
    this.heapStart = parent.heapStart;
    this.heapEnd = parent.heapEnd;
    for (const [signal, action] of parent.signalActions) this.signalActions.set(signal, action);
    for (const [start, mapping] of parent.sharedMappings) this.sharedMappings.set(start, mapping);
  }

  /** What execve leaves of the old program: descriptors, ignored signals, interval timers. */
  becomeProgram(executable: string, heapStart: number): void {
    const { current } = this;
    this.executable = executable;
    this.heapStart = heapStart;
    this.heapEnd = heapStart;
    this.isBorrower = false;
    this.descriptors.closeForExec();
    this.sharedMappings.clear();
    for (const timer of this.posixTimers.values()) this.timers.remove(timer);
    this.posixTimers.clear();
    for (const [signal, action] of this.signalActions)
      if (new BigUint64Array(action.slice().buffer)[0] !== HANDLER.ignore) this.signalActions.delete(signal);
    current.alternateStack = undefined;
    current.clearTidAddress = 0;
    current.name = undefined;
  }

  /** The child that has ended or not, by its number. */
  isChild(id: number): boolean {
    return [...this.children].some((child) => child.id === id);
  }

  /** Shared mappings of files in the range go back into their files. */
  writeBack(from: number, to: number): void {
    for (const [start, { file, offset, sizeBytes }] of this.sharedMappings) {
      if (start >= to || start + sizeBytes <= from) continue;
      try {
        file.write(this.space.peek(start, sizeBytes), offset);
      } catch (error) {
        // Parts of it are unmapped already.
        if (!(error instanceof GuestError)) throw error;
      }
    }
  }

  /** Lets the running thread wait; what the call returns comes later. */
  block(wait: Wait): number {
    this.current.wait = wait;
    return 0;
  }

  /** Does it at once or as soon as it can be done. EAGAIN of `attempt` means: not yet. */
  blockUntil(attempt: () => number | undefined, wait: Omit<Wait, 'attempt'> = {}): number {
    const patient = (): number | undefined => {
      try {
        return attempt();
      } catch (error) {
        if (error instanceof GuestError && error.result === -ERRNO.EAGAIN) return undefined;
        throw error;
      }
    };
    return patient() ?? this.block({ ...wait, attempt: patient });
  }

  dispose(): void {
    this.descriptors.closeAll();
    this.forgetFrames(() => true);
  }
}
