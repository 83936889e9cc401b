/** Two ends of a byte stream in memory. Chunks arrive in a later turn of the event loop, in order, cut as the test wants. */

import type { ByteStream } from '../../../driver/byte-stream';

export class MemoryStream implements ByteStream {
  readonly description = 'memory';
  peer: MemoryStream | undefined;
  /** How what is sent here arrives: in pieces of at most this size. */
  pieceBytes = Number.MAX_SAFE_INTEGER;
  /** Swallows what is sent here. */
  isDeaf = false;
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  #onBytes: ((bytes: Uint8Array) => void) | undefined;
  #onClosed: ((reason: string) => void) | undefined;

  send(bytes: Uint8Array): void {
    this.sent.push(bytes.slice());
    if (this.isDeaf || this.isClosed) return;
    for (let start = 0; start < bytes.length; start += this.pieceBytes) {
      const piece = bytes.slice(start, start + this.pieceBytes);
      setImmediate(() => {
        if (this.peer !== undefined && !this.peer.isClosed) this.peer.#onBytes?.(piece);
      });
    }
  }
  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#onBytes = listener;
  }
  onClosed(listener: (reason: string) => void): void {
    this.#onClosed = listener;
  }
  close(): void {
    this.isClosed = true;
    setImmediate(() => this.peer?.end('the other end has closed the connection'));
  }
  /** The end as seen from here. */
  end(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onClosed?.(reason);
  }
}

export function memoryStreamPair(): [MemoryStream, MemoryStream] {
  const [a, b] = [new MemoryStream(), new MemoryStream()];
  a.peer = b;
  b.peer = a;
  return [a, b];
}
