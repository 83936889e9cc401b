import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileSource } from '../../../adapter/symbols/byte-source';
import { readExports } from '../../../adapter/symbols/pe/pe-exports';
import { type PeImage, readPe } from '../../../adapter/symbols/pe/pe-image';
import { readUnwindTable } from '../../../adapter/symbols/pe/pe-unwind';
import { windowsModule } from '../../../adapter/symbols/windows-module';
import { skipBecause } from '../../skip';
import { compareDepths } from './windows-code';
import { dump, hasTools, missingMingw } from './windows-files';

const SOURCE = `
__declspec(dllexport) int first(int x) { volatile char room[300]; room[x] = 1; return room[x / 2] + x; }
__declspec(dllexport) long second(long a, long b, long c, long d) {
  long sum = 0;
  for (long i = 0; i < a; i++) sum += first((int)(b * i)) * c + first((int)d);
  return sum;
}
__declspec(dllexport) int number = 5;
`;

describe('adapter/symbols: PE of an image that mingw made', () => {
  let folder: string | undefined;
  let file: string;
  let image: PeImage;

  before(function () {
    if (!hasTools(['x86_64-w64-mingw32-gcc', 'llvm-readobj'])) skipBecause(this, missingMingw);
    this.timeout(30_000);
    folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-mingw-'));
    file = path.join(folder, 'sample.dll');
    writeFileSync(path.join(folder, 'sample.c'), SOURCE);
    const source = path.join(folder, 'sample.c');
    execFileSync('x86_64-w64-mingw32-gcc', ['-O2', '-shared', '-o', file, source]);
    image = readPe(fileSource(file));
  });
  after(() => folder !== undefined && rmSync(folder, { recursive: true }));

  it('has the sections and exports that llvm-readobj lists', () => {
    const sections = [...dump('llvm-readobj', '--sections', file).matchAll(/VirtualAddress: 0x([0-9A-F]+)/g)];
    assert.deepEqual(
      image.sections.map((section) => section.rva),
      sections.map(([, rva]) => parseInt(rva!, 16)),
    );
    const text = dump('llvm-readobj', '--coff-exports', file);
    const told = [...text.matchAll(/Ordinal: (\d+)\s+Name: (\S+)\s+RVA: 0x([0-9A-F]+)/g)];
    assert.equal(told.length, 3);
    assert.deepEqual(
      readExports(image).map(({ ordinal, name, rva }) => [ordinal, name, rva]),
      told.map(([, ordinal, name, rva]) => [Number(ordinal), name, parseInt(rva!, 16)]),
    );
  });

  it('finds functions by their exports where there is no PDB', () => {
    const module = windowsModule(image, undefined, true);
    const [start] = module.addressesOf('second');
    assert.equal(module.functionAt(start! + 3n)?.name, 'second');
    assert.deepEqual(module.namesMatching('*r*', 10), ['first', 'number']);
    assert.deepEqual(module.addressesOf('third'), []);
  });

  it('knows the entries of llvm-readobj and the caller at every instruction', () => {
    const unwind = readUnwindTable(image);
    const text = dump('llvm-readobj', '--unwind', file);
    const starts = [...text.matchAll(/StartAddress:.*\(0x([0-9A-F]+)\)/g)];
    assert.equal(starts.length, unwind.entryCount);
    let count = 0;
    for (const { name, rva } of readExports(image)) {
      if (name === 'number') continue;
      const entry = unwind.entryAt(rva)!;
      const code = image.bytesAt(rva, entry.end - entry.begin);
      count += compareDepths(code, rva, (at) => unwind.rulesAt(BigInt(at)));
    }
    assert.ok(count >= 30, String(count));
  });
});
