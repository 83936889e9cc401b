import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DebugInfo } from '../../../adapter/symbols/dwarf/debug-info';
import { placeOf } from '../../../adapter/symbols/dwarf/location';
import type { ValueType } from '../../../adapter/symbols/dwarf/types';
import { readElf } from '../../../adapter/symbols/elf-image';
import { Random } from '../../random';
import { skipBecause } from '../../skip';

const SOURCE = `
struct pair { int a, b; struct pair *next; };
struct pair list[3];
int work(int n, struct pair *p) { int sum = 0; for (int i = 0; i < n; i++) { long square = (long)i * i; sum += square + p[i].a; } return sum; }
int main(void) { return work(3, list); }
`;
const ROUNDS = 300;

describe('debug information', function () {
  this.timeout(60_000);
  let folder: string;
  let file: Uint8Array;
  before(function () {
    folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-dwarf-'));
    const source = path.join(folder, 'a.c');
    writeFileSync(source, SOURCE);
    try {
      execFileSync('gcc', ['-g', '-O1', '-o', path.join(folder, 'a'), source]);
    } catch {
      skipBecause(this, 'there is no gcc');
    }
    file = readFileSync(path.join(folder, 'a'));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  /** Looks at everything that a client can look at; returns how many variables there were. */
  async function lookAround(bytes: Uint8Array): Promise<number> {
    const reading = readElf(bytes);
    if (reading.kind !== 'image') return 0;
    const info = DebugInfo.of(reading.image);
    info?.global('list');
    let count = 0;
    for (const { address, sizeBytes } of reading.image.symbols.filter(({ kind }) => kind === 'function')) {
      for (const at of [address, address + sizeBytes / 2n]) {
        for (const variable of info?.functionAt(at)?.variables ?? []) {
          count++;
          walk(variable.type, 0);
          await placeOf(variable.locationAt(at) ?? new Uint8Array(0), {
            registers: new Map([[7, 0x1000n]]),
            bias: 0n,
            indexedAddress: (index) => variable.indexedAddress(index),
            frameAddress: () => 0x2000n,
            frameBase: () => Promise.resolve(0x2000n),
            readMemory: (_, size) => Promise.resolve(new Uint8Array(size)),
          });
        }
      }
    }
    return count;
  }

  function walk(type: ValueType | undefined, depth: number): void {
    if (type === undefined || depth > 5) return;
    if (type.kind === 'structure') for (const member of type.members()) walk(member.type, depth + 1);
    if (type.kind === 'array') walk(type.element, depth + 1);
    if (type.kind === 'pointer') walk(type.target(), depth + 1);
  }

  it('tells what is visible in the functions of a program', async () => {
    assert.ok((await lookAround(file)) >= 5);
  });

  it('that is damaged is left out: no exception, no endless reading', async () => {
    const reading = readElf(file);
    assert.ok(reading.kind === 'image');
    const sections = reading.image.sections.filter(({ name }) => name.startsWith('.debug_'));
    const random = new Random(20261126);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = file.slice();
      for (let flips = 0; flips < 8; flips++) {
        const section = sections[random.below(sections.length)]!;
        bytes[section.offset + random.below(section.sizeBytes)] = random.below(256);
      }
      await lookAround(bytes);
    }
  });
});
