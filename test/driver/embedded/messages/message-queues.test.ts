import assert from 'node:assert/strict';
import { MessageQueues, lossText } from '../../../../driver/embedded/messages/message-queues';
import { DueTransport } from '../../../../driver/embedded/messages/due-transport';
import { WireMessages } from '../../../../driver/embedded/messages/wire-messages';
import { OPERATION } from '../../../../driver/sdk/tables.generated';

const { OPERATION_LOG_NON_IMMEDIATE_MESSAGE: BATCH, OPERATION_LOG_WARNING_MESSAGE: WARNING } = OPERATION;
const TAG = 0x1000000;
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

class Bench {
  nowMs = 100;
  readonly queues: MessageQueues;

  constructor(timeoutMs: number | undefined = undefined) {
    this.queues = new MessageQueues({ nowMs: () => this.nowMs, timeoutMs });
  }
  push(text: string, more: Partial<Parameters<MessageQueues['push']>[0]> = {}): boolean {
    return this.queues.push({ pool: 'root', operation: TAG, bytes: bytes(text), ...more });
  }
  read(): [number, string] | undefined {
    const message = this.queues.take();
    return message && [message.operation, Buffer.from(message.bytes).toString('latin1')];
  }
  readAll(): string[] {
    const texts = [];
    for (let message = this.read(); message !== undefined; message = this.read()) texts.push(message[1]);
    return texts;
  }
}

describe('message queues of the driver (driver-protocol 4)', () => {
  it('keep the order, and read pool 0 before pool 1, priority before regular', () => {
    const bench = new Bench();
    bench.push('d1');
    bench.push('c1', { pool: 'nonRoot' });
    bench.push('b1', { priority: true });
    bench.push('a1', { pool: 'nonRoot', priority: true });
    for (const text of ['d2', 'd3']) bench.push(text);
    assert.deepEqual(bench.readAll(), ['a1', 'b1', 'c1', 'd1', 'd2', 'd3']);
  });

  it('drop what is empty or does not fit in a slot, and say so', () => {
    const bench = new Bench();
    const results = ['', 'x'.repeat(4096), 'y'.repeat(4095)].map((text) => bench.push(text));
    assert.deepEqual(results, [false, false, true]);
    assert.deepEqual(bench.readAll(), ['y'.repeat(4095)]);
  });

  it('keep their own copy of what a caller may change', () => {
    const bench = new Bench();
    const shared = bytes('before');
    bench.queues.push({ pool: 'root', operation: TAG, bytes: shared });
    shared.fill(0);
    assert.deepEqual(bench.readAll(), ['before']);
  });

  for (const [priority, capacity] of [
    [false, 1000],
    [true, 50],
  ] as const) {
    it(`a ring of ${capacity} overwrites the oldest, counts it and tells the reader`, () => {
      const bench = new Bench();
      for (let i = 0; i < capacity + 3; i++) bench.push(`${i}`, { priority });
      assert.equal(bench.queues.lostMessages, 3);
      assert.deepEqual(bench.read(), [WARNING, lossText(3)]);
      const left = bench.readAll();
      assert.deepEqual([left.length, left[0], left.at(-1)], [capacity, '3', `${capacity + 2}`]);
      assert.equal(bench.queues.lostMessages, 3);
    });
  }

  it('a loss is reported once, and the next one again', () => {
    const bench = new Bench();
    for (let i = 0; i < 51; i++) bench.push('p', { priority: true });
    assert.equal(bench.read()?.[1], lossText(1));
    assert.equal(bench.read()?.[1], 'p');
    for (let i = 0; i < 3; i++) bench.push('p', { priority: true });
    assert.equal(bench.read()?.[1], lossText(2));
    assert.match(lossText(1), /^1 message was lost: .* "imm no"\n$/);
  });

  it('non-immediate messages leave as operation 4 when the next one does not fit', () => {
    const bench = new Bench();
    const piece = (letter: string) => letter.repeat(1365);
    for (const letter of ['a', 'b', 'c']) bench.push(piece(letter), { immediate: false });
    assert.equal(bench.read(), undefined);
    bench.push('d', { immediate: false });
    assert.deepEqual(bench.read(), [BATCH, piece('a') + piece('b') + piece('c')]);
    // The rest stays for ever without a time limit, as in the real driver (TRAP).
    bench.nowMs += 1e9;
    assert.equal(bench.read(), undefined);
    assert.equal(bench.queues.msUntilDue, undefined);
    bench.queues.flushBatches();
    assert.deepEqual(bench.read(), [BATCH, 'd']);
  });

  it('one accumulator a pool', () => {
    const bench = new Bench();
    bench.push('root', { immediate: false });
    bench.push('other', { immediate: false, pool: 'nonRoot' });
    bench.queues.flushBatches();
    assert.deepEqual(bench.readAll(), ['other', 'root']);
  });

  it('a partial batch leaves when its oldest message has waited long enough', () => {
    const bench = new Bench(20);
    bench.push('a', { immediate: false });
    bench.nowMs += 15;
    bench.push('b', { immediate: false });
    assert.deepEqual([bench.read(), bench.queues.msUntilDue], [undefined, 5]);
    bench.nowMs += 5;
    assert.deepEqual(bench.read(), [BATCH, 'ab']);
    assert.equal(bench.queues.msUntilDue, undefined);
  });

  it('flush marks regular messages read and leaves priority messages and accumulators', () => {
    const bench = new Bench();
    for (const text of ['a', 'b']) bench.push(text);
    bench.push('c', { pool: 'nonRoot' });
    bench.push('urgent', { priority: true });
    bench.push('waiting', { immediate: false });
    assert.deepEqual(bench.queues.flush(), { nonRoot: 1, root: 2 });
    bench.queues.flushBatches();
    assert.deepEqual(bench.readAll(), ['urgent', 'waiting']);
    assert.equal(bench.queues.lostMessages, 0);
  });
});

