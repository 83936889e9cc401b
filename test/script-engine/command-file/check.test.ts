import assert from 'node:assert/strict';
import { checkCommandFile, type CheckOptions } from '../../../script-engine/command-file/check';
import type { Diagnostic } from '../../../script-engine/diagnostic';

/** `code "marked text"` of each diagnostic. */
function found(text: string, options?: CheckOptions): readonly string[] {
  return checkCommandFile(text, options).map(
    ({ code, span }) => `${code} ${JSON.stringify(text.slice(span.start, span.end))}`,
  );
}

function only(text: string, options?: CheckOptions): Diagnostic {
  const diagnostics = checkCommandFile(text, options);
  assert.equal(diagnostics.length, 1, JSON.stringify(diagnostics));
  return diagnostics[0]!;
}

const symbols = {
  resolve: (name: string) => (name === 'main!add' || name === 'add' ? 0x401000n : undefined),
};

describe('check of command files', () => {
  it('is quiet about a correct file', () => {
    const text =
      '// a file\n? .n = 0;\n\n!epthook main!add script {\n  .n++;\n  printf("%d\\n", .n);\n}\nevents d 1\ng\n';
    assert.deepEqual(found(text), []);
  });

  it('names the command that was meant, with a fix', () => {
    const diagnostic = only('!epthok 401000');
    assert.equal(diagnostic.code, 'unknown-command');
    assert.match(diagnostic.message, /Did you mean `!epthook`\?/);
    assert.deepEqual(diagnostic.fix, {
      title: 'Change to !epthook',
      span: { start: 0, end: 7 },
      text: '!epthook',
    });
  });

  it('knows a statement that stands outside a script', () => {
    assert.deepEqual(found('printf("hello");'), ['statement-outside-script "printf("']);
    assert.deepEqual(found('@rax = 5'), ['statement-outside-script "@rax"']);
  });

  it('wants a blank behind the question mark', () => {
    const { fix } = only('?print(1);');
    assert.deepEqual(fix, { title: 'Put a blank behind ?', span: { start: 1, end: 1 }, text: ' ' });
  });

  it('compares commands and words without case', () => {
    assert.deepEqual(found('!EPTHOOK 401000 PID 4 Stage PRE SCRIPT { print(1); }'), []);
  });

  it('knows the outputs that a file creates', () => {
    const create = 'output create trace1 tcp 10.0.0.5:9000\n';
    assert.deepEqual(found(`${create}output open trace1\n!cpuid output { trace1 } script { print(1); }`), []);
    const text = `${create}!cpuid output { trace1, trcae1 } script { print(1); }`;
    const diagnostic = only(text);
    assert.equal(diagnostic.severity, 'warning');
    assert.match(diagnostic.message, /no output `trcae1`. Did you mean `trace1`\?/);
    assert.equal(diagnostic.fix?.text, 'trace1');
    assert.equal(diagnostic.span.start, text.indexOf('trcae1'));
    assert.deepEqual(found(`${create}!cpuid output { other }`), ['unknown-output "other"']);
    assert.deepEqual(found(`!cpuid output { trace1 }\n${create}`), ['unknown-output "trace1"']);
    assert.equal(only('!cpuid output { one }').severity, 'information');
    assert.deepEqual(found('output create trace1 flie c:\\a.txt'), ['bad-value "flie"']);
    assert.deepEqual(found('output create trace1'), ['missing-value "trace1"']);
    assert.deepEqual(found('output'), []);
    assert.deepEqual(found('output frob x'), ['bad-value "frob"']);
  });

  it('places script errors in the file', () => {
    assert.deepEqual(
      found('!cpuid script {\n  print(unknown);\n}').map((line) => line.split(' ')[1]),
      ['"unknown"'],
    );
    const text = '// first\n? print(nope);\n';
    assert.equal(only(text).span.start, text.indexOf('nope'));
  });

  it('limits what the driver refuses', () => {
    assert.deepEqual(found('!exception 1f'), ['out-of-range "1f"']);
    assert.deepEqual(found('!exception 1e'), []);
    assert.deepEqual(found('!interrupt 1f'), ['out-of-range "1f"']);
    assert.deepEqual(found('!interrupt'), ['missing-parameter "!interrupt"']);
    assert.deepEqual(found('!crwrite 3'), ['out-of-range "3"']);
    assert.deepEqual(found('!ioin 10000'), ['out-of-range "10000"']);
    assert.deepEqual(found('!monitor w 1000 1000'), ['empty-range "1000"']);
    assert.deepEqual(found('!monitor w 1000 l 1'), ['empty-range "1"']);
    assert.deepEqual(found('!monitor ww 1000 2000'), ['bad-access "ww"']);
    assert.deepEqual(found('!monitor 1000 2000'), ['missing-parameter "!monitor"']);
    assert.deepEqual(found('!cpuid buffer 3e8 code { 90 }'), ['buffer-too-large "3e8"']);
    assert.deepEqual(found('!cpuid buffer 3e7 code { 90 }'), []);
    assert.deepEqual(found('!mode u'), ['missing-pid "!mode"']);
    assert.deepEqual(found('!mode u pid all'), ['missing-pid "pid all"']);
    assert.deepEqual(found('!mode u pid 4 stage post'), ['bad-stage "stage post"']);
    assert.deepEqual(found('!cpuid sc on stage post'), ['short-circuit-post "sc on"']);
    assert.deepEqual(found('output create one file c:\\a.txt\n!cpuid imm no output { one }'), [
      'output-not-immediate "imm no"',
    ]);
    assert.equal(found('!cpuid output {a,b,c,d,e,f}')[0], 'too-many-outputs "{a,b,c,d,e,f}"');
    assert.deepEqual(found('!cpuid pid 100000000'), ['number-too-large "100000000"']);
  });

  it('explains words that do not fit', () => {
    assert.deepEqual(found('!cpuid stage before'), ['bad-value "before"']);
    assert.deepEqual(found('!cpuid pid'), ['missing-value "pid"']);
    assert.deepEqual(found('!cpuid pid notes.exe'), ['bad-value "notes.exe"']);
    assert.deepEqual(found('!cpuid tid 4'), ['no-tid "tid"']);
    assert.deepEqual(found('!cpuid 1 2'), ['unexpected-word "2"']);
    assert.deepEqual(found('!cpuid script print(1);'), ['missing-block "print(1);"']);
    assert.deepEqual(found('!cpuid { print(1); }'), ['stray-block "{ print(1); }"']);
    assert.deepEqual(found('!cpuid asm script { nop }').slice(0, 1), ['missing-block "asm"']);
    assert.deepEqual(found('!cpuid pid 4 pid 5'), ['repeated-option "pid 4"']);
    assert.deepEqual(found('!cpuid script { print(1); } script { print(2); }'), ['repeated-block "script"']);
    assert.deepEqual(found('!dr sc on'), []);
    assert.deepEqual(found('!epthook 401000 sc on'), ['no-short-circuit "sc on"']);
  });

  it('reads bytes', () => {
    assert.deepEqual(found('!cpuid code { 0x90 \\x90 48FF01 }'), []);
    assert.deepEqual(found('!cpuid code { 90 9 }'), ['odd-hex "9"']);
    assert.deepEqual(found('!cpuid code { nop }'), ['bad-hex "n"']);
    assert.deepEqual(found('!cpuid code { }'), ['empty-block "{ }"']);
    assert.deepEqual(found('!cpuid asm code { anything }'), []);
  });

  it('reports symbols only when they can be known', () => {
    assert.deepEqual(found('!epthook main!nothing'), []);
    assert.deepEqual(found('!epthook main!nothing', { symbols }), ['unknown-symbol "main!nothing"']);
    assert.deepEqual(found('!epthook main!add', { symbols }), []);
    assert.deepEqual(found('!epthook main!add+8', { symbols }), []);
    assert.deepEqual(found('!epthook add', { symbols }), ['hex-word "add"']);
    assert.deepEqual(found('!epthook @rip+8', { symbols }), ['needs-target "@rip+8"']);
    assert.deepEqual(found('!epthook poi(401000)', { symbols }), ['needs-target "poi(401000)"']);
    assert.deepEqual(found('!epthook 40+', { symbols }), ['bad-expression "40+"']);
  });

  it('checks arguments when they are given', () => {
    const text = '!interrupt $arg1 script { print($arg2); }';
    assert.deepEqual(found(text), []);
    assert.deepEqual(found(text, { args: ['d1', '5'] }), []);
    assert.deepEqual(found(text, { args: ['5', '5'] }), ['out-of-range "$arg1"']);
    assert.deepEqual(found(text, { args: ['d1'] }), ['missing-argument "$arg2"']);
  });

  it('warns of comments that unbalance the file', () => {
    assert.deepEqual(found('// a } is fine\n? print(1);'), []);
    assert.deepEqual(found('// one { more\n? print(1);').slice(0, 1), ['unbalanced-comment "// one { more"']);
    assert.deepEqual(
      found('!cpuid script {\n // say "hi\n print(1);\n}').includes('unbalanced-comment "// say \\"hi"'),
      true,
    );
    assert.deepEqual(found('!cpuid script {\n /* } */ print(1);\n}')[0], 'unbalanced-comment "/* } */"');
  });

  it('wants block comments to end on their line', () => {
    assert.deepEqual(found('/* one\n two */'), ['unclosed-comment "/*"', 'unknown-command "two"']);
    assert.deepEqual(found('? {\n /* one\n two */ print(1);\n}'), []);
  });

  it('reports what is open at the end of the file once', () => {
    assert.deepEqual(found('!cpuid script { print(1);').slice(0, 1), ['unclosed-block "{"']);
    assert.equal(found('!cpuid script { print(1);').filter((line) => line.startsWith('unclosed')).length, 1);
  });

  it('takes line ends of Windows', () => {
    assert.deepEqual(found('? {\r\n  x = 1;\r\n  print(x);\r\n}\r\n!cpuid 1\r\n'), []);
    const text = '!cpuid script {\r\n  print(1);\r\n  print(nope);\r\n}\r\n';
    assert.equal(only(text).span.start, text.indexOf('nope'));
  });

  it('reads script files through the reader it is given', () => {
    const text = '!cpuid script {file:a.ds}';
    assert.deepEqual(found(text), []);
    assert.deepEqual(found(text, { readFile: () => 'print(1);' }), []);
    assert.deepEqual(found(text, { readFile: () => undefined }), ['missing-file "file:a.ds"']);
    assert.match(only(text, { readFile: () => 'x = 1;\nprint(nope);' }).message, /^a\.ds, line 2: /);
  });
});
