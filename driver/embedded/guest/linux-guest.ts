/** A Linux program as the machine's guest: its kernel is the system calls of this folder. */

import path from 'node:path';
import type { TargetModule } from '../../debuggee';
import type { MemoryAccess, UnicornLibrary } from '../../native/unicorn';
import { Cpu, type SavedCpu } from '../cpu/cpu';
import type { CodeSpace } from '../cpu/code-runner';
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
import { OPEN_FLAG } from './descriptors';
import type { ElfImage } from './elf';
import { fail } from './errno';
import { FileSystem, guestPath, LIBRARY_FOLDERS } from './file-system';
import { loadProgram, type LoadedModule } from './loader';
import { streamFile } from './open-file';
import { GuestProcess, type GuestWorld } from './process';
import { ProcessExposure } from './process-exposure';
import { Processes } from './processes';
import { FIRST_ID, Scheduler } from './scheduler';
import { deliverFault, deliverPending } from './signal-delivery';
import { faultInfo, SIGNAL } from './signals';
import { ByteQueue, queueReader } from './streams';
import type { GuestThread } from './thread';
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
  /** The process that the machine was started for; its end is the machine's. */
  readonly process: GuestProcess;
  readonly processName: string;
  readonly #scheduler: Scheduler;
  readonly #input = new ByteQueue();
  readonly #modules: readonly TargetModule[];
  /** What a core without a thread does. */
  readonly #idle: SavedCpu;
  #idleCore: number | undefined;
  readonly #missing = new Set<string>();
  onMissing: (text: string) => void = () => undefined;

  /** Throws NotRunnableError for a program that cannot run here, and what `fs` throws for a file that cannot be read. */
  constructor(
    library: UnicornLibrary,
    image: ElfImage,
    options: EmbeddedMachineOptions,
    writeConsole: ConsoleWriter,
  ) {
    const tables = new PageTables(this.physical);
    const space = new AddressSpace(this.physical, tables);
    this.coreCount = options.cores ?? 1;
    this.area = new KernelArea(this.physical, tables);
    this.cpu = new Cpu(library, this.physical, tables.root);
    this.cpu.engine.writeDescriptorTable(
      'gdtr',
      this.area.descriptorTable.address,
      this.area.descriptorTable.limit,
    );
    this.exposure = new ProcessExposure(this.cpu, space, this.physical);
    this.#idle = this.#createIdle();
    this.processName = path.basename(options.program);
    const executable = guestPath(options.program);
    const files = new FileSystem(executable, [
      path.dirname(path.resolve(options.program)),
      ...(options.readableFolders ?? []),
      ...(image.interpreter === undefined ? [] : LIBRARY_FOLDERS),
    ]);
    this.#scheduler = new Scheduler(this.cpu);
    const processes = new Processes(this.cpu, this.physical, tables);
    const world: GuestWorld = {
      cpu: this.cpu,
      files,
      scheduler: this.#scheduler,
      processes,
      coreCount: this.coreCount,
      tellMissing: (text) => this.#tellMissing(text),
    };
    this.process = new GuestProcess(world, space, executable, this.#scheduler.nextId());
    this.#scheduler.add(this.process, this.process.id);
    this.#scheduler.onProcessChanged = (process) => this.exposure.follow(process.space);
    processes.onSpaceChanged = (changed) => this.exposure.follow(changed);
    processes.onSpaceGone = (gone) => this.exposure.forget(gone);
    processes.adopt(this.process);
    this.codeSpace = this.#createCodeSpace();
    this.memory = new GuestMemory(this.physical, {
      translate: (address) => this.translate(address),
      findVirtual: (physical) => this.#space.tables.findVirtual(physical),
      written: (address) => this.#written(address),
    });
    openStandardFiles(this.process, this.#input, writeConsole);
    if (options.input !== 'open') this.#input.endOfInput();
    this.process.workingDirectory = path.posix.dirname(executable);
    const loaded = loadProgram(space, files, {
      path: executable,
      name: executable,
      image,
      arguments: options.arguments,
      environment: Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    });
    this.process.heapStart = loaded.imageEnd;
    this.process.heapEnd = loaded.imageEnd;
    this.#modules = loaded.modules.map(describeModule);
    this.#enterUserMode(BigInt(loaded.entry), BigInt(loaded.stackPointer));
  }

  #tellMissing(text: string): void {
    if (this.#missing.has(text)) return;
    this.#missing.add(text);
    this.onMissing(text);
  }

  /** The address space that is on the CPU. */
  get #space(): AddressSpace {
    return this.exposure.space;
  }

  /** Custom code runs in the memory of whoever is on the CPU. */
  #createCodeSpace(): CodeSpace {
    const tables = (): PageTables => this.#space.tables;
    const { exposure } = this;
    return {
      root: () => BigInt(tables().root),
      get version() {
        return exposure.version;
      },
      unwatched: (body) => tables().unwatched('all', body),
    };
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

  get end(): GuestEnd | undefined {
    const { end } = this.process;
    return end === undefined ? undefined : { code: end.code, signal: end.signal };
  }

  get place(): GuestPlace {
    if (this.#idleCore !== undefined) return { coreId: this.#idleCore, processId: 0, threadId: 0 };
    const { current } = this.#scheduler;
    return { coreId: this.#coreOf(current), processId: current.process.id, threadId: current.id };
  }

  #coreOf(thread: GuestThread): number {
    return (thread.id - FIRST_ID) % this.coreCount;
  }

  get #processes(): ReadonlySet<GuestProcess> {
    return new Set([this.process, ...this.#scheduler.threads.map(({ process }) => process)]);
  }

  hasProcess(processId: number): boolean {
    return [...this.#processes].some(({ id }) => id === processId);
  }

  processes(): readonly GuestProcessSummary[] {
    return [...this.#processes].map(({ id, space }) => ({
      processId: id,
      cr3: BigInt(space.tables.root),
    }));
  }

  threads(): readonly GuestThreadSummary[] {
    return this.#scheduler.threads.map(({ id, wait, process }) => ({
      processId: process.id,
      threadId: id,
      isReady: wait === undefined,
    }));
  }

  switchThread(threadId: number): boolean {
    this.#leaveIdle();
    return this.#switchTo(threadId);
  }

  #switchTo(threadId: number): boolean {
    const isThere = this.#scheduler.switchTo(threadId);
    if (isThere) this.#settle();
    return isThere;
  }

  /** What the kernel does with a thread that can run before it lets it go on. */
  #settle(): void {
    const { current } = this.#scheduler;
    if (current.wait === undefined) deliverPending(current.process);
  }

  /** A core with several threads shows the one that can run. */
  selectCore(core: number): void {
    this.#leaveIdle();
    const threads = this.#scheduler.threads.filter((thread) => this.#coreOf(thread) === core);
    const thread = threads.find(({ wait }) => wait === undefined) ?? threads[0];
    if (thread !== undefined) {
      this.#switchTo(thread.id);
      return;
    }
    this.#scheduler.current.saved.save();
    this.#idle.restore();
    this.#idleCore = core;
  }

  #leaveIdle(): void {
    if (this.#idleCore === undefined) return;
    this.#idleCore = undefined;
    this.#scheduler.current.saved.restore();
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
    const present = this.#space.tables.translate(address);
    if (present !== undefined || address >= USER_LIMIT) return present;
    return this.#space.touch(Number(address), 'read') ? this.#space.tables.translate(address) : undefined;
  }

  /** Which code lies at a physical address is not known, and looking it up costs more than translating anew. */
  #written(address: bigint | undefined): void {
    const isCode =
      address === undefined ||
      (address < USER_LIMIT && this.#space.regionAt(Number(address))?.execute === true);
    if (isCode) this.cpu.flushCode();
  }

  get isWaiting(): boolean {
    return this.#idleCore !== undefined || this.#scheduler.current.wait !== undefined;
  }

  schedule(): number {
    this.#leaveIdle();
    if (this.#scheduler.current.wait === undefined) return 0;
    return this.#scheduleThreads();
  }

  get timeSliceUs(): number {
    return this.#scheduler.isShared ? TIME_SLICE_US : 0;
  }

  sliceOver(): void {
    if (this.#scheduler.isShared) this.#scheduleThreads();
  }

  #scheduleThreads(): number {
    const ms = this.#scheduler.schedule();
    if (ms === 0) this.#settle();
    return ms;
  }

  halt(): boolean {
    return false;
  }

  kill(): void {
    this.process.kill(SIGNAL.SIGKILL);
  }

  /** For the standard input of the program; it was at its end from the start unless it was asked to be open. */
  input(text: Uint8Array | undefined): void {
    if (!this.#input.hasWriter) return;
    if (text === undefined) this.#input.endOfInput();
    else this.#input.push(text);
  }

  systemCall(): void {
    serveSystemCall(this.#scheduler.current.process);
  }

  systemReturn(): void {
    // The machine is this guest's kernel, so no `sysret` is ever executed.
  }

  givePage(address: bigint, access: MemoryAccess): boolean {
    if (this.exposure.isWatched(address, access)) return false;
    return address < USER_LIMIT && this.#space.touch(Number(address), access);
  }

  exception({ vector, errorCode }: GuestException, address: bigint): void {
    const { process } = this.#scheduler.current;
    const isMapped = address < USER_LIMIT && process.space.regionAt(Number(address)) !== undefined;
    deliverFault(process, faultInfo(vector, address, isMapped), { vector, errorCode, address });
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
    for (const process of this.#processes) process.dispose();
    this.#scheduler.dispose();
    this.#idle.dispose();
    this.cpu.dispose();
  }
}

/** Descriptors 0, 1 and 2. */
function openStandardFiles(process: GuestProcess, input: ByteQueue, writeConsole: ConsoleWriter): void {
  const console = (stream: 'stdout' | 'stderr') =>
    streamFile(
      () => fail('EBADF'),
      (bytes) => {
        writeConsole(stream, bytes);
        return bytes.length;
      },
    );
  process.descriptors.add(queueReader(input), { flags: OPEN_FLAG.readOnly });
  for (const stream of ['stdout', 'stderr'] as const)
    process.descriptors.add(console(stream), { flags: OPEN_FLAG.writeOnly });
}

function describeModule(module: LoadedModule): TargetModule {
  return { path: module.path, baseAddress: BigInt(module.baseAddress), isUserMode: true, is32Bit: false };
}
