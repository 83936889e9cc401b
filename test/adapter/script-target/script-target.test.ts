/** Sessions with `"target": "script"`, over a real socket. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { type AdapterFixture, connectedAdapter } from '../session/adapter-fixture';

const PLAIN = `int twice(int value) {
  int doubled = value * 2;
  return doubled;
}
.total = 0;
for (int i = 0; i < 4; i++) {
  sum = twice(i);
  .total = .total + sum;
}
@rax = .total;
printf("total %d\\n", .total);
`;

const EVENT = `//@ mem: 404000 11 22 33 44 55 66 77 88
//@ on: 1 ctx=2a rip=401000 rcx=404000
//@ out: 2a 8877665544332211
!epthook 401000 script {
  value = poi(@rcx);
  printf("%llx %llx\\n", $context, value);
}
`;

describe('adapter/script-target', () => {
  let adapter: AdapterFixture;
  let folder: string;
  let file: string;

  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-script-'))));
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    file = path.join(folder, 'test.hds');
    adapter = await connectedAdapter(() => Promise.reject(new Error('a script needs no target')));
  });
  afterEach(() => adapter.cut());

  interface Start extends Record<string, unknown> {
    readonly breakpoints?: P.SourceBreakpoint[];
  }

  /** Launches up to the answer of setBreakpoints, and lets the script run. */
  async function start(text: string, { breakpoints = [], ...launch }: Start = {}): Promise<P.Breakpoint[]> {
    writeFileSync(file, text);
    const { client } = adapter;
    await client.initializeRequest();
    const initialized = client.waitForEvent('initialized');
    await client.send('launch', { target: 'script', script: file, ...launch });
    await initialized;
    const set = await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
    await client.configurationDoneRequest();
    return set.body.breakpoints;
  }

  /** Sends a request and waits for the stop that follows it. */
  async function stopAfter(ask: () => Promise<unknown>): Promise<P.StoppedEvent['body']> {
    const [stop] = await Promise.all([adapter.client.waitForEvent('stopped'), ask()]);
    return stop.body;
  }

  const step = (command: string) => stopAfter(() => adapter.client.send(command, { threadId: 1 }));

  async function frames(): Promise<P.StackFrame[]> {
    return (await adapter.client.stackTraceRequest({ threadId: 1 })).body.stackFrames;
  }

  async function place(): Promise<string> {
    return (await frames()).map(({ name, line }) => `${name}:${line}`).join(' < ');
  }

  async function scope(name: string, frameId = 1): Promise<P.Scope> {
    const { body } = await adapter.client.scopesRequest({ frameId });
    return body.scopes.find((one) => one.name === name)!;
  }

  async function variables(name: string, frameId = 1): Promise<Record<string, string>> {
    const { variablesReference } = await scope(name, frameId);
    const { body } = await adapter.client.variablesRequest({ variablesReference });
    return Object.fromEntries(body.variables.map((variable) => [variable.name, variable.value]));
  }

  async function evaluate(expression: string, context = 'watch', frameId = 1): Promise<string> {
    return (await adapter.client.evaluateRequest({ expression, context, frameId })).body.result;
  }

  it('stops at the first statement and steps over, into and out of functions', async () => {
    const entry = await stopAfter(() => start(PLAIN, { stopOnEntry: true }));
    assert.equal(entry.reason, 'entry');
    assert.equal(await place(), 'script:5');
    assert.equal((await step('next')).reason, 'step');
    assert.equal(await place(), 'script:6');
    await step('next');
    assert.equal(await place(), 'script:7');
    await step('stepIn');
    assert.equal(await place(), 'twice:2 < script:7');
    await step('next');
    assert.equal(await place(), 'twice:3 < script:7');
    assert.deepEqual(await variables('Locals'), { value: '0x0', doubled: '0x0' });
    await step('stepOut');
    assert.equal(await place(), 'script:7');
    await step('next');
    assert.equal(await place(), 'script:8');
    await step('next');
    assert.equal(await place(), 'script:6');
    await step('next');
    assert.equal(await place(), 'script:7');
    await step('next');
    assert.equal(await place(), 'script:8', 'a step over does not stop in the function');
  });

  it('stops at breakpoints, in functions with the frames of their callers', async () => {
    const stop = stopAfter(async () => {
      const [breakpoint] = await start(PLAIN, { breakpoints: [{ line: 3, condition: 'value == 2' }] });
      assert.deepEqual([breakpoint?.verified, breakpoint?.line], [true, 3]);
    });
    assert.equal((await stop).reason, 'breakpoint');
    assert.equal(await place(), 'twice:3 < script:7');
    assert.deepEqual(await variables('Locals'), { value: '0x2', doubled: '0x4' });
    assert.deepEqual(await variables('Locals', 2), { i: '0x2', sum: '0x2' });
    assert.deepEqual(await variables('Globals'), { '.total': '0x2' });
    assert.equal(await evaluate('value + doubled'), '0x6');
    assert.equal(await evaluate('i * 0n10 + sum', 'hover', 2), '0x16');
  });

  it('shows the variables of every call of a recursion', async () => {
    const text =
      'int down(int value) {\n  int twice = value * 2;\n  if (value == 0) {\n    return 0;\n  }\n  return down(value - 1);\n}\nx = down(2);\n';
    await stopAfter(() => start(text, { breakpoints: [{ line: 4 }] }));
    assert.equal(await place(), 'down:4 < down:6 < down:6 < script:8');
    for (const [frameId, value] of [0, 1, 2].entries())
      assert.deepEqual(await variables('Locals', frameId + 1), {
        value: `0x${value}`,
        twice: `0x${value * 2}`,
      });
  });

  it('moves a breakpoint to the next statement and refuses one behind the last', async () => {
    const [head, last] = await start(PLAIN, { breakpoints: [{ line: 1 }, { line: 99 }] });
    assert.deepEqual([head?.verified, head?.line], [true, 2]);
    assert.equal(last?.verified, false);
    assert.match(last?.message ?? '', /no statement/);
  });

  it('counts hits and prints log messages without a stop', async () => {
    const stop = await stopAfter(() =>
      start(PLAIN, {
        breakpoints: [
          { line: 8, logMessage: 'i is {i}, {sum + 1}' },
          { line: 7, hitCondition: '3' },
        ],
      }),
    );
    assert.equal(stop.reason, 'breakpoint');
    assert.deepEqual(await variables('Locals'), { i: '0x2', sum: '0x2' });
    await adapter.client.outputMatching(/i is 0x1, 0x3/);
    assert.match(adapter.client.outputs, /i is 0x0, 0x1\ni is 0x1, 0x3\n/);
  });

  it('changes variables, globals and registers, and the script goes on with them', async () => {
    const { client } = adapter;
    await stopAfter(() => start(PLAIN, { breakpoints: [{ line: 8, hitCondition: '4' }] }));
    const locals = await scope('Locals');
    const set = await client.setVariableRequest({
      variablesReference: locals.variablesReference,
      name: 'sum',
      value: '0x10 + i',
    });
    assert.equal(set.body.value, '0x13');
    await client.send('setExpression', { expression: '.total', value: '0x100', frameId: 1 });
    assert.equal(await evaluate('sum = sum + 1', 'repl'), '');
    assert.equal(await evaluate('sum'), '0x14');
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: 11 }] });
    await step('continue');
    assert.equal((await variables('Registers')).rax, '0x114');
    const [exited] = await Promise.all([
      client.waitForEvent('exited'),
      client.send('continue', { threadId: 1 }),
    ]);
    assert.equal(exited.body.exitCode, 0);
    assert.match(adapter.client.outputs, /^total 276$/m);
  });

  it('leaves everything as it is when a watch or hover would change it', async () => {
    await stopAfter(() => start(PLAIN, { breakpoints: [{ line: 10 }], registers: { rax: '0x77' } }));
    for (const context of ['watch', 'hover']) {
      await assert.rejects(evaluate('.total = 5', context));
      await evaluate('0); .total = 5; @rax = 5; formats(0', context).catch(() => undefined);
      assert.equal(await evaluate('.total', context), '0xc');
    }
    assert.equal((await variables('Registers')).rax, '0x77');
  });

  it('runs on the registers and the memory of the configuration', async () => {
    const { client } = adapter;
    const stop = await stopAfter(() =>
      start('value = dq(@rcx);\neq(@rcx, value + 1);\nprintf("%llx\\n", dq(@rcx));\n', {
        registers: { rcx: '0x7000' },
        memory: { '0x7000': '11 22 33 44 55 66 77 88' },
        breakpoints: [{ line: 3 }],
      }),
    );
    assert.equal(stop.reason, 'breakpoint');
    assert.equal(await evaluate('value'), '0x8877665544332211');
    const { body } = await client.send('readMemory', { memoryReference: '0x7000', count: 16 });
    assert.deepEqual([...Buffer.from(body.data, 'base64')], [0x12, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
    assert.equal(body.unreadableBytes, 8);
    await client.send('writeMemory', {
      memoryReference: '0x7000',
      data: Buffer.from([0xff]).toString('base64'),
    });
    assert.equal(await evaluate('dq(@rcx)'), '0x88776655443322ff');
  });

  it('runs the script of an event on the occurrence that its header describes', async () => {
    const stop = await stopAfter(() => start(EVENT, { breakpoints: [{ line: 6 }] }));
    assert.equal(stop.reason, 'breakpoint');
    assert.equal(await place(), 'event 1: !epthook:6');
    assert.deepEqual(await variables('Locals'), { value: '0x8877665544332211' });
    assert.equal((await variables('Registers')).rip, '0x401000');
    assert.equal(await evaluate('$context'), '0x2a');
    await adapter.client.send('continue', { threadId: 1 });
    await adapter.client.outputMatching(/^2a 8877665544332211$/m);
  });

  it('stops where the script fails, with the reason, and ends after it', async () => {
    const { client } = adapter;
    const stop = await stopAfter(() => start('x = 1;\ny = dq(0x5);\nz = 3;\n'));
    assert.equal(stop.reason, 'exception');
    assert.match(stop.text ?? '', /^err, ScriptEngineExecute, function = .*cannot be read/);
    assert.equal(await place(), 'script:2');
    assert.equal((await variables('Locals')).x, '0x1');
    const info = await client.send('exceptionInfo', { threadId: 1 });
    assert.equal(info.body.description, stop.text);
    const [exited] = await Promise.all([
      client.waitForEvent('exited'),
      client.waitForEvent('terminated'),
      client.send('continue', { threadId: 1 }),
    ]);
    assert.equal(exited.body.exitCode, 1);
  });

  it('pauses a script that never ends, and ends a session whose script runs', async () => {
    const { client, ended } = adapter;
    await start('x = 0;\nwhile (1 == 1) {\n  x = x + 1;\n}\n', { maxInstructions: 1e15 });
    assert.equal((await client.send('threads')).body.threads.length, 1);
    await assert.rejects(frames(), /running/);
    const stop = await stopAfter(() => client.pauseRequest({ threadId: 1 }));
    assert.equal(stop.reason, 'pause');
    assert.match(await place(), /^script:[23]$/);
    await client.send('continue', { threadId: 1 });
    await client.disconnectRequest();
    await ended;
  });

  it('shows arrays, structs and floating-point numbers with their types', async () => {
    const text =
      'struct pair { int left; int right; };\nint numbers[3] = { 1, 2, 3 };\nstruct pair p;\np.right = 7;\ndouble half = 1.5;\nx = 0;\n';
    const { client } = adapter;
    await stopAfter(() => start(text, { breakpoints: [{ line: 6 }] }));
    const { variablesReference } = await scope('Locals');
    const locals = (await client.variablesRequest({ variablesReference })).body.variables;
    const numbers = locals.find(({ name }) => name === 'numbers')!;
    assert.equal(numbers.type, 'int[3]');
    const elements = await client.variablesRequest({ variablesReference: numbers.variablesReference });
    assert.deepEqual(
      elements.body.variables.map(({ name, value }) => [name, value]),
      [
        ['[0]', '0x1'],
        ['[1]', '0x2'],
        ['[2]', '0x3'],
      ],
    );
    assert.equal(await evaluate('p.right'), '0x7');
    assert.equal(await evaluate('numbers[2]'), '0x3');
    assert.equal(await evaluate('half'), '1.5');
    await client.setVariableRequest({ variablesReference, name: 'half', value: '-2.25' });
    assert.equal(await evaluate('half'), '-2.25');
  });

  it('says what is wrong with a configuration or a script', async () => {
    const refused = (text: string, launch: Start, reason: RegExp) =>
      assert.rejects(start(text, launch), reason);
    await refused('x = ;\n', {}, /test\.hds", line 1: /);
    await refused(EVENT, { event: 2 }, /"event" is 2, but .* has 1 event/);
    await refused(EVENT, { occurrence: 2 }, /"occurrence" is 2, but .* has 1 "on:" line/);
    await refused('x = 1;\n', { registers: { nope: 1 } }, /"registers" .* no register nope/);
    await refused('x = 1;\n', { memory: { '0x1000': 'zz' } }, /"memory" in the launch configuration/);
    await refused('x = 1;\n', { script: '/nowhere/at.hds' }, /cannot be read/);
    await refused('x = 1;\n', { target: 'nothing' }, /"target" .* "nothing"/);
  });
});
