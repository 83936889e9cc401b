import assert from 'node:assert/strict';
import type { EventRow } from '../../../extension/views/event-row';
import { lineNotes } from '../../../extension/views/line-notes';

const row = (changes: Partial<EventRow>): EventRow => ({
  number: 1,
  tag: '0x1000000',
  id: '0',
  command: '!cpuid',
  label: '!cpuid',
  state: 'enabled',
  stage: 'pre',
  hasCondition: false,
  stops: 0,
  messages: 0,
  actions: [],
  path: '/a.hds',
  line: 3,
  ...changes,
});

describe('notes behind the lines of a script', () => {
  it('say how often an event fired', () => {
    const rows = [row({ hits: '1' }), row({ number: 2, line: 9, hits: '20', state: 'disabled' })];
    assert.deepEqual(lineNotes(rows, '/a.hds'), [
      { line: 3, text: 'event 1, 1 hit' },
      { line: 9, text: 'event 2, disabled, 20 hits' },
    ]);
  });

  it('say whether there was a sign where nothing is counted', () => {
    assert.equal(lineNotes([row({})], '/a.hds')[0]?.text, 'event 1, not seen yet');
    assert.equal(lineNotes([row({ messages: 2 })], '/a.hds')[0]?.text, 'event 1, seen');
  });

  it('are for the events of that file', () => {
    assert.deepEqual(lineNotes([row({ path: '/b.hds' })], '/a.hds'), []);
  });
});
