import assert from 'node:assert/strict';
import { SignalQueue, signalBit } from '../../../../driver/embedded/guest/signal-queue';

describe('signals that wait', () => {
  const info = (signal: number, value = 0n) => ({ signal, code: 0, value, sender: 42 });
  const all = ~0n;

  it('are taken lowest first, real-time signals as often as sent, others once', () => {
    const queue = new SignalQueue();
    for (const signal of [40, 12, 10, 12]) queue.add(info(signal));
    queue.add(info(40, 1n));
    assert.equal(queue.bits, signalBit(10) | signalBit(12) | signalBit(40));
    const taken = Array.from({ length: 6 }, () => queue.take(all));
    assert.deepEqual(
      taken.map((one) => one?.signal),
      [10, 12, 40, 40, undefined, undefined],
    );
    assert.deepEqual([taken[2]?.value, taken[3]?.value], [0n, 1n]);
  });

  it('stay while they are not allowed, and go when they are dropped', () => {
    const queue = new SignalQueue();
    queue.add(info(10));
    assert.equal(queue.take(all & ~signalBit(10)), undefined);
    queue.drop(10);
    assert.equal(queue.take(all), undefined);
  });
});
