/** A bare-metal kernel as the machine's guest: everything is its own, and the machine is a small PC around it. */

import path from 'node:path';
import type { TargetModule } from '../../debuggee';
import type { UnicornLibrary } from '../../native/unicorn';
import type { CodeSpace } from '../cpu/code-runner';
import { Cpu } from '../cpu/cpu';
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
import type { ElfImage } from '../guest/elf';
import { KernelArea } from '../memory/kernel-area';
import { offsetInTable } from '../memory/page-entry';
import { PageTables } from '../memory/page-tables';
import { PageWalker } from '../memory/page-walker';
import { PAGE_BYTES, PhysicalMemory } from '../memory/physical-memory';
import { deliverInterruption, type LinearMemory } from './interrupt-delivery';
import { loadKernel } from './kernel-image';
import { NestedPaging } from './nested-paging';
import { Ports } from './ports';
import { ProbeTables } from './probe-tables';
import { scanCodesOf } from './scan-codes';

/** RAM that the kernel finds. */
const RAM_BYTES = 64 << 20;
/** Behind it, out of the kernel's reach: safe buffers, custom code, process records. */
const OWN_BYTES = 32 << 20;
/**
 * Where the machine's own pages stand when conditions, custom code and scripts run: a slot of the PML4 that kernels leave
 * free. The guest's tables never have it.
 */
const AREA_BASE = 0xffff_fe80_0000_0000n;
const AREA_END = AREA_BASE + (1n << 39n);
const PML4_SHIFT = 39n;

const INTERRUPTS_OFF = 0x2n;
const INTERRUPT_FLAG = 1n << 9n;
/** How soon an interrupt is tried again that the kernel does not take yet. */
const RETRY_US = 100;
const US_PER_MS = 1000;

const MSR = { star: 0xc000_0081, lstar: 0xc000_0082, flagMask: 0xc000_0084 } as const;
const KERNEL_SELECTOR_SHIFT = 32n;
const USER_SELECTOR_SHIFT = 48n;
const USER_LEVEL = 3;
/** Flags that SYSRET takes from R11, and the one that is always set. */
const SYSRET_FLAGS = 0x3c_7fd7n;
const RESERVED_FLAG = 2n;
const SYSCALL_BYTES = 2n;
const RESUME_FLAG = 1n << 16n;
const RCX = 1;
const R11 = 11;
const PAGE_FAULT = 14;
/** Exit code of a kernel whose fault no handler could be found for; a shell says 128 + n of a program that broke. */
const TRIPLE_FAULT_CODE = 128 + 8;
const KILLED_CODE = 128 + 9;

export class KernelGuest implements Guest {
  readonly kind = 'bare-metal x86-64 kernel';
  readonly coreCount = 1;
  readonly physical = new PhysicalMemory(RAM_BYTES + OWN_BYTES, RAM_BYTES);
  /** The first pages behind the RAM, and the only ones that the CPU reaches. */
  readonly #probe = new ProbeTables(this.physical);
  readonly cpu: Cpu;
  readonly area: KernelArea;
  readonly codeSpace: CodeSpace;
  readonly exposure: NestedPaging;
  readonly memory: GuestMemory;
  readonly processName: string;
  readonly #areaTables = new PageTables(this.physical);
  readonly #walker = new PageWalker(this.physical, RAM_BYTES);
  readonly #ports: Ports;
  readonly #module: TargetModule;
  readonly #linear: LinearMemory;
  /** CR3 values in the order in which they were seen; the index is the process id. */
  readonly #roots: bigint[] = [];
  onMissing: (text: string) => void = () => undefined;
  #end: GuestEnd | undefined;
  #isHalted = false;

