import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  CodeAction,
  Diagnostic,
  Hover,
  InlayHint,
  WorkspaceDiagnosticReport,
} from 'vscode-languageserver/node';
import { projectFile } from '../project-root';
import { type LspClient, startLspClient, withEdits } from './lsp-client';

interface Rule {
  readonly code: string;
  /** What brings it, and what does not. */
  readonly wrong: string;
  readonly right: string;
}

/** docs/diagnostics.md shows the same ones. */
const RULES = JSON.parse(readFileSync(projectFile('test/language-server/rules.json'), 'utf8')) as Rule[];

describe('diagnostics of the editor', () => {
  let client: LspClient;
  let count = 0;
  before(async () => (client = await startLspClient()));
  after(async () => assert.equal(await client.stop(), 0));

  const diagnosticsOf = (text: string): Promise<Diagnostic[]> => {
    const uri = `file:///lints-${count++}.hds`;
    client.open(uri, text);
    return client.diagnosticsOf(uri, 1);
  };

  for (const { code, wrong, right } of RULES) {
    it(`${code}: ${wrong.split('\n', 1)[0]}`, async () => {
      const found = (await diagnosticsOf(wrong)).map((each) => each.code);
      assert.ok(found.includes(code), found.join(', '));
      const others = (await diagnosticsOf(right)).map((each) => each.code);
      assert.ok(!others.includes(code), right);
      assert.match(
        readFileSync(projectFile('docs/diagnostics.md'), 'utf8'),
        new RegExp(`^### ${code}$`, 'm'),
      );
    });
  }

  it('are gone when their cure is applied', async () => {
    const cured: string[] = [];
    for (const { code, wrong } of RULES) {
      const uri = `file:///lints-${count++}.hds`;
      client.open(uri, wrong);
      const found = (await client.diagnosticsOf(uri, 1)).find((each) => each.code === code)!;
      const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri },
        range: found.range,
        context: { diagnostics: [found], only: ['quickfix'] },
      });
      const cure = actions.find(({ diagnostics }) => diagnostics?.some((each) => each.code === code));
      if (cure === undefined) continue;
      client.change(uri, 2, withEdits(wrong, cure.edit!.changes![uri]!));
      const after = (await client.diagnosticsOf(uri, 2)).map((each) => each.code);
      assert.ok(!after.includes(code), `${code}: ${after.join(', ')}`);
      cured.push(code);
    }
    assert.deepEqual([...new Set(cured)], ['unreachable-code', 'hex-or-decimal']);
  });

  it('mark the line of an instruction', async () => {
    const [wrong] = await diagnosticsOf('!cpuid asm code {\n  nop\n  mov rax, nowhere at all\n}\n');
    assert.deepEqual(wrong!.range, { start: { line: 2, character: 2 }, end: { line: 2, character: 25 } });
  });

  it('fade what is not needed, and follow the severities of the settings', async () => {
    const [unused] = await diagnosticsOf('? total = 1;');
    assert.deepEqual([unused!.code, unused!.severity, unused!.tags], ['unused-variable', 4, [1]]);
    const strict = await startLspClient(
      {},
      {
        diagnostics: { rules: { 'unused-variable': 'error', 'hex-or-decimal': 'off', 'no-such': 'odd' } },
        diagnosticsPage: 'file:///docs/diagnostics.md',
      },
    );
    strict.open('file:///strict.hds', '!cpuid pid 1234 script { total = 1; }');
    const found = await strict.diagnosticsOf('file:///strict.hds', 1);
    assert.deepEqual(
      found.map(({ code, severity, codeDescription }) => [code, severity, codeDescription?.href]),
      [['unused-variable', 1, 'file:///docs/diagnostics.md#unused-variable']],
    );
    assert.equal(await strict.stop(), 0);
  });

  it('go from an edited file to those that include it', async () => {
    client.open('file:///part.ds', '? {\n x = 1;\n print(x);\n}');
    const uri = 'file:///whole.hds';
    client.open(uri, '? #include "part.ds"; \n');
    assert.deepEqual(await client.diagnosticsOf(uri, 1), []);
    const told = new Promise<Diagnostic[]>((resolve) => {
      client.connection.onNotification('textDocument/publishDiagnostics', (params) => {
        if (params.uri === uri) resolve(params.diagnostics as Diagnostic[]);
      });
    });
    client.change('file:///part.ds', 2, '? {\n x = oops;\n}');
    assert.match(String((await told)[0]!.message), /^part\.ds, line 2: `oops`/);
  });

  it('stand in docs/diagnostics.md, which is up to date', async () => {
    const script = pathToFileURL(projectFile('scripts/generate-diagnostics.mjs')).href;
    const { diagnosticsPage } = (await import(script)) as { diagnosticsPage(): Promise<string> };
    const written = readFileSync(projectFile('docs/diagnostics.md'), 'utf8').replaceAll('\r\n', '\n');
    assert.equal(written, await diagnosticsPage(), 'run scripts/generate-diagnostics.mjs');
  });

  describe('of a client that asks', () => {
    let folder: string;
    let asking: LspClient;
    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'hds-lints-'));
      writeFileSync(path.join(folder, 'wrong.hds'), '!frobnicate\n');
      writeFileSync(path.join(folder, 'right.ds'), '? print(1);\n');
      asking = await startLspClient({ textDocument: { diagnostic: {} } }, undefined, [
        pathToFileURL(folder).href,
      ]);
    });
    after(async () => {
      assert.equal(await asking.stop(), 0);
      rmSync(folder, { recursive: true });
    });

    it('are of one document, or as they were', async () => {
      assert.deepEqual(asking.initializeResult.capabilities.diagnosticProvider, {
        interFileDependencies: true,
        workspaceDiagnostics: true,
      });
      const params = { textDocument: { uri: 'file:///asked.hds' } };
      asking.open('file:///asked.hds', '!frobnicate\n');
      const first = await asking.request<{ kind: string; resultId: string; items: Diagnostic[] }>(
        'textDocument/diagnostic',
        params,
      );
      assert.deepEqual([first.kind, first.items.length], ['full', 1]);
      const second = await asking.request<{ kind: string }>('textDocument/diagnostic', {
        ...params,
        previousResultId: first.resultId,
      });
      assert.equal(second.kind, 'unchanged');
      asking.change('file:///asked.hds', 2, '? print(1);\n');
      const third = await asking.request<{ kind: string; items: Diagnostic[] }>('textDocument/diagnostic', {
        ...params,
        previousResultId: first.resultId,
      });
      assert.deepEqual([third.kind, third.items], ['full', []]);
      asking.close('file:///asked.hds');
    });

    it('are not as they were when the settings have changed', async () => {
      const own = await startLspClient({ textDocument: { diagnostic: {} } });
      own.open('file:///own.hds', '!frobnicate\n');
      const ask = (previousResultId?: string) =>
        own.request<{ kind: string; resultId: string; items: Diagnostic[] }>('textDocument/diagnostic', {
          textDocument: { uri: 'file:///own.hds' },
          ...(previousResultId === undefined ? {} : { previousResultId }),
        });
      const first = await ask();
      const [{ code = '' } = {}] = first.items;
      await own.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { hyperdbg: { diagnostics: { rules: { [code]: 'off' } } } },
      });
      const second = await ask(first.resultId);
      assert.deepEqual([second.kind, second.items], ['full', []]);
      assert.equal(await own.stop(), 0);
    });

    it('are of all folders, of files that have gone too', async () => {
      const ask = (previousResultIds: object[]) =>
        asking.request<WorkspaceDiagnosticReport>('workspace/diagnostic', { previousResultIds });
      const brief = ({ items }: WorkspaceDiagnosticReport) =>
        items
          .map((item) => `${path.basename(item.uri)} ${item.kind === 'full' ? item.items.length : item.kind}`)
          .sort();
      const first = await ask([]);
      assert.deepEqual(brief(first), ['right.ds 0', 'wrong.hds 1']);
      rmSync(path.join(folder, 'right.ds'));
      const second = await ask(first.items.map(({ uri, resultId }) => ({ uri, value: resultId! })));
      assert.deepEqual(brief(second), ['right.ds 0', 'wrong.hds unchanged']);
    });
  });
});

