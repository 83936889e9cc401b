import assert from 'node:assert/strict';
import { actionText, type EventRow, eventText } from '../../../extension/views/event-row';

const row: EventRow = {
  number: 2,
  tag: '0x1000001',
  id: '1',
  command: '!epthook',
  label: '!epthook licence!verify',
  state: 'enabled',
  address: '0x4002b0',
  place: 'licence!verify',
  stage: 'pre',
  hasCondition: false,
  hits: '3',
  stops: 1,
  messages: 0,
  actions: [],
};

describe('a line of the list of events', () => {
  it('says how often it fired and where it is', () => {
    const text = eventText(row);
    assert.equal(text.description, '3 hits · 1 stop · 0x4002b0 · tag 0x1000001');
    assert.deepEqual(new Map(text.details).get('Address'), '0x4002b0 (licence!verify)');
    assert.equal(new Map(text.details).get('Hits'), '3, as of the last stop');
  });

  it('says when it is off, and when nothing is counted', () => {
    const { hits: _hits, ...uncounted } = row;
    const text = eventText({ ...uncounted, state: 'disabled' });
    assert.match(text.description, /^disabled · 1 stop/);
    assert.match(new Map(text.details).get('Hits') ?? '', /not counted/);
  });

  it('shows the first line of what an action does', () => {
    const code = actionText({ kind: 'code', detail: 'mov rax, 1\nret', bufferSizeBytes: 16 });
    assert.equal(code.description, 'mov rax, 1');
    assert.deepEqual(code.details, [
      ['Custom code', '\nmov rax, 1\nret'],
      ['Buffer', '16 bytes'],
    ]);
    assert.equal(
      actionText({ kind: 'break', detail: '', bufferSizeBytes: 0 }).description,
      'stops the machine',
    );
  });
});
