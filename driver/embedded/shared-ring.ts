/**
 * Records in shared memory, from one thread to another and in order. A port message costs both threads ten microseconds or
 * more; a record costs the copy of its bytes.
 */

/** Position words, then the bytes of the records. */
const WRITTEN = 0;
const READ = 1;
const HEAD_BYTES = 8;
const RECORD_HEAD_BYTES = 4;
const KIND_SHIFT = 28;
const LENGTH_MASK = (1 << KIND_SHIFT) - 1;
const ALIGNMENT = 4;

/** A power of two, so that positions may wrap around anywhere. */
const RING_BYTES = 1 << 20;
/** Longer records would make the writer wait for nearly all that was written before. */
export const MAX_RECORD_BYTES = RING_BYTES / 4;

export interface RingRecord {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Memory for a ring, to be given to both threads. */
export function createRingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + RING_BYTES);
}

const sizeOf = (lengthBytes: number): number =>
  (RECORD_HEAD_BYTES + lengthBytes + ALIGNMENT - 1) & -ALIGNMENT;

class Ring {
  readonly positions: Int32Array;
  readonly heads: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.positions = new Int32Array(memory, 0, 2);
    this.heads = new Uint32Array(memory, HEAD_BYTES);
    this.bytes = new Uint8Array(memory, HEAD_BYTES);
  }

  get usedBytes(): number {
    return (Atomics.load(this.positions, WRITTEN) - Atomics.load(this.positions, READ)) | 0;
  }
}

export class RingWriter {
  readonly #ring: Ring;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new Ring(memory);
  }

  /** False when there is no room now; nothing was written then. Throws RangeError for what never has room. */
  write(kind: number, bytes: Uint8Array): boolean {
    if (bytes.length > MAX_RECORD_BYTES)
      throw new RangeError(`a record holds at most ${MAX_RECORD_BYTES} bytes, not ${bytes.length}`);
    const ring = this.#ring;
    const sizeBytes = sizeOf(bytes.length);
    if (sizeBytes > RING_BYTES - ring.usedBytes) return false;
    const position = Atomics.load(ring.positions, WRITTEN);
    const head = position & (RING_BYTES - 1);
    ring.heads[head / ALIGNMENT] = ((kind << KIND_SHIFT) | bytes.length) >>> 0;
    const start = (head + RECORD_HEAD_BYTES) & (RING_BYTES - 1);
    const toEnd = RING_BYTES - start;
    if (bytes.length <= toEnd) ring.bytes.set(bytes, start);
    else {
      ring.bytes.set(bytes.subarray(0, toEnd), start);
      ring.bytes.set(bytes.subarray(toEnd), 0);
    }
    Atomics.store(ring.positions, WRITTEN, (position + sizeBytes) | 0);
    return true;
  }

  /** Grows with every record, and wraps around. */
  get position(): number {
    return Atomics.load(this.#ring.positions, WRITTEN);
  }

  get isEmpty(): boolean {
    return this.#ring.usedBytes === 0;
  }

  /** Waits until the reader has taken something, at most `timeoutMs`; not at all when it has taken everything. */
  waitForReader(timeoutMs: number): void {
    const { positions } = this.#ring;
    const read = Atomics.load(positions, READ);
    if (!this.isEmpty) Atomics.wait(positions, READ, read, timeoutMs);
  }
}

export class RingReader {
  readonly #ring: Ring;
  readonly #isJoined: (kind: number) => boolean;

  /** Records of kinds that are joined come as one where they follow each other. */
  constructor(memory: SharedArrayBuffer, isJoined: (kind: number) => boolean) {
    this.#ring = new Ring(memory);
    this.#isJoined = isJoined;
  }

  get isEmpty(): boolean {
    return this.#ring.usedBytes === 0;
  }

  /** The oldest record, joined with others up to about `maxBytes`. The bytes are the caller's own. */
  read(maxBytes: number): RingRecord | undefined {
    const { positions } = this.#ring;
    const begin = Atomics.load(positions, READ);
    const available = this.#ring.usedBytes;
    if (available === 0) return undefined;
    const kind = this.#headAt(begin) >>> KIND_SHIFT;
    let end = 0;
    let lengthBytes = 0;
    do {
      const length = this.#headAt(begin + end) & LENGTH_MASK;
      lengthBytes += length;
      end += sizeOf(length);
    } while (
      this.#isJoined(kind) &&
      lengthBytes < maxBytes &&
      end < available &&
      this.#headAt(begin + end) >>> KIND_SHIFT === kind
    );
    const bytes = new Uint8Array(lengthBytes);
    let filled = 0;
    for (let at = 0; at < end;) {
      const length = this.#headAt(begin + at) & LENGTH_MASK;
      this.#copy(begin + at + RECORD_HEAD_BYTES, length, bytes, filled);
      filled += length;
      at += sizeOf(length);
    }
    Atomics.store(positions, READ, (begin + end) | 0);
    Atomics.notify(positions, READ);
    return { kind, bytes };
  }

  #headAt(position: number): number {
    return this.#ring.heads[(position & (RING_BYTES - 1)) / ALIGNMENT] ?? 0;
  }

  #copy(position: number, lengthBytes: number, target: Uint8Array, byteOffset: number): void {
    const { bytes } = this.#ring;
    const start = position & (RING_BYTES - 1);
    const toEnd = Math.min(lengthBytes, RING_BYTES - start);
    target.set(bytes.subarray(start, start + toEnd), byteOffset);
    if (toEnd < lengthBytes) target.set(bytes.subarray(0, lengthBytes - toEnd), byteOffset + toEnd);
  }

  /** Lets a writer that waits look around at once. */
  wakeWriter(): void {
    Atomics.notify(this.#ring.positions, READ);
  }
}
