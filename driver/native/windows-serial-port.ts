/**
 * A serial port of Windows as a stream of bytes (driver-protocol 8.1). One overlapped request each way is looked at by a timer:
 * waiting in koffi's threads would take them from everybody else in the process.
 */

import koffi from 'koffi';
import type { ByteStream } from '../byte-stream';
import { DriverError } from '../driver-error';

const BITS_PER_BYTE = 10;
const POLL_MS = 4;
/** Off the JavaScript heap for certain: the system writes into it after the call. */
const BUFFER_BYTES = 4096;
const OVERLAPPED_BYTES = 32;
const DCB_BYTES = 28;
const GENERIC_READ_WRITE = 0xc0000000;
const OPEN_EXISTING = 3;
const FILE_FLAG_OVERLAPPED = 0x40000000;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_ACCESS_DENIED = 5;
const ERROR_IO_PENDING = 997;
const ERROR_IO_INCOMPLETE = 996;

type Handle = bigint;

function loadKernel() {
  const kernel = koffi.load('kernel32.dll');
  return {
    open: kernel.func(
      'intptr_t CreateFileW(str16 name, uint32_t access, uint32_t share, void *security, uint32_t how, uint32_t flags, void *template)',
    ) as (n: string, a: number, s: number, x: null, h: number, f: number, t: null) => number | bigint,
    buildSettings: kernel.func('bool BuildCommDCBW(str16 text, void *dcb)') as (
      t: string,
      d: Uint8Array,
    ) => boolean,
    setSettings: kernel.func('bool SetCommState(intptr_t file, void *dcb)') as (
      f: Handle,
      d: Uint8Array,
    ) => boolean,
    setTimeouts: kernel.func('bool SetCommTimeouts(intptr_t file, void *timeouts)') as (
      f: Handle,
      t: Uint32Array,
    ) => boolean,
    read: kernel.func(
      'bool ReadFile(intptr_t file, void *bytes, uint32_t size, void *done, void *overlapped)',
    ) as (f: Handle, b: Uint8Array, s: number, d: null, o: Uint8Array) => boolean,
    write: kernel.func(
      'bool WriteFile(intptr_t file, void *bytes, uint32_t size, void *done, void *overlapped)',
    ) as (f: Handle, b: Uint8Array, s: number, d: null, o: Uint8Array) => boolean,
    result: kernel.func(
      'bool GetOverlappedResult(intptr_t file, void *overlapped, void *done, bool wait)',
    ) as (f: Handle, o: Uint8Array, d: Uint32Array, w: boolean) => boolean,
    cancel: kernel.func('bool CancelIoEx(intptr_t file, void *overlapped)') as (
      f: Handle,
      o: null,
    ) => boolean,
    close: kernel.func('bool CloseHandle(intptr_t file)') as (f: Handle) => boolean,
    lastError: kernel.func('uint32_t GetLastError()') as () => number,
  };
}
type Kernel = ReturnType<typeof loadKernel>;

/** Throws DriverError. `device` is `COM3`, or any name of Windows for a device. */
export function openWindowsSerialPort(device: string, baud: number, description: string): ByteStream {
  const kernel = loadKernel();
  const operation = `Connecting to ${description}`;
  const path = device.includes('\\') ? device : `\\\\.\\${device}`;
  const opened = kernel.open(path, GENERIC_READ_WRITE, 0, null, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, null);
  const handle = BigInt(opened);
  if (handle === -1n) throw new DriverError(operation, undefined, openReason(device, kernel.lastError()));
  const settings = new Uint8Array(DCB_BYTES);
  new DataView(settings.buffer).setUint32(0, DCB_BYTES, true);
  const isSet =
    kernel.buildSettings(`baud=${baud} parity=N data=8 stop=1`, settings) &&
    kernel.setSettings(handle, settings) &&
    // A read ends with a short silence behind a byte, or after a second without any (ms: gap, per byte, in all; writes none).
    kernel.setTimeouts(handle, Uint32Array.of(2, 0, 1000, 0, 0));
  if (!isSet) {
    const code = kernel.lastError();
    kernel.close(handle);
    throw new DriverError(
      operation,
      undefined,
      `${device} does not take ${baud} baud (Windows error ${code})`,
    );
  }
  return new WindowsSerialPort(kernel, handle, description, baud / BITS_PER_BYTE);
}

