import assert from 'node:assert/strict';
import type { CodeAction, Diagnostic } from 'vscode-languageserver/node';
import { readCommandFile } from '../../script-engine/command-file/command-file';
import { imageOf } from '../../script-engine/command-file/command-image';
import { type LspClient, startLspClient, withCursor, withEdits } from './lsp-client';

describe('code actions', () => {
  let client: LspClient;
  let count = 0;
  before(async () => (client = await startLspClient()));
  after(async () => assert.equal(await client.stop(), 0));

  const errorsOf = async (uri: string, version: number): Promise<Diagnostic[]> =>
    (await client.diagnosticsOf(uri, version)).filter(({ severity }) => severity === 1);
  /** Actions at `$0`, or for what stands between two of them. */
  const actionsAt = async (marked: string, only?: string[]) => {
    const { text: rest, position: start } = withCursor(marked);
    const { text, position: end } = rest.includes('$0') ? withCursor(rest) : { text: rest, position: start };
    const uri = `file:///actions-${count++}.hds`;
    client.open(uri, text);
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: { start, end },
      context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
    });
    return { uri, text, actions };
  };
  /** Applies the action whose title begins so, and checks the text that comes of it. */
  const apply = async (marked: string, title: string): Promise<string> => {
    const { uri, text, actions } = await actionsAt(marked);
    const action = actions.find((each) => each.title.startsWith(title));
    assert.ok(action, `${title} in ${actions.map((each) => each.title).join(', ')}`);
    const after = withEdits(text, action.edit!.changes![uri]!);
    client.change(uri, 2, after);
    assert.deepEqual(await errorsOf(uri, 2), [], after);
    return after;
  };
  const images = (text: string) => readCommandFile(text).commands.map(imageOf);

  it('are told with their kinds', () => {
    assert.deepEqual(client.initializeResult.capabilities.codeActionProvider, {
      codeActionKinds: ['quickfix', 'refactor.rewrite', 'refactor.extract'],
    });
  });

  it('write a number in another base', async () => {
    assert.equal(await apply('? x = 1$00;', 'Write in decimal'), '? x = 0n16;');
    assert.equal(await apply('? x = 0n1$06;', 'Write in binary'), '? x = 0y10000;');
    assert.equal(await apply('? x = 0y1$01;', 'Write in octal'), '? x = 0o3;');
    assert.equal(
      await apply('!cpuid pid 0n1$06 script { x = 1; }', 'Write in hexadecimal'),
      '!cpuid pid 0x10 script { x = 1; }',
    );
    const inCommand = await actionsAt('!cpuid pid 1$00 script { x = 1; }');
    assert.ok(inCommand.actions.every(({ title }) => !/octal|binary/.test(title)));
    assert.deepEqual((await actionsAt('? print("1$00");')).actions, []);
  });

  it('sort the options of an event', async () => {
    const before = '!cpuid script { x = 1; } sc on pid 0x10 stage pre 1$0';
    const after = await apply(before, 'Sort');
    assert.equal(after, '!cpuid 1 pid 0x10 stage pre sc on script { x = 1; }');
    assert.deepEqual((await actionsAt(`${after.slice(0, 3)}$0${after.slice(3)}`, ['refactor'])).actions, []);
    const assembly = await apply('!cpuid asm code { nop } stage post pid$0 1', 'Sort');
    assert.equal(assembly, '!cpuid pid 1 stage post asm code { nop }');
  });

  it('extract a variable', async () => {
    const after = await apply('!cpuid script {\n  x = $0poi(@rcx + 8)$0 + 1;\n}\n', 'Extract');
    assert.equal(after, '!cpuid script {\n  value1 = poi(@rcx + 8);\n  x = value1 + 1;\n}\n');
    const inLine = await apply('? { value1 = 1; printf("%d", $0value1 + 2$0); }', 'Extract');
    assert.equal(inLine, '? { value1 = 1; value2 = value1 + 2; printf("%d", value2); }');
  });

  it('extract nothing that may run several times or never', async () => {
    for (const marked of [
      '? { x = 1; while ($0x + 1$0 < 5) { x = x + 1; } }',
      '? { for (i = $0@rax + 1$0; i < 5; i++) { x = i; } }',
      '? { for (i = 0; i < 5; i = $0i + 1$0) { x = i; } }',
      '? { x = 1; if (x == 1 && $0poi(@rcx)$0 == 1) { x = 2; } }',
      '? x = $0x + $01;',
      '$0? x$0 = 1;',
    ]) {
      const { actions } = await actionsAt(marked, ['refactor.extract']);
      assert.deepEqual(actions, [], marked);
    }
  });

  it('turn bytes into instructions and back', async () => {
    const bytes = '!cpuid code { 48FF01 4889C8$0 C3 }';
    const assembly = await apply(bytes, 'Write as instructions');
    assert.match(assembly, /^!cpuid asm code \{ inc qword ptr \[rcx\]; mov rax, rcx; ret \}$/);
    const back = await apply(`${assembly.slice(0, -2)}$0${assembly.slice(-2)}`, 'Write as bytes');
    assert.equal(back, '!cpuid code { 48 ff 01 48 89 c8 c3 }');
    assert.deepEqual(
      images(back.replaceAll(' ', '')),
      images(bytes.replace('$0', '').replaceAll(' ', '').toLowerCase()),
    );
    // `06` is no instruction, so there is no way back.
    assert.deepEqual((await actionsAt('!cpuid code { 06$0 }')).actions, []);
    assert.deepEqual(
      (await actionsAt('!cpuid asm code { mov rax, <main!table>$0 }', ['refactor'])).actions,
      [],
    );
  });

  it('are those of the kinds that are asked for', async () => {
    const marked = '!cpuid pid 122$049 script { x = 1; }';
    const all = (await actionsAt(marked)).actions.map(({ kind }) => kind);
    assert.ok(all.includes('quickfix') && all.includes('refactor.rewrite'));
    const fixes = (await actionsAt(marked, ['quickfix'])).actions;
    assert.deepEqual(
      fixes.map(({ title }) => title),
      ['Change to 0n12249'],
    );
    assert.deepEqual((await actionsAt(marked, ['source'])).actions, []);
  });
});