describe('messages for the wire', () => {
  const make = (timeoutMs: number | undefined = 20) => {
    const sent: [number, string][] = [];
    const clock = { nowMs: 0 };
    const messages = new WireMessages((operation, text) => sent.push([operation, text]), {
      nowMs: () => clock.nowMs,
      timeoutMs,
    });
    return { sent, clock, messages };
  };

  it('immediate ones and those for this machine leave at once, others in batches', () => {
    const { sent, messages } = make();
    messages.message(TAG, 'now', true);
    messages.message(TAG, 'later ', false);
    messages.message(OPERATION.OPERATION_LOG_MESSAGE_MANDATORY, 'local', false);
    messages.message(TAG + 1, 'größer\u{fc}', false);
    assert.deepEqual(sent, [
      [TAG, 'now'],
      [OPERATION.OPERATION_LOG_MESSAGE_MANDATORY, 'local'],
    ]);
    messages.flush();
    messages.flush();
    assert.deepEqual(sent.slice(2), [[BATCH, 'later größerü']]);
  });

  it('cuts long texts and loses nothing', () => {
    const { sent, messages } = make();
    const text = Array.from({ length: 10_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    messages.message(TAG, text, false);
    messages.flush();
    assert.equal(sent.map(([, piece]) => piece).join(''), text);
    assert.ok(sent.every(([operation, piece]) => operation === BATCH && piece.length <= 4095));
  });

  it('a transport lets overdue batches go when it is looked at, and never sleeps or runs past them', () => {
    const { sent, clock, messages } = make();
    const waits: number[] = [];
    const transport = new DueTransport(
      {
        take: () => undefined,
        wait: (timeoutMs) => waits.push(timeoutMs),
        mustQuit: false,
        hasNews: false,
        whileInterruptible: (body) => body(),
      },
      messages,
    );
    transport.wait(5000);
    assert.equal(transport.runLimitUs, 0);
    messages.message(TAG, 'text', false);
    transport.wait(5000);
    assert.equal(transport.runLimitUs, 20_000);
    transport.take();
    assert.deepEqual([sent, waits], [[], [5000, 20]]);
    clock.nowMs = 20;
    assert.equal(transport.runLimitUs, 1);
    transport.take();
    assert.deepEqual(sent, [[BATCH, 'text']]);
  });
});
