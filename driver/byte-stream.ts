/**
 * A two-way stream of bytes to a debuggee: a pipe, a TCP connection, a serial line, or the port of the embedded target.
 * Chunk boundaries mean nothing. Listeners are called in the order of arrival, never inside `send`.
 */
export interface ByteStream {
  /** What the user would call it, e.g. `tcp:127.0.0.1:50000`. */
  readonly description: string;
  /** How fast it is at most, where that is slow enough to matter: a serial line. */
  readonly bytesPerSecond?: number | undefined;
  send(bytes: Uint8Array): void;
  /** The one receiver of incoming bytes. Set once, before anything is sent. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Called once, when no more bytes can come. `reason` is a sentence for the user. */
  onClosed(listener: (reason: string) => void): void;
  close(): void;
}
