/** The accumulator of messages that need not be sent at once (driver-protocol 4, "Non-immediate"). */

import { concatBytes } from '../../kd/packet';
import { SDK } from '../../sdk/tables.generated';

/** A message has a byte less than its slot, and a batch is a message. */
export const MAX_MESSAGE_BYTES = SDK.PacketChunkSize - 1;

export class MessageBatch {
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;
  #sinceMs = 0;

  /** Appends a message; returns the batch that had to leave first because the message did not fit behind it. */
  add(bytes: Uint8Array, nowMs: number): Uint8Array | undefined {
    const full = this.#sizeBytes + bytes.length > MAX_MESSAGE_BYTES ? this.take() : undefined;
    if (this.#parts.length === 0) this.#sinceMs = nowMs;
    this.#parts.push(bytes);
    this.#sizeBytes += bytes.length;
    return full;
  }

  /** The messages so far, glued together without separators; undefined when there are none. */
  take(): Uint8Array | undefined {
    if (this.#parts.length === 0) return undefined;
    const batch = concatBytes(this.#parts);
    this.#parts = [];
    this.#sizeBytes = 0;
    return batch;
  }

  /** When the oldest message was added; undefined when there is none. */
  get sinceMs(): number | undefined {
    return this.#parts.length === 0 ? undefined : this.#sinceMs;
  }
}
