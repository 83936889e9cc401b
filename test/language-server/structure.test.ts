import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  DocumentLink,
  DocumentSymbol,
  SelectionRange,
  SemanticTokens,
  SemanticTokensDelta,
  SymbolInformation,
} from 'vscode-languageserver/node';
import { type LspClient, startLspClient, withCursor } from './lsp-client';

const SCRIPT = `output create log file a.txt
!cpuid 1 script {
  struct Point { int x1; int y1; };
  int twice(int value) {
    inside = value;
    return inside + value;
  }
  total = twice(dead) + @rax; // sum
  .count = .count + 1;
}
? .count = 0;
`;

describe('structure of a script', () => {
  let client: LspClient;
  let folder: string;
  let count = 0;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'hds-structure-'));
    mkdirSync(path.join(folder, 'node_modules'));
    writeFileSync(
      path.join(folder, 'one.hds'),
      '!cpuid script {\n  int helperInOne(int a1) { return a1; }\n}\n',
    );
    writeFileSync(path.join(folder, 'node_modules/skipped.hds'), '? helperInSkipped = 1;\n');
    client = await startLspClient(
      { textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true } } },
      undefined,
      [pathToFileURL(folder).href],
    );
  });
  after(async () => {
    assert.equal(await client.stop(), 0);
    rmSync(folder, { recursive: true });
  });

  const open = (text: string, name = `structure-${count++}.hds`): string => {
    const uri = pathToFileURL(path.join(folder, name)).href;
    client.open(uri, text);
    return uri;
  };
  const ask = <T>(method: string, uri: string, more = {}) =>
    client.request<T>(method, { textDocument: { uri }, ...more });

  const outline = (symbols: readonly DocumentSymbol[], depth = 0): string[] =>
    symbols.flatMap(({ name, children = [] }) => [
      `${' '.repeat(depth)}${name}`,
      ...outline(children, depth + 1),
    ]);

  it('is told as symbols in symbols, one for each command', async () => {
    const symbols = await ask<DocumentSymbol[]>('textDocument/documentSymbol', open(SCRIPT));
    assert.deepEqual(outline(symbols), [
      'output',
      ' log',
      '!cpuid (event 1)',
      ' Point',
      '  x1',
      '  y1',
      ' twice',
      '  inside',
      ' total',
      ' .count',
      '?',
    ]);
  });

  it('is told as a list to a client that knows no symbols in symbols', async () => {
    const plain = await startLspClient();
    plain.open('file:///plain.hds', SCRIPT);
    const symbols = await plain.request<SymbolInformation[]>('textDocument/documentSymbol', {
      textDocument: { uri: 'file:///plain.hds' },
    });
    const inside = symbols.find(({ name }) => name === 'inside');
    assert.equal(inside?.containerName, 'twice');
    assert.equal(inside.location.range.start.line, 4);
    assert.equal(await plain.stop(), 0);
  });

  it('is searched in all folders, without those of packages', async () => {
    open('? helperInOpen = 1;\n');
    const found = await client.request<SymbolInformation[]>('workspace/symbol', { query: 'HlpIn' });
    assert.deepEqual(found.map(({ name }) => name).sort(), ['helperInOne', 'helperInOpen']);
    assert.ok(found.some(({ location }) => location.uri.endsWith('/one.hds')));
  });

  it('grows around the cursor', async () => {
    const { text, position } = withCursor('!cpuid script {\n  x = poi(@r$0cx + 8);\n}\n');
    const uri = open(text);
    const [first] = await ask<SelectionRange[]>('textDocument/selectionRange', uri, {
      positions: [position],
    });
    const texts: string[] = [];
    const lines = text.split('\n');
    for (let range: SelectionRange | undefined = first; range !== undefined; range = range.parent) {
      const { start, end } = range.range;
      texts.push(start.line === end.line ? lines[start.line]!.slice(start.character, end.character) : 'more');
    }
    const inLine = texts.filter((each) => each !== 'more');
    assert.deepEqual(inLine, [
      '@rcx',
      '@rcx + 8',
      'poi(@rcx + 8)',
      'x = poi(@rcx + 8)',
      'x = poi(@rcx + 8);',
    ]);
    // The block, the command, the file.
    assert.ok(texts.length - inLine.length >= 3);
  });

  describe('semantic tokens', () => {
    const legend = () => client.initializeResult.capabilities.semanticTokensProvider!.legend;
    const decoded = (data: readonly number[], text: string): string[] => {
      const lines = text.split('\n');
      const found: string[] = [];
      let line = 0;
      let character = 0;
      for (let at = 0; at < data.length; at += 5) {
        const [down, right, length, type, bits] = data.slice(at, at + 5) as [
          number,
          number,
          number,
          number,
          number,
        ];
        character = down === 0 ? character + right : right;
        line += down;
        const modifiers = legend().tokenModifiers.filter((_, bit) => (bits & (1 << bit)) !== 0);
        const word = lines[line]!.slice(character, character + length);
        found.push([word, legend().tokenTypes[type], ...modifiers].join(' '));
      }
      return found;
    };

    it('tell numbers, registers, names and options apart', async () => {
      const uri = open(SCRIPT);
      const { data } = await ask<SemanticTokens>('textDocument/semanticTokens/full', uri);
      const found = decoded(data, SCRIPT);
      for (const expected of [
        'output macro',
        'log namespace declaration',
        '!cpuid event',
        'script keyword',
        'Point struct declaration',
        'x1 property declaration',
        'twice function declaration',
        'value parameter declaration',
        'value parameter',
        'return keyword',
        'total variable modification',
        'dead number',
        '@rax variable defaultLibrary',
        '// sum comment',
        '.count variable static',
      ])
        assert.ok(found.includes(expected), `${expected} in ${found.join(', ')}`);
    });

    it('of a range are those of the whole that lie in it', async () => {
      const uri = open(SCRIPT);
      const range = { start: { line: 7, character: 0 }, end: { line: 7, character: 12 } };
      const { data } = await ask<SemanticTokens>('textDocument/semanticTokens/range', uri, { range });
      assert.deepEqual(decoded(data, SCRIPT), ['total variable modification', 'twice function']);
    });

    it('come as what has changed', async () => {
      const uri = open(SCRIPT);
      const first = await ask<SemanticTokens>('textDocument/semanticTokens/full', uri);
      const changed = SCRIPT.replace('dead', '@rbx, 1');
      client.change(uri, 2, changed);
      const delta = await ask<SemanticTokensDelta>('textDocument/semanticTokens/full/delta', uri, {
        previousResultId: first.resultId,
      });
      const data = [...first.data];
      for (const { start, deleteCount, data: inserted = [] } of delta.edits)
        data.splice(start, deleteCount, ...inserted);
      const fresh = await ask<SemanticTokens>('textDocument/semanticTokens/full', open(changed));
      assert.deepEqual(data, fresh.data);
      assert.ok(delta.edits[0]!.data!.length < 40);
      const unknown = await ask<SemanticTokens>('textDocument/semanticTokens/full/delta', uri, {
        previousResultId: 'of another life',
      });
      assert.deepEqual(unknown.data, fresh.data);
    });
  });

  it('links to the files that it names', async () => {
    const uri = open(
      '? #include "lib/one.ds"; \n!cpuid script {file:two.ds}\n.script three.hds 1\n.script c:\\four.ds\n',
    );
    const links = await ask<DocumentLink[]>('textDocument/documentLink', uri);
    assert.deepEqual(
      links
        .slice(0, 3)
        .map(({ target, range }) => [path.relative(folder, new URL(target!).pathname), range.start.line]),
      [
        [path.join('lib', 'one.ds'), 0],
        ['two.ds', 1],
        ['three.hds', 2],
      ],
    );
    if (process.platform !== 'win32') assert.equal(links.length, 3);
    const untitled = 'untitled:one';
    client.open(untitled, '.script three.hds\n');
    assert.deepEqual(await ask<DocumentLink[]>('textDocument/documentLink', untitled), []);
  });
});
