/** Arguments, locals and globals of C programs, through the built adapter, against what the program itself knows. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { projectFile } from '../project-root';
import { AdapterClient } from '../session/adapter-client';
import { skipBecause, skipWithoutCpu } from '../skip';

const SOURCE = `#include <stdio.h>
#include <stdbool.h>
enum color { RED, GREEN = 5, BLUE };
struct node { int value; struct node *next; const char *label; };
struct mixed { unsigned a : 3, b : 5; signed int c : 4; char text[8]; double ratio; union { int whole; short half; }; };
typedef unsigned long word;
struct node tail = {22, 0, "tail"};
static int table[2][3] = {{1, 2, 3}, {4, 5, 6}};
word counter = 7;
__attribute__((noinline)) void look(struct node *list, int number) { __asm__ volatile("" :: "r"(list), "r"(number), "r"(table[number % 2])); }
__attribute__((noinline)) int work(int count, const char *text, enum color color) {
  struct node head = {11, &tail, text};
  struct mixed mixed = {5, 17, -3, "seven", 2.5, {.whole = 0x10002}};
  float ratio = 0.1f;
  bool flag = count > 0;
  char letter = 'x';
  long big = -1234567890123;
  void *nothing = 0;
  {
    int count = 99;
    look(&head, count);
    head.value += count;
  }
  printf("%d %d %.1f %d %d %c %ld %p %d\\n", head.value, mixed.c, mixed.ratio, color, flag, letter, big, nothing, (int)ratio);
  return count + head.value;
}
int main(void) { return work(3, "a \\"text\\"", BLUE) & 0x7f; }
`;

type Shown = ReadonlyMap<string, P.Variable>;

for (const [compiler, flags] of [
  ['gcc', ['-gdwarf-5', '-O0']],
  ['gcc', ['-gdwarf-4', '-O0', '-gz']],
  ['gcc', ['-gdwarf-3', '-O0', '-fomit-frame-pointer']],
  ['gcc', ['-g', '-Og', '-pie', '-fpie']],
  ['clang', ['-g', '-O0']],
] as const) {
  describe(`variables of a program of ${compiler} ${flags.join(' ')}`, function () {
    this.timeout(60_000);
    let folder: string;
    let program: string;
    let client: AdapterClient;
    const isOptimized = flags.includes('-Og' as never);

    before(function () {
      skipWithoutCpu(this);
      folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-variables-'));
      program = path.join(folder, 'guest');
      const source = path.join(folder, 'guest.c');
      writeFileSync(source, SOURCE);
      try {
        const isStatic = flags.includes('-pie' as never) ? [] : ['-static'];
        execFileSync(compiler, [...flags, ...isStatic, '-o', program, source], { stdio: 'ignore' });
      } catch {
        skipBecause(this, `there is no ${compiler} here that builds the program`);
      }
    });
    after(() => {
      if (folder !== undefined) rmSync(folder, { recursive: true });
    });
    beforeEach(async () => {
      client = new AdapterClient(projectFile('dist/adapter.js'));
      await client.launchAndRun({ program, stopOnEntry: true });
      await client.nextEvent('stopped');
      await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'look' }] });
      await client.ask('continue', { threadId: 1 });
      await client.nextEvent('stopped');
    });
    afterEach(async () => {
      assert.ok(await client.close());
      assert.equal(client.errorText, '');
    });

    const frames = async (): Promise<P.StackFrame[]> =>
      (await client.ask<P.StackTraceResponse>('stackTrace', { threadId: 1 })).stackFrames;
    const children = async (variablesReference: number, more: object = {}): Promise<Shown> => {
      const { variables } = await client.ask<P.VariablesResponse>('variables', {
        variablesReference,
        ...more,
      });
      return new Map(variables.map((variable) => [variable.name, variable]));
    };
    const scopesOf = async (frameId: number): Promise<ReadonlyMap<string, P.Scope>> => {
      const { scopes } = await client.ask<P.ScopesResponse>('scopes', { frameId });
      return new Map(scopes.map((scope) => [scope.name, scope]));
    };
    const worker = async (): Promise<number> => (await frames())[1]!.id;
    const locals = async (): Promise<Shown> =>
      children((await scopesOf(await worker())).get('Locals')!.variablesReference);
    const value = async (expression: string, more: object = {}): Promise<string> =>
      (
        await client.ask<P.EvaluateResponse>('evaluate', {
          expression,
          frameId: await worker(),
          context: 'watch',
          ...more,
        })
      ).result;
    const refused = async (expression: string): Promise<string> =>
      value(expression).then(
        (result) => assert.fail(`it is ${result}`),
        (error: Error) => error.message,
      );

    it('shows arguments of the caller with their types', async () => {
      const shown = await children((await scopesOf(await worker())).get('Arguments')!.variablesReference);
      assert.deepEqual([...shown.keys()], ['count', 'text', 'color']);
      // Optimised code has no use for it any more at this call.
      if (isOptimized) assert.equal(shown.get('text')!.value, '<optimized out>');
      else assert.match(shown.get('text')!.value, /^0x[0-9a-f]+ "a \\"text\\""$/);
      assert.equal(shown.get('color')!.value, 'BLUE');
      assert.equal(shown.get('color')!.type, 'enum color');
    });

    if (!isOptimized) {
      it('shows every kind of local, the inner block in front of the outer one', async () => {
        const shown = await locals();
        const values = Object.fromEntries([...shown].map(([name, variable]) => [name, variable.value]));
        assert.deepEqual(
          { ...values, head: '', mixed: '' },
          {
            head: '',
            mixed: '',
            ratio: '0.100000001',
            flag: 'true',
            letter: "120 'x'",
            big: '-1234567890123',
            nothing: '0x0',
            count: '99',
          },
        );
        assert.equal(await value('count'), '99');
        assert.equal([...shown.keys()][0], 'count');
      });

      it('takes structures, bit fields, arrays and unions apart', async () => {
        const shown = await locals();
        const mixed = await children(shown.get('mixed')!.variablesReference);
        const values = [...mixed].map(([name, variable]) => `${name}=${variable.value}`);
        assert.deepEqual(values.slice(0, 5), ['a=5', 'b=17', 'c=-3', 'text="seven"', 'ratio=2.5']);
        assert.equal(await value('mixed.half'), '2');
        assert.equal(await value('mixed.text[0]'), "115 's'");
      });

      it('changes variables, members and bit fields, and the program goes on with them', async () => {
        const scope = (await scopesOf(await worker())).get('Locals')!.variablesReference;
        const shown = await children(scope);
        const set = (variablesReference: number, name: string, text: string): Promise<{ value: string }> =>
          client.ask<P.SetVariableResponse>('setVariable', { variablesReference, name, value: text });
        assert.equal((await set(scope, 'big', '0x10')).value, '16');
        assert.equal((await set(shown.get('head')!.variablesReference, 'value', '-100')).value, '-100');
        const mixed = shown.get('mixed')!.variablesReference;
        assert.equal((await set(mixed, 'c', '6')).value, '6');
        assert.equal((await set(mixed, 'ratio', '7.5')).value, '7.5');
        assert.equal((await children(mixed)).get('b')!.value, '17', 'the field beside it stays');
        const frameId = await worker();
        await client.ask('setExpression', { expression: 'color', value: 'GREEN', frameId });
        await assert.rejects(set(scope, 'big', 'much'), /"much" is no value of long/);
        await client.ask('setFunctionBreakpoints', { breakpoints: [] });
        await client.ask('continue', { threadId: 1 });
        const output = (await client.nextEvent('exited')) as P.ExitedEvent;
        // count 3 + (−100 + 99)
        assert.equal(output.body.exitCode, 2);
      });
    }

    it('follows pointers and reads globals by their names', async () => {
      assert.equal(await value('head.value'), '11');
      assert.equal(await value('head.next->value'), '22');
      assert.equal(
        await value('*head.next'),
        '{value = 22, next = 0x0, label = {…}}'.replace('{…}', await value('tail.label')),
      );
      assert.equal(await value('(*head.next).value'), '22');
      assert.equal(await value('&tail'), await value('head.next'));
      assert.equal(await value('table[1][2]'), '6');
      assert.equal(await value('counter'), '7');
      assert.equal(await value('table[0][0]', { format: { hex: true } }), '0x1');
    });

    it('knows names of the program inside script expressions', async () => {
      assert.equal(await value(isOptimized ? 'color + 1' : 'poi(text) & ff'), isOptimized ? '0x7' : '0x61');
    });

    it('says what is wrong with an expression of the program', async () => {
      assert.match(await refused('head.nothing'), /struct node has no member "nothing"/);
      assert.match(await refused('head->value'), /"head" is struct node, not a pointer/);
      assert.match(await refused('head.next.value'), /has no members; write "->"/);
      assert.match(await refused('head.next->next->value'), /cannot be read: there is no memory at 0x0/);
    });

    it('shows pages of an array', async () => {
      const { variablesReference, indexedVariables } = await client.ask<P.EvaluateResponse>('evaluate', {
        expression: 'table',
        frameId: await worker(),
        context: 'watch',
      });
      assert.equal(indexedVariables, 2);
      const page = await children(variablesReference, { filter: 'indexed', start: 1, count: 1 });
      assert.deepEqual([...page.keys()], ['[1]']);
      assert.equal(page.get('[1]')!.value, '{4, 5, 6}');
      assert.equal(page.get('[1]')!.type, 'int[3]');
    });
  });
}
