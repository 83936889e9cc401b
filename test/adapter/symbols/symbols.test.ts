import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DwarfRegister } from '../../../adapter/symbols/call-frame-table';
import { type ElfImage, readElf } from '../../../adapter/symbols/elf-image';
import { checkProgramFile } from '../../../adapter/symbols/program-file';
import { SymbolTable } from '../../../adapter/symbols/symbol-table';
import { Random } from '../../random';
import { skipBecause } from '../../skip';
import { elfBytes, type ElfOptions } from './elf-bytes';

function imageOf(options: ElfOptions): ElfImage {
  const reading = readElf(elfBytes(options));
  assert.equal(reading.kind, 'image');
  return reading.kind === 'image' ? reading.image : assert.fail();
}

function refusal(bytes: Uint8Array): string {
  const reading = readElf(bytes);
  return reading.kind === 'refused' ? reading.reason : assert.fail('it was accepted');
}

describe('adapter/symbols: what is no program for the embedded machine', () => {
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /^is empty/],
    ['a Windows program', Uint8Array.from([0x4d, 0x5a, 0x90, 0]), /Windows program \(PE\)/],
    ['a shell script', new TextEncoder().encode('#!/bin/sh\n'), /script for an interpreter/],
    ['a text', new TextEncoder().encode('hello'), /not an ELF file/],
    ['a 32-bit file', elfBytes({ elfClass: 1 }), /32-bit ELF file.*-m32/],
    ['a big-endian file', elfBytes({ data: 2 }), /big-endian/],
    ['a file for ARM', elfBytes({ machine: 183 }), /64-bit ARM/],
    ['an object file', elfBytes({ type: 1 }), /object file; link it/],
    ['a core dump', elfBytes({ type: 4 }), /core dump/],
    ['a file without segments', elfBytes({ segments: [] }), /no loadable segment/],
    ['a cut-off header', elfBytes().subarray(0, 40), /cut off/],
  ];
  for (const [name, bytes, expected] of cases) {
    it(`refuses ${name} with a sentence`, () => {
      const reason = refusal(bytes);
      assert.match(reason, expected);
      assert.match(reason, /[.]$/);
    });
  }

  it('never throws for damaged files', () => {
    const good = elfBytes({ symbols: [{ name: 'main', address: 0x400100n }] });
    const random = new Random(7);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from(good);
      for (let n = 0; n < 4; n++) bytes[random.below(bytes.length)] = random.below(256);
      assert.doesNotThrow(() => readElf(bytes.subarray(0, random.below(bytes.length) + 1)));
    }
  });
});

describe('adapter/symbols: checkProgramFile', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-symbols-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('names a missing file, a folder and an unreadable file', async () => {
    await assert.rejects(checkProgramFile(path.join(folder, 'none')), /none" does not exist/);
    await assert.rejects(checkProgramFile(folder), /is a folder/);
    const file = path.join(folder, 'locked');
    writeFileSync(file, elfBytes());
    chmodSync(file, 0);
    if (process.getuid?.() !== 0) await assert.rejects(checkProgramFile(file), /permission denied/);
  });

  it('puts the path before the reason', async () => {
    const file = path.join(folder, 'tool.exe');
    writeFileSync(file, 'MZ');
    await assert.rejects(checkProgramFile(file), {
      message: /^The program ".*tool\.exe" is a Windows program/,
    });
  });
});

describe('adapter/symbols: SymbolTable', () => {
  const symbols = [
    { name: 'main', address: 0x400100n, size: 0x20n },
    { name: 'checksum', address: 0x400120n, size: 0x10n },
    { name: 'helper', address: 0x400140n, global: false },
    { name: 'helper', address: 0x400160n, global: false },
    { name: 'counter', address: 0x400800n, size: 8n, kind: 1 },
    { name: 'versioned@@V_1', address: 0x400180n },
    { name: '_start', address: 0x400000n, kind: 0 },
  ];

  it('resolves module!name and unique bare names', () => {
    const table = new SymbolTable();
    table.addModule('/bin/guest.elf', imageOf({ symbols }), 0x400000n);
    assert.equal(table.resolve('guest!checksum'), 0x400120n);
    assert.equal(table.resolve('checksum'), 0x400120n);
    assert.equal(table.resolve('guest!counter'), 0x400800n);
    assert.equal(table.resolve('versioned'), 0x400180n);
    assert.equal(table.resolve('guest!_start'), 0x400000n);
    assert.equal(table.resolve('helper'), undefined, 'two static functions of that name');
    assert.equal(table.resolve('other!checksum'), undefined);
    assert.equal(table.resolve(''), undefined);
  });

  it('does not choose between two modules', () => {
    const table = new SymbolTable();
    table.addModule('/bin/a.out', imageOf({ symbols }), 0x400000n);
    const library = { type: 3, segments: [{ address: 0n, size: 0x1000n }] };
    const own = [{ name: 'checksum', address: 0x10n }];
    table.addModule('/lib/libx.so.6', imageOf({ ...library, symbols: own }), 0x7f0000000000n);
    assert.equal(table.resolve('checksum'), undefined);
    assert.equal(table.resolve('a!checksum'), 0x400120n);
    assert.equal(table.resolve('libx!checksum'), 0x7f0000000010n, 'scripts cannot spell libx.so');
  });

  it('moves position-independent modules to their base, and only those', () => {
    const table = new SymbolTable();
    table.addModule('/bin/fixed', imageOf({ symbols }), 0x1234000n);
    assert.equal(table.resolve('fixed!main'), 0x400100n);
    const pie = new SymbolTable();
    pie.addModule('/bin/pie', imageOf({ type: 3, symbols }), 0x555555400000n);
    assert.equal(pie.resolve('pie!main'), 0x555555400100n);
    assert.equal(pie.placeOf(0x555555400124n)?.text, 'pie!checksum+0x4');
  });

  it('names addresses by function and offset', () => {
    const table = new SymbolTable();
    table.addModule('/bin/guest', imageOf({ symbols }), 0x400000n);
    assert.equal(table.placeOf(0x400120n)?.text, 'guest!checksum');
    assert.equal(table.placeOf(0x40012fn)?.text, 'guest!checksum+0xf');
    assert.equal(table.placeOf(0x400130n)?.text, 'guest+0x130', 'behind the end of a sized function');
    assert.equal(table.placeOf(0x900000n), undefined);
    assert.deepEqual(table.functionAt(0x400141n), {
      name: 'guest!helper',
      start: 0x400140n,
      end: 0x400160n,
    });
  });
});

