/** A Linux program as the machine's guest: its kernel is the system calls of this folder. */

import path from 'node:path';
import type { TargetModule } from '../../debuggee';
import type { MemoryAccess, UnicornLibrary } from '../../native/unicorn';
import { Cpu, type SavedCpu } from '../cpu/cpu';
import { codeSpaceOf, type CodeSpace } from '../cpu/code-runner';
import type { EmbeddedMachineOptions } from '../embedded-machine';
import type {
  ConsoleWriter,
  Guest,
  GuestEnd,
  GuestException,
  GuestPlace,
  GuestProcessSummary,
  GuestThreadSummary,
} from '../guest';
import { GuestMemory } from '../guest-memory';
import { KernelArea, SELECTOR } from '../memory/kernel-area';
import { PageTables } from '../memory/page-tables';
import { PhysicalMemory } from '../memory/physical-memory';
import { AddressSpace } from './address-space';
import type { ElfImage } from './elf';
import { FileSystem, guestPath, LIBRARY_FOLDERS } from './file-system';
import { loadProgram, type LoadedModule } from './loader';
import { GuestProcess, PROCESS_ID, type GuestThread } from './process';
import { ProcessExposure } from './process-exposure';
import { deliverPending, deliverSignal, SIGNAL_CODE } from './signal-delivery';
import { SIGNAL, signalOfException } from './signals';
import { serveSystemCall } from './system-calls/dispatch';

const MEMORY_BYTES = 512 << 20;
const INITIAL_RFLAGS = 0x202n;
const USER_LIMIT = 1n << 47n;
/** One turn when several guest threads want the CPU. */
const TIME_SLICE_US = 10_000;
const FIRST_INTERRUPT = 32;
/** hlt; jmp back */
const IDLE = [0xf4, 0xeb, 0xfd];
const RSP = 4;

export class LinuxGuest implements Guest {
  readonly kind = 'Linux x86-64 program';
  readonly coreCount: number;
  readonly physical = new PhysicalMemory(MEMORY_BYTES);
  readonly cpu: Cpu;
  readonly area: KernelArea;
  readonly codeSpace: CodeSpace;
  readonly exposure: ProcessExposure;
  readonly memory: GuestMemory;
  readonly process: GuestProcess;
  readonly processName: string;
  readonly #tables = new PageTables(this.physical);
  readonly #space = new AddressSpace(this.physical, this.#tables);
  readonly #modules: readonly TargetModule[];
  /** What a core without a thread does. */
  readonly #idle: SavedCpu;
  #idleCore: number | undefined;

  /** Throws NotRunnableError for a program that cannot run here, and what `fs` throws for a file that cannot be read. */
  constructor(
    library: UnicornLibrary,
    image: ElfImage,
    options: EmbeddedMachineOptions,
    writeConsole: ConsoleWriter,
  ) {
    const tables = this.#tables;
    const space = this.#space;
    this.coreCount = options.cores ?? 1;
    this.area = new KernelArea(this.physical, tables);
    this.cpu = new Cpu(library, this.physical, tables.root);
    this.cpu.engine.writeDescriptorTable(
      'gdtr',
      this.area.descriptorTable.address,
      this.area.descriptorTable.limit,
    );
    this.codeSpace = codeSpaceOf(tables);
    this.exposure = new ProcessExposure(this.cpu, space, tables, this.physical);
    this.memory = new GuestMemory(this.physical, {
      translate: (address) => this.translate(address),
      findVirtual: (physical) => tables.findVirtual(physical),
      written: (address) => this.#written(address),
    });
    this.#idle = this.#createIdle();
    this.processName = path.basename(options.program);
    const executable = guestPath(options.program);
    const files = new FileSystem(executable, [
      path.dirname(path.resolve(options.program)),
      ...(options.readableFolders ?? []),
      ...(image.interpreter === undefined ? [] : LIBRARY_FOLDERS),
    ]);
    this.process = new GuestProcess(this.cpu, space, files, executable, writeConsole);
    this.process.workingDirectory = path.posix.dirname(executable);
    const loaded = loadProgram(space, files, {
      hostPath: options.program,
      image,
      arguments: options.arguments,
      environment: options.environment ?? {},
    });
    this.process.heapStart = loaded.imageEnd;
    this.process.heapEnd = loaded.imageEnd;
    this.#modules = loaded.modules.map(describeModule);
    this.#enterUserMode(BigInt(loaded.entry), BigInt(loaded.stackPointer));
  }

