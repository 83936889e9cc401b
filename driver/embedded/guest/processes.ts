/** Making and ending processes: fork, exec, exit, and what a parent learns of its children. */

import type { Cpu } from '../cpu/cpu';
import { PageTables } from '../memory/page-tables';
import type { PhysicalMemory } from '../memory/physical-memory';
import { AddressSpace } from './address-space';
import { fail } from './errno';
import { loadProgram, type LoadedProgram, type ProgramToLoad } from './loader';
import { NotRunnableError } from './elf';
import { GuestProcess, type ProcessEnd } from './process';
import { SIGNAL_CODE } from './signal-queue';
import { HANDLER, sendSignal, signalAction } from './signal-sending';
import { SIGNAL } from './signals';
import { FOR_EVER, type GuestThread } from './thread';

const SA_NOCLDWAIT = 2n;
const RSP = 4;
const INITIAL_RFLAGS = 0x202n;

export interface CloneOptions {
  /** Parent and child use one address space (vfork). */
  readonly sharesMemory: boolean;
  /** The child's stack pointer; 0 keeps the parent's. */
  readonly stack: number;
  readonly threadPointer: number | undefined;
  /** 0 for a child that ends silently. */
  readonly exitSignal: number;
}

/** Keeps the address spaces and the family of the guest's processes. */
export class Processes {
  readonly #cpu: Cpu;
  readonly #memory: PhysicalMemory;
  /** Whose kernel half all address spaces have. */
  readonly #kernelTables: PageTables;
  readonly #users = new Map<AddressSpace, number>();
  /** Told when a process on the CPU has another address space, and when one is no more. */
  onSpaceChanged: (space: AddressSpace) => void = () => undefined;
  onSpaceGone: (space: AddressSpace) => void = () => undefined;

  constructor(cpu: Cpu, memory: PhysicalMemory, kernelTables: PageTables) {
    this.#cpu = cpu;
    this.#memory = memory;
    this.#kernelTables = kernelTables;
  }

  #createSpace(): AddressSpace {
    const tables = new PageTables(this.#memory);
    tables.shareKernelHalf(this.#kernelTables);
    return new AddressSpace(this.#memory, tables);
  }

  /** The first process has the address space that the machine was made with. */
  adopt(process: GuestProcess): void {
    this.#users.set(process.space, 1);
    process.onEnd = (end) => this.#ended(process, end);
  }

  /** A child that goes on behind the parent's system call, with 0 as its result. */
  fork(parent: GuestProcess, options: CloneOptions): { child: GuestProcess; thread: GuestThread } {
    const { scheduler } = parent.world;
    const space = options.sharesMemory ? parent.space : this.#createSpace();
    if (space !== parent.space) parent.space.copyTo(space);
    const id = scheduler.nextId();
    const child = new GuestProcess(parent.world, space, parent.executable, id, parent.descriptors.copy());
    child.inherit(parent);
    child.exitSignal = options.exitSignal;
    child.onEnd = (end) => this.#ended(child, end);
    this.#users.set(space, (this.#users.get(space) ?? 0) + 1);
    const { engine, general } = this.#cpu;
    const thread = scheduler.start(child, id, () => {
      general[0] = 0n;
      this.#cpu.leaveSystemCall();
      if (options.stack !== 0) general[RSP] = BigInt(options.stack);
      if (options.threadPointer !== undefined) engine.writeRegister('fsBase', BigInt(options.threadPointer));
      engine.writeRegister('cr3', BigInt(space.tables.root));
    });
    const { current } = parent;
    thread.blocked = current.blocked;
    if (!options.sharesMemory) thread.alternateStack = current.alternateStack;
    return { child, thread };
  }

  /** Another program in the process. Fails with an error of execve, and then nothing has changed. */
  execute(process: GuestProcess, program: ProgramToLoad): void {
    const space = this.#createSpace();
    const loaded = this.#load(space, process, program);
    const { current } = process;
    for (const thread of process.threads) if (thread !== current) process.world.scheduler.remove(thread);
    process.forgetFrames(() => true);
    this.#replaceSpace(process, space);
    process.becomeProgram(program.path, loaded.imageEnd);
    this.#enter(loaded);
    this.#cpu.engine.writeRegister('cr3', BigInt(space.tables.root));
    this.onSpaceChanged(space);
  }

  #load(space: AddressSpace, process: GuestProcess, program: ProgramToLoad): LoadedProgram {
    try {
      return loadProgram(space, process.files, program);
    } catch (error) {
      space.dispose();
      if (!(error instanceof NotRunnableError)) throw error;
      process.tellMissing(
        `the guest could not start "${program.path}", which ${error.message}; it got ENOEXEC`,
      );
      return fail('ENOEXEC');
    }
  }

  #replaceSpace(process: GuestProcess, space: AddressSpace): void {
    const before = process.space;
    process.space = space;
    this.#users.set(space, 1);
    this.#release(before);
  }

  #release(space: AddressSpace): void {
    const users = (this.#users.get(space) ?? 1) - 1;
    this.#users.set(space, users);
    if (users > 0) return;
    this.#users.delete(space);
    this.onSpaceGone(space);
    space.dispose(space.tables === this.#kernelTables);
  }

  #enter({ entry, stackPointer }: LoadedProgram): void {
    const { engine, general } = this.#cpu;
    general.fill(0n);
    general[RSP] = BigInt(stackPointer);
    this.#cpu.rip = BigInt(entry);
    this.#cpu.rflags = INITIAL_RFLAGS;
    engine.writeRegister('fsBase', 0n);
    engine.writeRegister('gsBase', 0n);
    engine.writeRegister('fpcw', 0x37fn);
    engine.writeRegister('mxcsr', 0x1f80n);
  }

  /** The first process keeps its memory: its end is the machine's, and the debugger may look at it. */
  #ended(process: GuestProcess, end: ProcessEnd): void {
    const { parent, world } = process;
    if (parent === undefined) return;
    for (const thread of process.threads) {
      world.scheduler.remove(thread);
      thread.wait = FOR_EVER;
    }
    process.forgetFrames(() => true);
    // Its last thread is still on the CPU, which must not run in tables that are no more.
    this.#cpu.engine.writeRegister('cr3', BigInt(this.#kernelTables.root));
    this.onSpaceChanged(parent.space);
    this.#release(process.space);
    process.children.clear();
    tellParent(process, parent, end);
  }
}

function tellParent(process: GuestProcess, parent: GuestProcess, end: ProcessEnd): void {
  const { handler, flags } = signalAction(parent, SIGNAL.SIGCHLD);
  if (handler === HANDLER.ignore || (flags & SA_NOCLDWAIT) !== 0n) parent.children.delete(process);
  if (process.exitSignal === 0 || parent.end !== undefined) return;
  sendSignal(parent, {
    signal: process.exitSignal,
    code: end.signal === undefined ? SIGNAL_CODE.childExited : SIGNAL_CODE.childKilled,
    value: 0n,
    sender: process.id,
    status: end.signal === undefined ? end.code : end.signalNumber,
  });
}

/** What wait4 stores of an end. */
export function waitStatus({ code, signal, signalNumber }: ProcessEnd): number {
  return signal === undefined ? code << 8 : signalNumber;
}