const SOURCE = `
__attribute__((noinline)) int checksum(const char *text) {
  int sum = 0;
  while (*text) sum += *text++;
  return sum;
}
int counter;
int main(void) {
  counter = checksum("hello");
  return counter & 1;
}
`;

function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('adapter/symbols: programs of a real compiler', function () {
  this.timeout(30_000);
  let folder: string;
  before(function () {
    if (!hasCompiler()) skipBecause(this, 'there is no gcc here');
    folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-gcc-'));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  async function build(name: string, ...flags: string[]): Promise<SymbolTable> {
    mkdirSync(path.join(folder, 'src'), { recursive: true });
    const source = path.join(folder, 'src', `${name}.c`);
    writeFileSync(source, SOURCE);
    const program = path.join(folder, name);
    execFileSync('gcc', ['-g', ...flags, '-o', program, source]);
    const { image } = await checkProgramFile(program);
    const table = new SymbolTable();
    table.addModule(program, image, image.isPositionIndependent ? 0x555555554000n : 0x400000n);
    return table;
  }

  for (const flags of [
    ['-no-pie', '-gdwarf-4'],
    ['-pie', '-gdwarf-5'],
    ['-static', '-gdwarf-5', '-gz=zlib'],
  ]) {
    it(`finds functions and lines (${flags.join(' ')})`, async () => {
      const table = await build(`prog${flags.length}${flags[0]?.replace(/\W/g, '')}`, ...flags);
      const checksum = table.resolve('checksum') ?? assert.fail('checksum not found');
      assert.match(table.placeOf(checksum + 4n)?.text ?? '', /!checksum\+0x4$/);
      const line = table.lineOf(checksum);
      assert.equal(line?.line, 2);
      assert.match(line?.file ?? '', /^\/.*\/src\/prog\w+\.c$/);
      const main = table.resolve('main') ?? assert.fail('main not found');
      assert.equal(table.lineOf(main)?.line, 8);
      assert.equal(table.lineOf(0x10n), undefined);
      assert.ok(table.isCode(main));
      assert.ok(!table.isCode(table.resolve('counter') ?? 0n));
    });
  }

  it('knows where the caller is at each instruction of a prologue', async () => {
    const table = await build('frames', '-O0', '-fno-omit-frame-pointer', '-fcf-protection=none', '-no-pie');
    const main = table.resolve('main') ?? assert.fail('main not found');
    const at = (offset: bigint): [number | undefined, bigint | undefined, bigint | undefined] => {
      const rules = table.callFrameAt(main + offset);
      return [rules?.cfaRegister, rules?.cfaOffset, rules?.saved.get(DwarfRegister.rbp)];
    };
    assert.deepEqual(at(0n), [DwarfRegister.rsp, 8n, undefined]);
    assert.deepEqual(at(1n), [DwarfRegister.rsp, 16n, -16n], 'behind push rbp');
    assert.deepEqual(at(4n), [DwarfRegister.rbp, 16n, -16n], 'behind mov rbp, rsp');
    const start = table.resolve('_start') ?? assert.fail('_start not found');
    assert.equal(table.callFrameAt(start)?.isOutermost, true);
  });

  it('finds the code of a source line, or of the next one that has code', async () => {
    const table = await build('lines', '-O0', '-no-pie');
    const main = table.resolve('main') ?? assert.fail('main not found');
    const file = table.lineOf(main)?.file ?? assert.fail('no line');
    assert.deepEqual(table.codeOf(file, 8), { address: main, line: 8 });
    assert.deepEqual(table.codeOf(file, 7), { address: main, line: 8 });
    assert.equal(table.codeOf(file, 400), undefined);
    assert.equal(table.codeOf('/elsewhere.c', 8), undefined);
  });
});
