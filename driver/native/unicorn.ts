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
  UC_MODE_64,
  UC_X86_INSTRUCTION_SYSCALL,
  UC_X86_REGISTER,
  type UnicornRegister,
} from './unicorn-constants';

/** Address of a native object; koffi hands pointers out as bigint. */
type Pointer = bigint;

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

interface Signatures {
  readonly version: (major: Buffer, minor: Buffer) => number;
  readonly open: (arch: number, mode: number, engine: [Pointer | null]) => number;
  readonly close: (engine: Pointer) => number;
  readonly strerror: (code: number) => string;
  readonly emuStart: (e: Pointer, begin: bigint, until: bigint, timeoutUs: number, count: number) => number;
  readonly emuStop: (engine: Pointer) => number;
  readonly regRead: (engine: Pointer, id: number, value: Uint8Array) => number;
  readonly regWrite: (engine: Pointer, id: number, value: Uint8Array) => number;
  readonly regReadBatch: (
    engine: Pointer,
    ids: Int32Array,
    pointers: BigUint64Array,
    count: number,
  ) => number;
  readonly regWriteBatch: (
    engine: Pointer,
    ids: Int32Array,
    pointers: BigUint64Array,
    count: number,
  ) => number;
  readonly memMap: (engine: Pointer, address: bigint, size: number, protection: number) => number;
  readonly memMapPtr: (
    e: Pointer,
    address: bigint,
    size: number,
    protection: number,
    host: Pointer,
  ) => number;
  readonly memWrite: (engine: Pointer, address: bigint, bytes: Uint8Array, size: number) => number;
  readonly hookAdd: (
    e: Pointer,
    id: [number | bigint],
    type: number,
    callback: Pointer,
    user: null,
    begin: bigint,
    end: bigint,
  ) => number;
  readonly hookAddInstruction: (
    e: Pointer,
    id: [number | bigint],
    type: number,
    callback: Pointer,
    user: null,
    begin: bigint,
    end: bigint,
    instruction: number,
  ) => number;
  readonly control1: (engine: Pointer, control: number, value: number) => number;
  readonly controlExits: (engine: Pointer, control: number, exits: BigUint64Array, count: number) => number;
  readonly contextSize: (engine: Pointer) => number | bigint;
  readonly contextAlloc: (engine: Pointer, context: [Pointer | null]) => number;
  readonly contextSave: (engine: Pointer, context: Pointer) => number;
  readonly contextRestore: (engine: Pointer, context: Pointer) => number;
  readonly contextFree: (context: Pointer) => number;
}

const DECLARATIONS: Record<keyof Signatures, string> = {
  version: 'unsigned int uc_version(void *major, void *minor)',
  open: 'int uc_open(int arch, int mode, _Out_ void **engine)',
  close: 'int uc_close(void *engine)',
  strerror: 'const char *uc_strerror(int code)',
  emuStart: 'int uc_emu_start(void *e, uint64_t begin, uint64_t until, uint64_t timeout, size_t count)',
  emuStop: 'int uc_emu_stop(void *engine)',
  regRead: 'int uc_reg_read(void *engine, int id, void *value)',
  regWrite: 'int uc_reg_write(void *engine, int id, const void *value)',
  regReadBatch: 'int uc_reg_read_batch(void *engine, const void *ids, void *values, int count)',
  regWriteBatch: 'int uc_reg_write_batch(void *engine, const void *ids, void *values, int count)',
  memMap: 'int uc_mem_map(void *engine, uint64_t address, size_t size, uint32_t protection)',
  memMapPtr: 'int uc_mem_map_ptr(void *e, uint64_t address, size_t size, uint32_t protection, void *host)',
  memWrite: 'int uc_mem_write(void *engine, uint64_t address, const void *bytes, size_t size)',
  hookAdd:
    'int uc_hook_add(void *e, _Out_ size_t *id, int type, void *callback, void *user, uint64_t begin, uint64_t end)',
  hookAddInstruction:
    'int uc_hook_add(void *e, _Out_ size_t *id, int type, void *callback, void *user, uint64_t begin, uint64_t end, int insn)',
  control1: 'int uc_ctl(void *engine, uint32_t control, int value)',
  controlExits: 'int uc_ctl(void *engine, uint32_t control, const void *exits, size_t count)',
  contextSize: 'size_t uc_context_size(void *engine)',
  contextAlloc: 'int uc_context_alloc(void *engine, _Out_ void **context)',
  contextSave: 'int uc_context_save(void *engine, void *context)',
  contextRestore: 'int uc_context_restore(void *engine, void *context)',
  contextFree: 'int uc_context_free(void *context)',
};

const INTERRUPT_CALLBACK = koffi.pointer(
  koffi.proto('void UnicornInterrupt(void *engine, uint32_t vector, void *user)'),
);
const SYSCALL_CALLBACK = koffi.pointer(koffi.proto('void UnicornSyscall(void *engine, void *user)'));
const INVALID_CALLBACK = koffi.pointer(koffi.proto('bool UnicornInvalid(void *engine, void *user)'));
/** A loaded libunicorn. Loading proves that the file is a library with these functions; `version` tells which. */
export class UnicornLibrary {
  readonly calls: Signatures;
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };

  /** Throws when `file` cannot be loaded or lacks a function. `file` may be a bare name for the system's search. */
  constructor(readonly file: string) {
    const library = koffi.load(file);
    const entries = Object.entries(DECLARATIONS).map(([name, declaration]) => [
      name,
      library.func(declaration),
    ]);
    this.calls = Object.fromEntries(entries) as Signatures;
    const combined = this.calls.version(Buffer.alloc(4), Buffer.alloc(4));
    this.version = {
      major: combined >>> 24,
      minor: (combined >>> 16) & 0xff,
      patch: (combined >>> 8) & 0xff,
    };
  }
}

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

/** One x86-64 engine. Its owner calls `dispose` once, when no call is running. */
export class Unicorn {
  /** For `requestStop`, which any thread of the process may use while the engine lives. */
  readonly handle: Pointer;
  readonly #calls: Signatures;
  readonly #callbacks: bigint[] = [];
  readonly #scratch = new BigUint64Array(4);
  readonly #scratchBytes = new Uint8Array(this.#scratch.buffer);

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

  /** Writes at a physical address; for engines whose memory is their own. */
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
    const callback = koffi.register(hook, SYSCALL_CALLBACK);
    this.#callbacks.push(callback);
    const { hookAddInstruction } = this.#calls;
    const { handle } = this;
    this.#check(
      'uc_hook_add',
      hookAddInstruction(
        handle,
        [0],
        UC_HOOK.instruction,
        callback,
        null,
        1n,
        0n,
        UC_X86_INSTRUCTION_SYSCALL,
      ),
    );
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
