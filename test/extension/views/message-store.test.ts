import assert from 'node:assert/strict';
import { MessageStore } from '../../../extension/views/message-store';

const texts = (store: MessageStore): string[] => store.shown().map(({ text }) => text);

describe('the list of messages', () => {
  it('has a line for each line, the newest first', () => {
    const store = new MessageStore(() => 0);
    assert.equal(store.add({ output: 'one\ntwo\n', data: { event: 1 } }), true);
    assert.deepEqual(texts(store), ['two', 'one']);
  });

  it('joins a line that comes in pieces, and keeps what others say apart', () => {
    const store = new MessageStore(() => 0);
    assert.equal(store.add({ output: 'a', data: { event: 1 } }), false);
    store.add({ output: 'b\n', data: { event: 1 } });
    store.add({ output: 'half', data: { event: 1 } });
    store.add({ output: 'other\n', data: { event: 2 } });
    assert.deepEqual(
      store.shown().map(({ text, event }) => `${event} ${text}`),
      ['2 other', '1 half', '1 ab'],
    );
  });

  it('shows the chosen events only', () => {
    const store = new MessageStore(() => 0);
    store.add({ output: 'one\n', data: { event: 1 } });
    store.add({ output: 'guest\n', category: 'stdout' });
    store.add({ output: 'two\n', data: { event: 2 } });
    store.filter = new Set([2]);
    assert.deepEqual(texts(store), ['two']);
    assert.equal(store.gaps(), 'events 2 only');
    assert.equal(store.asText(), '00:00:00.000\t2\ttwo\n');
  });

  it('tells what is not there', () => {
    const store = new MessageStore(() => 0);
    assert.equal(store.gaps(), undefined);
    store.add({ output: '3 messages were lost\n', data: { lost: 3 } });
    store.isPaused = true;
    assert.equal(store.gaps(), 'paused, 3 dropped by the target');
  });

  it('forgets the oldest of very many, and says how many', () => {
    const store = new MessageStore(() => 0);
    for (let i = 0; i < 13_000; i++) store.add({ output: `${i}\n`, data: { event: 1 } });
    const shown = texts(store);
    assert.equal(shown[0], '12999');
    const forgotten = 13_000 - shown.length;
    assert.ok(shown.length >= 10_000 && shown.length <= 12_500);
    assert.equal(store.gaps(), `${forgotten} older ones forgotten`);
  });
});
