import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { checkCommandFile } from '../../../script-engine/command-file/check';
import { readCommandFile } from '../../../script-engine/command-file/command-file';
import { numberOfToken } from '../../../script-engine/command-file/number-token';
import { projectFile } from '../../project-root';
import { Random } from '../../random';

function tokens(text: string): readonly string[] {
  return readCommandFile(text).commands.flatMap((command) =>
    command.tokens.map((token) => `${token.kind} ${token.text}`),
  );
}

describe('command files', () => {
  it('are split into words, numbers, strings and blocks (driver-protocol 9.1)', () => {
    assert.deepEqual(tokens('!monitor w 7ff612345000 l 8 pid 2a10 script { print(@rip); }'), [
      'word !monitor',
      'word w',
      'number 7ff612345000',
      'word l',
      'number 8',
      'word pid',
      'number 2a10',
      'word script',
      'block  print(@rip); ',
    ]);
    assert.deepEqual(tokens('.start path "d:\\a b.exe" x "y z"'), [
      'word .start',
      'word path',
      'string d:\\a b.exe',
      'word x',
      'string y z',
    ]);
    assert.deepEqual(tokens('db @rsp+8 l 0n32'), ['number db', 'word @rsp+8', 'word l', 'number 0n32']);
    assert.deepEqual(tokens('bp dead pid f'), ['word bp', 'number dead', 'word pid', 'number f']);
  });

  it('have comments that are no tokens, and a word ends at a brace', () => {
    assert.deepEqual(tokens('g // "x" {y}\n/* a b */\n? {x}'), ['word g', 'word ?', 'block x']);
    assert.deepEqual(tokens('g /* here */ 5 // say "a\\n" or not\np'), ['word g', 'number 5', 'word p']);
    assert.deepEqual(tokens('!cpuid script{ a { b } "}" }'), [
      'word !cpuid',
      'word script',
      'block  a { b } "}" ',
    ]);
    assert.deepEqual(tokens('? { \\{ \\} }'), ['word ?', 'block  { } ']);
  });

  it('go on over lines while a brace or a string is open', () => {
    const text = '!cpuid script {\n  print(1);\n}\n\ng\n"a\nb"\np';
    const { commands } = readCommandFile(text);
    assert.deepEqual(
      commands.map(({ span }) => text.slice(span.start, span.end)),
      ['!cpuid script {\n  print(1);\n}', 'g', '"a\nb"', 'p'],
    );
  });

  it('bind asm to the next keyword and place each block', () => {
    const text = '!cpuid asm condition {a} code {b} script {c}';
    const [command] = readCommandFile(text).commands;
    assert.deepEqual(
      command?.blocks.map((block) => [
        block.kind,
        block.isAssembly,
        text.slice(block.keywordSpan.start, block.keywordSpan.end),
        text.slice(block.codeSpan.start, block.codeSpan.end),
        text.slice(block.span.start, block.span.end),
      ]),
      [
        ['condition', true, 'asm condition', 'a', '{a}'],
        ['code', false, 'code', 'b', '{b}'],
        ['script', false, 'script', 'c', '{c}'],
      ],
    );
  });

  it('have numbers in hex unless they say otherwise', () => {
    const cases: readonly (readonly [string, bigint | undefined])[] = [
      ['10', 0x10n],
      ['0x10', 0x10n],
      ['x10', 0x10n],
      ['\\x10', 0x10n],
      ['0n10', 10n],
      ['n10', 10n],
      ['\\n10', 10n],
      ['fffff801`12340000', 0xfffff80112340000n],
      ['dead', 0xdeadn],
      ['11111111111111111', 0xffffffffffffffffn],
      ['x', undefined],
      ['0n1f', undefined],
      ['main', undefined],
    ];
    for (const [text, value] of cases) assert.equal(numberOfToken(text), value, text);
  });

  it('never throw, and every position lies in the file', () => {
    const folder = projectFile('examples');
    const files = readdirSync(folder).filter((name) => name.endsWith('.hds'));
    const random = new Random(3);
    const pieces = [
      '"',
      '{',
      '}',
      '//',
      '/*',
      '*/',
      '\\',
      '\n',
      '\r\n',
      '$arg1',
      '$arg12',
      'asm ',
      'script ',
      'code{',
      ' l ',
      '?',
      '!cpuid ',
      'é',
      '\0',
      '<',
    ];
    for (let round = 0; round < 400; round++) {
      let text = readFileSync(`${folder}/${random.pick(files)}`, 'utf8');
      for (let edits = 1 + random.below(6); edits > 0; edits--) {
        const at = random.below(text.length + 1);
        text = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.below(8));
      }
      const args = random.below(2) === 0 ? undefined : ['$arg2', '"{'];
      const found = checkCommandFile(text, args === undefined ? {} : { args });
      for (const { span, message } of found) {
        assert.ok(
          span.start >= 0 && span.start <= span.end && span.end <= text.length,
          `${message} in ${JSON.stringify(text)}`,
        );
      }
    }
  });
});
