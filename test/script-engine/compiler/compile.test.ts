import assert from 'node:assert/strict';
import { analyseScript, compileScript, type CompileOptions } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { typeName } from '../../../script-engine/semantics/types';
import { symbolText } from './vector-file';

const nobody = { resolve: (): undefined => undefined };

function compile(source: string, options: Partial<CompileOptions> = {}) {
  return compileScript(source, { globals: new GlobalTable(), symbols: nobody, ...options });
}

/** `code [text] severity` of each message. */
function messages(source: string, options: Partial<CompileOptions> = {}): string[] {
  return compile(source, options).diagnostics.map(
    ({ code, span, severity }) => `${severity} ${code} [${source.slice(span.start, span.end)}]`,
  );
}

describe('compileScript', () => {
  it('makes the example of the specification (6.10)', () => {
    const { script } = compile('xx = 5; xx += 2; xx++;');
    const operands = [
      '6/0/8e 3/0/5 7/0/0 3/0/5 3/0/9',
      '6/0/17 7/0/0 7/0/2',
      '6/0/8f 3/0/2 7/0/2 7/0/0 3/0/9',
    ];
    assert.ok(symbolText(script!.bytes).startsWith(`6/0/9 3/0/3 f/0/0 f/0/0 ${operands.join(' ')}`));
  });

  it('says for each slot where it comes from', () => {
    const source = 'x = 1;\nprint(x + 2);';
    const { script } = compile(source);
    assert.equal(script!.sourceOffsets.length, script!.symbolCount);
    assert.equal(script!.sourceOffsets.at(-1), source.indexOf('print'));
  });

  it('keeps globals for the next script, even when this one fails', () => {
    const globals = new GlobalTable();
    compile('.a1_x = 1; .b1_x = oops;', { globals });
    compile('.c1_x = 1;', { globals });
    assert.deepEqual([...globals.names()], ['.a1_x', '.c1_x']);
    assert.equal(globals.indexOf('.c1_x'), 1);
  });

  it('refuses the 513th global', () => {
    const globals = new GlobalTable();
    for (let i = 0; i < 512; i++) assert.notEqual(compile(`.g${i} = 1;`, { globals }).script, undefined);
    assert.deepEqual(messages('.one_more = 1;', { globals }), ['error too-many-globals [.one_more]']);
  });

  it('does not compile a script with symbols that nobody resolves, and does not blame it', () => {
    const { script, diagnostics } = compileScript('print(nt!Foo);', { globals: new GlobalTable() });
    assert.equal(script, undefined);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(messages('print(nt!Foo);'), ['error unresolved-symbol [nt!Foo]']);
  });

  it('encodes strings as UTF-8, or byte by byte when told so', () => {
    const texts = ['utf8', 'latin1'].map((encoding) =>
      symbolText(compile('printf("é");', { encoding: encoding as 'utf8' | 'latin1' }).script!.bytes),
    );
    assert.ok(texts[0]!.includes('8/3/"c3a900'));
    assert.ok(texts[1]!.includes('8/2/"e900'));
  });

  it('splices includes and shows their mistakes at the directive', () => {
    const readInclude = (name: string): string | undefined =>
      name === 'a.ds' ? '? { x = oops; }' : undefined;
    assert.deepEqual(messages('#include "a.ds"; print(1);', { readInclude }), [
      'error undefined-variable [#include "a.ds"]',
    ]);
    assert.deepEqual(messages('#include "b.ds"; print(oops);', { readInclude }), [
      'error include-not-found [#include "b.ds"]',
      'error undefined-variable [oops]',
    ]);
  });

  it('says that an include is missing, malformed or repeated', () => {
    const files: Record<string, string> = { 'a.ds': '? { x = 1; #include "a.ds"; }', 'b.ds': 'x = 1;' };
    const readInclude = (name: string): string | undefined => files[name];
    assert.deepEqual(messages('#include "a.ds"; print(x);', { readInclude }), [
      'warning include-cycle [#include "a.ds"]',
    ]);
    const [malformed] = compile('#include "b.ds"; print(1);', { readInclude }).diagnostics;
    assert.match(malformed!.message, /starts with/);
    const [missing] = compile('#include "c.ds"; print(1);', { readInclude }).diagnostics;
    assert.match(missing!.message, /There is no file "c.ds"/);
  });

  it('says in which file a mistake is and how it came to be included', () => {
    const files: Record<string, string> = {
      'a.ds': '? {\n y = 1;\n#include "b.ds"; \n}',
      'b.ds': '\n? {\n z = 2;\n z = oops;\n #include "c.ds"; \n #include "a.ds"; \n #include "d.ds"; \n}',
      'd.ds': 'z = 1;',
    };
    const readInclude = (name: string): string | undefined => files[name];
    const source = 'x = 1;\n#include "a.ds"; \nprint(x);';
    const { diagnostics } = compile(source, { readInclude });
    assert.deepEqual(
      diagnostics.map(({ code, message, span }) => [code, message.split(': ')[0], span.start]),
      [
        ['undefined-variable', 'a.ds → b.ds, line 4', 7],
        ['include-not-found', 'a.ds → b.ds, line 5', 7],
        ['include-not-found', 'a.ds → b.ds, line 7', 7],
        ['include-cycle', 'A file includes itself', 7],
      ],
    );
    const texts = diagnostics.map(({ message }) => message).join('\n');
    assert.match(texts, /There is no file "c.ds" \(a.ds → b.ds → c.ds\)/);
    assert.match(texts, /"d.ds" \(a.ds → b.ds → d.ds\) cannot be included/);
    assert.match(texts, /includes itself: a.ds → b.ds → a.ds/);
  });

  it('keeps fixes at their place behind an include', () => {
    const readInclude = (): string => '? { y = 1; }';
    const source = '#include "a.ds"; \ntotal = y; print(totl);';
    const [{ fix } = {}] = compile(source, { readInclude }).diagnostics;
    assert.equal(source.slice(fix?.span.start, fix?.span.end), 'totl');
  });

  it('refuses in safe mode what cannot work', () => {
    const source = 'int arr[2] = {1, 2}; printf("%d", arr);';
    assert.deepEqual(messages(source), ['warning printf-aggregate [arr]']);
    assert.notEqual(compile(source).script, undefined);
    assert.deepEqual(messages(source, { mode: 'safe' }), ['error printf-aggregate [arr]']);
    assert.equal(compile(source, { mode: 'safe' }).script, undefined);
  });

  it('tells editors the names and their types', () => {
    const { scopes, names } = analyseScript(
      'struct P { int mx; }; struct P pt; count = 1; int twice(int val1) { long sum = val1; return sum; }',
      { globals: new GlobalTable() },
    );
    const listed = scopes.map((scope) => [
      scope.name,
      ...[...scope.variables.values()].map((variable) => `${variable.name}: ${typeName(variable.type)}`),
    ]);
    assert.deepEqual(listed, [
      ['main', 'pt: struct P', 'count: unsigned long long'],
      ['twice', 'val1: value without a type', 'sum: long'],
    ]);
    assert.deepEqual([...names.functions.keys()], ['main', 'twice']);
  });
});

