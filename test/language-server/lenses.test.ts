import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { CodeLens } from 'vscode-languageserver/node';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { type LspClient, startLspClient } from './lsp-client';

const URI = 'file:///lenses.hds';
const SCRIPT = `//@ on: 1 rax=5
? .x = 0;
!cpuid script {
  printf("%x", @rax);
  @rbx = @rax + 1;
  if (@rcx != 0) { x = 1 / (@rcx - @rcx); }
}
!tsc code { 90 }
!tsc script { while (1) { x = 1; } }
!tsc script { x = oops; }
`;

describe('events', () => {
  let client: LspClient;
  before(async () => {
    client = await startLspClient();
    client.open(URI, SCRIPT);
  });
  after(async () => assert.equal(await client.stop(), 0));

  const run = (...given: unknown[]) =>
    client.request<object>('workspace/executeCommand', {
      command: 'hyperdbg.server.dryRun',
      arguments: given,
    });

  it('have lenses, those with scripts more of them', async () => {
    const lenses = await client.request<CodeLens[]>('textDocument/codeLens', { textDocument: { uri: URI } });
    const titles = (line: number) =>
      lenses.filter(({ range }) => range.start.line === line).map(({ command }) => command!.title);
    assert.deepEqual(titles(2), ['Arm', 'Verify', 'Dry-run', 'Run test']);
    assert.deepEqual(titles(7), ['Arm', 'Verify', 'Run test']);
    assert.deepEqual(titles(1), []);
    assert.deepEqual(lenses[0]!.command!.arguments, [URI, 2]);
    client.open('file:///no-test.hds', '!cpuid script { print(1); }\n');
    const plain = await client.request<CodeLens[]>('textDocument/codeLens', {
      textDocument: { uri: 'file:///no-test.hds' },
    });
    assert.ok(plain.every(({ command }) => command!.title !== 'Run test'));
  });

  it('run dry on registers of one’s own', async () => {
    assert.deepEqual(client.initializeResult.capabilities.executeCommandProvider, {
      commands: ['hyperdbg.server.dryRun', 'hyperdbg.server.verify'],
    });
    const { operations, ...done } = (await run(URI, 2, { rax: '1f' })) as { operations: number };
    assert.deepEqual(done, { kind: 'done', output: '1f', registers: { rbx: '20' } });
    assert.ok(operations > 2);
  });

  it('tell where a script stops, and never hang', async () => {
    const divided = (await run(URI, 3, { rcx: '1' })) as { error: { text: string; line: number } };
    assert.equal(divided.error.line, 5);
    const endless = (await run(URI, 8)) as { error: { text: string }; operations: number };
    assert.match(endless.error.text, /exceeding the max execution count/);
    assert.ok(endless.operations >= 999_999);
  });

  it('say why one cannot run', async () => {
    assert.match(JSON.stringify(await run(URI, 7)), /refused.*no script in this line/);
    assert.match(JSON.stringify(await run(URI, 9)), /refused.*oops/);
    await assert.rejects(run(URI), /takes the URI/);
    await assert.rejects(run(URI, 2, { rax: 'xyz' }), /written in hex/);
    await assert.rejects(run(URI, 2, { nothing: '1' }), /no register/);
    await assert.rejects(run('file:///closed.hds', 2), /is not open/);
    await assert.rejects(client.request('workspace/executeCommand', { command: 'other' }), /no command/);
  });

  describe('are verified by the driver', function () {
    this.timeout(30_000);
    const FILE = 'file:///verify.hds';
    const program = projectFile('examples/guests/prebuilt/counter');
    before(function () {
      skipWithoutCpu(this);
      client.open(
        FILE,
        [
          '!epthook counter!main script { print(1); }',
          '!epthook 7000 script { print(1); }',
          '!epthook nowhere!main script { print(1); }',
          '!cpuid asm code { nop }',
          '? print(1);',
          '',
        ].join('\n'),
      );
    });
    const verify = (line: number, more: readonly unknown[] = [program, { 'counter!main': '401000' }]) =>
      client.request<{ kind: string; message?: string; code?: string }>('workspace/executeCommand', {
        command: 'hyperdbg.server.verify',
        arguments: [FILE, line, ...more],
      });

    it('which is no part of the server until it is asked', () => {
      const server = readFileSync(projectFile('dist/language-server.js'), 'utf8');
      assert.ok(!server.includes('koffi') && server.includes('./verify.js'));
    });

    it('which accepts what it can arm', async () => {
      assert.deepEqual(await verify(0), { kind: 'accepted' });
      assert.deepEqual(await verify(3), { kind: 'accepted' });
    });

    it('which refuses what it cannot, in its own words', async () => {
      const { kind, code, message } = await verify(1);
      assert.deepEqual([kind, code], ['refused', 'DEBUGGER_ERROR_INVALID_ADDRESS']);
      assert.match(message!, /^Registering the event: /);
      assert.equal((await verify(2)).code, 'unknown-symbol');
      assert.match((await verify(4)).message!, /is no event/);
    });

    it('or by nobody, when there is no such program', async () => {
      const { kind, message } = await verify(0, ['/nowhere/at/all', { 'counter!main': '401000' }]);
      assert.equal(kind, 'unavailable');
      assert.match(message!, /nowhere/);
      await assert.rejects(verify(0, []), /path of a guest program/);
    });
  });
});
