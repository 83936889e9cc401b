/** The built adapter as a process, on the embedded machine, with real programs. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { projectFile } from '../project-root';
import { AdapterClient } from '../session/adapter-client';
import { skipBecause, skipWithoutCpu } from '../skip';

const SOURCE = `#include <stdio.h>
__attribute__((noinline)) int checksum(const char *text) {
  int sum = 0;
  while (*text) sum += *text++;
  return sum;
}
int counter;
int main(int argc, char **argv) {
  for (int i = 0; i < 3; i++)
    counter += checksum(argc > 1 ? argv[1] : "hello");
  printf("sum %d\\n", counter);
  return counter & 0x3f;
}
`;
/** 3 × the sum of the letters of "hello". */
const SUM = 3 * [...'hello'].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);

describe('the adapter on the embedded machine', function () {
  this.timeout(60_000);
  let folder: string;
  let program: string;
  let source: string;
  let client: AdapterClient;
  let output: P.OutputEvent['body'][];

  before(function () {
    skipWithoutCpu(this);
    folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-e2e-'));
    source = path.join(folder, 'guest.c');
    program = path.join(folder, 'guest');
    writeFileSync(source, SOURCE);
    try {
      execFileSync('gcc', ['-g', '-O1', '-fomit-frame-pointer', '-static', '-o', program, source]);
    } catch {
      skipBecause(this, 'there is no gcc that links static programs');
    }
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    output = [];
    client = new AdapterClient(projectFile('dist/adapter.js'), { onOutput: (body) => output.push(body) });
  });
  afterEach(async () => {
    assert.ok(await client.close(), 'the adapter did not end by itself');
    assert.equal(client.errorText, '');
  });

  function texts(category: string): string {
    return output
      .filter((body) => body.category === category)
      .map((body) => body.output)
      .join('');
  }

  function script(text: string): string {
    const file = path.join(folder, 'test.hds');
    writeFileSync(file, text);
    return file;
  }

  async function stoppedAtEntry(configuration: Record<string, unknown> = {}): Promise<void> {
    await client.launchAndRun({ program, stopOnEntry: true, ...configuration });
    const stop = (await client.nextEvent('stopped')) as P.StoppedEvent;
    assert.equal(stop.body.reason, 'entry');
  }

  async function goOn(): Promise<P.StoppedEvent['body']> {
    await client.ask('continue', { threadId: 1 });
    return ((await client.nextEvent('stopped')) as P.StoppedEvent).body;
  }

  async function frames(): Promise<P.StackFrame[]> {
    return (await client.ask<P.StackTraceResponse>('stackTrace', { threadId: 1 })).stackFrames;
  }

  async function registers(): Promise<Map<string, P.Variable>> {
    const [top] = await frames();
    const { scopes } = await client.ask<P.ScopesResponse>('scopes', { frameId: top!.id });
    const { variables } = await client.ask<P.VariablesResponse>('variables', {
      variablesReference: scopes.find(({ name }) => name === 'Registers')!.variablesReference,
    });
    return new Map(variables.map((variable) => [variable.name, variable]));
  }

  async function exitCode(): Promise<number> {
    const exited = (await client.nextEvent('exited')) as P.ExitedEvent;
    await client.nextEvent('terminated');
    return exited.body.exitCode;
  }

  async function setFunctions(...names: string[]): Promise<P.Breakpoint[]> {
    const breakpoints = names.map((name) => ({ name }));
    return (await client.ask<P.SetFunctionBreakpointsResponse>('setFunctionBreakpoints', { breakpoints }))
      .breakpoints;
  }

  it('runs a program to its end and passes on what it prints', async () => {
    await client.launchAndRun({ program });
    assert.equal(await exitCode(), SUM & 0x3f);
    assert.equal(texts('stdout'), `sum ${SUM}\n`);
  });

  it('stops at function breakpoints with an exact stack, without frame pointers', async () => {
    await stoppedAtEntry();
    const [breakpoint] = await setFunctions('checksum');
    assert.equal(breakpoint?.verified, true);
    const stop = await goOn();
    assert.equal(stop.reason, 'function breakpoint');
    assert.deepEqual(stop.hitBreakpointIds, [breakpoint?.id]);
    const stack = await frames();
    assert.equal(stack[0]?.name, 'guest!checksum');
    assert.equal(stack[0]?.source?.path, source);
    assert.match(stack[1]?.name ?? '', /^guest!main\+0x/);
    assert.equal(stack[1]?.line, 10);
    assert.equal(stack.at(-1)?.name.split('+')[0], 'guest!_start');
    const { data } = await client.ask<P.ReadMemoryResponse & { body: { data: string } }>('readMemory', {
      memoryReference: (await registers()).get('rdi')!.value,
      count: 6,
    });
    assert.equal(Buffer.from(data, 'base64').toString(), 'hello\0');
    await setFunctions();
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), SUM & 0x3f);
  });

  it('steps in lines and instructions, and out of a function', async () => {
    await stoppedAtEntry();
    await setFunctions('checksum');
    await goOn();
    const before = BigInt((await registers()).get('rip')!.value);
    await client.ask('next', { threadId: 1, granularity: 'instruction' });
    assert.equal(((await client.nextEvent('stopped')) as P.StoppedEvent).body.reason, 'step');
    const after = BigInt((await registers()).get('rip')!.value);
    assert.ok(after > before && after - before < 16n);
    await client.ask('next', { threadId: 1, granularity: 'line' });
    await client.nextEvent('stopped');
    const [line] = await frames();
    assert.ok(line!.line > 2 && line!.line < 6, `line ${line!.line}`);
    await client.ask('stepOut', { threadId: 1 });
    await client.nextEvent('stopped');
    const [top] = await frames();
    assert.match(top!.name, /^guest!main\+0x/);
    assert.equal(BigInt((await registers()).get('rax')!.value), BigInt(SUM / 3));
  });

  it('steps into a call by line and over it', async () => {
    await stoppedAtEntry();
    const { breakpoints } = await client.ask<P.SetBreakpointsResponse>('setBreakpoints', {
      source: { path: source },
      breakpoints: [{ line: 10 }],
    });
    assert.deepEqual([breakpoints[0]?.verified, breakpoints[0]?.line], [true, 10]);
    assert.equal((await goOn()).reason, 'breakpoint');
    assert.equal((await frames())[0]?.line, 10);
    await client.ask('stepIn', { threadId: 1 });
    await client.nextEvent('stopped');
    assert.equal((await frames())[0]?.name.split('+')[0], 'guest!checksum');
  });

  it('knows the libraries of a dynamic program once they are loaded', async () => {
    const dynamic = path.join(folder, 'dynamic');
    const dynamicSource = path.join(folder, 'dynamic.c');
    writeFileSync(
      dynamicSource,
      '#include <stdlib.h>\n#include <string.h>\nstatic int by(const void *a, const void *b) { return memcmp(a, b, 4); }\n' +
        'int main(void) { int v[] = {2, 1}; qsort(v, 2, 4, by); return v[0]; }\n',
    );
    execFileSync('gcc', ['-g', '-O1', '-o', dynamic, dynamicSource]);
    await stoppedAtEntry({ program: dynamic });
    await setFunctions('by');
    await goOn();
    const names = (await frames()).map(({ name }) => name.split('+')[0]);
    assert.equal(names[0], 'dynamic!by');
    assert.ok(names.includes('dynamic!main'), names.join(' < '));
    assert.ok(
      names.includes('libc.so!qsort_r') || names.some((name) => name?.startsWith('libc')),
      names.join(' < '),
    );
    const { modules } = await client.ask<P.ModulesResponse>('modules', {});
    assert.ok(modules.some(({ name }) => name.startsWith('libc')));
    await setFunctions();
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), 1);
  });

  it('steps over a library call when stepping in by line', async () => {
    await stoppedAtEntry();
    await client.ask('setBreakpoints', { source: { path: source }, breakpoints: [{ line: 11 }] });
    assert.equal((await goOn()).reason, 'breakpoint');
    await client.ask('stepIn', { threadId: 1 });
    await client.nextEvent('stopped');
    const [top] = await frames();
    assert.match(top!.name, /^guest!main/);
    assert.equal(top!.line, 12);
  });

  it('changes registers and memory so that the program notices', async () => {
    await stoppedAtEntry();
    await setFunctions('checksum');
    await goOn();
    const [top] = await frames();
    const { scopes } = await client.ask<P.ScopesResponse>('scopes', { frameId: top!.id });
    const text = (await registers()).get('rdi')!.value;
    // One letter on: the program reads "ello" the first time.
    const changed = await client.ask<P.SetVariableResponse>('setVariable', {
      variablesReference: scopes.find(({ name }) => name === 'Registers')!.variablesReference,
      name: 'rdi',
      value: `${text} + 1`,
    });
    assert.equal(BigInt(changed.value), BigInt(text) + 1n);
    await setFunctions();
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), (SUM - 'h'.charCodeAt(0)) & 0x3f);
  });

  it('pauses a running program and sets breakpoints while it runs', async () => {
    const spin = path.join(folder, 'spin');
    const spinSource = path.join(folder, 'spin.c');
    writeFileSync(
      spinSource,
      'volatile int x;\n__attribute__((noinline)) void work(void) { x++; }\nint main(void) { for (;;) work(); }\n',
    );
    execFileSync('gcc', ['-g', '-O1', '-static', '-o', spin, spinSource]);
    await client.launchAndRun({ program: spin });
    const [breakpoint] = await setFunctions('work');
    assert.equal(breakpoint?.verified, true);
    assert.equal(((await client.nextEvent('stopped')) as P.StoppedEvent).body.reason, 'function breakpoint');
    await setFunctions();
    await client.ask('continue', { threadId: 1 });
    await client.ask('pause', { threadId: 1 });
    assert.equal(((await client.nextEvent('stopped')) as P.StoppedEvent).body.reason, 'pause');
    // A line that never ends: the step is interrupted, and the target can go on.
    await setFunctions('work');
    await goOn();
    await setFunctions();
    await client.ask('stepOut', { threadId: 1 });
    await client.nextEvent('stopped');
    assert.match((await frames())[0]!.name, /^spin!main/);
    await client.ask('next', { threadId: 1 });
    await client.ask('pause', { threadId: 1 });
    const { reason } = ((await client.nextEvent('stopped')) as P.StoppedEvent).body;
    assert.ok(reason === 'pause' || reason === 'step', reason);
    await client.ask('continue', { threadId: 1 });
    await client.ask('pause', { threadId: 1 });
    assert.equal(((await client.nextEvent('stopped')) as P.StoppedEvent).body.reason, 'pause');
  });

  it('decides conditions, hit counts and log messages inside the target', async () => {
    await stoppedAtEntry();
    const set = async (breakpoints: P.SourceBreakpoint[]): Promise<P.Breakpoint[]> =>
      (
        await client.ask<P.SetBreakpointsResponse>('setBreakpoints', {
          source: { path: source },
          breakpoints,
        })
      ).breakpoints;
    const counter = '{dd(counter)}';
    const placed = await set([
      { line: 2, logMessage: `counter ${counter}` },
      { line: 2, hitCondition: '3' },
      { line: 11, condition: 'dd(counter) == 1' },
    ]);
    assert.deepEqual(
      placed.map(({ verified, message }) => [verified, message?.split(' ')[0]]),
      Array(3).fill([true, 'At']),
    );
    const stop = await goOn();
    assert.deepEqual([stop.reason, stop.hitBreakpointIds], ['breakpoint', [placed[1]?.id]]);
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), SUM & 0x3f);
    const sum = SUM / 3;
    assert.match(
      output.map((body) => body.output).join(''),
      new RegExp(`counter 0\n(.*\n)*counter ${sum.toString(16)}\n(.*\n)*counter ${(2 * sum).toString(16)}\n`),
    );
  });

  it('goes to a line without running what lies between', async () => {
    await stoppedAtEntry();
    await setFunctions('main');
    await goOn();
    const { targets } = await client.ask<P.GotoTargetsResponse>('gotoTargets', {
      source: { path: source },
      line: 2,
    });
    assert.match(targets[0]?.label ?? '', /^guest!checksum/);
    await client.ask('goto', { threadId: 1, targetId: targets[0]!.id });
    assert.equal(((await client.nextEvent('stopped')) as P.StoppedEvent).body.reason, 'goto');
    assert.match((await frames())[0]!.name, /^guest!checksum/);
  });

  it('stops at data breakpoints, with the new value in place', async () => {
    await stoppedAtEntry();
    const info = await client.ask<P.DataBreakpointInfoResponse>('dataBreakpointInfo', {
      name: 'guest!counter',
    });
    assert.match(info.description, /^guest!counter \(4 bytes\)$/);
    const set = async (breakpoints: P.DataBreakpoint[]): Promise<P.Breakpoint[]> =>
      (await client.ask<P.SetDataBreakpointsResponse>('setDataBreakpoints', { breakpoints })).breakpoints;
    const [breakpoint] = await set([{ dataId: String(info.dataId), accessType: 'write' }]);
    assert.equal(breakpoint?.verified, true, breakpoint?.message);
    const stop = await goOn();
    assert.equal(stop.reason, 'data breakpoint');
    assert.deepEqual(stop.hitBreakpointIds, [breakpoint?.id]);
    const { data } = await client.ask<P.ReadMemoryResponse & { body: { data: string } }>('readMemory', {
      memoryReference: String(info.dataId).split('/')[0],
      count: 4,
    });
    assert.equal(Buffer.from(data, 'base64').readUInt32LE(), SUM / 3);
    await set([]);
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), SUM & 0x3f);
  });

  it('stops at a fault of the guest', async () => {
    const crash = path.join(folder, 'crash');
    const crashSource = path.join(folder, 'crash.c');
    writeFileSync(crashSource, 'int main(void) { *(volatile int *)8 = 1; return 0; }\n');
    execFileSync('gcc', ['-g', '-O1', '-static', '-o', crash, crashSource]);
    await stoppedAtEntry({ program: crash });
    const set = async (filterOptions: P.ExceptionFilterOptions[]): Promise<P.Breakpoint[]> =>
      (
        await client.ask<P.SetExceptionBreakpointsResponse>('setExceptionBreakpoints', {
          filters: [],
          filterOptions,
        })
      )?.breakpoints ?? [];
    const answers = await set([
      { filterId: 'exception-0', condition: '@rip == 1' },
      { filterId: 'exception-e' },
      { filterId: 'nonsense' },
    ]);
    assert.deepEqual(
      answers.map(({ verified }) => verified),
      [true, true, false],
    );
    const stop = await goOn();
    assert.deepEqual([stop.reason, stop.description], ['exception', 'Page fault (#PF)']);
    const info = await client.ask<P.ExceptionInfoResponse>('exceptionInfo', { threadId: 1 });
    assert.equal(info.exceptionId, '#PF');
    assert.match(info.description ?? '', /^Page fault at crash!main/);
    await set([]);
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), 128 + 11);
  });

  it('disassembles before and after an address, exactly', async () => {
    await stoppedAtEntry();
    await setFunctions('checksum');
    await goOn();
    const [top] = await frames();
    const rip = top!.instructionPointerReference!;
    const ask = async (
      instructionOffset: number,
      instructionCount: number,
    ): Promise<P.DisassembledInstruction[]> =>
      (
        await client.ask<P.DisassembleResponse & { body: { instructions: P.DisassembledInstruction[] } }>(
          'disassemble',
          { memoryReference: rip, instructionOffset, instructionCount, resolveSymbols: true },
        )
      ).instructions;
    const around = await ask(-200, 401);
    assert.equal(around.length, 401);
    assert.equal(BigInt(around[200]!.address), BigInt(rip));
    assert.equal(around[200]!.symbol, 'guest!checksum');
    const addresses = around.map(({ address }) => BigInt(address));
    for (const [i, address] of addresses.entries()) assert.ok(i === 0 || address > addresses[i - 1]!);
    const after = await ask(5, 3);
    assert.deepEqual(
      after.map(({ address }) => address),
      around.slice(205, 208).map(({ address }) => address),
    );
    const nowhere = await client.ask<
      P.DisassembleResponse & { body: { instructions: P.DisassembledInstruction[] } }
    >('disassemble', { memoryReference: '0x10', instructionOffset: -2, instructionCount: 5 });
    assert.deepEqual(
      nowhere.instructions.map(({ presentationHint }) => presentationHint),
      ['invalid', 'invalid', 'invalid', 'invalid', 'invalid'],
    );
  });

  it('stops for an event, shows its line and what it knows', async () => {
    const file = script('// a comment\n!epthook guest!checksum\n');
    await client.launchAndRun({ program, script: file });
    const stop = ((await client.nextEvent('stopped')) as P.StoppedEvent).body;
    assert.equal(stop.reason, 'event');
    assert.equal(stop.description, 'Event 1: !epthook guest!checksum');
    const stack = await frames();
    assert.equal(stack[0]?.name, 'guest!checksum');
    assert.deepEqual([stack[0]?.source?.path, stack[0]?.line], [file, 2]);
    const { scopes } = await client.ask<P.ScopesResponse>('scopes', { frameId: stack[0]!.id });
    const event = scopes.find(({ name }) => name === 'Event');
    const { variables } = await client.ask<P.VariablesResponse>('variables', {
      variablesReference: event!.variablesReference,
    });
    const value = (name: string): string | undefined => variables.find((one) => one.name === name)?.value;
    assert.equal(value('tag'), '0x1000000');
    assert.equal(value('context'), stack[0]?.instructionPointerReference);
    assert.match(
      texts('console'),
      /armed event 1 \(tag 0x1000000\): !epthook guest!checksum at test\.hds:2\n/,
    );
  });

  it('runs a script at each hit and links its text to its line', async () => {
    const file = script('\n!epthook guest!checksum script {\n  printf("text %s\\n", @rdi);\n}\n');
    await client.launchAndRun({ program, args: ['abc'], script: file });
    assert.equal(await exitCode(), (3 * (97 + 98 + 99)) & 0x3f);
    const printed = output.filter((body) => body.output.includes('text abc'));
    assert.equal(printed.map((body) => body.output).join(''), 'text abc\n'.repeat(3));
    assert.deepEqual([printed[0]?.source?.path, printed[0]?.line], [file, 2]);
  });

  it('stops at breakpoints in a script while they are set, under their conditions', async () => {
    const file = script('!epthook guest!checksum script {\n  .hits = .hits + 1;\n}\n');
    const withVariable = script(
      `? .hits = 0;\n${'!epthook guest!checksum script {\n  .hits = .hits + 1;\n}\n'}`,
    );
    assert.equal(file, withVariable);
    await stoppedAtEntry({ script: withVariable });
    const set = async (breakpoints: P.SourceBreakpoint[]): Promise<P.Breakpoint[]> =>
      (await client.ask<P.SetBreakpointsResponse>('setBreakpoints', { source: { path: file }, breakpoints }))
        .breakpoints;
    const [inBlock, outside] = await set([{ line: 3, condition: '.hits == 1' }, { line: 20 }]);
    assert.deepEqual([inBlock?.verified, inBlock?.line], [true, 2]);
    assert.equal(outside?.verified, false);
    const stop = await goOn();
    assert.equal(stop.reason, 'breakpoint');
    assert.deepEqual(stop.hitBreakpointIds, [inBlock?.id]);
    const evaluate = async (expression: string): Promise<string> =>
      (await client.ask<P.EvaluateResponse>('evaluate', { expression, context: 'watch' })).result;
    assert.equal(await evaluate('.hits'), '0x1', 'the breakpoint stops before the script of the second hit');
    const [wrong] = await set([{ line: 3, condition: 'nonsense(' }]);
    assert.equal(wrong?.verified, false);
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), SUM & 0x3f);
  });

  it('stops once for breakpoints on several lines of one event, and not after they are gone', async () => {
    const file = script('!epthook guest!checksum script {\n  x = 1;\n  y = 2;\n}\n');
    await stoppedAtEntry({ script: file });
    const set = async (...lines: number[]): Promise<P.Breakpoint[]> =>
      (
        await client.ask<P.SetBreakpointsResponse>('setBreakpoints', {
          source: { path: file },
          breakpoints: lines.map((line) => ({ line })),
        })
      ).breakpoints;
    const ids = (await set(2, 3)).map(({ id }) => id);
    assert.deepEqual((await goOn()).hitBreakpointIds, ids);
    assert.deepEqual((await goOn()).hitBreakpointIds, ids);
    const [kept] = await set(3);
    assert.ok(ids.includes(kept?.id));
    assert.deepEqual((await goOn()).hitBreakpointIds, [kept?.id]);
    await set();
    await client.ask('continue', { threadId: 1 });
    assert.equal(await exitCode(), SUM & 0x3f);
  });

  it('evaluates expressions, symbols, statements and commands', async () => {
    await stoppedAtEntry();
    const evaluate = async (expression: string, context = 'repl'): Promise<string> =>
      (await client.ask<P.EvaluateResponse>('evaluate', { expression, context })).result;
    assert.equal(await evaluate('2 + 3', 'watch'), '0x5');
    const entry = (await registers()).get('rip')!.value;
    assert.equal(await evaluate('@rip', 'hover'), entry);
    assert.equal(await evaluate('rip', 'hover'), entry);
    const main = await evaluate('guest!main');
    assert.equal(await evaluate('main', 'hover'), main);
    assert.equal(await evaluate('main + 4', 'watch'), `0x${(BigInt(main) + 4n).toString(16)}`);
    assert.equal(await evaluate('? printf("%d\\n", 0n42);'), '42');
    assert.equal(await evaluate('x = 5; printf("%x", x + 1);'), '6');
    await assert.rejects(evaluate('nowhere + 1', 'watch'), /cannot be evaluated/);
    await assert.rejects(evaluate('eb(guest!counter, 1)', 'hover'));
    await assert.rejects(evaluate('printf', 'hover'), /does not run functions/);
    assert.match(await evaluate('!epthook guest!checksum'), /armed event 1: !epthook guest!checksum/);
    assert.equal((await goOn()).reason, 'event');
  });

  it('reports a run-time error of a script at its line and goes on', async () => {
    const file = script('!epthook guest!checksum script {\n  x = 0;\n  y = 5 / x;\n}\n');
    await client.launchAndRun({ program, script: file });
    assert.equal(await exitCode(), SUM & 0x3f);
    const error = output.find((body) => body.category === 'stderr');
    assert.match(error?.output ?? '', /^Event 1 \(!epthook guest!checksum\): /);
    assert.equal(error?.line, 3);
  });

  const refusals: readonly [string, () => Record<string, unknown>, RegExp][] = [
    ['a missing program', () => ({ program: path.join(folder, 'none') }), /does not exist/],
    ['a folder', () => ({ program: folder }), /is a folder/],
    ['a text file', () => ({ program: source }), /is not an ELF file/],
    ['a Windows program', () => ({ program: made('a.exe', 'MZ\x90\0') }), /Windows program/],
    ['a 32-bit program', () => ({ program: made('a32', '\x7fELF\x01\x01\x01') }), /32-bit ELF file/],
    [
      'a script with an error',
      () => ({ program, script: script('!epthook guest!nothing\n') }),
      /test\.hds:1:\d+: /,
    ],
    [
      'a missing script',
      () => ({ program, script: path.join(folder, 'none.hds') }),
      /none\.hds" cannot be read/,
    ],
  ];
  function made(name: string, bytes: string): string {
    const file = path.join(folder, name);
    writeFileSync(file, Buffer.from(bytes, 'latin1'));
    return file;
  }
  for (const [name, configuration, expected] of refusals) {
    it(`refuses ${name} in one sentence`, async () => {
      await assert.rejects(client.launchAndRun(configuration()), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /\n|Internal|\bat .*\.js/);
        return true;
      });
    });
  }

  it('serves clients on a port of this computer', async () => {
    const server = spawn(process.execPath, [projectFile('dist/adapter.js'), '--port', '0']);
    const said = new Promise<string>((resolve) =>
      server.stderr.once('data', (data) => resolve(String(data))),
    );
    const gone = once(server, 'exit');
    try {
      const port = /127\.0\.0\.1:(\d+)/.exec(await said)?.[1] ?? assert.fail('no port was told');
      for (let round = 0; round < 2; round++) {
        const remote = new DebugClient('node', '', 'hyperdbg');
        await remote.start(Number(port));
        const stopped = remote.waitForEvent('stopped', 20_000);
        await Promise.all([remote.configurationSequence(), remote.launch({ program, stopOnEntry: true })]);
        assert.equal((await stopped).body.reason, 'entry');
        await remote.stop();
      }
    } finally {
      server.kill('SIGTERM');
    }
    assert.deepEqual(await gone, [0, null]);
  });

  it('leaves nothing behind when it is disconnected from a running program', async () => {
    await client.launchAndRun({ program, stopOnEntry: true });
    await client.nextEvent('stopped');
    const begin = Date.now();
    await client.ask('disconnect', {});
    assert.ok(Date.now() - begin < 1500);
  });
});
