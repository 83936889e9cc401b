/** The embedded machine with its program loaded: CPU, memory, process, and what the debugger's server may ask of it. */

import path from 'node:path';
import type { ProcessDetails, TargetModule } from '../debuggee';
import type { UnicornLibrary } from '../native/unicorn';
import { Cpu, type CpuExit } from './cpu/cpu';
import { UnicornCodeRunner } from './cpu/code-runner';
import { AddressSpace } from './guest/address-space';
import { FileSystem, guestPath, LIBRARY_FOLDERS } from './guest/file-system';
import { loadProgram, readProgram, type LoadedModule } from './guest/loader';
import { GuestProcess, PROCESS_ID, type ConsoleWriter } from './guest/process';
import { GuestMemory } from './guest-memory';
import { Intercepts } from './intercepts';
import { runCpuid } from './machine-cpuid';
import { readInterruptHandlers } from './machine-interrupts';
import { readMachineMsr, writeMachineMsr } from './machine-msrs';
import { walkPageTables } from './machine-paging';
import { readMachineRegister, writeMachineRegister } from './machine-registers';
import { KernelArea, SELECTOR } from './memory/kernel-area';
import { PageTables } from './memory/page-tables';
import { PhysicalMemory } from './memory/physical-memory';
import type { CpuidResult, Machine, PageTableWalk, ProcessSummary, ThreadSummary } from './server/machine';
import type { EmbeddedMachineOptions } from './embedded-machine';

const MEMORY_BYTES = 512 << 20;
const INITIAL_RFLAGS = 0x202n;
/** As the name in a Windows process object: what `$pname` shows, cut like there. */
const PROCESS_NAME_BYTES = 15;
const RECORD_BYTES = 64;
const THREAD_AREA_BYTES = 1024 * RECORD_BYTES;

export class GuestMachine implements Machine {
  readonly coreCount = 1;
  readonly currentCore = 0;
  readonly is32Bit = false;
  readonly cpu: Cpu;
  readonly memory: GuestMemory;
  readonly process: GuestProcess;
  readonly intercepts: Intercepts;
  readonly area: KernelArea;
  readonly codeRunner: UnicornCodeRunner;
  readonly processNameAddress: bigint;
  readonly processObject: bigint;
  readonly #threadArea: bigint;
  readonly #tables: PageTables;
  readonly #processName: string;
  readonly #modules: TargetModule[];
  #tlbVersion = 0;

