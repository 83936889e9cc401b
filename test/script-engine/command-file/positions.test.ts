import assert from 'node:assert/strict';
import { checkCommandFile } from '../../../script-engine/command-file/check';

/** `line:column [text] fix` of the only diagnostic of a file; lines and columns from 1, in UTF-16 units. */
function told(text: string, code: string): string {
  const diagnostics = checkCommandFile(text).filter((diagnostic) => diagnostic.code === code);
  const [diagnostic] = diagnostics;
  assert.ok(diagnostic !== undefined && diagnostics.length === 1, JSON.stringify(checkCommandFile(text)));
  const { span, fix } = diagnostic;
  const before = text.slice(0, span.start).split('\n');
  const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  const cured = fix === undefined ? '' : ` -> ${fix.text}`;
  return `${place} [${text.slice(span.start, span.end)}]${cured}`;
}

/** Mistakes in one line of a script: what is marked and what the fix writes. */
const mistakes = [
  { line: 'int add = 1;', code: 'expected-name', column: 5, marked: 'add', fix: 'add_value' },
  { line: 'x = 1; if (x!=5) { print(x); }', code: 'not-equal-without-space', column: 12, marked: 'x!=' },
  { line: 'if (1) { print(1); } else if (2) { print(2); }', code: 'expected-block', column: 22, marked: 'else if', fix: 'elsif' },
  { line: 'x = 1; prnt(x);', code: 'unknown-function', column: 8, marked: 'prnt', fix: 'print' },
  { line: 'lon value = 1;', code: 'unknown-type', column: 1, marked: 'lon', fix: 'long' },
  { line: 'unsigned double value = 1;', code: 'invalid-type', column: 1, marked: 'unsigned double' },
  { line: 'if (1) { int later(int n) { return n; } }', code: 'function-in-block', column: 14, marked: 'later' },
  { line: 'printf("é😀 %d", nope);', code: 'undefined-variable', column: 18, marked: 'nope' },
  { line: 'x = @rxa;', code: 'unknown-register', column: 5, marked: '@rxa', fix: '@rax' },
]; // prettier-ignore

const surroundings = [
  { name: 'behind ?', before: '', indent: '? ', after: '\n' },
  { name: 'in a block', before: '!cpuid script {\n', indent: '  ', after: '\n}\n' },
  { name: 'in a line with its block', before: '// é😀\n\n', indent: '!cpuid script { ', after: ' }\n' },
  {
    name: 'with tabs, CR LF and text before it',
    before: '// caf\u00e9 \ud83d\ude00\r\n\r\n? .total = 1;\r\n!cpuid script {\r\n\tprint(1);\r\n',
    indent: '\t\t/* é😀 */ ',
    after: '\r\n\tprint(2);\r\n}\r\n',
  },
  {
    name: 'behind another command with blocks',
    before: '!cpuid code { 90 } script {\n\tprint(1);\n}\n!syscall condition { 90 } script {\n',
    indent: '\t',
    after: '\n}\n',
  },
];

describe('places of mistakes in command files', () => {
  for (const { name, before, indent, after } of surroundings)
    for (const { line, code, column, marked, fix } of mistakes)
      it(`${name}: ${line}`, () => {
        const wantedLine = before.split('\n').length;
        const answer = told(`${before}${indent}${line}${after}`, code);
        const wanted = `${wantedLine}:${indent.length + column} [${marked}]`;
        assert.equal(answer.slice(0, wanted.length), wanted);
        if (fix !== undefined) assert.match(answer, new RegExp(` -> ${fix}`));
      });
});

describe('numbers that may be meant in decimal', () => {
  it('are asked about, with a fix', () => {
    const text = '!syscall pid 12249 script { }';
    const [diagnostic, ...others] = checkCommandFile(text);
    assert.deepEqual(others, []);
    assert.equal(diagnostic?.severity, 'warning');
    assert.match(diagnostic.message, /^hex\? 0n12249 is decimal/);
    assert.match(diagnostic.message, /0n74313/);
    assert.equal(told(text, 'hex-or-decimal'), '1:14 [12249] -> 0n12249');
    assert.equal(told('\t!cpuid\tcore 10\r\n', 'hex-or-decimal'), '1:14 [10] -> 0n10');
  });

  it('are not asked about when nobody can mean both', () => {
    for (const number of ['4', '1c4', '0n12249', '0x12249', '012249', 'all', '$arg1'])
      assert.deepEqual(checkCommandFile(`!syscall pid ${number} script { print(1); }`), [], number);
  });
});
