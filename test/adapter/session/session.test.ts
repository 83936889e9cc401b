import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Deferred } from '../../../adapter/target/deferred';
import { TargetError } from '../../../adapter/target/target';
import { Random } from '../../random';
import {
  type AdapterFixture,
  connectedAdapter,
  scriptedTarget,
  type ScriptedTarget,
} from './adapter-fixture';

const RETURN_TO_MAIN = 0x401025n;

/** Code with a call right before RETURN_TO_MAIN, and a stack that holds that return address. */
function withCallFrom(target: ScriptedTarget): void {
  const code = new Uint8Array(0x1000).fill(0x90);
  code[0x20] = 0xe8;
  code.set([0x55, 0x48, 0x89, 0xe5], 0x100);
  target.debuggee.map(0x401000n, code);
  const stack = new Uint8Array(0x1000);
  new DataView(stack.buffer).setBigUint64(0x800, RETURN_TO_MAIN, true);
  target.debuggee.map(0x7ff000n, stack);
  target.debuggee.general[4] = 0x7ff800n;
  target.debuggee.general[0] = 0x401100n;
}

describe('adapter/session', () => {
  let target: ScriptedTarget;
  let adapter: AdapterFixture;
  let folder: string;

  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-session-'))));
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    target = scriptedTarget();
    withCallFrom(target);
    adapter = await connectedAdapter(async () => target);
  });
  afterEach(() => adapter.cut());

  function script(text: string): string {
    const file = path.join(folder, 'test.hds');
    writeFileSync(file, text);
    return file;
  }

  async function start(launch: Record<string, unknown> = {}): Promise<void> {
    const { client } = adapter;
    await Promise.all([client.configurationSequence(), client.launch({ program: '/bin/guest', ...launch })]);
  }

  async function startStopped(launch: Record<string, unknown> = {}): Promise<void> {
    await Promise.all([adapter.client.waitForEvent('stopped'), start({ stopOnEntry: true, ...launch })]);
  }

  it('declares what it can do, all of it', async () => {
    const { body } = await adapter.client.initializeRequest();
    const { exceptionBreakpointFilters, ...capabilities } = body!;
    assert.deepEqual(
      exceptionBreakpointFilters?.map(({ filter }) => filter),
      ['exception-0', 'exception-6', 'exception-d', 'exception-e'],
    );
    assert.deepEqual(capabilities, {
      supportsConfigurationDoneRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      supportsHitConditionalBreakpoints: true,
      supportsLogPoints: true,
      supportsInstructionBreakpoints: true,
      supportsDataBreakpoints: true,
      supportsDataBreakpointBytes: true,
      supportsExceptionFilterOptions: true,
      supportsExceptionInfoRequest: true,
      supportsBreakpointLocationsRequest: true,
      supportsSteppingGranularity: true,
      supportsDelayedStackTraceLoading: true,
      supportsGotoTargetsRequest: true,
      supportsClipboardContext: true,
      supportsSetVariable: true,
      supportsSetExpression: true,
      supportsEvaluateForHovers: true,
      supportsReadMemoryRequest: true,
      supportsWriteMemoryRequest: true,
      supportsDisassembleRequest: true,
      supportsModulesRequest: true,
      supportsLoadedSourcesRequest: true,
      supportsCancelRequest: true,
      supportsTerminateRequest: true,
      supportTerminateDebuggee: true,
    });
  });

  it('stops at the entry point when asked to', async () => {
    const { client } = adapter;
    const [stopped] = await Promise.all([client.waitForEvent('stopped'), start({ stopOnEntry: true })]);
    assert.equal(stopped.body.reason, 'entry');
    assert.equal(stopped.body.threadId, 1);
    assert.ok(!target.debuggee.log.includes('resume'));
    const { threads } = (await client.threadsRequest()).body;
    assert.deepEqual(threads, [{ id: 1, name: 'Core 0 · guest (process 42, thread 43)' }]);
  });

  it('walks the stack at a function entry and names the frames', async () => {
    await start();
    const stopped = adapter.client.waitForEvent('stopped');
    target.debuggee.stop('breakpoint', 0x401100n);
    await stopped;
    const { stackFrames, totalFrames } = (await adapter.client.stackTraceRequest({ threadId: 1 })).body;
    assert.deepEqual(
      stackFrames.map(({ name, instructionPointerReference }) => [name, instructionPointerReference]),
      [
        ['guest!checksum', '0x401100'],
        ['guest!main+0x25', '0x401025'],
      ],
    );
    assert.equal(totalFrames, 2);
  });

  it('asks the target little for a stop', async () => {
    await startStopped();
    const { client } = adapter;
    const view = async (): Promise<void> => {
      await client.threadsRequest();
      const { stackFrames } = (await client.stackTraceRequest({ threadId: 1 })).body;
      const { scopes } = (await client.scopesRequest({ frameId: stackFrames[0]!.id })).body;
      await client.variablesRequest({
        variablesReference: scopes.find(({ name }) => name === 'Registers')!.variablesReference,
      });
      await client.variablesRequest({
        variablesReference: scopes.find(({ name }) => name === 'Registers')!.variablesReference,
      });
    };
    target.debuggee.onResume = () => target.debuggee.stop('breakpoint', 0x401100n);
    const next = async (): Promise<string[]> => {
      const stopped = client.waitForEvent('stopped');
      await client.continueRequest({ threadId: 1 });
      await stopped;
      target.debuggee.log.length = 0;
      await view();
      return target.debuggee.log.toSorted();
    };
    await next();
    // The code around return addresses and of the prologue is known from the first time, except where it decides the frame.
    assert.deepEqual(await next(), ['currentProcess', 'readMemory', 'readMemory', 'readRegisters']);
  });

  it('shows registers and flags', async () => {
    await startStopped();
    const { client } = adapter;
    const { stackFrames } = (await client.stackTraceRequest({ threadId: 1 })).body;
    const { scopes } = (await client.scopesRequest({ frameId: stackFrames[0]!.id })).body;
    assert.deepEqual(
      scopes.map(({ name, presentationHint }) => [name, presentationHint]),
      [['Registers', 'registers']],
    );
    const { variables } = (
      await client.variablesRequest({
        variablesReference: scopes.find(({ name }) => name === 'Registers')!.variablesReference,
      })
    ).body;
    const rax = variables.find(({ name }) => name === 'rax');
    assert.deepEqual([rax?.value, rax?.type], ['0x401100', 'guest!checksum']);
    assert.equal(variables.find(({ name }) => name === 'rip')?.type, 'guest!main');
    const flags = variables.find(({ name }) => name === 'rflags');
    assert.deepEqual([flags?.value, flags?.type], ['0x202', 'IF']);
    const bits = (await client.variablesRequest({ variablesReference: flags!.variablesReference })).body;
    assert.equal(bits.variables.find(({ name }) => name === 'if')?.value, '1');
    assert.equal(bits.variables.find(({ name }) => name === 'zf')?.value, '0');
  });

  it('answers continue before the stop that follows at once', async () => {
    await startStopped();
    target.debuggee.onResume = () => target.debuggee.stop('breakpoint', 0x401100n);
    const stopped = adapter.client.waitForEvent('stopped');
    const response = await adapter.client.continueRequest({ threadId: 1 });
    assert.ok(response.seq < (await stopped).seq);
  });

  it('steps by instruction and pauses', async () => {
    await startStopped();
    const { client } = adapter;
    const stepped = client.waitForEvent('stopped');
    await client.nextRequest({ threadId: 1, granularity: 'instruction' });
    assert.equal((await stepped).body.reason, 'step');
    assert.ok(target.debuggee.log.includes('step over'));
    await client.continueRequest({ threadId: 1 });
    const paused = client.waitForEvent('stopped');
    await client.pauseRequest({ threadId: 1 });
    assert.equal((await paused).body.reason, 'pause');
  });

  it('steps out to the caller and leaves no breakpoint', async () => {
    await start();
    const stopped = adapter.client.waitForEvent('stopped');
    target.debuggee.stop('breakpoint', 0x401100n);
    await stopped;
    target.debuggee.onResume = () => {
      const [[id, address]] = [...target.debuggee.breakpoints] as [[bigint, bigint]];
      target.debuggee.general[4] = 0x7ff808n;
      setImmediate(() => target.debuggee.stop('breakpoint', address, id));
    };
    const back = adapter.client.waitForEvent('stopped');
    await adapter.client.stepOutRequest({ threadId: 1 });
    assert.equal((await back).body.reason, 'step');
    assert.ok(target.debuggee.log.includes('setBreakpoint 0x401025'));
    assert.equal(target.debuggee.breakpoints.size, 0);
  });

  it('refuses questions about a running target with a sentence, and survives', async () => {
    await start();
    const { client } = adapter;
    await assert.rejects(client.stackTraceRequest({ threadId: 1 }), /target is running; pause it first/);
    await assert.rejects(client.nextRequest({ threadId: 1 }), /target is running/);
    await assert.rejects(client.customRequest('noSuchRequest'), /does not know the request "noSuchRequest"/);
    await assert.rejects(client.scopesRequest({ frameId: 999 }), /earlier stop/);
    await client.threadsRequest();
  });

  it('names the argument that is missing or of a wrong kind', async () => {
    await startStopped();
    const { client } = adapter;
    await assert.rejects(client.customRequest('stackTrace', {}), /"stackTrace" needs a number as "threadId"/);
    await assert.rejects(
      client.customRequest('setBreakpoints', { source: { path: '/a' }, breakpoints: [{ line: 1 }, {}] }),
      /needs a number as "breakpoints\[1\]\.line"/,
    );
    await assert.rejects(
      client.customRequest('evaluate', { expression: 5 }),
      /needs a string as "expression"/,
    );
  });

  it('answers every request of a client that talks nonsense', async () => {
    await startStopped();
    const { client } = adapter;
    const random = new Random(11);
    const commands = [
      'setBreakpoints',
      'scopes',
      'variables',
      'readMemory',
      'modules',
      'source',
      'cancel',
      'x',
    ];
    const values = [null, 5, -1, 'text', [], [{}], {}, { path: 3 }, true, 1e300];
    const names = [
      'source',
      'frameId',
      'variablesReference',
      'memoryReference',
      'count',
      'breakpoints',
      'offset',
    ];
    for (let i = 0; i < 300; i++) {
      const args: Record<string, unknown> = {};
      for (let n = random.below(4); n > 0; n--) args[random.pick(names)] = random.pick(values);
      await client.customRequest(random.pick(commands), args).catch((error: Error) => {
        assert.doesNotMatch(error.message, /\n\s+at /);
      });
    }
    await client.threadsRequest();
  });

  it('reads memory in part and says how much is missing', async () => {
    await startStopped();
    const { client } = adapter;
    const read = async (memoryReference: string, count: number): Promise<Record<string, unknown>> =>
      (await client.customRequest('readMemory', { memoryReference, count })).body;
    assert.deepEqual(await read('0x401100', 4), { address: '0x401100', data: 'VUiJ5Q==' });
    const partial = await read('0x401ffe', 16);
    assert.deepEqual(partial, { address: '0x401ffe', data: 'kJA=', unreadableBytes: 14 });
    const none = await read('0x900ff0', 64);
    assert.deepEqual(none, { address: '0x900ff0', unreadableBytes: 16 });
    await assert.rejects(
      client.customRequest('readMemory', { memoryReference: 'x', count: 1 }),
      /no memory reference/,
    );
  });

  it('writes memory, whole or in part', async () => {
    await startStopped();
    const { client } = adapter;
    const data = Buffer.from([1, 2, 3, 4]).toString('base64');
    const whole = await client.customRequest('writeMemory', { memoryReference: '0x401200', data });
    assert.equal(whole.body.bytesWritten, 4);
    assert.deepEqual([...target.debuggee.bytesAt(0x401200n, 4)], [1, 2, 3, 4]);
    const edge = { memoryReference: '0x401ffe', data };
    await assert.rejects(client.customRequest('writeMemory', edge), /nothing mapped at 0x402000/);
    const part = await client.customRequest('writeMemory', { ...edge, allowPartial: true });
    assert.equal(part.body.bytesWritten, 2);
  });

  it('hides int3 breakpoints in memory and tells which one stopped', async () => {
    await startStopped();
    const { client } = adapter;
    const { breakpoints } = (
      await client.setFunctionBreakpointsRequest({
        breakpoints: [{ name: 'guest!checksum' }, { name: 'nowhere' }],
      })
    ).body;
    assert.deepEqual(
      breakpoints.map(({ verified }) => verified),
      [true, false],
    );
    assert.match(breakpoints[1]!.message ?? '', /No unique function or variable is named "nowhere"/);
    const [[id, address]] = [...target.debuggee.breakpoints] as [[bigint, bigint]];
    assert.equal(address, 0x401100n);
    target.debuggee.bytesAt(address, 1);
    target.debuggee.memory.get(0x401000n)![0x100] = 0xcc;
    const { data } = (await client.customRequest('readMemory', { memoryReference: '0x401100', count: 1 }))
      .body;
    assert.equal(Buffer.from(data, 'base64')[0], 0x55);
    target.debuggee.onResume = () => target.debuggee.stop('breakpoint', address, id);
    const stopped = client.waitForEvent('stopped');
    await client.continueRequest({ threadId: 1 });
    const { body } = await stopped;
    assert.equal(body.reason, 'function breakpoint');
    assert.deepEqual(body.hitBreakpointIds, [breakpoints[0]!.id]);
    await client.setFunctionBreakpointsRequest({ breakpoints: [] });
    assert.equal(target.debuggee.breakpoints.size, 0);
  });

  it('sets breakpoints in a running target by a pause that nobody sees', async () => {
    await start();
    target.debuggee.log.length = 0;
    await adapter.client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'checksum' }] });
    const asked = target.debuggee.log.filter((entry) => !entry.startsWith('readMemory'));
    assert.deepEqual(asked, ['pause', 'setBreakpoint 0x401100', 'resume']);
    assert.ok(!adapter.client.receivedEvents().includes('stopped'));
  });

  it('joins output and keeps it before the stop that follows', async () => {
    await start();
    const { client } = adapter;
    for (let i = 0; i < 1000; i++) target.debuggee.say(`line ${i}\n`);
    target.console({ kind: 'output', stream: 'stdout', bytes: new TextEncoder().encode('from the guest\n') });
    const stopped = client.waitForEvent('stopped');
    target.debuggee.stop('breakpoint', 0x401100n);
    await stopped;
    const names = client.receivedEvents();
    assert.equal(names[names.length - 1], 'stopped');
    assert.ok(names.filter((name) => name === 'output').length < 20);
    assert.match(client.outputs, /line 0\nline 1\n[\s\S]*line 999\nfrom the guest\n$/);
  });

  it('keeps what the guest and what scripts print apart', async () => {
    await start();
    const { client } = adapter;
    const stopped = client.waitForEvent('stopped');
    target.debuggee.say('of a script\n');
    target.console({ kind: 'output', stream: 'stdout', bytes: new TextEncoder().encode('out\n') });
    target.console({ kind: 'output', stream: 'stderr', bytes: new TextEncoder().encode('err\n') });
    target.debuggee.stop('breakpoint', 0x401100n);
    await stopped;
    const printed = client.messages
      .filter(
        (message): message is DebugProtocol.OutputEvent =>
          (message as DebugProtocol.Event).event === 'output',
      )
      .map(({ body }) => [body.category, body.output]);
    assert.deepEqual(printed, [
      ['console', 'of a script\n'],
      ['stdout', 'out\n'],
      ['stderr', 'err\n'],
    ]);
  });

  it('tells of a stop once, however often it is asked to pause', async () => {
    await startStopped();
    const { client } = adapter;
    await client.pauseRequest({ threadId: 1 });
    await client.pauseRequest({ threadId: 1 });
    await client.threadsRequest();
    assert.equal(client.receivedEvents().filter((name) => name === 'stopped').length, 1);
  });

  it('ends with the exit code of the guest, after its last words', async () => {
    await start();
    const { client } = adapter;
    const terminated = client.waitForEvent('terminated');
    target.console({ kind: 'exited', code: 7, signal: undefined });
    target.debuggee.say('last words\n');
    target.debuggee.end('the machine closed the connection');
    await terminated;
    const names = client.receivedEvents().filter((name) => name !== 'module' && name !== 'process');
    assert.deepEqual(names.slice(-3), ['output', 'exited', 'terminated']);
    const exited = client.messages.find((message) => (message as { event?: string }).event === 'exited');
    assert.deepEqual((exited as unknown as { body: unknown }).body, { exitCode: 7 });
    assert.doesNotMatch(client.outputs, /closed the connection/);
  });

  it('says why when the target is lost', async () => {
    await start();
    const terminated = adapter.client.waitForEvent('terminated');
    target.debuggee.end('The wire broke.');
    await terminated;
    assert.match(adapter.client.outputs, /The wire broke\./);
    assert.ok(!adapter.client.receivedEvents().includes('exited'));
  });

  it('disconnects within a second from a target that does not answer', async () => {
    await start();
    target.debuggee.closes = false;
    const begin = Date.now();
    await adapter.client.disconnectRequest();
    assert.ok(Date.now() - begin < 1500);
    assert.equal(target.disposed, 1);
    await adapter.ended;
  });

  it('gives up a target that does not come, and ends one that comes late', async () => {
    adapter.cut();
    const coming = new Deferred<ScriptedTarget>();
    const asked = new Deferred<void>();
    adapter = await connectedAdapter(() => {
      asked.resolve();
      return coming.promise;
    });
    const launched = assert.rejects(
      adapter.client.launch({ program: '/bin/guest' }),
      /cancelled|session ended/,
    );
    await asked.promise;
    await adapter.client.disconnectRequest();
    await launched;
    await adapter.ended;
    const late = scriptedTarget();
    coming.resolve(late);
    await coming.promise;
    assert.equal(late.disposed, 1);
  });

  it('takes the target along when the client dies', async () => {
    await start();
    adapter.cut();
    await adapter.ended;
    assert.equal(target.disposed, 1);
  });

  const refusals: readonly [string, Record<string, unknown>, RegExp][] = [
    ['no program', { program: undefined }, /No "program" is set/],
    ['a program that is a number', { program: 5 }, /"program" in the launch configuration must be a path/],
    [
      'a stdin that is not there',
      { stdin: '/not/there' },
      /"stdin" .* names "\/not\/there", which cannot be read/,
    ],
    ['args that are no list', { args: 'x' }, /"args" .* must be a list of texts/],
    ['a stopOnEntry that is a text', { stopOnEntry: 'yes' }, /"stopOnEntry" .* true or false/],
    [
      'a script that is missing',
      { script: '/nonexistent/a.hds' },
      /The script ".*" cannot be read: it does not exist/,
    ],
  ];
  for (const [name, launch, expected] of refusals) {
    it(`refuses a launch with ${name} in one sentence`, async () => {
      await assert.rejects(adapter.client.launch({ program: '/bin/guest', ...launch }), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /\n|at .*\.js/);
        return true;
      });
      await adapter.client.disconnectRequest();
      await adapter.ended;
    });
  }

  it('refuses a launch that the machine refuses', async () => {
    adapter.cut();
    adapter = await connectedAdapter(async () => {
      throw new TargetError('The CPU library is missing; install it with "npm run setup".', 'machine');
    });
    await assert.rejects(
      adapter.client.launch({ program: '/bin/guest' }),
      /^Error: The CPU library is missing/,
    );
    await adapter.client.disconnectRequest();
    await adapter.ended;
  });

  it('refuses a script that does not compile, shows where, and leaves nothing running', async () => {
    const file = script('!epthook guest!checksum script {\n  printf("%d\\n");\n}\n');
    await assert.rejects(
      adapter.client.launch({ program: '/bin/guest', script: file }),
      /^Error: test\.hds:2:/,
    );
    assert.match(adapter.client.outputs, /test\.hds:2:\d+: /);
    assert.equal(target.disposed, 1);
    await adapter.client.disconnectRequest();
  });
});
