/**
 * Unicorn's C interface, as thin as it can be: one method per library call, errors as exceptions, addresses as bigint.
 * What the calls are good for is the business of driver/embedded/cpu.
 */

import koffi from 'koffi';
import {
  UC_ARCH_X86,
  UC_CONTROL,
  UC_ERROR,
  UC_HOOK,
  UC_MEMORY_ACCESS,
  UC_MODE_64,
  UC_PROTECTION,
  UC_TLB,
  UC_X86_INSTRUCTION,
  UC_X86_REGISTER,
  UC_X86_REGISTER_XMM0,
  type UnicornRegister,
} from './unicorn-constants';
import {
  INTERRUPT_CALLBACK,
  INVALID_CALLBACK,
  PORT_READ_CALLBACK,
  PORT_WRITE_CALLBACK,
  SYSCALL_CALLBACK,
  TLB_FILL_CALLBACK,
  type Pointer,
  type Signatures,
  type UnicornLibrary,
} from './unicorn-library';

export { UnicornLibrary } from './unicorn-library';

/** `(vector)`: an exception or software interrupt of the guest, before anything is delivered. */
export type InterruptHook = (vector: number) => void;

export class UnicornError extends Error {
  override readonly name = 'UnicornError';
  constructor(
    readonly code: number,
    call: string,
    text: string,
  ) {
    super(`${call}: ${text}`);
  }
}

/** `(port, sizeBytes)`: answers an `in`. */
export type PortReadHook = (port: number, sizeBytes: number) => number;
export type PortWriteHook = (port: number, sizeBytes: number, value: number) => void;

export type MemoryAccess = 'read' | 'write' | 'execute';

/** What an address of the guest leads to, for the engine's TLB. */
export interface Translation {
  /** Physical address of the page. */
  readonly page: bigint;
  readonly rights: { readonly read: boolean; readonly write: boolean; readonly execute: boolean };
}

/** Answers an access whose translation the engine does not hold; undefined ends the run before the access. */
export type TranslationHook = (address: bigint, access: MemoryAccess) => Translation | undefined;

const VECTOR_COUNT = 16;

const ACCESS_OF_TYPE: Readonly<Record<number, MemoryAccess>> = {
  [UC_MEMORY_ACCESS.read]: 'read',
  [UC_MEMORY_ACCESS.write]: 'write',
  [UC_MEMORY_ACCESS.fetch]: 'execute',
};

/** Registers that are read and written together through one native call. `values` is the live exchange area. */
export interface RegisterBatch {
  readonly values: BigUint64Array;
  read(): void;
  write(): void;
}

/** Address of the memory behind a typed array. V8 does not move backing stores that are off its heap. */
export function addressOf(bytes: ArrayBufferView): bigint {
  return koffi.address(bytes);
}

function vectorArea(): { values: BigUint64Array; ids: Int32Array; pointers: BigUint64Array } {
  const values = new BigUint64Array(2 * VECTOR_COUNT);
  const base = addressOf(values);
  return {
    values,
    ids: Int32Array.from({ length: VECTOR_COUNT }, (_, index) => UC_X86_REGISTER_XMM0 + index),
    pointers: BigUint64Array.from({ length: VECTOR_COUNT }, (_, index) => base + BigInt(16 * index)),
  };
}

/** One x86-64 engine. Its owner calls `dispose` once, when no call is running. */
export class Unicorn {
  /** For `requestStop`, which any thread of the process may use while the engine lives. */
  readonly handle: Pointer;
  readonly #calls: Signatures;
  readonly #callbacks: bigint[] = [];
  readonly #scratch = new BigUint64Array(4);
  readonly #scratchBytes = new Uint8Array(this.#scratch.buffer);
  readonly #vectors = vectorArea();

  constructor(library: UnicornLibrary) {
    this.#calls = library.calls;
    const out: [Pointer | null] = [null];
    this.#check('uc_open', this.#calls.open(UC_ARCH_X86, UC_MODE_64, out));
    if (out[0] === null) throw new Error('uc_open returned no engine');
    this.handle = out[0];
  }

  #check(call: string, code: number): void {
    if (code !== UC_ERROR.ok) throw new UnicornError(code, call, this.#calls.strerror(code));
  }

  dispose(): void {
    this.#calls.close(this.handle);
    for (const callback of this.#callbacks.splice(0)) koffi.unregister(callback);
  }

  /** Maps memory of the engine's own. */
  map(address: bigint, sizeBytes: number, protection: number): void {
    this.#check('uc_mem_map', this.#calls.memMap(this.handle, address, sizeBytes, protection));
  }

  /** Maps memory that the caller keeps alive; `host` is page aligned. */
  mapHost(address: bigint, sizeBytes: number, protection: number, host: bigint): void {
    this.#check('uc_mem_map_ptr', this.#calls.memMapPtr(this.handle, address, sizeBytes, protection, host));
  }

  unmap(address: bigint, sizeBytes: number): void {
    this.#check('uc_mem_unmap', this.#calls.memUnmap(this.handle, address, sizeBytes));
  }

  /** Writes at a physical address; for memory of the engine's own. */
  writeMemory(address: bigint, bytes: Uint8Array): void {
    this.#check('uc_mem_write', this.#calls.memWrite(this.handle, address, bytes, bytes.length));
  }

  readRegister(register: UnicornRegister): bigint {
    this.#scratch.fill(0n);
    this.#check(
      'uc_reg_read',
      this.#calls.regRead(this.handle, UC_X86_REGISTER[register], this.#scratchBytes),
    );
    return this.#scratch[0] ?? 0n;
  }

