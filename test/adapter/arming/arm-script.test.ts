import assert from 'node:assert/strict';
import { ArmedEvents } from '../../../adapter/arming/armed-events';
import { armScript, type ArmResult } from '../../../adapter/arming/arm-script';
import { scriptFile } from '../../../adapter/arming/script-file';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { scriptedTarget } from '../session/adapter-fixture';
import { ScriptedDebuggee } from '../session/scripted-debuggee';

describe('adapter/arming', () => {
  let debuggee: ScriptedDebuggee;
  let events: ArmedEvents;
  let globals: GlobalTable;

  beforeEach(() => {
    debuggee = new ScriptedDebuggee();
    events = new ArmedEvents();
    globals = new GlobalTable();
  });

  function arm(text: string, args: readonly string[] = []): Promise<ArmResult> {
    const { symbols } = scriptedTarget(debuggee);
    return armScript({ text, fileName: '/s/test.hds', args, debuggee, symbols, globals, events });
  }

  it('registers the event first and then its actions', async () => {
    const result = await arm('\n!epthook guest!checksum script {\n  printf("hit\\n");\n}\n');
    assert.deepEqual(result.problems, []);
    assert.equal(result.ok, true);
    assert.deepEqual(debuggee.log, ['registerEvent 0x1000000', 'addAction 0x1000000 script']);
    const recorded = debuggee.events.get(0x1000000n);
    assert.equal(recorded?.type, 8);
    assert.equal(recorded?.options[0], 0x401100n);
    assert.equal(recorded?.processId, 0xffffffff);
    const [event] = result.armed;
    assert.deepEqual(
      { number: event?.number, line: event?.line, lastLine: event?.lastLine, label: event?.label },
      { number: 1, line: 2, lastLine: 4, label: '!epthook guest!checksum' },
    );
  });

  it('counts events on over several files of a session', async () => {
    await arm('!cpuid script { print(1); }\n');
    const second = await arm('!cpuid script { print(2); }\n!epthook checksum\n');
    assert.deepEqual(
      second.armed.map(({ number, tag }) => [number, tag]),
      [
        [2, 0x1000001n],
        [3, 0x1000002n],
      ],
    );
    assert.deepEqual(debuggee.events.get(0x1000002n)?.actions, [{ kind: 'break' }]);
  });

  it('arms code and script actions with their buffers', async () => {
    const result = await arm('!cpuid buffer 100 code { 48FF014889C8C3 }\n');
    assert.deepEqual(result.problems, []);
    const [action] = debuggee.events.get(0x1000000n)?.actions ?? [];
    assert.equal(action?.kind, 'code');
    assert.ok(action?.kind === 'code' && action.bufferSizeBytes === 0x100);
    assert.equal(
      Buffer.from(action?.kind === 'code' ? action.bytes : [])
        .toString('hex')
        .slice(0, 14),
      '48ff014889c8c3',
    );
  });

  it('runs ? lines at load, in order with the events', async () => {
    const result = await arm('? printf("sum %d\\n", 2 + 3);\n!cpuid script { print(1); }\n');
    assert.deepEqual(
      result.outputs.map(({ line, text }) => [line, text]),
      [[1, 'sum 5\n']],
    );
    assert.deepEqual(debuggee.log.slice(0, 2), ['runScript', 'registerEvent 0x1000000']);
  });

  it('arms nothing when any command is wrong, and names every place', async () => {
    const result = await arm('!cpuid script { print(1); }\n!epthook nowhere!f\n!cpuid script { x = ; }\n');
    assert.equal(result.ok, false);
    assert.deepEqual(debuggee.log, []);
    assert.deepEqual(
      result.problems.map(({ line }) => line),
      [2, 3],
    );
    for (const { text } of result.problems) assert.match(text, /^\/s\/test\.hds:\d+:\d+: \S.*\S$/);
  });

  it('takes back what it armed when the target refuses a later command', async () => {
    debuggee.refuse = { request: 'registerEvent', code: 'DEBUGGER_ERROR_INVALID_ADDRESS', after: 1 };
    const result = await arm('!cpuid script { print(1); }\n!epthook 1234\n!cpuid script { print(2); }\n');
    assert.equal(result.ok, false);
    assert.equal(debuggee.events.size, 0);
    assert.equal(events.all.length, 0);
    assert.equal(result.problems[0]?.line, 2);
    assert.match(result.problems[0]?.message ?? '', /DEBUGGER_ERROR_INVALID_ADDRESS/);
    assert.deepEqual(debuggee.log.at(-1), 'modifyEvent 0x1000000 clear');
  });

  it('takes back an event whose action was refused', async () => {
    debuggee.refuse = { request: 'addAction', code: 'DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY' };
    const result = await arm('!cpuid script { print(1); }\n');
    assert.equal(result.ok, false);
    assert.equal(debuggee.events.size, 0);
  });

  it('never uses a tag twice', async () => {
    debuggee.refuse = { request: 'addAction', code: 'DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY' };
    await arm('!cpuid script { print(1); }\n');
    const result = await arm('!cpuid script { print(1); }\n');
    assert.equal(result.armed[0]?.tag, 0x1000001n);
  });

  it('compiles as the target wants, and tells what that changed', async () => {
    const { symbols } = scriptedTarget(debuggee);
    const text = '!cpuid script {\n  int arr[2] = {1, 2};\n  arr[1] = 5;\n}\n';
    const bytesIn = async (mode: 'exact' | 'safe'): Promise<[Uint8Array | undefined, string[]]> => {
      const request = { text, fileName: '/s/test.hds', debuggee, symbols, globals, events, mode };
      const { problems, armed } = await armScript(request);
      const action = armed[0]?.plan.actions[0];
      const told = problems.map(({ severity, line }) => `${severity} ${line}`);
      return [action?.kind === 'script' ? action.script.bytes : undefined, told];
    };
    const [exact, warned] = await bytesIn('exact');
    const [safe, noted] = await bytesIn('safe');
    assert.notDeepEqual(exact, safe);
    assert.deepEqual([warned, noted], [['warning 3'], ['information 3']]);
  });

  it('puts arguments into commands', async () => {
    const result = await arm('!epthook $arg1 script {\n  printf("%llx\\n", $context);\n}\n', ['401100']);
    assert.deepEqual(result.problems, []);
    assert.equal(debuggee.events.get(0x1000000n)?.options[0], 0x401100n);
  });
});

describe('adapter/arming: positions', () => {
  it('counts lines and columns from 1', () => {
    const file = scriptFile('a', 'one\ntwo\n\nfour');
    assert.deepEqual(file.positionAt(0), { line: 1, column: 1 });
    assert.deepEqual(file.positionAt(3), { line: 1, column: 4 });
    assert.deepEqual(file.positionAt(4), { line: 2, column: 1 });
    assert.deepEqual(file.positionAt(8), { line: 3, column: 1 });
    assert.deepEqual(file.positionAt(100), { line: 4, column: 92 });
  });
});
