import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { CheckedFile } from '../../../script-engine/command-file/checked-file';
import type { CheckOptions } from '../../../script-engine/command-file/checked-command';
import { readCommandFile } from '../../../script-engine/command-file/command-file';
import { projectFile } from '../../project-root';
import { Random } from '../../random';

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(projectFile(folder))
    .filter((name) => name.endsWith('.hds'))
    .map((name) => fs.readFileSync(path.join(projectFile(folder), name), 'utf8'));
}

const examples = [...filesIn('examples'), ...filesIn('test/script-engine/compiler/mistakes')];

/** Commands that depend on each other through globals, and some that are wrong. */
const commands = [
  '? .count = 0;', '? .count++;', '? print(.count);', '? print(.cuont);', '? .count = @rax;', '? int .half = 1;',
  '? .text = (char *)@rsp;', '? print(*.text);', '!cpuid script {\n  .total = .count + 1;\n  printf("%d", .total);\n}',
  '!syscall pid 12249 script {\n\tif (.total > 5) { print(.total); }\n}', '// a comment with { and "', '/* open', '!cpuid code { 90 9 }',
  '!epthook main!f condition { 90 } script { #include "one.hds"; \n print(.one); }', '? #include "one.hds"; \n .two = .one;',
  'events d 1', 'output create trace file c:\\t.txt', '!cpuid output { trace , tarce } script { print(1); }', 'output open trace', 'frobnicate', '! { " }', '\r', '', '  ', '!cpuid script {\r\n\tx = 1;\r\n}', '!monitor rw 1000 l 8 script { print($arg1); }',
]; // prettier-ignore

const pieces = ['{', '}', '"', '\n', '//', '/*', '*/', '\\', ' ', '\r\n', '.count', '? ', ';', '= 1', 'é😀', '$arg1']; // prettier-ignore

function randomFile(random: Random): string {
  if (random.below(6) === 0) return random.pick(examples);
  const lines = Array.from({ length: random.below(9) }, () => random.pick(commands));
  return lines.join(random.below(8) === 0 ? '\r\n' : '\n');
}

function randomEdit(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const removed = random.below(3) === 0 ? random.below(40) : random.below(3);
  const added = ((): string => {
    switch (random.below(4)) {
      case 0:
        return `\n${random.pick(commands)}\n`;
      case 1:
        return '';
      case 2:
        return text.slice(random.below(text.length + 1)).slice(0, random.below(30));
      default:
        return random.pick(pieces);
    }
  })();
  return text.slice(0, at) + added + text.slice(at + removed);
}

/** All that a version of a file says, and what reading it without any memory says. */
function assertFresh(file: CheckedFile, options: CheckOptions): void {
  const fresh = CheckedFile.of(file.text, options);
  assert.deepEqual(file.diagnostics, fresh.diagnostics);
  const whole = readCommandFile(file.text, options.args);
  assert.deepEqual(file.file, whole);
  assert.deepEqual(fresh.file, whole);
  for (let offset = 0; offset <= file.text.length; offset += 1 + (file.text.length >> 3)) {
    const wanted = whole.commands.findLast(({ span }) => span.start <= offset);
    assert.deepEqual(file.commandBefore(offset), wanted);
  }
}

describe('incremental check of command files', () => {
  it('after any edits says what a fresh check says, and has the same commands', function () {
    this.timeout(20_000);
    const random = new Random(0x1ce);
    for (let round = 0; round < 700; round++) {
      const included = new Map([['one.hds', '? {\n.one = 1;\n}']]);
      const options: CheckOptions =
        random.below(3) === 0
          ? { readFile: (name) => included.get(name), symbols: { resolve: () => undefined } }
          : {};
      let file = CheckedFile.of(randomFile(random), options);
      const history = [file.text];
      for (let edits = 1 + random.below(8); edits > 0; edits--) {
        if (random.below(9) === 0)
          included.set('one.hds', random.pick(['', '? { .one = 2; }', '? { .other = 2; }']));
        file = file.edited(randomEdit(random, file.text));
        history.push(file.text);
        try {
          assertFresh(file, options);
        } catch (error) {
          throw new Error(`round ${round}: ${JSON.stringify(history)}`, { cause: error });
        }
      }
    }
  });

  it('reads and checks only the command that an edit is in', () => {
    const checked: string[] = [];
    const symbols = {
      resolve(name: string) {
        checked.push(name);
        return 0x1000n;
      },
    };
    const event = (name: string): string => `!epthook main!${name} script {\n  print(main!${name});\n}\n`;
    const text = ['one', 'two', 'three'].map(event).join('\n');
    const before = CheckedFile.of(text, { symbols });
    checked.length = 0;
    const after = before.edited(text.replace('print(main!two)', 'print(main!two + 1)'));
    assert.deepEqual([...new Set(checked)], ['main!two']);
    assert.equal(after.file.commands[0], before.file.commands[0]);
    assert.equal(after.file.commands[2]?.nameSpan.start, (before.file.commands[2]?.nameSpan.start ?? 0) + 4);
  });

  it('checks again what uses a global that an edit changes, and nothing else', () => {
    const text = '? .first = 1;\n? print(.first);\n? print(main!other);\n';
    let lookups = 0;
    const symbols = {
      resolve() {
        lookups++;
        return 0x1000n;
      },
    };
    const before = CheckedFile.of(text, { symbols });
    assert.deepEqual(before.diagnostics, []);
    lookups = 0;
    const after = before.edited(text.replace('.first = 1', '.last = 1'));
    assert.deepEqual(
      after.diagnostics.map(({ code, span }) => `${code} ${after.text.slice(span.start, span.end)}`),
      ['undefined-variable .first'],
    );
    assert.equal(lookups, 0);
  });

  /** Codes behind an edit, which must be those of a fresh check. */
  function codesAfter(text: string, from: string, to: string): string[] {
    const edited = text.replace(from, to);
    const file = CheckedFile.of(text).edited(edited);
    assert.deepEqual(file.diagnostics, CheckedFile.of(edited).diagnostics);
    return file.diagnostics.map(({ code, message }) => `${code}: ${message}`);
  }

  it('follows the type of a global and the names that are like an unknown one', () => {
    const typed = codesAfter('? long .n = 1;\n? x = 1; if (.n < 0) { x = 2; }', 'long .n', '.n');
    assert.match(typed.join(), /unsigned-comparison/);
    const pointed = codesAfter(
      '? long * .p = (long *)@rsp;\n? x = *.p;',
      'long * .p = (long',
      'int * .p = (int',
    );
    assert.match(pointed.join(), /dereference-size/);
    const named = codesAfter('? .total = 1;\n? print(.totl);', '.total', '.other');
    assert.doesNotMatch(named.join(), /Did you mean/);
    const added = codesAfter('? .other = 1;\n? print(.totl);', '1;', '1; .total = 1;');
    assert.match(added.join(), /Did you mean `.total`/);
  });

  it('knows when there is no room for globals any more', () => {
    const names = Array.from({ length: 0x1ff }, (_, index) => `.g${index}z = 1;`).join(' ');
    const text = `? x = 1;\n? ${names}\n? .last = 1;\n? .more = x;`;
    assert.match(codesAfter(text, 'x = 1', '.early = 1').join(), /too-many-globals/);
  });
});
