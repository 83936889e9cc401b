/** A loaded libunicorn: its C functions, their signatures, and the types of its callbacks. */

import koffi from 'koffi';

/** Address of a native object; koffi hands pointers out as bigint. */
export type Pointer = bigint;

export interface Signatures {
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
  readonly memUnmap: (engine: Pointer, address: bigint, size: number) => number;
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
  memUnmap: 'int uc_mem_unmap(void *engine, uint64_t address, size_t size)',
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

export const INTERRUPT_CALLBACK = koffi.pointer(
  koffi.proto('void UnicornInterrupt(void *engine, uint32_t vector, void *user)'),
);
export const SYSCALL_CALLBACK = koffi.pointer(koffi.proto('void UnicornSyscall(void *engine, void *user)'));
export const INVALID_CALLBACK = koffi.pointer(koffi.proto('bool UnicornInvalid(void *engine, void *user)'));
export const PORT_READ_CALLBACK = koffi.pointer(
  koffi.proto('uint32_t UnicornPortRead(void *engine, uint32_t port, int size, void *user)'),
);
export const PORT_WRITE_CALLBACK = koffi.pointer(
  koffi.proto('void UnicornPortWrite(void *engine, uint32_t port, int size, uint32_t value, void *user)'),
);
export const TLB_FILL_CALLBACK = koffi.pointer(
  koffi.proto('bool UnicornTlbFill(void *engine, uint64_t address, int type, void *result, void *user)'),
);

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
