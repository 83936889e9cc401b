/** A machine made of arrays: one page of memory, 120 registers, two cores, one process. No CPU. */

import type { ScriptMemory } from '../../../../script-engine/evaluator/script-machine';
import type { EventRequest, ProcessDetails, TargetModule } from '../../../../driver/debuggee';
import type {
  CodeResult,
  CodeRunner,
  EventHost,
  HaltCause,
  SafeBuffer,
  ScriptRequest,
} from '../../../../driver/embedded/events/event-host';
import type {
  CpuidResult,
  Machine,
  PageTableWalk,
  ProcessSummary,
  ThreadSummary,
} from '../../../../driver/embedded/server/machine';
import { DEBUGGER_ERROR, REGS_ENUM } from '../../../../driver/sdk/tables.generated';

export const PAGE = 0x400000n;
export const PAGE_BYTES = 4096;
export const PROCESS_ID = 0x1c0;
export const THREAD_ID = 0x20;
const PHYSICAL_SHIFT = 0x1000000n;
/** REGS_ENUM ids of the general registers, in GUEST_REGS order. */
const GENERAL = [0, 5, 10, 15, 20, 24, 28, 32, 36, 41, 46, 51, 56, 61, 66, 71];

class PlainMemory implements ScriptMemory {
  readonly pages = new Map<bigint, Uint8Array>([
    [PAGE, new Uint8Array(PAGE_BYTES)],
    [PAGE + 0x1000n, new Uint8Array(PAGE_BYTES)],
    [PAGE + 0x3000n, new Uint8Array(PAGE_BYTES)],
  ]);
  /** Every read asked for, to see how requests were cut. */
  readonly reads: { address: bigint; sizeBytes: number }[] = [];

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    this.reads.push({ address, sizeBytes });
    const bytes = new Uint8Array(sizeBytes);
    for (let i = 0; i < sizeBytes; i++) {
      const cell = this.#cell(address + BigInt(i));
      if (cell === undefined) return undefined;
      bytes[i] = cell.page[cell.at] ?? 0;
    }
    return bytes;
  }
  write(address: bigint, bytes: Uint8Array): boolean {
    if (bytes.some((_, i) => this.#cell(address + BigInt(i)) === undefined)) return false;
    bytes.forEach((byte, i) => {
      const cell = this.#cell(address + BigInt(i));
      if (cell !== undefined) cell.page[cell.at] = byte;
    });
    return true;
  }
  #cell(address: bigint): { page: Uint8Array; at: number } | undefined {
    const page = this.pages.get(address - (address % 0x1000n));
    return page && { page, at: Number(address % 0x1000n) };
  }
  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined {
    return address < PHYSICAL_SHIFT ? undefined : this.read(address - PHYSICAL_SHIFT, sizeBytes);
  }
  writePhysical(address: bigint, bytes: Uint8Array): boolean {
    return address >= PHYSICAL_SHIFT && this.write(address - PHYSICAL_SHIFT, bytes);
  }
  virtualToPhysical(address: bigint): bigint | undefined {
    return this.#cell(address) && address + PHYSICAL_SHIFT;
  }
  physicalToVirtual(address: bigint): bigint | undefined {
    return address < PHYSICAL_SHIFT ? undefined : address - PHYSICAL_SHIFT;
  }
}

export class PlainMachine implements Machine, EventHost {
  readonly coreCount = 2;
  currentCore = 0;
  processId = PROCESS_ID;
  readonly is32Bit = false;
  readonly generalRegisters = new BigUint64Array(16);
  readonly otherRegisters = new Map<number, bigint>([
    [REGS_ENUM.REGISTER_RIP, PAGE],
    [REGS_ENUM.REGISTER_RFLAGS, 0x246n],
    [REGS_ENUM.REGISTER_CS, 0x33n],
    [REGS_ENUM.REGISTER_SS, 0x2bn],
  ]);
  readonly memory = new PlainMemory();
  readonly breakpoints = new Set<bigint>();
  readonly armed: EventRequest[] = [];
  readonly messages: { operation: number; text: string }[] = [];
  readonly sentBuffers: { eventTag: bigint; bytes: Uint8Array }[] = [];
  readonly halts: HaltCause[] = [];
  readonly asked: ScriptRequest[] = [];
  readonly released: SafeBuffer[] = [];
  /** Everything in the order it happened. */
  readonly story: string[] = [];
  armStatus: number = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  onHalt: ((cause: HaltCause) => void) | undefined;
  onMessage: ((operation: number, text: string) => void) | undefined;
  onBuffer: ((eventTag: bigint, bytes: Uint8Array) => void) | undefined;
  moduleList: readonly TargetModule[] = [
    { path: '/home/user/größe', baseAddress: PAGE, isUserMode: true, is32Bit: false },
    { path: '/lib/ld.so', baseAddress: 0x7f0000000000n, isUserMode: true, is32Bit: false },
  ];
  readonly switched: number[] = [];
  readonly msrs = new Map<number, bigint>([[0xc0000080, 0xd01n]]);
  handlers: readonly bigint[] | undefined;
  #buffers = 0;

