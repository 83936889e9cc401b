/** One open device of Windows: control requests on one handle, a waiting request on another (driver-protocol 2). */

import {
  isInvalid,
  NativeMemory,
  registerWaitCallback,
  windowsCalls,
  type Handle,
  type Pointer,
  type WindowsCalls,
} from './windows-library';

export interface Completion {
  /** Windows error number; 0 is success. */
  readonly status: number;
  readonly bytes: Uint8Array;
}

const GENERIC_READ_AND_WRITE = 0xc0000000;
const SHARE_READ_AND_WRITE = 3;
const OPEN_EXISTING = 3;
const NORMAL = 0x80;
const OVERLAPPED = 0x40000000;
const OVERLAPPED_BYTES = 32;
const EVENT_OFFSET = 24;
const ERROR_IO_PENDING = 997;
const INFINITE = 0xffffffff;
const EXECUTE_ONLY_ONCE = 8;
const LONGEST_TIMER_MS = 0x7fffffff;

export type OpenedHandle =
  | { readonly kind: 'open'; readonly handle: DeviceHandle }
  | { readonly kind: 'failed'; readonly status: number };

export type HandleKind = 'synchronous' | 'overlapped';

/** Opens `path` with the access that the driver wants (section 2). */
export function openDeviceHandle(path: string, kind: HandleKind): OpenedHandle {
  const calls = windowsCalls();
  const attributes = NORMAL + (kind === 'overlapped' ? OVERLAPPED : 0);
  const handle = calls.createFile(
    path,
    GENERIC_READ_AND_WRITE,
    SHARE_READ_AND_WRITE,
    null,
    OPEN_EXISTING,
    attributes,
    null,
  );
  if (isInvalid(handle)) return { kind: 'failed', status: calls.lastError() };
  return { kind: 'open', handle: new DeviceHandle(calls, handle) };
}

export class DeviceHandle {
  readonly #calls: WindowsCalls;
  readonly #handle: Handle;
  #isOpen = true;

  constructor(calls: WindowsCalls, handle: Handle) {
    this.#calls = calls;
    this.#handle = handle;
  }

  /** A request on a worker thread; for synchronous handles. The same memory is input and output to the driver. */
  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<Completion> {
    const output = new Uint8Array(outputSizeBytes);
    const count: [number | null] = [0];
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, result: number) => {
        // At once: a later call of koffi has an error number of its own.
        const status = result === 0 ? this.#calls.lastError() : 0;
        if (error !== null) reject(error);
        else resolve({ status, bytes: output.slice(0, Math.min(count[0] ?? 0, outputSizeBytes)) });
      };
      this.#calls.deviceIoControl.async(
        this.#handle,
        code,
        input.length === 0 ? null : input,
        input.length,
        outputSizeBytes === 0 ? null : output,
        outputSizeBytes,
        count,
        null,
        done,
      );
    });
  }

  /** A request that may wait for ever, for overlapped handles. It occupies no thread: four that do would stop libuv's pool. */
  pend(code: number, input: Uint8Array, outputSizeBytes: number): Promise<Completion> {
    const request = new WaitingRequest(this.#calls, this.#handle, input, outputSizeBytes);
    return request.send(code);
  }

  /** Asks the driver to give up what waits on this handle. A driver without a cancel routine does not. */
  cancel(): void {
    this.#calls.cancelIo(this.#handle, null);
  }

  /** Safe to call twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#calls.closeHandle(this.#handle);
  }
}

class WaitingRequest {
  readonly #calls: WindowsCalls;
  readonly #handle: Handle;
  readonly #overlapped = new NativeMemory(OVERLAPPED_BYTES);
  readonly #input: NativeMemory;
  readonly #output: NativeMemory;
  readonly #event: Handle;

  constructor(calls: WindowsCalls, handle: Handle, input: Uint8Array, outputSizeBytes: number) {
    this.#calls = calls;
    this.#handle = handle;
    this.#input = new NativeMemory(input.length);
    this.#input.write(input);
    this.#output = new NativeMemory(outputSizeBytes);
    this.#event = calls.createEvent(null, 1, 0, null);
    const head = new Uint8Array(OVERLAPPED_BYTES);
    new DataView(head.buffer).setBigInt64(EVENT_OFFSET, BigInt(this.#event), true);
    this.#overlapped.write(head);
  }

  async send(code: number): Promise<Completion> {
    const { address, sizeBytes } = this.#output;
    const count: [number | null] = [0];
    const isDone = this.#calls.deviceIoControl(
      this.#handle,
      code,
      this.#input.address,
      this.#input.sizeBytes,
      address,
      sizeBytes,
      count,
      this.#overlapped.address,
    );
    const status = isDone === 0 ? this.#calls.lastError() : 0;
    if (status === ERROR_IO_PENDING) await waits.until(this.#calls, this.#event);
    else if (status !== 0) return this.#finish(status, 0);
    const isComplete = this.#calls.overlappedResult(this.#handle, this.#overlapped.address, count, 0);
    return this.#finish(isComplete === 0 ? this.#calls.lastError() : 0, count[0] ?? 0);
  }

  #finish(status: number, count: number): Completion {
    const bytes = this.#output.read(Math.min(count, this.#output.sizeBytes));
    this.#calls.closeHandle(this.#event);
    for (const memory of [this.#overlapped, this.#input, this.#output]) memory.free();
    return { status, bytes };
  }
}

/** Events that Windows watches for us. One callback serves all, and a timer keeps the process alive while any waits. */
class EventWaits {
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;
  #callback: Pointer | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  async until(calls: WindowsCalls, event: Handle): Promise<void> {
    this.#callback ??= registerWaitCallback((id) => this.#called(id));
    this.#keepAlive ??= setInterval(() => undefined, LONGEST_TIMER_MS);
    const id = ++this.#lastId;
    const wait: [Handle | null] = [null];
    const called = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    if (calls.registerWait(wait, event, this.#callback, id, INFINITE, EXECUTE_ONLY_ONCE) === 0) {
      this.#called(id);
      throw new Error(`RegisterWaitForSingleObject failed with Windows error ${calls.lastError()}`);
    }
    await called;
    if (wait[0] !== null) calls.unregisterWait(wait[0], 0);
  }

  #called(id: number): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      clearInterval(this.#keepAlive);
      this.#keepAlive = undefined;
    }
    // Not from inside the callback: what follows calls native code again.
    if (resolve !== undefined) setImmediate(resolve);
  }
}

const waits = new EventWaits();