describe('messages of the compiler', () => {
  const cases: readonly (readonly [source: string, ...want: string[]])[] = [
    ['print(oops); print(oops);', 'error undefined-variable [oops]'],
    ['oops += 1; oops++;', 'error undefined-variable [oops]'],
    ['x = -oops;', 'error undefined-variable [oops]'],
    ['x = 5; if (x!=5) { x = 1; } print(x);', 'error not-equal-without-space [x!=]'],
    ['x = 1; if (x = 2) { print(1); }', 'error expected-close-paren [=]'],
    ['x = 1; y = x == 1;', 'error operator-not-allowed [==]'],
    ['x = 1 print(x); print(2);', 'error expected-semicolon [print]'],
    ['int x 5; print(x);', 'error expected-assign [5]'],
    ['if (1) { x = 1; } else if (2) { x = 2; } print(3);', 'error expected-block [else if]'],
    ['if (1 { x = 1; } print(3);', 'error expected-close-paren [{]'],
    ['while (x ( { x = 1; } y = 2; print(y);', 'error unknown-function [x]'],
    ['for (i = 0; i < 3) { print(i); } print(3);', 'error expected-semicolon [)]'],
    ['for (i = 0; i < 3; i) { print(i); }', 'error bare-step [i]'],
    ['break;', 'error break-outside-loop [break]'],
    ['continue;', 'error continue-outside-loop [continue]'],
    ['prnt(1); print(2);', 'error unknown-function [prnt]'],
    ['poi(1, 2);', 'error wrong-argument-count [,]'],
    ['printf("%d %d", 1);', 'error printf-arguments ["%d %d"]'],
    ['ip = 5; print(1);', ''],
    ['add = 5; print(1);', 'error expected-statement [add]'],
    ['int id2 = 1, y2 = 2; print(1);', 'error comma-in-declaration [,]'],
    ['x = 1; if (x < 0) { print(1); }', 'warning unsigned-comparison [x < 0]'],
    ['int x = 1; if (x < 0) { print(1); }', ''],
    ['int arr[10] = {1};', 'warning decimal-array-size [10]'],
    ['int arr[0n10] = {1};', ''],
    ['for (i = 0; i < 2; i++) { while (1) { continue; } }', 'warning continue-outer-loop [continue]'],
    ['if (strcmp("a)", "b") == 0) { print(1); }', 'error hidden-parenthesis [)]'],
    ['x = (1 + 2; print(x);', 'error expected-close-paren [;]'],
    ['} print(1);', 'error unexpected-close-brace [}]'],
    ['if (1) { print(1);', 'error expected-close-brace [;]'],
    ['$pid = 1;', 'error assign-pseudo-register [$pid]'],
    ['x = 1; x = @rex; y = 2;', 'error unknown-register [@rex]'],
    ['double .g = 1.5;', 'error float-global [.g]'],
  ];
  for (const [source, ...want] of cases)
    it(source, () =>
      assert.deepEqual(
        messages(source),
        want.filter((text) => text !== ''),
      ),
    );

  it('offers the space before `!=`', () => {
    const source = 'x = 5; if (x!=5) { print(1); }';
    const fix = compile(source).diagnostics[0]?.fix;
    assert.equal(
      source.slice(0, fix!.span.start) + fix!.text + source.slice(fix!.span.end),
      source.replace('!=', ' !='),
    );
  });
});
