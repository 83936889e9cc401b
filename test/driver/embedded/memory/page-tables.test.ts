import assert from 'node:assert/strict';
import { isCanonical } from '../../../../driver/embedded/memory/page-entry';
import { PageTables } from '../../../../driver/embedded/memory/page-tables';
import { OutOfMemoryError, PhysicalMemory } from '../../../../driver/embedded/memory/physical-memory';

const RIGHTS = { user: true, write: true, execute: false };

describe('page tables of the embedded machine', () => {
  const memory = new PhysicalMemory(4 << 20);
  const tables = new PageTables(memory);

  it('translates what was mapped, and nothing else', () => {
    for (const address of [0x40_0000n, 0x7fff_ffff_e000n, 0xffff_8000_0000_0000n, 0xffff_ffff_ffff_f000n]) {
      const page = memory.allocatePage();
      tables.map(address, page, RIGHTS);
      assert.equal(tables.translate(address + 0x123n), BigInt(page) + 0x123n);
      assert.equal(tables.findVirtual(BigInt(page) + 5n), address + 5n);
    }
    assert.equal(tables.translate(0x50_0000n), undefined);
    assert.equal(tables.translate(0x8000_0000_0000n), undefined, 'not canonical');
  });

  it('gives the page back when it is unmapped, and counts what a TLB could have kept', () => {
    const page = memory.allocatePage();
    const before = tables.version;
    tables.map(0x90_0000n, page, RIGHTS);
    assert.equal(tables.version, before, 'a new page needs no flush');
    assert.equal(tables.unmap(0x90_0000n), page);
    assert.equal(tables.unmap(0x90_0000n), undefined);
    assert.equal(tables.version, before + 1);
    assert.equal(tables.translate(0x90_0000n), undefined);
  });

  it('knows canonical addresses', () => {
    assert.deepEqual(
      [0n, 0x7fff_ffff_ffffn, 0x8000_0000_0000n, 0xffff_8000_0000_0000n, 2n ** 64n - 1n].map(isCanonical),
      [true, true, false, true, true],
    );
  });

  it('refuses when no page is left, and hands freed pages out clean', () => {
    const small = new PhysicalMemory(0x1_0000 + 3 * 4096);
    const pages = [small.allocatePage(), small.allocatePage(), small.allocatePage()];
    assert.throws(() => small.allocatePage(), OutOfMemoryError);
    small.bytes.fill(0xaa, pages[1], (pages[1] ?? 0) + 4096);
    small.freePage(pages[1] ?? 0);
    const again = small.allocatePage();
    assert.equal(again, pages[1]);
    assert.equal(
      small.bytes.subarray(again, again + 4096).every((byte) => byte === 0),
      true,
    );
  });
});