  /** Throws NotRunnableError for a kernel that does not fit. */
  constructor(
    library: UnicornLibrary,
    image: ElfImage,
    options: EmbeddedMachineOptions,
    writeConsole: ConsoleWriter,
  ) {
    const { physical } = this;
    const cr3 = loadKernel(image, physical, RAM_BYTES);
    this.cpu = new Cpu(library, physical, cr3, ProbeTables.endBehind(RAM_BYTES));
    this.area = new KernelArea(physical, this.#areaTables, AREA_BASE);
    this.codeSpace = this.#createCodeSpace();
    this.exposure = new NestedPaging(this.cpu, physical, this.#walker, this.#probe);
    this.memory = new GuestMemory(physical, {
      translate: (address) => this.translate(address),
      findVirtual: (address) => this.#walker.findVirtual(this.#root, address),
      written: () => this.#written(),
    });
    this.#linear = this.#createLinear();
    this.#ports = new Ports({
      print: (bytes) => writeConsole('stdout', bytes),
      powerOff: (code) => {
        this.#end = { code, signal: undefined };
        this.cpu.requestStop();
      },
      now: () => performance.now(),
    });
    this.cpu.connectPorts(this.#ports);
    this.processName = path.basename(options.program);
    const baseAddress = BigInt(Math.min(...image.segments.map(({ address }) => address)));
    this.#module = {
      path: path.resolve(options.program),
      baseAddress,
      isUserMode: false,
      is32Bit: false,
    };
    this.cpu.rip = BigInt(image.entry);
    this.cpu.rflags = INTERRUPTS_OFF;
  }

  /** The guest's tables with the machine's own pages in their slot, made anew for each call. */
  #createCodeSpace(): CodeSpace {
    const shadow = this.physical.allocatePage();
    let version = 0;
    const { bytes, view } = this.physical;
    const slot = offsetInTable(AREA_BASE, PML4_SHIFT);
    return {
      root: () => {
        const root = Number(this.#root) & -PAGE_BYTES;
        bytes.copyWithin(shadow, root, root + PAGE_BYTES);
        view.setBigUint64(shadow + slot, view.getBigUint64(this.#areaTables.root + slot, true), true);
        version++;
        return BigInt(shadow);
      },
      get version() {
        return version;
      },
      unwatched: (body) => body(),
    };
  }

  #createLinear(): LinearMemory {
    const { view } = this.physical;
    const find = (address: bigint): number | undefined => {
      // The frames of interrupts are aligned to 8 bytes, so that none crosses a page.
      const physical = this.#walker.translate(this.#root, address);
      return physical === undefined || physical + 8n > BigInt(RAM_BYTES) ? undefined : Number(physical);
    };
    return {
      readU64: (address) => {
        const at = find(address);
        return at === undefined ? undefined : view.getBigUint64(at, true);
      },
      writeU64: (address, value) => {
        const at = find(address);
        if (at !== undefined) view.setBigUint64(at, value, true);
        return at !== undefined;
      },
    };
  }

  get #root(): bigint {
    return this.cpu.engine.readRegister('cr3');
  }

