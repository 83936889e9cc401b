import assert from 'node:assert/strict';
import type { DocumentHighlight, Location, Range, WorkspaceEdit } from 'vscode-languageserver/node';
import { CheckedFile } from '../../script-engine/command-file/checked-file';
import { DocumentNames } from '../../language-server/names/document-names';
import { type LspClient, startLspClient, withCursor } from './lsp-client';

const STRUCTS = `!cpuid script {
  struct Inner { int lox; int high; };
  struct Outer { struct Inner *first; int high; };
  struct Outer *p = (struct Outer *)@rdi;
  x = p->first->high;
  y = p->high;
}
`;

const FUNCTIONS = `!cpuid script {
  int twice(int value) {
    value = value + value;
    return value;
  }
  value = twice(1);
  value += 2;
  .total = .total + value;
}
? .total = 0;
`;

/** `line:from-to` of a range. */
function brief({ start, end }: Range): string {
  return `${start.line}:${start.character}-${end.character}`;
}

describe('names', () => {
  let client: LspClient;
  let count = 0;
  before(async () => {
    client = await startLspClient({ textDocument: { rename: { prepareSupport: true } } });
  });
  after(async () => assert.equal(await client.stop(), 0));

  const open = (text: string): string => {
    const uri = `file:///names-${count++}.hds`;
    client.open(uri, text);
    return uri;
  };
  /** The text with the cursor before the `nth` place of a word. */
  const at = (text: string, word: string, nth = 0) => {
    let offset = -1;
    for (let round = 0; round <= nth; round++) offset = text.indexOf(word, offset + 1);
    assert.ok(offset >= 0, word);
    return withCursor(`${text.slice(0, offset)}$0${text.slice(offset)}`);
  };
  const ask = <T>(method: string, text: string, word: string, nth = 0, more = {}) => {
    const { position } = at(text, word, nth);
    return client.request<T>(method, { textDocument: { uri: open(text) }, position, ...more });
  };
  const definition = async (text: string, word: string, nth = 0) =>
    (await ask<Location[]>('textDocument/definition', text, word, nth)).map(({ range }) => brief(range));
  const rename = async (text: string, word: string, newName: string, nth = 0) => {
    const edit = await ask<WorkspaceEdit>('textDocument/rename', text, word, nth, { newName });
    return Object.values(edit.changes!)[0]!.map(({ range }) => brief(range));
  };

  it('are told to the client', () => {
    const { capabilities } = client.initializeResult;
    assert.equal(capabilities.definitionProvider, true);
    assert.equal(capabilities.referencesProvider, true);
    assert.equal(capabilities.documentHighlightProvider, true);
    assert.deepEqual(capabilities.renameProvider, { prepareProvider: true });
  });

  it('keep a parameter apart from a local of the main program', async () => {
    assert.deepEqual(await definition(FUNCTIONS, 'value;'), ['1:16-21']);
    assert.deepEqual(await definition(FUNCTIONS, 'value += 2'), ['5:2-7']);
    assert.deepEqual(await definition(FUNCTIONS, 'twice(1)'), ['1:6-11']);
  });

  it('keep members of one name apart by their struct', async () => {
    assert.deepEqual(await definition(STRUCTS, 'high;\n  y'), ['1:30-34']);
    assert.deepEqual(await definition(STRUCTS, 'high;\n}'), ['2:42-46']);
    assert.deepEqual(await definition(STRUCTS, 'Outer *)'), ['2:9-14']);
  });

  it('are found in all open files when they are globals or outputs', async () => {
    const other = open('!syscall script { .shared7 = 1; }\n');
    const found = await ask<Location[]>('textDocument/references', '? x = .shared7;\n', '.shared7', 0, {
      context: { includeDeclaration: true },
    });
    assert.equal(found.length, 2);
    assert.ok(found.some(({ uri }) => uri === other));
    const [where] = await ask<Location[]>('textDocument/definition', '? y = .shared7;\n', '.shared7');
    assert.equal(where!.uri, other);
    const outputs = 'output create log7 file a.txt\n!cpuid output {log7} script { print(1); }\n';
    assert.deepEqual(await definition(outputs, 'log7}'), ['0:14-18']);
  });

  it('are highlighted with what happens to them', async () => {
    const found = await ask<DocumentHighlight[]>('textDocument/documentHighlight', FUNCTIONS, 'return');
    assert.deepEqual(found, []);
    const locals = await ask<DocumentHighlight[]>('textDocument/documentHighlight', FUNCTIONS, 'value += 2');
    assert.deepEqual(
      locals.map(({ range, kind }) => `${brief(range)} ${kind}`),
      ['5:2-7 3', '6:2-7 3', '7:20-25 2'],
    );
  });

  it('are renamed wherever they stand, and nowhere else', async () => {
    assert.deepEqual(await rename(FUNCTIONS, 'value += 2', 'sum'), ['5:2-7', '6:2-7', '7:20-25']);
    assert.deepEqual(await rename(FUNCTIONS, '.total', '.overall'), ['7:2-8', '7:11-17', '9:2-8']);
    assert.deepEqual(await rename(STRUCTS, 'high;\n  y', 'upper'), ['1:30-34', '4:16-20']);
  });

  it('are not renamed to what is no free name', async () => {
    const refusals: [string, string, RegExp][] = [
      ['value += 2', 'dead', /hexadecimal/],
      ['value += 2', 'while', /keyword/],
      ['value += 2', 'printf', /function of the debugger/],
      ['value += 2', 'rax', /register/],
      ['value += 2', 'twice', /function already, in line 2/],
      ['value += 2', 'two words', /no name/],
      ['.total', 'total', /begins with a dot: `\.total`/],
      ['twice(1)', 'value', /parameter already/],
    ];
    for (const [word, newName, message] of refusals)
      await assert.rejects(rename(FUNCTIONS, word, newName), message, newName);
    await assert.rejects(rename('? xx = 1; yy = xx;', 'xx', 'yy'), /variable already/);
  });

  it('are offered for renaming only when they are names', async () => {
    const prepared = await ask<{ placeholder: string }>('textDocument/prepareRename', FUNCTIONS, 'twice(1)');
    assert.equal(prepared.placeholder, 'twice');
    for (const word of ['!cpuid', 'return', 'int value'])
      assert.equal(await ask('textDocument/prepareRename', FUNCTIONS, word), null, word);
    assert.equal(await ask('textDocument/prepareRename', '? x = q->unknown;', 'unknown'), null);
  });

  it('of an edited file are those of the file read anew', () => {
    let file = CheckedFile.of(FUNCTIONS + STRUCTS);
    DocumentNames.of(file);
    for (const [from, to] of [
      ['!cpuid', '// a\n!cpuid'],
      ['value += 2', 'other += 2'],
      ['? .total', '? .totals'],
      ['return value;', 'return value'],
      ['{', ''],
    ] as const) {
      file = file.edited(file.text.replace(from, to));
      assert.deepEqual(DocumentNames.of(file).uses, DocumentNames.of(CheckedFile.of(file.text)).uses);
    }
  });
});
