import assert from 'node:assert/strict';
import { type EventList } from '../../adapter/session/event-list';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { AdapterClient } from './adapter-client';

const guest = projectFile('examples/guests/prebuilt/licence');
const script = projectFile('examples/licence.hds');

describe('the list of events', function () {
  this.timeout(30_000);
  let client: AdapterClient;

  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(() => {
    client = new AdapterClient(projectFile('dist/adapter.js'));
  });
  afterEach(async () => {
    assert.ok(await client.close(), 'the adapter did not end by itself');
  });

  const ask = async (command: string, args?: unknown): Promise<EventList['events']> => {
    const body: unknown = await client.ask(command, args);
    return (body as EventList).events;
  };
  const start = async (more: object = {}, capabilities: object = {}): Promise<void> => {
    await client.launchAndRun({ program: guest, script, countHits: true, ...more }, capabilities);
    await client.nextEvent('stopped');
  };

  it('shows what is armed, what it does and how often it fired', async () => {
    await start();
    const [checksum, verify, report] = await ask('hyperdbgEvents');
    assert.deepEqual(
      { ...checksum, address: 'any', lastMs: 0 },
      {
        number: 1,
        tag: '0x1000000',
        id: '0',
        command: '!epthook',
        label: '!epthook licence!checksum',
        state: 'enabled',
        address: 'any',
        place: 'licence!checksum',
        stage: 'pre',
        hasCondition: false,
        hits: '1',
        stops: 0,
        messages: 1,
        lastMs: 0,
        actions: [
          {
            kind: 'script',
            detail: 'printf("checksum of %s (%d characters), called from %llx\\n", @rdi, @esi, poi(@rsp));',
            bufferSizeBytes: 0,
          },
        ],
        path: script,
        line: 17,
      },
    );
    assert.deepEqual([verify?.hits, verify?.stops, verify?.actions[0]?.kind], ['1', 1, 'break']);
    assert.deepEqual([report?.hits, report?.stops], ['0', 0]);
    assert.equal(report?.actions[0]?.kind, 'code');
    assert.match(report.actions[0].detail, /^mov qword ptr \[rdx\+0x38\], 1\nret$/);
  });

  it('counts the hit that a breakpoint on the event stops in', async () => {
    await start({ stopOnEntry: true });
    await client.ask('setBreakpoints', { source: { path: script }, breakpoints: [{ line: 17 }] });
    await client.ask('continue', { threadId: 1 });
    await client.nextEvent('stopped');
    assert.deepEqual(
      (await ask('hyperdbgEvents')).map(({ hits }) => hits),
      ['1', '0', '0'],
    );
    await client.ask('continue', { threadId: 1 });
    await client.nextEvent('stopped');
    assert.deepEqual(
      (await ask('hyperdbgEvents')).map(({ hits }) => hits),
      ['1', '1', '0'],
    );
  });

  it('counts nothing unless it is asked to', async () => {
    await start({ countHits: false });
    const events = await ask('hyperdbgEvents');
    assert.deepEqual(
      events.map(({ hits }) => hits),
      [undefined, undefined, undefined],
    );
    assert.equal(events[1]?.stops, 1);
  });

  it('a disabled event does not fire, and an enabled one does again', async () => {
    await start({ stopOnEntry: true });
    const [, verify, report] = await ask('hyperdbgModifyEvents', {
      verb: 'disable',
      tags: ['0x1000001', '0x1000002'],
    });
    assert.deepEqual([verify?.state, report?.state], ['disabled', 'disabled']);
    await ask('hyperdbgModifyEvents', { verb: 'enable', tags: ['0x1000002'] });
    assert.deepEqual(
      (await ask('hyperdbgEvents')).map(({ state }) => state),
      ['enabled', 'disabled', 'enabled'],
    );
    await client.ask('continue', { threadId: 1 });
    const exited = await client.nextEvent('exited');
    // Event 3 lets the guest accept its key; event 2 would have stopped before.
    assert.equal(exited.body.exitCode, 0);
  });

  it('tells breakpoints of a cleared event', async () => {
    await start({ stopOnEntry: true });
    await client.ask('setBreakpoints', { source: { path: script }, breakpoints: [{ line: 22 }] });
    const changed = new Promise<{ body: { breakpoint: { verified: boolean } } }>((resolve) =>
      client.once('breakpoint', resolve),
    );
    const left = await ask('hyperdbgModifyEvents', { verb: 'clear', tags: ['0x1000001'] });
    assert.deepEqual(
      left.map(({ number }) => number),
      [1, 3],
    );
    assert.equal((await changed).body.breakpoint.verified, false);
    await client.ask('continue', { threadId: 1 });
    assert.equal((await client.nextEvent('stopped', 'exited')).event, 'exited');
  });

  it('says which tag or verb it does not know', async () => {
    await start();
    await assert.rejects(ask('hyperdbgModifyEvents', { verb: 'remove' }), /"remove" is nothing to do/);
    await assert.rejects(
      ask('hyperdbgModifyEvents', { verb: 'clear', tags: ['0x99'] }),
      /no event with the tag 0x99/,
    );
  });

  it('a client hears of other stacks only when there are some', async () => {
    await start({}, { supportsInvalidatedEvent: true });
    const areas: unknown[] = [];
    client.on('invalidated', ({ body }) => areas.push(body.areas));
    const evaluate = (expression: string): Promise<unknown> =>
      client.ask('evaluate', { expression, context: 'repl' });
    await evaluate('printf("%llx\\n", @rax);');
    await evaluate('@rax = 5;');
    await evaluate('@rsp = @rsp - 8;');
    await client.ask('setExpression', { expression: '@rbx', value: '1' });
    await client.ask('setExpression', { expression: '@rbp', value: '1' });
    assert.deepEqual(areas, [
      ['variables'],
      ['variables'],
      ['stacks', 'variables'],
      ['variables'],
      ['stacks', 'variables'],
    ]);
  });

  it('output tells its event', async () => {
    const outputs: unknown[] = [];
    client.on('output', ({ body }) => outputs.push(body));
    await start();
    const ofEvent = outputs.find((body) => /^checksum of/.test((body as { output: string }).output));
    assert.deepEqual((ofEvent as { data: unknown }).data, { event: 1 });
  });
});