describe('cost of a script', () => {
  let client: LspClient;
  before(async () => (client = await startLspClient()));
  after(async () => assert.equal(await client.stop(), 0));

  const costs = async (uri: string, text: string): Promise<string[]> => {
    client.open(uri, text);
    const hints = await client.request<InlayHint[]>('textDocument/inlayHint', {
      textDocument: { uri },
      range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
    });
    return hints.map(({ label, position }) => `${position.line}:${position.character} ${String(label)}`);
  };

  it('is shown at its block', async () => {
    assert.deepEqual(
      await costs('file:///cost-1.hds', '!cpuid script { print(poi(@rcx)); }\n!tsc code { 90 }\n'),
      ['0:13 3 operations, 1 read, about 9 bytes of text'],
    );
    const looping = await costs(
      'file:///cost-2.hds',
      '!cpuid script { for (i = 0; i < 5; i++) { eq(@rax, i); printf("%x of\\n", i); } }\n',
    );
    assert.match(
      looping.find((hint) => hint.startsWith('0:13'))!,
      /^0:13 \d+ operations, 1 write, about 12 bytes of text, 1 loop, of each one round$/,
    );
    assert.deepEqual(await costs('file:///cost-3.hds', '!cpuid script { print(1; }\n'), []);
  });

  it('is told on its keyword', async () => {
    client.open('file:///cost-4.hds', '!cpuid script { print(1); }\n');
    const hover = await client.at<Hover>('textDocument/hover', 'file:///cost-4.hds', {
      line: 0,
      character: 9,
    });
    assert.match(JSON.stringify(hover.contents), /Costs each time: 2 operations, about 9 bytes of text/);
  });
});
