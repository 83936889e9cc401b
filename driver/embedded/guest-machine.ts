/** The embedded machine with its guest loaded, and what the debugger's server may ask of it. */

import type { ProcessDetails, TargetModule } from '../debuggee';
import type { UnicornLibrary } from '../native/unicorn';
import type { RunMarks } from './run-watch';
import { UnicornCodeRunner } from './cpu/code-runner';
import type { Cpu } from './cpu/cpu';
import type { EmbeddedMachineOptions } from './embedded-machine';
import type { ConsoleWriter, Guest } from './guest';
import { LinuxGuest } from './guest/linux-guest';
import { readProgram } from './guest/loader';
import { Intercepts } from './intercepts';
import { isKernelImage } from './kernel/kernel-image';
import { KernelGuest } from './kernel/kernel-guest';
import { runCpuid } from './machine-cpuid';
import { readInterruptHandlers } from './machine-interrupts';
import { walkPageTables } from './machine-paging';
import { readMachineMsr, writeMachineMsr } from './machine-msrs';
import { readMachineRegister, writeMachineRegister } from './machine-registers';
import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import type { CpuidResult, Machine, PageTableWalk, ProcessSummary, ThreadSummary } from './server/machine';

/** As the name in a Windows process object: what `$pname` shows, cut like there. */
const PROCESS_NAME_BYTES = 15;
const RECORD_BYTES = 64;
/** Processes and threads beyond that share records. */
const MAX_RECORDS = 1024;

export class GuestMachine implements Machine {
  readonly is32Bit = false;
  readonly guest: Guest;
  readonly cpu: Cpu;
  readonly intercepts: Intercepts;
  readonly codeRunner: UnicornCodeRunner;
  readonly processNameAddress: bigint;
  readonly #processName: string;
  /** Stand-ins for the kernel's records of processes and threads: their addresses tell them apart. */
  readonly #processRecords: bigint;
  readonly #threadRecords: bigint;

  /** Throws NotRunnableError for a program that cannot run here, and what `fs` throws for a file that cannot be read. */
  constructor(
    library: UnicornLibrary,
    options: EmbeddedMachineOptions,
    writeConsole: ConsoleWriter,
    codeMarks?: RunMarks,
  ) {
    const image = readProgram(options.program);
    const Kind = isKernelImage(image) ? KernelGuest : LinuxGuest;
    this.guest = new Kind(library, image, options, writeConsole);
    const { cpu, physical, area, codeSpace } = this.guest;
    this.cpu = cpu;
    this.codeRunner = new UnicornCodeRunner(library, physical, area, codeSpace, {
      guest: cpu.engine,
      ...(codeMarks && { marks: codeMarks }),
    });
    this.intercepts = new Intercepts(this.guest);
    this.#processName = this.guest.processName.slice(0, PROCESS_NAME_BYTES);
    this.processNameAddress = area.place(Buffer.from(`${this.#processName}\0`));
    this.#processRecords = area.reserve(MAX_RECORDS * RECORD_BYTES);
    this.#threadRecords = area.reserve(MAX_RECORDS * RECORD_BYTES);
  }

  /** Brings translations and exits up to date with what the guest's calls and the debugger have changed. */
  prepareRun(): void {
    this.intercepts.apply();
    this.guest.exposure.prepareRun();
  }

  /** The same for a CPU in the middle of a run. False when it must stop for it. */
  prepareGoingOn(): boolean {
    if (this.intercepts.isStale) return false;
    this.guest.exposure.prepareRun();
    return true;
  }

  get memory(): ScriptMemory {
    return this.guest.memory;
  }

  get generalRegisters(): BigUint64Array {
    return this.cpu.general;
  }

  get coreCount(): number {
    return this.guest.coreCount;
  }

  get currentCore(): number {
    return this.guest.place.coreId;
  }

  selectCore(core: number): void {
    this.guest.selectCore(core);
  }

  readRegister(registerId: number): bigint | undefined {
    return readMachineRegister(this.cpu, registerId);
  }

  writeRegister(registerId: number, value: bigint): boolean {
    return writeMachineRegister(this.cpu, registerId, value);
  }

  pageTableEntries(virtualAddress: bigint): PageTableWalk | undefined {
    // A page that the guest has a right to but has not touched yet comes in, as with any other look at memory.
    this.guest.translate(virtualAddress);
    const root = this.cpu.engine.readRegister('cr3');
    // A watched page can have an entry that faults; what the guest made is the true one.
    return this.guest.exposure.unwatched(virtualAddress, () =>
      walkPageTables(this.memory, root, virtualAddress),
    );
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
    const { processId, threadId } = this.guest.place;
    return {
      processId,
      threadId,
      processName: this.#processName,
      processObject: this.processObject(processId),
      threadObject: this.threadObject(threadId),
    };
  }

  hasProcess(processId: number): boolean {
    return this.guest.hasProcess(processId);
  }

  processes(): readonly ProcessSummary[] {
    const processName = this.#processName;
    return this.guest.processes().map(({ processId, cr3 }) => {
      return { processId, cr3, processName, processObject: this.processObject(processId) };
    });
  }

  threads(): readonly ThreadSummary[] {
    return this.guest.threads().map(({ processId, threadId }) => {
      return { processId, threadId, threadObject: this.threadObject(threadId) };
    });
  }

  switchThread(threadId: number): boolean {
    return this.guest.switchThread(threadId);
  }

  processObject(processId: number): bigint {
    return this.#processRecords + BigInt((processId % MAX_RECORDS) * RECORD_BYTES);
  }

  threadObject(threadId: number): bigint {
    return this.#threadRecords + BigInt((threadId % MAX_RECORDS) * RECORD_BYTES);
  }

  modules(): readonly TargetModule[] {
    return this.guest.modules();
  }

  plantBreakpoint(address: bigint): boolean {
    return this.intercepts.addBreakpoint(address);
  }

  removeBreakpoint(address: bigint): void {
    this.intercepts.removeBreakpoint(address);
  }

  dispose(): void {
    this.codeRunner.dispose();
    this.guest.dispose();
  }
}
