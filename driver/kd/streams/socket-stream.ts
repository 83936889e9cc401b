/** A connected socket as the stream of bytes that the kernel-debugger client wants. */

import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { ByteStream } from '../../byte-stream';
import { DriverError } from '../../driver-error';

export interface OpenStreamOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The reason why a socket could not be connected, as half a sentence that says what to do. */
export type ReasonOf = (error: NodeJS.ErrnoException) => string;

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_UNREAD_BYTES = 64 << 20;
/** What was sent last gets this long to go out. */
const CLOSE_LIMIT_MS = 500;

export class SocketStream implements ByteStream {
  readonly #socket: Socket;
  #closed: string | undefined;
  #isClosing = false;
  #onClosed: ((reason: string) => void) | undefined;
  #problem: Error | undefined;

  /** The socket is connected, and nobody has read from it. */
  constructor(
    readonly description: string,
    socket: Socket,
    readonly bytesPerSecond?: number,
  ) {
    this.#socket = socket;
    // Requests are small and wait for each other: none may be held back to be merged.
    socket.setNoDelay(true);
    socket.on('error', (error) => (this.#problem ??= error));
    socket.on('end', () => this.#end('the other side has closed the connection'));
    socket.on('close', () =>
      this.#end(
        this.#problem === undefined
          ? 'the connection was closed'
          : `the connection was lost: ${this.#problem.message}`,
      ),
    );
  }

  send(bytes: Uint8Array): void {
    if (this.#closed !== undefined || this.#isClosing) return;
    this.#socket.write(bytes);
    // A guest that prints without end must not fill this computer's memory for somebody who has stopped reading.
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#end('the other side does not read any more');
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    // A socket keeps what comes until somebody listens.
    this.#socket.on('data', listener);
  }

  onClosed(listener: (reason: string) => void): void {
    this.#onClosed = listener;
    if (this.#closed !== undefined) listener(this.#closed);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), CLOSE_LIMIT_MS).unref();
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#socket.destroy();
    this.#onClosed?.(reason);
  }
}

/** Connects a socket. Rejects with DriverError; nothing is left behind then. */
export function openSocket(
  description: string,
  target: NetConnectOpts,
  reasonOf: ReasonOf,
  options: OpenStreamOptions,
): Promise<ByteStream> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.removeAllListeners();
    };
    const fail = (reason: string) => {
      settle();
      // Trouble of a socket that nobody wants any more is nobody's trouble.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(new DriverError(`Connecting to ${description}`, undefined, reason));
    };
    const abort = () => fail('it was cancelled');
    const timer = setTimeout(() => {
      const text = `nobody answered within ${timeoutMs / 1000} s; check the address, and that no firewall is in between`;
      fail(text);
    }, timeoutMs);
    socket.once('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)));
    socket.once('connect', () => {
      settle();
      resolve(new SocketStream(description, socket));
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort);
  });
}
