import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { Inbox } from '../../../driver/embedded/inbox';
import { WORD, WORD_COUNT, type WorkerMessage } from '../../../driver/embedded/link';
import { Outbox } from '../../../driver/embedded/outbox';
import {
  createRingMemory,
  MAX_RECORD_BYTES,
  RingReader,
  RingWriter,
} from '../../../driver/embedded/shared-ring';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const text = (of: Uint8Array) => Buffer.from(of).toString('latin1');
const NEVER_JOINED = () => false;

describe('a ring of records', () => {
  it('gives every record back as it was, however often it has gone round', () => {
    const memory = createRingMemory();
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory, NEVER_JOINED)];
    for (let round = 0, seed = 1; round < 300; round++) {
      const records = Array.from({ length: 1 + (round % 5) }, (_, i) => {
        seed = (seed * 48271) % 0x7fff_ffff;
        return { kind: i, bytes: new Uint8Array(seed % 40_000).map((_, at) => at * seed) };
      });
      for (const record of records) assert.ok(writer.write(record.kind, record.bytes));
      for (const record of records) assert.deepEqual(reader.read(1), record);
      assert.equal(reader.read(1), undefined);
    }
  });

  it('refuses what it has no room for, and takes it once something was read', () => {
    const memory = createRingMemory();
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory, NEVER_JOINED)];
    const record = new Uint8Array(MAX_RECORD_BYTES - 4).fill(1);
    let written = 0;
    while (writer.write(0, record)) written++;
    assert.equal(written, 4);
    assert.equal(reader.read(1)?.bytes.length, record.length);
    assert.ok(writer.write(0, record.fill(2)));
    assert.ok(!writer.write(0, bytes('')));
    const first = Array.from({ length: 4 }, () => reader.read(1)?.bytes[0]);
    assert.deepEqual(first, [1, 1, 1, 2]);
    assert.throws(() => writer.write(0, new Uint8Array(MAX_RECORD_BYTES + 1)), /at most 262144 bytes/);
  });

  it('joins records of one kind that follow each other, up to a limit', () => {
    const memory = createRingMemory();
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory, (kind) => kind < 2)];
    for (const [kind, record] of [
      [0, 'a'],
      [0, 'bcdef'],
      [1, 'g'],
      [0, 'h'],
      [0, 'i'],
      [2, 'j'],
      [2, 'k'],
    ] as const)
      assert.ok(writer.write(kind, bytes(record)));
    const read = (limit: number) => {
      const record = reader.read(limit);
      return record && [record.kind, text(record.bytes)];
    };
    assert.deepEqual(read(100), [0, 'abcdef']);
    assert.deepEqual(read(100), [1, 'g']);
    assert.deepEqual(read(1), [0, 'h']);
    assert.deepEqual(read(100), [0, 'i']);
    assert.deepEqual([read(100), read(100), read(100)], [[2, 'j'], [2, 'k'], undefined]);
  });
});

/** Both ends in one thread: what is written before the thread turns to its events is a flood to the inbox. */
class Post {
  readonly received: string[] = [];
  portMessages = 0;
  readonly words = new Int32Array(new SharedArrayBuffer(4 * WORD_COUNT));
  readonly outbox: Outbox;
  readonly #inbox: Inbox;
  #wanted = 0;
  #arrived: () => void = () => undefined;

  constructor(joinsWire = true) {
    const { port1, port2 } = new MessageChannel();
    const ring = createRingMemory();
    const port = {
      postMessage: (mail: unknown) => {
        this.portMessages++;
        port2.postMessage(mail);
      },
    };
    this.outbox = new Outbox(port, this.words, ring);
    this.#inbox = new Inbox({ port: port1, words: this.words, ring, joinsWire }, (message) => {
      this.received.push(nameOf(message));
      if (this.received.length >= this.#wanted) this.#arrived();
    });
  }

  /** Resolves when so many messages have come. */
  async receive(count: number): Promise<readonly string[]> {
    this.#wanted = count;
    if (this.received.length < count) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.received;
  }

  /** Resolves when the inbox waits to be called. */
  async asleep(): Promise<void> {
    while (Atomics.load(this.words, WORD.awake) !== 0) await new Promise(setImmediate);
  }

  close(): void {
    this.#inbox.close();
  }
}

function nameOf(message: WorkerMessage): string {
  switch (message.kind) {
    case 'wire':
      return message.bytes.length > 100 ? `wire of ${message.bytes.length}` : `wire ${text(message.bytes)}`;
    case 'output':
      return `${message.stream} ${text(message.bytes)}`;
    default:
      return message.kind;
  }
}

describe('what the machine tells its owner', () => {
  let post: Post;
  afterEach(() => post.close());

  it('comes in the order in which it was told, by whichever way', async () => {
    post = new Post();
    post.outbox.wire(bytes('a'));
    post.outbox.wire(bytes('b'));
    post.outbox.output('stdout', bytes('c'));
    post.outbox.tell({ kind: 'debugger forgotten' });
    post.outbox.wire(new Uint8Array(MAX_RECORD_BYTES + 1));
    post.outbox.output('stderr', bytes('d'));
    post.outbox.output('stdout', bytes('e'));
    post.outbox.tell({ kind: 'exited', code: 0, signal: undefined });
    assert.deepEqual(await post.receive(7), [
      'wire ab',
      'stdout c',
      'debugger forgotten',
      `wire of ${MAX_RECORD_BYTES + 1}`,
      'stderr d',
      'stdout e',
      'exited',
    ]);
  });

  it('keeps the pieces of a wire where they have a meaning', async () => {
    post = new Post(false);
    post.outbox.wire(bytes('a'));
    post.outbox.wire(bytes('b'));
    assert.deepEqual(await post.receive(2), ['wire a', 'wire b']);
  });

  it('calls the owner once for a flood, and again when it has gone to sleep', async () => {
    post = new Post(false);
    for (let i = 0; i < 5000; i++) post.outbox.wire(bytes(`${i}`));
    assert.equal(post.portMessages, 1);
    const all = await post.receive(5000);
    assert.deepEqual(all.slice(-2), ['wire 4998', 'wire 4999']);
    await post.asleep();
    post.outbox.wire(bytes('late'));
    assert.equal(post.portMessages, 2);
    assert.equal((await post.receive(5001)).at(-1), 'wire late');
  });

  it('calls an owner that is awake before the worker waits, and only for something new', async () => {
    post = new Post();
    post.outbox.wire(bytes('a'));
    post.outbox.beforeWait();
    assert.equal(post.portMessages, 1);
    post.outbox.wire(bytes('b'));
    post.outbox.beforeWait();
    post.outbox.beforeWait();
    assert.equal(post.portMessages, 2);
    await post.receive(1);
    post.outbox.beforeWait();
    assert.equal(post.portMessages, 2);
  });

  it('is given up for an owner that wants the end and reads no more', () => {
    post = new Post();
    Atomics.store(post.words, WORD.quit, 1);
    for (let i = 0; i < 10; i++) post.outbox.output('stdout', new Uint8Array(MAX_RECORD_BYTES));
    assert.equal(post.portMessages, 1);
  });
});
