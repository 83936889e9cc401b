/** Slots for messages in a ring (driver-protocol 4). */

export interface QueuedMessage {
  readonly operation: number;
  readonly bytes: Uint8Array;
}

export class MessageRing {
  readonly #slots: (QueuedMessage | undefined)[];
  #first = 0;
  #count = 0;

  constructor(readonly capacity: number) {
    this.#slots = new Array<QueuedMessage | undefined>(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Puts the message behind the others. True when there was no free slot and the oldest unread message was overwritten: the
   * newest text is the one that says where the target is.
   */
  push(message: QueuedMessage): boolean {
    const isFull = this.#count === this.capacity;
    this.#slots[(this.#first + this.#count) % this.capacity] = message;
    if (isFull) this.#first = (this.#first + 1) % this.capacity;
    else this.#count++;
    return isFull;
  }

  /** The oldest unread message. */
  take(): QueuedMessage | undefined {
    if (this.#count === 0) return undefined;
    const message = this.#slots[this.#first];
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.capacity;
    this.#count--;
    return message;
  }

  /** Marks everything read; returns how many messages that were. */
  clear(): number {
    const cleared = this.#count;
    this.#slots.fill(undefined);
    this.#first = 0;
    this.#count = 0;
    return cleared;
  }
}
