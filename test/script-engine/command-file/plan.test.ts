import assert from 'node:assert/strict';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { readCommandFile } from '../../../script-engine/command-file/command-file';
import type { EventPlan } from '../../../script-engine/command-file/event-plan';
import { planCommand, type PlanContext, type PlanResult } from '../../../script-engine/command-file/plan';
import { GlobalTable } from '../../../script-engine/compiler/global-table';

const known = new Map([
  ['main!work', 0x401000n],
  ['work', 0x401000n],
]);

async function plan(
  text: string,
  more: Partial<PlanContext> = {},
  args: readonly string[] = [],
): Promise<PlanResult> {
  const file = readCommandFile(text, args);
  assert.deepEqual(file.diagnostics, []);
  assert.equal(file.commands.length, 1);
  return planCommand(file.commands[0]!, {
    text,
    symbols: { resolve: (name) => known.get(name) },
    globals: new GlobalTable(),
    assembler: loadAssembler,
    ...more,
  });
}

async function event(
  text: string,
  more?: Partial<PlanContext>,
  args?: readonly string[],
): Promise<EventPlan> {
  const { plan: found, diagnostics } = await plan(text, more, args);
  assert.deepEqual(diagnostics, [], text);
  assert.equal(found?.kind, 'event');
  return found.event;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('plans of commands', () => {
  it('stop when there is nothing else to do', async () => {
    const { actions, options } = await event('!epthook main!work');
    assert.deepEqual(options, [0x401000n, 0n, 0n, 0n]);
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['break'],
    );
    const conditional = await event('!epthook work condition { 31c0 }');
    assert.deepEqual(
      conditional.actions.map(({ kind }) => kind),
      ['break'],
    );
    assert.equal(hex(conditional.condition), '31c0c3');
  });

  it('add code before the script, whatever the order in the file', async () => {
    const { actions } = await event('!cpuid buffer 10 script { print(1); } code { 90 }');
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['code', 'script'],
    );
    assert.deepEqual(
      actions.map((action) => action.kind !== 'break' && action.bufferSizeBytes),
      [16, 16],
    );
  });

  it('assemble each block that has its own asm', async () => {
    const text = '!epthook main!work asm condition { mov rax, 1 } asm code {\n inc qword ptr [rcx]; nop\n}';
    const found = await event(text);
    assert.equal(hex(found.condition), '48c7c001000000c3');
    const [action] = found.actions;
    assert.equal(action?.kind === 'code' ? hex(action.bytes) : '', '48ff0190c3');
    const mixed = await event('!cpuid condition { b8 01 00 00 00 } asm code { nop }');
    assert.equal(hex(mixed.condition), 'b801000000c3');
  });

  it('knows symbols in instructions', async () => {
    const { actions } = await event('!cpuid asm code { mov rax, <main!work> }');
    assert.equal(actions[0]?.kind === 'code' ? hex(actions[0].bytes) : '', '48c7c000104000c3');
    const text = '!cpuid asm code { mov rax, <main!none> }';
    const { diagnostics } = await plan(text);
    assert.deepEqual(
      diagnostics.map(({ span }) => text.slice(span.start, span.end)),
      ['<main!none>'],
    );
  });

  it('name the line of an instruction that cannot be assembled', async () => {
    const text = '!cpuid asm code {\n  nop\n  frob eax\n}';
    const { plan: found, diagnostics } = await plan(text);
    assert.equal(found, undefined);
    assert.equal(diagnostics[0]?.code, 'bad-assembly');
    assert.equal(text.slice(diagnostics[0].span.start, diagnostics[0].span.end), 'frob eax');
  });

  it('load no assembler for bytes', async () => {
    const assembler = (): never => assert.fail('loaded');
    await event('!cpuid code { 90 } condition { 90 }', { assembler });
  });

  it('evaluate addresses of numbers and symbols', async () => {
    assert.equal((await event('!epthook main!work+8*2')).options[0], 0x401010n);
    assert.equal((await event('!epthook "main!work + 0n16"')).options[0], 0x401010n);
    assert.equal((await event('!epthook fffff801`12340000')).options[0], 0xfffff80112340000n);
    assert.equal((await event('!epthook 0n16')).options[0], 16n);
    assert.deepEqual((await event('!monitor w main!work l 8')).options, [0x401000n, 0x401007n, 0n, 0n]);
  });

  it('ask a halted target for the rest', async () => {
    assert.equal((await event('!epthook @rip+8', { evaluate: async () => 0x77n })).options[0], 0x77n);
    const { diagnostics } = await plan('!epthook @rip+8', { evaluate: async () => undefined });
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['needs-target'],
    );
  });

  it('replace arguments before anything else, $arg1 in $arg10 too', async () => {
    assert.equal((await event('!epthook $arg1', {}, ['401000'])).options[0], 0x401000n);
    assert.equal((await event('!epthook $arg10', {}, ['40100'])).options[0], 0x401000n);
    const found = await event('!$arg1 script { printf("$arg2\\n"); }', {}, ['cpuid', 'text']);
    assert.equal(found.type, 11);
  });

  it('place errors in scripts with arguments', async () => {
    const text = '!cpuid $arg1 script { print($arg2); print(nope); }';
    const { diagnostics } = await plan(text, {}, ['1', '1234567890']);
    assert.deepEqual(
      diagnostics.map(({ span }) => text.slice(span.start, span.end)),
      ['nope'],
    );
    const wrong = await plan(text.replace('print(nope);', ''), {}, ['1', 'nope']);
    assert.deepEqual(
      wrong.diagnostics.map(({ span }) => text.slice(span.start, span.end)),
      ['$arg2'],
    );
  });

  it('run statements, printed expressions, and leave out what a session does', async () => {
    assert.equal((await plan('? print(1);')).plan?.kind, 'evaluate');
    assert.equal((await plan('? {\n print(1);\n}')).plan?.kind, 'evaluate');
    assert.equal((await plan('print @rax+5')).plan?.kind, 'evaluate');
    const { plan: other } = await plan('g');
    assert.match(other?.kind === 'other' ? other.reason : '', /left out/);
  });

  it('share globals between the scripts of a file', async () => {
    const globals = new GlobalTable();
    await plan('? .one = 1;', { globals });
    await plan('? .two = .one;', { globals });
    assert.deepEqual([...globals.names()], ['.one', '.two']);
  });

  it('read scripts from files', async () => {
    const found = await event('!cpuid script {file:a b.ds}', {
      readFile: (path) => (path === 'a b.ds' ? 'print(1);' : undefined),
    });
    assert.deepEqual(
      found.actions.map(({ kind }) => kind),
      ['script'],
    );
  });

  it('hold every option', async () => {
    const found = await event(
      '!cpuid 1 pid 1f4 core 2 stage post imm yes output { one, two } script { print(1); }',
    );
    assert.deepEqual(
      [found.processId, found.coreId, found.stage, found.immediate, found.outputs],
      [0x1f4, 2, 2, true, ['one', 'two']],
    );
  });
});
