/** The owner's end of `Outbox`: gives what the worker tells in the order in which it was told. */

import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { RECORD, WORD, type Letter, type WorkerMail, type WorkerMessage } from './link';
import { RingReader, type RingRecord } from './shared-ring';

/** So much is taken at a time: some thousand messages, after which others of this thread have their turn. */
const TURN_BYTES = 32 << 10;
/** While the worker writes, the owner looks by itself so often and need not be called. */
const LOOK_INTERVAL_MS = 1;

export interface InboxOptions {
  readonly port: MessagePort;
  readonly words: Int32Array;
  readonly ring: SharedArrayBuffer;
  /** Pieces of the wire mean nothing, so that those that follow each other may come as one. */
  readonly joinsWire: boolean;
}

export class Inbox {
  readonly #port: MessagePort;
  readonly #words: Int32Array;
  readonly #ring: RingReader;
  readonly #take: (message: WorkerMessage) => void;
  /** Letters that came before their record was read. */
  readonly #letters: Letter[] = [];
  #isTurnComing = false;
  #isLookComing = false;
  #isClosed = false;

  /** `take` gets each message, never inside a call of the owner. */
  constructor({ port, words, ring, joinsWire }: InboxOptions, take: (message: WorkerMessage) => void) {
    this.#port = port;
    this.#words = words;
    this.#ring = new RingReader(
      ring,
      (kind) => kind !== RECORD.letter && (joinsWire || kind !== RECORD.wire),
    );
    this.#take = take;
    port.on('message', (mail: WorkerMail) => {
      if (mail.kind !== 'look') this.#letters.push(mail);
      this.#takeTurn();
    });
  }

  /** Lets a worker that waits for room look whether it has to end. */
  wakeWorker(): void {
    this.#ring.wakeWriter();
  }

  /** Nothing is given any more. */
  close(): void {
    this.#isClosed = true;
    this.#port.close();
  }

  /** Gives all that a worker has left behind that writes no more. */
  takeAll(): void {
    while (!this.#ring.isEmpty && !this.#isClosed) this.#takeTurn();
  }

  #takeTurn(): void {
    let leftBytes = TURN_BYTES;
    try {
      while (leftBytes > 0 && !this.#isClosed) {
        const record = this.#ring.read(leftBytes);
        if (record === undefined) break;
        leftBytes -= record.bytes.length;
        this.#take(this.#messageOf(record));
      }
    } finally {
      // Also when a listener has thrown: the rest must not wait for the worker's next call.
      this.#goOnLater(leftBytes <= 0);
    }
  }

  #goOnLater(isMore: boolean): void {
    if (isMore && !this.#isTurnComing) {
      this.#isTurnComing = true;
      setImmediate(() => {
        this.#isTurnComing = false;
        this.#takeTurn();
      });
    }
    if (this.#isLookComing || this.#isClosed) return;
    this.#isLookComing = true;
    setTimeout(() => {
      this.#isLookComing = false;
      this.#look();
    }, LOOK_INTERVAL_MS).unref();
  }

  #look(): void {
    if (this.#ring.isEmpty) {
      // From here on the worker calls; what it wrote a moment ago it may have written without a call.
      Atomics.store(this.#words, WORD.awake, 0);
      if (this.#ring.isEmpty) return;
      Atomics.store(this.#words, WORD.awake, 1);
    }
    this.#takeTurn();
  }

  #messageOf({ kind, bytes }: RingRecord): WorkerMessage {
    switch (kind) {
      case RECORD.wire:
        return { kind: 'wire', bytes };
      case RECORD.stdout:
        return { kind: 'output', stream: 'stdout', bytes };
      case RECORD.stderr:
        return { kind: 'output', stream: 'stderr', bytes };
      default:
        return this.#letters.shift() ?? this.#fetchLetter();
    }
  }

  #fetchLetter(): Letter {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: WorkerMail } | undefined;
      if (received === undefined) throw new Error('a letter of the embedded machine is missing');
      if (received.message.kind !== 'look') return received.message;
    }
  }
}
