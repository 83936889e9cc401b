import assert from 'node:assert/strict';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { NodeKind } from '../../../script-engine/syntax/node-kind';
import { parseScript } from '../../../script-engine/syntax/parser';
import { NodeView, rootOf, treeText, type SyntaxTree } from '../../../script-engine/syntax/tree';
import { Random } from '../../random';
import { readVectors, vectorCategories } from '../compiler/vector-file';

const sources = vectorCategories.flatMap((category) => readVectors(category).map((vector) => vector.source));
const short = sources.filter((source) => source.length < 3000);

/** What every tree must be, whatever the text. */
function checkTree(source: string): SyntaxTree {
  const tree = parseScript(source);
  assert.equal(treeText(tree), source);
  const { nodes, tokens } = tree;
  assert.equal(nodes.kinds[nodes.count - 1], NodeKind.Program);
  for (let node = 0; node < nodes.count; node++) {
    const first = nodes.firstNodes[node]!;
    assert.ok(first >= 0 && first <= node, `node ${node} starts at ${first}`);
    assert.ok(nodes.firstTokens[node]! <= nodes.endTokens[node]!, `node ${node} ends before it starts`);
    assert.ok(nodes.endTokens[node]! <= tokens.count);
  }
  assert.equal(tree.stop !== undefined, tree.diagnostics.length > 0, source);
  return tree;
}

function checkCompile(source: string): void {
  const result = compileScript(source, {
    globals: new GlobalTable(),
    symbols: { resolve: () => undefined },
  });
  const errors = result.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  assert.equal(result.script === undefined, result.upstreamError !== undefined, source);
  assert.equal(errors.length > 0, result.upstreamError !== undefined, source);
  for (const { span } of result.diagnostics)
    assert.ok(span.start >= 0 && span.start <= span.end && span.end <= source.length, source);
}

function randomEdit(random: Random, source: string): string {
  const pieces = [
    '(',
    ')',
    '{',
    '}',
    ';',
    '"',
    '/*',
    '*/',
    '//',
    '\n',
    '!',
    '=',
    '.',
    '->',
    '&&',
    '||',
    'sizeof ',
    'struct ',
  ];
  const at = random.below(source.length + 1);
  const length = random.below(4) === 0 ? random.below(20) : random.below(3);
  const other = random.pick(short);
  const from = random.below(other.length + 1);
  const text =
    random.below(3) === 0
      ? other.slice(from, from + random.below(25))
      : random.below(2) === 0
        ? random.pick(pieces)
        : String.fromCharCode(random.below(256));
  return source.slice(0, at) + text + source.slice(at + length);
}

describe('syntax tree', () => {
  it('holds the whole text of every golden script', () => {
    for (const source of sources) checkTree(source);
  });

  it('survives random edits of golden scripts, and so does the compiler', () => {
    const random = new Random(0x5eed);
    for (let round = 0; round < 6000; round++) {
      let source = random.pick(short);
      for (let edits = 1 + random.below(4); edits > 0; edits--) source = randomEdit(random, source);
      try {
        checkTree(source);
        checkCompile(source);
      } catch (error) {
        throw new Error(`seed 0x5eed round ${round}: ${JSON.stringify(source)}`, { cause: error });
      }
    }
  });

  it('survives random characters', () => {
    const random = new Random(77);
    for (let round = 0; round < 1500; round++) {
      const source = Array.from({ length: random.below(200) }, () =>
        String.fromCharCode(random.below(256)),
      ).join('');
      checkTree(source);
      checkCompile(source);
    }
  });

  it('refuses nesting that would overflow the stack, and stays fast', () => {
    const deep = 200_000;
    for (const source of [
      `x = ${'('.repeat(deep)}1${')'.repeat(deep)};`,
      `x = ${'-'.repeat(deep).replace(/--/g, '- -')}1;`,
      `x = ${'sizeof('.repeat(deep)}1;`,
      `${'{ x = 1; '.repeat(deep)}`,
      `${'if (1) { '.repeat(deep)}`,
      `if (${'('.repeat(deep)}`,
      `int a[1] = ${'{'.repeat(deep)};`,
      `struct S { int m; }; struct S s = {${'{'.repeat(deep)}`,
      `x = ${'(int)'.repeat(deep)}1;`,
      `x = ${'poi('.repeat(deep)}1;`,
    ]) {
      const tree = checkTree(source);
      assert.ok(
        tree.diagnostics.length > 0 && tree.diagnostics.length < 10,
        `${tree.diagnostics.length} messages`,
      );
      checkCompile(source);
    }
  });

  it('takes long chains without recursion', () => {
    const chain = `x = 1${' + 1'.repeat(100_000)};`;
    assert.deepEqual(checkTree(chain).diagnostics, []);
    checkCompile(chain);
    checkCompile(`x = ${'y = '.repeat(50_000)}1;`);
    checkCompile(`if (1${' && 1'.repeat(20_000)}) { x = 1; }`);
  });

  it('does bounded work on hidden parentheses', () => {
    checkCompile(`// )\n${'if ('.repeat(20_000)}`);
    checkCompile(`/* ; */ ${'for ('.repeat(20_000)}`);
  });

  it('shows nodes as objects on demand', () => {
    const root = rootOf(parseScript('x = 1 + 2; print(x);'));
    const [assign, print] = root.children();
    assert.equal(assign?.kind, NodeKind.Assign);
    assert.equal(assign?.text, 'x = 1 + 2');
    assert.deepEqual(
      assign?.children().map((child) => child.text),
      ['x', '1 + 2'],
    );
    assert.ok(print instanceof NodeView);
    assert.equal(print.kind, NodeKind.Call);
  });
});
