import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextEdit } from 'vscode-languageserver/node';
import { applied, formatDocument, formatLines } from '../../language-server/format/format';
import { readScriptDocument } from '../../language-server/open-documents';
import { readCommandFile } from '../../script-engine/command-file/command-file';
import { compileScript } from '../../script-engine/compiler/compile';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import { tokenize } from '../../script-engine/syntax/lexer';
import { tokenText } from '../../script-engine/syntax/token-kind';
import { projectFile } from '../project-root';
import { Random } from '../random';
import { readVectors, vectorCategories } from '../script-engine/compiler/vector-file';
import { type LspClient, startLspClient, withEdits } from './lsp-client';

const OPTIONS = { tabSize: 4, insertSpaces: true };
const STYLE = { indent: '    ' };
const SEED = 7;

const read = (text: string) =>
  readScriptDocument(TextDocument.create('file:///format.hds', 'hyperdbg-script', 1, text));
const format = (text: string): string => applied(text, formatDocument(read(text), STYLE));

/** What a file comes to, by other means than those that the formatter checks itself with. */
function meaning(text: string): unknown {
  return readCommandFile(text).commands.map(({ tokens, blocks, rest, name }) => ({
    words: name === '?' ? [] : tokens.map((token) => (token.kind === 'block' ? '' : token.text)),
    rest: name === '?' ? meaningOfScript(rest.text) : '',
    blocks: blocks.map(({ kind, body }) =>
      kind === 'script' ? meaningOfScript(body.text) : body.text.replace(/\s+/g, ' ').trim(),
    ),
  }));
}

function meaningOfScript(source: string): unknown {
  const { script, upstreamError } = compileScript(source, {
    globals: new GlobalTable(),
    symbols: { resolve: () => 0x401000n },
  });
  if (script !== undefined) return Buffer.from(script.bytes).toString('hex');
  const tokens = tokenize(source);
  return [upstreamError?.text, Array.from(tokens.kinds, (_, token) => tokenText(tokens, token))];
}

const examples = readdirSync(projectFile('examples'))
  .filter((name) => name.endsWith('.hds'))
  .map((name) => [name, readFileSync(projectFile(`examples/${name}`), 'utf8')] as const);

/** White space that says nothing becomes other white space. */
function shaken(text: string, random: Random): string {
  return text
    .split('\n')
    .map((line) => {
      if (line.trimStart().startsWith('//') || line.includes('"')) return line;
      const indent = ' '.repeat(random.below(9));
      return (
        indent + line.trimStart().replace(/(?<=[;,=]) /g, () => [' ', '', '   ', '\t'][random.below(4)]!)
      );
    })
    .join('\n');
}