  #createIdle(): SavedCpu {
    const { cpu, area } = this;
    cpu.setPrivilege(0, SELECTOR.kernelCode, SELECTOR.kernelData);
    const idle = cpu.createSaved();
    cpu.rip = area.place(Uint8Array.from(IDLE), { execute: true });
    cpu.general[RSP] = area.stackTop;
    idle.save();
    return idle;
  }

  /** Runs the `iretq` that takes a fresh CPU to ring 3 at the program's entry point. */
  #enterUserMode(entry: bigint, stackPointer: bigint): void {
    const { cpu, area } = this;
    const frame = BigUint64Array.of(
      entry,
      BigInt(SELECTOR.userCode),
      INITIAL_RFLAGS,
      stackPointer,
      BigInt(SELECTOR.userData),
    );
    const top = area.stackTop - BigInt(frame.byteLength);
    area.write(top, new Uint8Array(frame.buffer));
    cpu.rip = area.enterUserStub;
    cpu.general[RSP] = top;
    cpu.setExits([entry]);
    this.#space.touch(Number(entry), 'execute');
    const exit = cpu.run(0);
    if (exit.kind !== 'exit address' || cpu.rip !== entry) {
      throw new Error(
        `the CPU did not reach the program's entry point: ${exit.kind} at 0x${cpu.rip.toString(16)}`,
      );
    }
    cpu.setExits([]);
  }

  set onMissing(tell: (text: string) => void) {
    this.process.onMissing = tell;
  }

  get end(): GuestEnd | undefined {
    return this.process.end;
  }

  get place(): GuestPlace {
    if (this.#idleCore !== undefined) return { coreId: this.#idleCore, processId: 0, threadId: 0 };
    const { current } = this.process;
    return { coreId: this.#coreOf(current), processId: PROCESS_ID, threadId: current.id };
  }

  #coreOf(thread: GuestThread): number {
    return (thread.id - PROCESS_ID) % this.coreCount;
  }

  hasProcess(processId: number): boolean {
    return processId === PROCESS_ID;
  }

  processes(): readonly GuestProcessSummary[] {
    return [{ processId: PROCESS_ID, cr3: BigInt(this.#tables.root) }];
  }

  threads(): readonly GuestThreadSummary[] {
    return this.process.threads.map(({ id, wait }) => ({
      processId: PROCESS_ID,
      threadId: id,
      isReady: wait === undefined,
    }));
  }

  switchThread(threadId: number): boolean {
    this.#leaveIdle();
    return this.process.switchTo(threadId);
  }

  /** A core with several threads shows the one that can run. */
  selectCore(core: number): void {
    const { process } = this;
    this.#leaveIdle();
    const threads = process.threads.filter((thread) => this.#coreOf(thread) === core);
    const thread = threads.find(({ wait }) => wait === undefined) ?? threads[0];
    if (thread !== undefined) {
      process.switchTo(thread.id);
      return;
    }
    process.current.saved.save();
    this.#idle.restore();
    this.#idleCore = core;
  }

  #leaveIdle(): void {
    if (this.#idleCore === undefined) return;
    this.#idleCore = undefined;
    this.process.current.saved.restore();
  }

  /** The program, its dynamic loader, and the shared libraries that the guest has mapped since. */
  modules(): readonly TargetModule[] {
    const known = new Set(this.#modules.map((module) => module.path));
    const mapped = new Map<string, number>();
    for (const region of this.#space.regions) {
      if (!region.name.startsWith('/') || known.has(region.name)) continue;
      if (!mapped.has(region.name)) mapped.set(region.name, region.start);
    }
    const executable = [...mapped].filter(([name]) => this.#hasCode(name));
    const libraries = executable.map(([name, baseAddress]) => describeModule({ path: name, baseAddress }));
    return [...this.#modules, ...libraries];
  }

  #hasCode(name: string): boolean {
    return this.#space.regions.some((region) => region.name === name && region.execute);
  }

  translate(address: bigint): bigint | undefined {
    const present = this.#tables.translate(address);
    if (present !== undefined || address >= USER_LIMIT) return present;
    return this.#space.touch(Number(address), 'read') ? this.#tables.translate(address) : undefined;
  }

  /** Which code lies at a physical address is not known, and looking it up costs more than translating anew. */
  #written(address: bigint | undefined): void {
    const isCode =
      address === undefined ||
      (address < USER_LIMIT && this.#space.regionAt(Number(address))?.execute === true);
    if (isCode) this.cpu.flushCode();
  }

  get isWaiting(): boolean {
    return this.#idleCore !== undefined || this.process.current.wait !== undefined;
  }

  schedule(): number {
    this.#leaveIdle();
    if (this.process.current.wait === undefined) return 0;
    return this.#scheduleThreads();
  }

  get timeSliceUs(): number {
    return this.#isShared ? TIME_SLICE_US : 0;
  }

  sliceOver(): void {
    if (this.#isShared) this.#scheduleThreads();
  }

  /** The CPU has to be taken from the thread on it: for another one, or for the timer. */
  get #isShared(): boolean {
    return this.process.readyThreads > 1 || this.process.timer !== undefined;
  }

  #scheduleThreads(): number {
    const ms = this.process.schedule();
    if (ms === 0) deliverPending(this.process);
    return ms;
  }

  halt(): boolean {
    return false;
  }

  kill(): void {
    this.process.kill(SIGNAL.SIGKILL);
  }

  input(): void {
    // A program's standard input is at its end from the start.
  }

  systemCall(): void {
    serveSystemCall(this.process);
  }

  systemReturn(): void {
    // The machine is this guest's kernel, so no `sysret` is ever executed.
  }

  givePage(address: bigint, access: MemoryAccess): boolean {
    if (this.exposure.isWatched(address, access)) return false;
    return address < USER_LIMIT && this.#space.touch(Number(address), access);
  }

  exception({ vector }: GuestException, address: bigint): void {
    const signal = signalOfException(vector);
    deliverSignal(this.process, { signal, code: SIGNAL_CODE.fault, address });
  }

  /** A program has no interrupts: devices belong to its kernel. */
  pendingInterrupt(): undefined {
    return undefined;
  }
  takeInterrupt(): void {
    // There is none.
  }

  inject(vector: number, errorCode: number | undefined): boolean {
    if (vector >= FIRST_INTERRUPT) return false;
    this.exception({ vector, errorCode: errorCode ?? 0, isSoftware: false }, this.cpu.rip);
    return true;
  }

  dispose(): void {
    this.process.dispose();
    this.#idle.dispose();
    this.cpu.dispose();
  }
}

function describeModule(module: LoadedModule): TargetModule {
  return { path: module.path, baseAddress: BigInt(module.baseAddress), isUserMode: true, is32Bit: false };
}
