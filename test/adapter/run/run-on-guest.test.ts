import assert from 'node:assert/strict';
import { runOnGuest, type RunOptions, type RunOutcome } from '../../../adapter/run/run-on-guest';
import type { RunRecord } from '../../../adapter/run/run-record';
import { TargetError } from '../../../adapter/target/target';
import { scriptedTarget, type ScriptedTarget } from '../session/adapter-fixture';

describe('adapter/run', () => {
  let target: ScriptedTarget;
  let records: RunRecord[];

  beforeEach(() => {
    target = scriptedTarget();
    records = [];
  });

  function run(scriptText: string, options: Partial<RunOptions> = {}): Promise<RunOutcome> {
    return runOnGuest(
      {
        scriptPath: 'test.hds',
        scriptText,
        program: '/bin/guest',
        openTarget: async () => target,
        ...options,
      },
      (record) => records.push(record),
    );
  }

  /** Lets things happen one after the other, each time the guest runs. */
  function onEachResume(...steps: (() => void)[]): void {
    target.debuggee.onResume = () => void setImmediate(() => steps.shift()?.());
  }

  function exit(code = 0): void {
    target.console({ kind: 'exited', code, signal: undefined });
    target.debuggee.end('closed');
  }

  it('tells of everything in order and ends with the exit code', async () => {
    target.debuggee.general[0] = 5n;
    onEachResume(
      () => {
        target.debuggee.fire(0x1000000n, 0x401100n);
        target.console({ kind: 'output', stream: 'stdout', bytes: new TextEncoder().encode('hello\nwor') });
        target.debuggee.stop('event', 0x401100n, 0x1000000n);
      },
      () => {
        target.console({ kind: 'output', stream: 'stdout', bytes: new TextEncoder().encode('ld\n') });
        exit(3);
      },
    );
    const outcome = await run('? print(2a);\n!epthook checksum script {\n  printf("rax %x\\n", @rax);\n}\n');
    assert.deepEqual(outcome, { kind: 'exited', code: 3 });
    assert.deepEqual(records, [
      { type: 'message', text: '2a' },
      { type: 'armed', event: 1, tag: '0x1000000', command: '!epthook', line: 2 },
      { type: 'message', event: 1, text: 'rax 5' },
      { type: 'guestOutput', stream: 'stdout', text: 'hello' },
      {
        type: 'stopped',
        reason: 'event',
        event: 1,
        core: 0,
        process: 42,
        thread: 43,
        rip: '0x401100',
        registers: {
          rax: '0x5',
          rcx: '0x0',
          rdx: '0x0',
          rbx: '0x0',
          rsp: '0x0',
          rbp: '0x0',
          rsi: '0x0',
          rdi: '0x0',
          r8: '0x0',
          r9: '0x0',
          r10: '0x0',
          r11: '0x0',
          r12: '0x0',
          r13: '0x0',
          r14: '0x0',
          r15: '0x0',
        },
        rflags: '0x202',
      },
      { type: 'guestOutput', stream: 'stdout', text: 'world' },
      { type: 'exited', code: 3 },
    ]);
    assert.equal(target.disposed, 1);
  });

  it('puts text without a line end before the stop that follows it', async () => {
    onEachResume(
      () => {
        target.debuggee.say('almost', 0x1000000n);
        target.debuggee.stop('event', 0x401100n, 0x1000000n);
      },
      () => exit(),
    );
    await run('!epthook checksum\n');
    assert.deepEqual(
      records.map((record) => (record.type === 'message' ? record.text : record.type)),
      ['armed', 'almost', 'stopped', 'exited'],
    );
  });

  it('ends at the last stop that is allowed', async () => {
    const stop = (): void => target.debuggee.stop('event', 0x401100n, 0x1000000n);
    onEachResume(stop, stop, stop);
    const outcome = await run('!epthook checksum\n', { maxStops: 2 });
    assert.deepEqual(outcome, { kind: 'maxStops' });
    assert.equal(records.filter(({ type }) => type === 'stopped').length, 2);
    assert.equal(target.disposed, 1);
  });

  it('ends when the time is over, also while the machine starts', async () => {
    assert.deepEqual(await run('!cpuid\n', { timeoutMs: 20 }), { kind: 'timeout' });
    const never = new Promise<ScriptedTarget>(() => undefined);
    const outcome = await run('!cpuid\n', { timeoutMs: 20, openTarget: () => never });
    assert.deepEqual(outcome, { kind: 'timeout' });
  });

  it('ends when the caller has had enough', async () => {
    const controller = new AbortController();
    onEachResume(() => controller.abort());
    assert.deepEqual(await run('!cpuid\n', { signal: controller.signal }), { kind: 'cancelled' });
    assert.equal(target.disposed, 1);
  });

  it('hands over the problems of a script and runs nothing', async () => {
    const outcome = await run('!epthook nowhere!f\n');
    assert.equal(outcome.kind, 'script');
    assert.ok(!target.debuggee.log.includes('resume'));
    assert.equal(target.disposed, 1);
  });

  it('says why there is no machine, and why one was lost', async () => {
    const refused = await run('!cpuid\n', {
      openTarget: async () => {
        throw new TargetError('No CPU library.', 'machine');
      },
    });
    assert.deepEqual(refused, { kind: 'failed', reason: 'No CPU library.', origin: 'machine' });
    onEachResume(() => target.console({ kind: 'failed', reason: 'The machine ran out of memory.' }));
    const lost = await run('!cpuid\n');
    assert.deepEqual(lost, { kind: 'failed', reason: 'The machine ran out of memory.', origin: 'target' });
  });
});