  get place() {
    return {
      coreId: this.currentCore,
      processId: this.processId,
      threadId: THREAD_ID,
      processNameAddress: 0x5000n,
      processObject: 0xffff800000001000n,
      threadObject: 0xffff800000002000n,
      tebAddress: 0n,
      instructionPointer: this.readRegister(REGS_ENUM.REGISTER_RIP),
      dateAddress: 0n,
      timeAddress: 0n,
    };
  }
  readRegister(registerId: number): bigint {
    const general = GENERAL.indexOf(registerId);
    return general >= 0 ? this.generalRegisters[general]! : (this.otherRegisters.get(registerId) ?? 0n);
  }
  writeRegister(registerId: number, value: bigint): boolean {
    const general = GENERAL.indexOf(registerId);
    if (general >= 0) this.generalRegisters[general] = value;
    else if (registerId > REGS_ENUM.REGISTER_DR7) return false;
    else this.otherRegisters.set(registerId, value);
    return true;
  }
  selectCore(core: number): void {
    this.currentCore = core;
  }
  pageTableEntries(address: bigint): PageTableWalk | undefined {
    if (this.memory.virtualToPhysical(address) === undefined) return undefined;
    const entry = (n: bigint) => ({ address: n * 0x1000n, value: n });
    return [entry(1n), entry(2n), entry(3n), entry(4n)];
  }
  currentProcess(): ProcessDetails {
    const { processId, threadId, processObject, threadObject } = this.place;
    return { processId, threadId, processName: 'guest', processObject, threadObject };
  }
  hasProcess(processId: number): boolean {
    return processId === PROCESS_ID;
  }
  processes(): readonly ProcessSummary[] {
    const { processId, processObject } = this.place;
    return [{ processId, processName: 'guest', processObject, cr3: 0x1000n }];
  }
  threads(): readonly ThreadSummary[] {
    const { processId, threadId, threadObject } = this.place;
    return [
      { processId, threadId, threadObject },
      { processId, threadId: threadId + 1, threadObject: threadObject + 1n },
    ];
  }
  switchThread(threadId: number): boolean {
    this.switched.push(threadId);
    return this.threads().some((thread) => thread.threadId === threadId);
  }
  readMsr(msr: number): bigint | undefined {
    return this.msrs.get(msr);
  }
  writeMsr(msr: number, value: bigint): boolean {
    if (!this.msrs.has(msr)) return false;
    this.msrs.set(msr, value);
    return true;
  }
  cpuid(leaf: number, subleaf: number): CpuidResult {
    return { eax: leaf, ebx: subleaf, ecx: 0x33, edx: 0x44 };
  }
  interruptHandlers(): readonly bigint[] | undefined {
    return this.handlers;
  }
  modules(): readonly TargetModule[] {
    return this.moduleList;
  }
  plantBreakpoint(address: bigint): boolean {
    if (this.memory.virtualToPhysical(address) === undefined) return false;
    this.breakpoints.add(address);
    return true;
  }
  removeBreakpoint(address: bigint): void {
    this.breakpoints.delete(address);
  }
  arm(event: EventRequest): number {
    if (this.armStatus === DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL) this.armed.push(event);
    return this.armStatus;
  }
  disarm(event: EventRequest): void {
    this.armed.splice(this.armed.indexOf(event), 1);
  }
  allocateBuffer(sizeBytes: number): SafeBuffer {
    const address = PAGE + 0x3000n + BigInt(0x400 * this.#buffers++);
    return { address, sizeBytes, read: () => this.memory.read(address, sizeBytes)! };
  }
  releaseBuffer(buffer: SafeBuffer): void {
    this.released.push(buffer);
  }
  message(operation: number, text: string): void {
    this.messages.push({ operation, text });
    this.story.push(text.trim());
    this.onMessage?.(operation, text);
  }
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void {
    this.sentBuffers.push({ eventTag, bytes });
    this.onBuffer?.(eventTag, bytes);
  }
  halt(cause: HaltCause): void {
    this.halts.push(cause);
    this.story.push('halt');
    this.onHalt?.(cause);
  }
  flush(): void {
    this.story.push('flush');
  }
  scriptAsked(request: ScriptRequest): void {
    this.asked.push(request);
  }
  injectInterrupt(): boolean {
    return false;
  }
}

/** Code of one byte: 0 and 1 are what a condition returns, 0xee fails, 0xbf returns the buffer and counts in it. */
export class PlainCodeRunner implements CodeRunner {
  readonly runs: { kind: string; context: bigint }[] = [];
  constructor(readonly machine: PlainMachine) {}

  run(
    code: Uint8Array,
    kind: 'condition' | 'action',
    _registers: BigUint64Array,
    context: bigint,
    buffer: SafeBuffer | undefined,
  ): CodeResult {
    this.runs.push({ kind, context });
    if (kind === 'action') this.machine.story.push('code');
    if (code[0] === 0xee) return { ok: false, error: 'it ran into an invalid opcode at offset 0x0' };
    if (code[0] !== 0xbf || buffer === undefined) return { ok: true, rax: BigInt(code[0]!) };
    this.machine.memory.write(buffer.address, Uint8Array.of(buffer.read()[0]! + 1));
    return { ok: true, rax: buffer.address };
  }
}