  /** What the debugger writes may be code. */
  #written(): void {
    this.cpu.flushCode();
    this.exposure.forgetCode();
  }

  get end(): GuestEnd | undefined {
    return this.#end;
  }

  /** Processes are address spaces; a kernel's threads are its own business, so each has one here. */
  get place(): GuestPlace {
    const root = this.#root;
    let processId = this.#roots.indexOf(root);
    if (processId < 0) processId = this.#roots.push(root) - 1;
    return { coreId: 0, processId, threadId: processId };
  }

  hasProcess(processId: number): boolean {
    return this.#roots[processId] !== undefined;
  }

  processes(): readonly GuestProcessSummary[] {
    return this.#roots.map((cr3, processId) => ({ processId, cr3 }));
  }

  threads(): readonly GuestThreadSummary[] {
    return this.#roots.map((_, processId) => ({ processId, threadId: processId, isReady: true }));
  }

  /** Only the kernel itself can put another of its processes on the CPU. */
  switchThread(threadId: number): boolean {
    return threadId === this.place.threadId;
  }

  modules(): readonly TargetModule[] {
    return [this.#module];
  }

  selectCore(): void {
    // There is one core, and it is selected.
  }

  translate(address: bigint): bigint | undefined {
    if (address >= AREA_BASE && address < AREA_END) return this.#areaTables.translate(address);
    return this.#walker.translate(this.#root, address);
  }

  get isWaiting(): boolean {
    return this.#isHalted;
  }

  schedule(): number {
    const waitMs = this.#ports.msToTick ?? Infinity;
    if (this.#ports.pendingVector !== undefined) this.#isHalted = false;
    return this.#isHalted ? Math.max(waitMs, 1 / US_PER_MS) : 0;
  }

  get timeSliceUs(): number {
    const waitMs = this.#ports.msToTick;
    if (waitMs === undefined) return 0;
    return waitMs === 0 ? RETRY_US : Math.ceil(waitMs * US_PER_MS);
  }

  sliceOver(): void {
    // The next look at the interrupts is what the slice was for.
  }

  /** With interrupts off nothing ends a halt; else the timer does, or a key. */
  halt(): boolean {
    this.#isHalted = true;
    return (this.cpu.rflags & INTERRUPT_FLAG) !== 0n;
  }

  kill(): void {
    this.#end = { code: KILLED_CODE, signal: 'killed' };
  }

  /** The text comes from the keyboard, which never ends. */
  input(text: Uint8Array | undefined): void {
    if (text !== undefined) this.#ports.press(scanCodesOf(Buffer.from(text).toString('utf8')));
  }

  /** SYSCALL as the instruction does it (SDM volume 2): the kernel's entry point is in LSTAR. */
  systemCall(): void {
    const { cpu } = this;
    const { engine } = cpu;
    const { rflags } = cpu;
    cpu.general[RCX] = cpu.rip + SYSCALL_BYTES;
    cpu.general[R11] = rflags & ~RESUME_FLAG;
    const selector = Number((engine.readMsr(MSR.star) >> KERNEL_SELECTOR_SHIFT) & 0xffffn);
    cpu.setPrivilege(0, selector & ~3, selector + 8);
    cpu.rflags = rflags & ~engine.readMsr(MSR.flagMask) & ~RESUME_FLAG;
    cpu.rip = engine.readMsr(MSR.lstar);
  }

  /** SYSRET with a 64-bit operand (SDM volume 2): back to RCX with the flags of R11, in ring 3. */
  systemReturn(): void {
    const { cpu } = this;
    const selector = Number((cpu.engine.readMsr(MSR.star) >> USER_SELECTOR_SHIFT) & 0xffffn);
    cpu.setPrivilege(USER_LEVEL, (selector + 16) | USER_LEVEL, (selector + 8) | USER_LEVEL);
    cpu.rflags = ((cpu.general[R11] ?? 0n) & SYSRET_FLAGS) | RESERVED_FLAG;
    cpu.rip = cpu.general[RCX] ?? 0n;
  }

  /** The kernel sees each of its page faults. */
  givePage(): boolean {
    return false;
  }

  exception({ vector, errorCode, isSoftware }: GuestException, address: bigint): void {
    if (vector === PAGE_FAULT) this.cpu.engine.writeRegister('cr2', address);
    this.#deliver(vector, errorCode, isSoftware);
  }

  #deliver(vector: number, errorCode: number | undefined, isSoftware: boolean): void {
    if (deliverInterruption(this.cpu, this.#linear, { vector, errorCode, isSoftware })) return;
    // A real machine resets; for the one who debugs the kernel the fault is the end.
    this.#end = { code: TRIPLE_FAULT_CODE, signal: 'triple fault' };
  }

  pendingInterrupt(): number | undefined {
    if ((this.cpu.rflags & INTERRUPT_FLAG) === 0n) return undefined;
    return this.#ports.pendingVector;
  }

  takeInterrupt(vector: number, isLost: boolean): void {
    this.#ports.take(vector, isLost);
    this.#isHalted = false;
    // Who runs now is seen here at the latest, so that filters know the process.
    void this.place;
    if (!isLost) this.#deliver(vector, undefined, false);
  }

  inject(vector: number, errorCode: number | undefined): boolean {
    this.#deliver(vector, errorCode, false);
    return true;
  }

  dispose(): void {
    this.cpu.dispose();
  }
}
