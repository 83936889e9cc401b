import assert from 'node:assert/strict';
import type { CompletionItem, TextEdit } from 'vscode-languageserver/node';
import { type LspClient, startLspClient, withCursor } from './lsp-client';

const SCRIPT = (line: string) => `output create log file a.txt
!cpuid output {log} script {
  struct Inner { int lox; int high; };
  struct Outer { struct Inner *first; int size; };
  typedef unsigned long u64;
  u64 twice(u64 value) {
    inside = value;
    return value;
  }
  struct Outer *p = (struct Outer *)@rdi;
  plain = 1;
  .count = 0;
  ${line}
}
`;

describe('completion of names', () => {
  let client: LspClient;
  let count = 0;
  before(async () => (client = await startLspClient()));
  after(async () => assert.equal(await client.stop(), 0));

  const complete = (marked: string) => {
    const { text, position } = withCursor(marked);
    const uri = `file:///complete-${count++}.hds`;
    client.open(uri, text);
    return client.at<CompletionItem[]>('textDocument/completion', uri, position);
  };
  const labels = async (line: string) => (await complete(SCRIPT(line))).map(({ label }) => label);

  it('offers what the script has, first', async () => {
    const items = await complete(SCRIPT('y = $0'));
    const sorted = items.toSorted((a, b) => (a.sortText! < b.sortText! ? -1 : 1)).slice(0, 5);
    assert.deepEqual(
      sorted.map(({ label }) => label),
      ['.count', 'p', 'plain', 'twice', 'u64'],
    );
    assert.equal(items.find(({ label }) => label === 'twice')!.detail, 'u64 twice(u64 value)');
    assert.ok(items.some(({ label }) => label === 'printf'));
  });

  it('offers the names of the function that the cursor is in', async () => {
    const text = SCRIPT('').replace('return value;', 'return $0;');
    const found = (await complete(text)).map(({ label }) => label);
    assert.ok(found.includes('value') && found.includes('inside') && !found.includes('plain'));
  });

  it('offers the members of the struct behind . and ->', async () => {
    assert.deepEqual(await labels('y = p->$0'), ['first', 'size']);
    assert.deepEqual(await labels('y = p->first->hi$0;'), ['lox', 'high']);
    assert.deepEqual(await labels('p.si$0 = 1;'), ['first', 'size']);
    assert.deepEqual(await labels('y = unknown->$0;'), ['lox', 'high', 'first', 'size']);
  });

  it('replaces only the member', async () => {
    const [item] = await complete('? { struct S { int size; }; struct S *q = (struct S *)1; q.si$0 = 1; }');
    const { range } = item!.textEdit as TextEdit;
    assert.equal(range.end.character - range.start.character, 2);
  });

  it('offers structs behind struct, globals of other files behind a dot, and outputs', async () => {
    assert.deepEqual(await labels('struct $0'), ['Inner', 'Outer']);
    client.open('file:///other-globals.hds', '? .elsewhere = 1;\n');
    const found = await labels('y = .$0;');
    assert.ok(found.includes('.elsewhere') && found.includes('.count'));
    const outputs = await complete('output create first9 file a\n!cpuid output {$0} script { print(1); }');
    assert.deepEqual(
      outputs.map(({ label }) => label),
      ['first9'],
    );
  });
});