describe('formatting', () => {
  const cases: readonly (readonly [what: string, before: string, after: string])[] = [
    [
      'indents blocks and parts operators',
      '  !cpuid   1  script{\nx=1+2*@rax;\n   if(x==5){\nprintf( "%d  x\\n",x ) ;\n}else{\n x=-1;\n}\n   }\n',
      '!cpuid 1 script {\n    x = 1 + 2 * @rax;\n    if (x == 5) {\n        printf("%d  x\\n", x);\n    } else {\n        x = -1;\n    }\n}\n',
    ],
    ['leaves strings alone', '? printf("a  ,b;c",  x1)  ;  \n', '? printf("a  ,b;c", x1);\n'],
    [
      'keeps what is one-sided together',
      '? x = - 1; y = * p; z = & x; w = ~ x;\n',
      '? x = -1; y = *p; z = &x; w = ~x;\n',
    ],
    [
      'indents what goes on',
      '? {\nx = 1 +\n2;\nprintf("%d",\nx);\n}\n',
      '? {\n    x = 1 +\n        2;\n    printf("%d",\n        x);\n}\n',
    ],
    ['leaves one empty line', '? x = 1;\n\n\n\n? y = 1;\n\n\n', '? x = 1;\n\n? y = 1;\n'],
    [
      'keeps line ends of Windows',
      '!cpuid script {\r\nx=1;  \r\n}\r\n',
      '!cpuid script {\r\n    x = 1;\r\n}\r\n',
    ],
    ['leaves test headers alone', '//@ out: a  \n// a  \n', '//@ out: a  \n// a\n'],
    [
      'indents bytes and instructions',
      '!cpuid code {\n90\nc3\n}\n!cpuid asm code {\nnop;  nop\n}\n',
      '!cpuid code {\n    90\n    c3\n}\n!cpuid asm code {\n    nop;  nop\n}\n',
    ],
    ['leaves other commands alone', '.script  c:\\a  b.ds   1\n', '.script  c:\\a  b.ds   1\n'],
    ['does not part words that are one', '? x = nt!Foo; y = xx!=b;\n', '? x = nt!Foo; y = xx!=b;\n'],
  ];
  for (const [what, before, after] of cases) it(what, () => assert.equal(format(before), after));

  it('never changes what an example does, and changes nothing the second time', () => {
    const random = new Random(SEED);
    for (const [name, text] of examples) {
      for (const source of [text, shaken(text, random), shaken(text, random)]) {
        const once = format(source);
        assert.deepEqual(meaning(once), meaning(source), name);
        assert.equal(format(once), once, name);
      }
    }
  });

  it('moves most shaken examples back to where they were', () => {
    const random = new Random(SEED);
    let same = 0;
    for (const [name, text] of examples) {
      const wanted = format(text);
      same += Number(format(shaken(text, random)) === wanted);
      assert.equal(wanted.replace(/\s/g, ''), text.replace(/\s/g, ''), name);
    }
    assert.ok(same >= examples.length * 0.7, `${same} of ${examples.length}`);
  });

  for (const category of vectorCategories) {
    it(`never changes the bytes of golden vectors: ${category}`, () => {
      let changed = 0;
      for (const { id, source } of readVectors(category)) {
        for (const text of [`!cpuid script {\n${source}\n}\n`, `? ${source}\n`]) {
          const once = format(text);
          if (once !== text) changed++;
          assert.deepEqual(meaning(once), meaning(text), id);
          assert.equal(format(once), once, id);
        }
      }
      assert.ok(changed > 0);
    });
  }

  it('of a range changes only its lines', () => {
    const text = '!cpuid script {\nx=1;\ny=2;\nz=3;\n}\n';
    const edits = formatLines(read(text), { first: 2, last: 2 }, STYLE);
    assert.equal(applied(text, edits), '!cpuid script {\nx=1;\n    y = 2;\nz=3;\n}\n');
  });

  it('never throws and never changes a broken text’s letters', () => {
    const random = new Random(SEED);
    for (let round = 0; round < 400; round++) {
      const [, text] = random.pick(examples);
      const at = random.below(text.length);
      const broken =
        text.slice(0, at) +
        random.pick(['{', '}', '"', '//', '/*', '*/', '\n', '(', ';', '\\']) +
        text.slice(at + random.below(4));
      const once = format(broken);
      assert.equal(once.replace(/\s/g, ''), broken.replace(/\s/g, ''));
      assert.deepEqual(meaning(once), meaning(broken), JSON.stringify(broken));
    }
  });

  describe('through a connection', () => {
    let client: LspClient;
    before(
      async () =>
        (client = await startLspClient({ textDocument: { rangeFormatting: { rangesSupport: true } } })),
    );
    after(async () => assert.equal(await client.stop(), 0));
    const TEXT = '!cpuid script {\nx=1;\ny=2;\n  }\n';
    let count = 0;
    const ask = async (method: string, more: object): Promise<string> => {
      const uri = `file:///format-${count++}.hds`;
      client.open(uri, TEXT);
      const edits = await client.request<TextEdit[]>(method, {
        textDocument: { uri },
        options: OPTIONS,
        ...more,
      });
      return withEdits(TEXT, edits);
    };
    const lines = (first: number, last: number) => ({
      start: { line: first, character: 0 },
      end: { line: last, character: 0 },
    });

    it('is told exactly', async () => {
      const { capabilities } = client.initializeResult;
      assert.equal(capabilities.documentFormattingProvider, true);
      assert.deepEqual(capabilities.documentRangeFormattingProvider, { rangesSupport: true });
      const old = await startLspClient();
      assert.equal(old.initializeResult.capabilities.documentRangeFormattingProvider, true);
      assert.equal(await old.stop(), 0);
    });

    it('formats all, a range, ranges and what was typed', async () => {
      assert.equal(await ask('textDocument/formatting', {}), '!cpuid script {\n    x = 1;\n    y = 2;\n}\n');
      assert.equal(
        await ask('textDocument/rangeFormatting', { range: lines(1, 2) }),
        '!cpuid script {\n    x = 1;\ny=2;\n  }\n',
      );
      assert.equal(
        await ask('textDocument/rangesFormatting', { ranges: [lines(1, 2), lines(3, 4)] }),
        '!cpuid script {\n    x = 1;\ny=2;\n}\n',
      );
      const at = (line: number, character: number, ch: string) => ({ position: { line, character }, ch });
      assert.equal(
        await ask('textDocument/onTypeFormatting', at(3, 3, '}')),
        '!cpuid script {\nx=1;\ny=2;\n}\n',
      );
      assert.equal(
        await ask('textDocument/onTypeFormatting', at(2, 0, '\n')),
        '!cpuid script {\n    x = 1;\ny=2;\n  }\n',
      );
    });
  });
});