  writeRegister(register: UnicornRegister, value: bigint): void {
    this.#scratch.fill(0n);
    this.#scratch[0] = value;
    this.#check(
      'uc_reg_write',
      this.#calls.regWrite(this.handle, UC_X86_REGISTER[register], this.#scratchBytes),
    );
  }

  /** XMM0 to XMM15, low and high half of each. */
  readVectors(): BigUint64Array {
    const { values, ids, pointers } = this.#vectors;
    const code = this.#calls.regReadBatch(this.handle, ids, pointers, ids.length);
    this.#check('uc_reg_read_batch', code);
    return values;
  }

  writeVectors(values: BigUint64Array): void {
    const { values: own, ids, pointers } = this.#vectors;
    own.set(values);
    const code = this.#calls.regWriteBatch(this.handle, ids, pointers, ids.length);
    this.#check('uc_reg_write_batch', code);
  }

  readMsr(index: number): bigint {
    this.#scratch.fill(0n);
    this.#scratch[0] = BigInt(index);
    this.#check('uc_reg_read', this.#calls.regRead(this.handle, UC_X86_REGISTER.msr, this.#scratchBytes));
    return this.#scratch[1] ?? 0n;
  }

  writeMsr(index: number, value: bigint): void {
    this.#scratch.fill(0n);
    this.#scratch[0] = BigInt(index);
    this.#scratch[1] = value;
    this.#check('uc_reg_write', this.#calls.regWrite(this.handle, UC_X86_REGISTER.msr, this.#scratchBytes));
  }

  /** `gdtr`, `idtr`, `ldtr` or `tr`. */
  writeDescriptorTable(register: UnicornRegister, base: bigint, limit: number, selector = 0): void {
    this.#scratch.set([BigInt(selector), base, BigInt(limit), 0n]);
    this.#check(
      'uc_reg_write',
      this.#calls.regWrite(this.handle, UC_X86_REGISTER[register], this.#scratchBytes),
    );
  }

  /** Base of `gdtr`, `idtr`, `ldtr` or `tr`, and its limit in bytes. */
  readDescriptorTable(register: UnicornRegister): { base: bigint; limit: number } {
    this.#scratch.fill(0n);
    this.#check(
      'uc_reg_read',
      this.#calls.regRead(this.handle, UC_X86_REGISTER[register], this.#scratchBytes),
    );
    return { base: this.#scratch[1] ?? 0n, limit: Number((this.#scratch[2] ?? 0n) & 0xffff_ffffn) };
  }

  batch(registers: readonly UnicornRegister[]): RegisterBatch {
    const ids = Int32Array.from(registers, (name) => UC_X86_REGISTER[name]);
    const values = new BigUint64Array(registers.length);
    const base = addressOf(values);
    const pointers = BigUint64Array.from(registers, (_, index) => base + BigInt(8 * index));
    const { regReadBatch, regWriteBatch } = this.#calls;
    const { handle } = this;
    return {
      values,
      read: () => this.#check('uc_reg_read_batch', regReadBatch(handle, ids, pointers, ids.length)),
      write: () => this.#check('uc_reg_write_batch', regWriteBatch(handle, ids, pointers, ids.length)),
    };
  }

  /** Runs until a stop; returns UC_ERROR. With exits in use `until` has no meaning. `count` 0 is unlimited. */
  start(begin: bigint, until: bigint, timeoutUs: number, count: number): number {
    return this.#calls.emuStart(this.handle, begin, until, timeoutUs, count);
  }

  requestStop(): void {
    this.#calls.emuStop(this.handle);
  }

  errorText(code: number): string {
    return this.#calls.strerror(code);
  }

  useExits(): void {
    this.#check('uc_ctl(use_exits)', this.#calls.control1(this.handle, UC_CONTROL.useExits, 1));
  }

  /** Addresses where `start` comes back before executing. Cached translations keep their old ones until flushed. */
  setExits(exits: BigUint64Array): void {
    this.#check(
      'uc_ctl(exits)',
      this.#calls.controlExits(this.handle, UC_CONTROL.exits, exits, exits.length),
    );
  }

  flushTranslations(): void {
    this.#check('uc_ctl(tb_flush)', this.#calls.control1(this.handle, UC_CONTROL.flushTranslations, 0));
  }

  flushTlb(): void {
    this.#check('uc_ctl(tlb_flush)', this.#calls.control1(this.handle, UC_CONTROL.flushTlb, 0));
  }

  onInterrupt(hook: InterruptHook): void {
    const callback = koffi.register((_: unknown, vector: number) => hook(vector), INTERRUPT_CALLBACK);
    this.#addHook(UC_HOOK.interrupt, callback);
  }

  /** True goes on as if the instruction had been a no-op. */
  onInvalidInstruction(hook: () => boolean): void {
    this.#addHook(UC_HOOK.invalidInstruction, koffi.register(hook, INVALID_CALLBACK));
  }

  onSyscall(hook: () => void): void {
    this.#addInstructionHook(UC_X86_INSTRUCTION.syscall, koffi.register(hook, SYSCALL_CALLBACK));
  }

  /** `in` and `ins`, an access at a time. */
  onPortRead(hook: PortReadHook): void {
    const callback = koffi.register(
      (_: unknown, port: number, size: number) => hook(port, size) >>> 0,
      PORT_READ_CALLBACK,
    );
    this.#addInstructionHook(UC_X86_INSTRUCTION.in, callback);
  }

  /** `out` and `outs`, an access at a time. */
  onPortWrite(hook: PortWriteHook): void {
    const callback = koffi.register(
      (_: unknown, port: number, size: number, value: number) => hook(port, size, value),
      PORT_WRITE_CALLBACK,
    );
    this.#addInstructionHook(UC_X86_INSTRUCTION.out, callback);
  }

  /** Asked instead of the guest's page tables after `useTranslations(true)`. */
  onTranslation(hook: TranslationHook): void {
    const callback = koffi.register(
      (_: unknown, address: bigint | number, type: number, result: unknown): boolean => {
        const access = ACCESS_OF_TYPE[type];
        const found = access === undefined ? undefined : hook(BigInt(address), access);
        if (found === undefined) return false;
        const { read, write, execute } = found.rights;
        koffi.encode(result, 0, 'uint64_t', found.page);
        koffi.encode(
          result,
          8,
          'uint32_t',
          (read ? UC_PROTECTION.read : 0) |
            (write ? UC_PROTECTION.write : 0) |
            (execute ? UC_PROTECTION.execute : 0),
        );
        return true;
      },
      TLB_FILL_CALLBACK,
    );
    this.#addHook(UC_HOOK.tlbFill, callback);
  }

  /** Takes translations from the hook, or from the guest's page tables again. The TLB is empty afterwards. */
  useTranslations(fromHook: boolean): void {
    const type = fromHook ? UC_TLB.virtual : UC_TLB.cpu;
    this.#check('uc_ctl(tlb_type)', this.#calls.control1(this.handle, UC_CONTROL.tlbType, type));
    this.flushTlb();
  }

  #addInstructionHook(instruction: number, callback: bigint): void {
    this.#callbacks.push(callback);
    const { hookAddInstruction } = this.#calls;
    const code = hookAddInstruction(
      this.handle,
      [0],
      UC_HOOK.instruction,
      callback,
      null,
      1n,
      0n,
      instruction,
    );
    this.#check('uc_hook_add', code);
  }

  /** For all addresses, which a begin behind the end stands for. */
  #addHook(type: number, callback: bigint): void {
    this.#callbacks.push(callback);
    const code = this.#calls.hookAdd(this.handle, [0], type, callback, null, 1n, 0n);
    this.#check('uc_hook_add', code);
  }

  createContext(): UnicornContext {
    const out: [Pointer | null] = [null];
    this.#check('uc_context_alloc', this.#calls.contextAlloc(this.handle, out));
    if (out[0] === null) throw new Error('uc_context_alloc returned no context');
    return new UnicornContext(this.#calls, this.handle, out[0]);
  }

  /** One byte of the engine's own state block; see cpu/engine-layout for what may be touched. */
  readEngineByte(offset: number): number {
    return Number(koffi.decode(this.handle, offset, 'uint8_t'));
  }

  readEngineInt(offset: number): number {
    return Number(koffi.decode(this.handle, offset, 'int32_t'));
  }

  writeEngineByte(offset: number, value: number): void {
    koffi.encode(this.handle, offset, 'uint8_t', value);
  }
}

/** A saved CPU state: registers, not memory. */
export class UnicornContext {
  readonly sizeBytes: number;

  constructor(
    readonly calls: Signatures,
    readonly engine: Pointer,
    readonly pointer: Pointer,
  ) {
    this.sizeBytes = Number(calls.contextSize(engine));
  }

  save(): void {
    this.calls.contextSave(this.engine, this.pointer);
  }

  restore(): void {
    this.calls.contextRestore(this.engine, this.pointer);
  }

  readInt(offset: number): number {
    return Number(koffi.decode(this.pointer, offset, 'int32_t'));
  }

  writeInt(offset: number, value: number): void {
    koffi.encode(this.pointer, offset, 'int32_t', value);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(
      koffi.decode(this.pointer, koffi.array('uint8_t', this.sizeBytes, 'Typed')) as Uint8Array,
    );
  }

  dispose(): void {
    this.calls.contextFree(this.pointer);
  }
}

/** Asks an engine that another thread runs to stop soon. Harmless while it does not run; it must not be disposed yet. */
export function requestEngineStop(library: UnicornLibrary, engine: bigint): void {
  library.calls.emuStop(engine);
}
