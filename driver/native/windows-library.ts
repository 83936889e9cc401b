/** kernel32 and advapi32: the functions that the driver's device and its service need, and nothing about what they are for. */

import koffi from 'koffi';

/** A HANDLE or SC_HANDLE. koffi gives a number when the value is small and a bigint when it is big. */
export type Handle = number | bigint;
/** Address of native memory. */
export type Pointer = bigint;

type Callback<R> = (error: Error | null, result: R) => void;

/** A function of a library that can also run on a worker thread. */
type Foreign<A extends readonly unknown[], R> = ((...args: A) => R) & {
  readonly async: (...args: [...A, Callback<R>]) => void;
};

type Out<T> = [T | null];

export interface WindowsCalls {
  readonly createFile: Foreign<[string, number, number, null, number, number, null], Handle>;
  readonly closeHandle: Foreign<[Handle], number>;
  readonly deviceIoControl: Foreign<
    [
      Handle,
      number,
      Uint8Array | Pointer | null,
      number,
      Uint8Array | Pointer | null,
      number,
      Out<number>,
      Pointer | null,
    ],
    number
  >;
  readonly cancelIo: Foreign<[Handle, Pointer | null], number>;
  readonly createEvent: Foreign<[null, number, number, null], Handle>;
  readonly createMutex: Foreign<[null, number, string], Handle>;
  readonly overlappedResult: Foreign<[Handle, Pointer, Out<number>, number], number>;
  readonly registerWait: Foreign<[Out<Handle>, Handle, Pointer, number, number, number], number>;
  readonly unregisterWait: Foreign<[Handle, Handle], number>;
  readonly lastError: Foreign<[], number>;
  readonly currentProcess: Foreign<[], Handle>;
  readonly openProcessToken: Foreign<[Handle, number, Out<Handle>], number>;
  readonly lookupPrivilege: Foreign<[null, string, Uint8Array], number>;
  readonly adjustPrivileges: Foreign<[Handle, number, Uint8Array, number, null, null], number>;
  readonly openServiceManager: Foreign<[null, null, number], Handle>;
  readonly createService: Foreign<
    [Handle, string, string, number, number, number, number, string, null, null, null, null, null],
    Handle
  >;
  readonly openService: Foreign<[Handle, string, number], Handle>;
  readonly startService: Foreign<[Handle, number, null], number>;
  readonly controlService: Foreign<[Handle, number, Uint8Array], number>;
  readonly queryService: Foreign<[Handle, Uint8Array], number>;
  readonly deleteService: Foreign<[Handle], number>;
  readonly closeService: Foreign<[Handle], number>;
}

type Declarations = Partial<Record<keyof WindowsCalls, string>>;

const KERNEL32: Declarations = {
  createFile: 'intptr __stdcall CreateFileW(str16,uint32,uint32,void*,uint32,uint32,void*)',
  closeHandle: 'int __stdcall CloseHandle(intptr)',
  deviceIoControl:
    'int __stdcall DeviceIoControl(intptr,uint32,void*,uint32,void*,uint32,_Out_ uint32*,void*)',
  cancelIo: 'int __stdcall CancelIoEx(intptr,void*)',
  createEvent: 'intptr __stdcall CreateEventW(void*,int,int,void*)',
  createMutex: 'intptr __stdcall CreateMutexW(void*,int,str16)',
  overlappedResult: 'int __stdcall GetOverlappedResult(intptr,void*,_Out_ uint32*,int)',
  registerWait: 'int __stdcall RegisterWaitForSingleObject(_Out_ intptr*,intptr,void*,uintptr,uint32,uint32)',
  unregisterWait: 'int __stdcall UnregisterWaitEx(intptr,intptr)',
  lastError: 'uint32 __stdcall GetLastError()',
  currentProcess: 'intptr __stdcall GetCurrentProcess()',
};

const ADVAPI32: Declarations = {
  openProcessToken: 'int __stdcall OpenProcessToken(intptr,uint32,_Out_ intptr*)',
  lookupPrivilege: 'int __stdcall LookupPrivilegeValueW(void*,str16,void*)',
  adjustPrivileges: 'int __stdcall AdjustTokenPrivileges(intptr,int,void*,uint32,void*,void*)',
  openServiceManager: 'intptr __stdcall OpenSCManagerW(void*,void*,uint32)',
  createService:
    'intptr __stdcall CreateServiceW(intptr,str16,str16,uint32,uint32,uint32,uint32,str16,void*,void*,void*,void*,void*)',
  openService: 'intptr __stdcall OpenServiceW(intptr,str16,uint32)',
  startService: 'int __stdcall StartServiceW(intptr,uint32,void*)',
  controlService: 'int __stdcall ControlService(intptr,uint32,void*)',
  queryService: 'int __stdcall QueryServiceStatus(intptr,void*)',
  deleteService: 'int __stdcall DeleteService(intptr)',
  closeService: 'int __stdcall CloseServiceHandle(intptr)',
};

let loaded: WindowsCalls | undefined;

/** The functions. Throws on every system but Windows, where the libraries do not exist. */
export function windowsCalls(): WindowsCalls {
  if (process.platform !== 'win32')
    throw new Error(`kernel32 is part of Windows; this is ${process.platform}`);
  if (loaded !== undefined) return loaded;
  const declared = [
    ['kernel32.dll', KERNEL32],
    ['advapi32.dll', ADVAPI32],
  ] as const;
  const calls = declared.flatMap(([file, declarations]) => {
    const library = koffi.load(file);
    return Object.entries(declarations).map(([name, text]) => [name, library.func(text)] as const);
  });
  loaded = Object.fromEntries(calls) as Record<string, unknown> as WindowsCalls & Record<string, unknown>;
  return loaded;
}

/** Native memory that stays where it is while Windows writes to it. Free it once, when Windows is done. */
export class NativeMemory {
  readonly address: Pointer;

  constructor(readonly sizeBytes: number) {
    this.address = koffi.alloc('uint8_t', Math.max(1, sizeBytes)) as Pointer;
    this.write(new Uint8Array(sizeBytes));
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > 0) koffi.encode(this.address, koffi.array('uint8_t', bytes.length), bytes);
  }

  read(sizeBytes: number): Uint8Array {
    if (sizeBytes === 0) return new Uint8Array(0);
    return Uint8Array.from(koffi.decode(this.address, koffi.array('uint8_t', sizeBytes)) as Iterable<number>);
  }

  free(): void {
    koffi.free(this.address);
  }
}

let waitCallbackType: ReturnType<typeof koffi.pointer> | undefined;

/** A callback for RegisterWaitForSingleObject. It is called on the JavaScript thread, with the number that was registered. */
export function registerWaitCallback(called: (context: number) => void): Pointer {
  waitCallbackType ??= koffi.pointer(koffi.proto('void __stdcall HdsWaitCallback(uintptr, uint8)'));
  return koffi.register((context: Handle) => called(Number(context)), waitCallbackType) as Pointer;
}

/** INVALID_HANDLE_VALUE, or no handle at all. */
export function isInvalid(handle: Handle): boolean {
  const value = BigInt(handle);
  return value === 0n || value === -1n;
}