function openReason(device: string, code: number): string {
  if (code === ERROR_FILE_NOT_FOUND)
    return `there is no port ${device}; check its name in the device manager, and that the adapter is plugged in`;
  if (code === ERROR_ACCESS_DENIED) return `another program has ${device} open; end it first`;
  return `${device} cannot be opened (Windows error ${code})`;
}

interface Transfer {
  readonly overlapped: Uint8Array;
  readonly bytes: Uint8Array;
  isPending: boolean;
}

const transfer = (): Transfer => ({
  overlapped: new Uint8Array(new ArrayBuffer(BUFFER_BYTES), 0, OVERLAPPED_BYTES),
  bytes: new Uint8Array(BUFFER_BYTES),
  isPending: false,
});

class WindowsSerialPort implements ByteStream {
  readonly #reading = transfer();
  readonly #writing = transfer();
  #unsent = new Uint8Array(0);
  #onBytes: ((bytes: Uint8Array) => void) | undefined;
  #onClosed: ((reason: string) => void) | undefined;
  #closed: string | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly kernel: Kernel,
    private readonly handle: Handle,
    readonly description: string,
    readonly bytesPerSecond: number,
  ) {
    this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  send(bytes: Uint8Array): void {
    if (this.#closed !== undefined) return;
    const unsent = new Uint8Array(this.#unsent.length + bytes.length);
    unsent.set(this.#unsent);
    unsent.set(bytes, this.#unsent.length);
    this.#unsent = unsent;
    this.#look();
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#onBytes = listener;
  }

  onClosed(listener: (reason: string) => void): void {
    this.#onClosed = listener;
    if (this.#closed !== undefined) listener(this.#closed);
  }

  close(): void {
    this.#end('the connection was closed', false);
  }

  #look(): void {
    if (this.#closed !== undefined) return;
    this.#lookAtWrite();
    if (this.#closed === undefined && this.#onBytes !== undefined) this.#lookAtRead();
  }

  #lookAtRead(): void {
    const { bytes } = this.#reading;
    const size = this.#reading.isPending
      ? this.#finished(this.#reading)
      : this.#start(this.#reading, bytes.length, 'read');
    // Nobody is called back inside `send`.
    if (size !== undefined && size > 0) {
      const received = bytes.slice(0, size);
      setImmediate(() => this.#onBytes?.(received));
    }
  }

  #lookAtWrite(): void {
    if (this.#writing.isPending) {
      const size = this.#finished(this.#writing);
      if (size === undefined) return;
      this.#unsent = this.#unsent.slice(size);
    }
    while (this.#unsent.length > 0 && this.#closed === undefined) {
      const piece = this.#unsent.subarray(0, BUFFER_BYTES);
      this.#writing.bytes.set(piece);
      const size = this.#start(this.#writing, piece.length, 'write');
      if (size === undefined) return;
      this.#unsent = this.#unsent.slice(size);
    }
  }

  /** Bytes transferred at once; undefined when that takes longer, or the port is gone. */
  #start(what: Transfer, size: number, direction: 'read' | 'write'): number | undefined {
    what.overlapped.fill(0);
    what.isPending = true;
    if (!this.kernel[direction](this.handle, what.bytes, size, null, what.overlapped)) {
      const code = this.kernel.lastError();
      if (code !== ERROR_IO_PENDING) this.#lose(code);
      return undefined;
    }
    return this.#finished(what);
  }

  #finished(what: Transfer): number | undefined {
    const done = new Uint32Array(1);
    if (!this.kernel.result(this.handle, what.overlapped, done, false)) {
      const code = this.kernel.lastError();
      if (code !== ERROR_IO_INCOMPLETE) this.#lose(code);
      return undefined;
    }
    what.isPending = false;
    return done[0];
  }

  #lose(code: number): void {
    this.#end(`the serial line was lost (Windows error ${code}); check its cable and adapter`, true);
  }

  #end(reason: string, isTold: boolean): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    clearInterval(this.#timer);
    this.kernel.cancel(this.handle, null);
    this.kernel.close(this.handle);
    if (isTold) this.#onClosed?.(reason);
  }
}