  /** Throws NotRunnableError for a program that cannot run here, and what `fs` throws for a file that cannot be read. */
  constructor(library: UnicornLibrary, options: EmbeddedMachineOptions, writeConsole: ConsoleWriter) {
    const image = readProgram(options.program);
    const physical = new PhysicalMemory(MEMORY_BYTES);
    this.#tables = new PageTables(physical);
    this.area = new KernelArea(physical, this.#tables);
    this.cpu = new Cpu(library, physical, this.#tables.root);
    this.codeRunner = new UnicornCodeRunner(library, physical, this.area, this.#tables);
    const space = new AddressSpace(physical, this.#tables);
    this.intercepts = new Intercepts(this.cpu, space, this.#tables, physical);
    this.memory = new GuestMemory(physical, this.#tables, space, () => this.cpu.flushCode());
    const executable = guestPath(options.program);
    const files = new FileSystem(executable, [
      path.dirname(path.resolve(options.program)),
      ...(options.readableFolders ?? []),
      ...(image.interpreter === undefined ? [] : LIBRARY_FOLDERS),
    ]);
    this.#processName = path.basename(options.program).slice(0, PROCESS_NAME_BYTES);
    this.processNameAddress = this.area.place(Buffer.from(`${this.#processName}\0`));
    this.processObject = this.area.reserve(RECORD_BYTES);
    this.#threadArea = this.area.reserve(THREAD_AREA_BYTES);
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
    space.onCodeChanged = () => {
      this.cpu.flushCode();
      this.intercepts.codeChanged();
    };
    this.#enterUserMode(BigInt(loaded.entry), BigInt(loaded.stackPointer));
  }

  /** Runs one instruction that a watch on the page of `address` would stop. */
  stepUnwatched(address: bigint): CpuExit {
    return this.#tables.unwatched(address, () => {
      this.prepareRun();
      return this.cpu.step();
    });
  }

  /** Whether the access is one that an armed monitor wants to see. */
  isWatched(address: bigint, access: 'read' | 'write'): boolean {
    return this.#tables.isWatched(address, access);
  }

  /** Runs the `iretq` that takes a fresh CPU to ring 3 at the program's entry point. */
  #enterUserMode(entry: bigint, stackPointer: bigint): void {
    const { cpu, area } = this;
    cpu.engine.writeDescriptorTable('gdtr', area.descriptorTable.address, area.descriptorTable.limit);
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
    cpu.general[4] = top;
    cpu.setExits([entry]);
    this.process.space.touch(Number(entry), 'execute');
    const exit = cpu.run(0);
    if (exit.kind !== 'exit address' || cpu.rip !== entry) {
      throw new Error(
        `the CPU did not reach the program's entry point: ${exit.kind} at 0x${cpu.rip.toString(16)}`,
      );
    }
    cpu.setExits([]);
  }

  /** Brings translations and exits up to date with what system calls and the debugger have changed. */
  prepareRun(): void {
    this.intercepts.apply();
    if (this.#tables.version === this.#tlbVersion) return;
    this.#tlbVersion = this.#tables.version;
    this.cpu.flushTlb();
  }

  get generalRegisters(): BigUint64Array {
    return this.cpu.general;
  }

  selectCore(): void {
    // There is one core, and it is selected.
  }

  readRegister(registerId: number): bigint | undefined {
    return readMachineRegister(this.cpu, registerId);
  }

  writeRegister(registerId: number, value: bigint): boolean {
    return writeMachineRegister(this.cpu, registerId, value);
  }

  pageTableEntries(virtualAddress: bigint): PageTableWalk | undefined {
    // A page that the guest has a right to but has not touched yet comes in, as with any other look at memory.
    this.memory.virtualToPhysical(virtualAddress);
    const root = this.cpu.engine.readRegister('cr3');
    // A watched page has an entry that faults; what the guest made is the true one.
    return this.#tables.unwatched(virtualAddress, () => walkPageTables(this.memory, root, virtualAddress));
  }

  readMsr(msr: number): bigint | undefined {
    return readMachineMsr(this.cpu.engine, msr);
  }

  writeMsr(msr: number, value: bigint): boolean {
    return writeMachineMsr(this.cpu.engine, msr, value);
  }

  cpuid(leaf: number, subleaf: number): CpuidResult | undefined {
    return runCpuid(this.codeRunner, leaf, subleaf);
  }

  interruptHandlers(): readonly bigint[] | undefined {
    return readInterruptHandlers(this.memory, this.cpu.engine.readDescriptorTable('idtr'));
  }

  currentProcess(): ProcessDetails {
    return {
      processId: PROCESS_ID,
      threadId: this.process.current.id,
      processName: this.#processName,
      processObject: this.processObject,
      threadObject: this.threadObject,
    };
  }

  hasProcess(processId: number): boolean {
    return processId === PROCESS_ID;
  }

  processes(): readonly ProcessSummary[] {
    const { processObject } = this;
    const cr3 = this.cpu.engine.readRegister('cr3');
    return [{ processId: PROCESS_ID, processName: this.#processName, processObject, cr3 }];
  }

  threads(): readonly ThreadSummary[] {
    return this.process.threads.map(({ id }) => ({
      processId: PROCESS_ID,
      threadId: id,
      threadObject: this.#threadObjectOf(id),
    }));
  }

  switchThread(threadId: number): boolean {
    return this.process.switchTo(threadId);
  }

  get threadObject(): bigint {
    return this.#threadObjectOf(this.process.current.id);
  }

  /** Each thread has a record of its own, as long as there are not more of them than the area holds. */
  #threadObjectOf(threadId: number): bigint {
    const index = (threadId - PROCESS_ID) % (THREAD_AREA_BYTES / RECORD_BYTES);
    return this.#threadArea + BigInt(index * RECORD_BYTES);
  }

  /** The program, its dynamic loader, and the shared libraries that the guest has mapped since. */
  modules(): readonly TargetModule[] {
    const known = new Set(this.#modules.map((module) => module.path));
    const mapped = new Map<string, number>();
    for (const region of this.process.space.regions) {
      if (!region.name.startsWith('/') || known.has(region.name)) continue;
      if (!mapped.has(region.name)) mapped.set(region.name, region.start);
    }
    const executable = [...mapped].filter(([name]) => this.#hasCode(name));
    const libraries = executable.map(([name, baseAddress]) => describeModule({ path: name, baseAddress }));
    return [...this.#modules, ...libraries];
  }

  #hasCode(name: string): boolean {
    return this.process.space.regions.some((region) => region.name === name && region.execute);
  }

  plantBreakpoint(address: bigint): boolean {
    return this.intercepts.addBreakpoint(address);
  }

  removeBreakpoint(address: bigint): void {
    this.intercepts.removeBreakpoint(address);
  }

  dispose(): void {
    this.process.dispose();
    this.codeRunner.dispose();
    this.cpu.dispose();
  }
}

function describeModule(module: LoadedModule): TargetModule {
  return { path: module.path, baseAddress: BigInt(module.baseAddress), isUserMode: true, is32Bit: false };
}
