/**
 * What the worker tells its owner, in order. Bytes go through shared memory, where a flood of messages costs no port message
 * each; all else goes by the port, with a record that keeps its place among the bytes.
 */

import { type MessagePort } from 'node:worker_threads';
import { RECORD, WORD, type Letter, type WorkerMail } from './link';
import { MAX_RECORD_BYTES, RingWriter } from './shared-ring';

const NO_BYTES = new Uint8Array(0);
const FULL_WAIT_MS = 50;

export class Outbox {
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #words: Int32Array;
  readonly #ring: RingWriter;
  /** How much was written when the owner was last called. */
  #calledAt = 0;

  constructor(port: Pick<MessagePort, 'postMessage'>, words: Int32Array, ring: SharedArrayBuffer) {
    this.#port = port;
    this.#words = words;
    this.#ring = new RingWriter(ring);
  }

  /** Bytes of the debugger's wire; one call is one piece where pieces count. */
  wire(bytes: Uint8Array): void {
    if (bytes.length > MAX_RECORD_BYTES) this.tell({ kind: 'wire', bytes });
    else this.#write(RECORD.wire, bytes);
  }

  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += MAX_RECORD_BYTES)
      this.#write(RECORD[stream], bytes.subarray(start, start + MAX_RECORD_BYTES));
  }

  tell(letter: Letter): void {
    // Before its record, so that whoever finds the record finds the letter.
    this.#post(letter);
    this.#write(RECORD.letter, NO_BYTES);
  }

  /** To be called before this thread waits: what it has written is seen at once and not only at the owner's next look. */
  beforeWait(): void {
    if (!this.#ring.isEmpty && this.#calledAt !== this.#ring.position) this.#call();
  }

  #write(kind: number, bytes: Uint8Array): void {
    while (!this.#ring.write(kind, bytes)) {
      if (Atomics.load(this.#words, WORD.quit) !== 0) return;
      this.beforeWait();
      this.#ring.waitForReader(FULL_WAIT_MS);
    }
    if (Atomics.load(this.#words, WORD.awake) === 0) this.#call();
  }

  #call(): void {
    this.#calledAt = this.#ring.position;
    Atomics.store(this.#words, WORD.awake, 1);
    this.#post({ kind: 'look' });
  }

  #post(mail: WorkerMail): void {
    this.#port.postMessage(mail);
  }
}
