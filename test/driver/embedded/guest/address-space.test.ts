import assert from 'node:assert/strict';
import { AddressSpace } from '../../../../driver/embedded/guest/address-space';
import { GuestError } from '../../../../driver/embedded/guest/errno';
import { PageTables } from '../../../../driver/embedded/memory/page-tables';
import { PhysicalMemory } from '../../../../driver/embedded/memory/physical-memory';
import { Random } from '../../../random';

const READ_WRITE = { read: true, write: true, execute: false };
const NONE = { read: false, write: false, execute: false };
const PAGE = 4096;

function makeSpace(): { space: AddressSpace; tables: PageTables } {
  const memory = new PhysicalMemory(8 << 20);
  const tables = new PageTables(memory);
  return { space: new AddressSpace(memory, tables), tables };
}

const fails = (errorName: string, call: () => unknown): void =>
  assert.throws(call, (error: Error) => error instanceof GuestError && error.errorName === errorName);

describe("a guest's address space", () => {
  it('gives pages on first touch, with the rights of the region', () => {
    const { space, tables } = makeSpace();
    space.map(0x10000, 0x14000, READ_WRITE);
    assert.equal(tables.translate(0x10000n), undefined);
    assert.equal(space.touch(0x10123, 'write'), true);
    assert.equal(tables.isWritable(0x10000n), true);
    assert.equal(space.touch(0x10123, 'execute'), false);
    assert.equal(space.touch(0x20000, 'read'), false);
  });

  it('reads and writes across pages, and fails with EFAULT outside', () => {
    const { space } = makeSpace();
    space.map(0x10000, 0x12000, READ_WRITE);
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
    space.write(0x10fd0, bytes);
    assert.deepEqual(space.read(0x10fd0, 100), bytes);
    space.write(0x11ff0, Buffer.from('text\0'));
    assert.equal(space.readString(0x11ff0), 'text');
    fails('EFAULT', () => space.read(0x11fff, 2));
    fails('EFAULT', () => space.write(0x30000, bytes));
    fails('EFAULT', () => space.read(-1, 4));
  });

  it('keeps the contents of pages while they have no rights', () => {
    const { space, tables } = makeSpace();
    space.map(0x10000, 0x12000, READ_WRITE);
    space.writeU32(0x10000, 77);
    space.protect(0x10000, 0x11000, NONE);
    assert.equal(tables.translate(0x10000n), undefined);
    fails('EFAULT', () => space.readU32(0x10000));
    space.protect(0x10000, 0x11000, READ_WRITE);
    assert.equal(space.readU32(0x10000), 77);
  });

  it('fails with ENOMEM when rights of a hole are to change, and changes nothing', () => {
    const { space } = makeSpace();
    space.map(0x10000, 0x11000, READ_WRITE);
    fails('ENOMEM', () => space.protect(0x10000, 0x12000, NONE));
    assert.equal(space.touch(0x10000, 'write'), true);
  });

  it('finds room that is free', () => {
    const { space } = makeSpace();
    const first = space.findFree(3 * PAGE);
    space.map(first, first + 3 * PAGE, READ_WRITE);
    const second = space.findFree(PAGE);
    assert.equal(second, first - PAGE);
    assert.equal(space.findFree(PAGE, 0x50000), 0x50000);
  });

  it('has disjoint, sorted regions whatever is mapped, unmapped and protected', () => {
    const { space } = makeSpace();
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const start = 0x10000 + random.below(64) * PAGE;
      const end = start + (1 + random.below(8)) * PAGE;
      const what = random.below(3);
      if (what === 0) space.map(start, end, READ_WRITE);
      else if (what === 1) space.unmap(start, end);
      else
        try {
          space.protect(start, end, NONE);
        } catch (error) {
          assert.ok(error instanceof GuestError);
        }
      space.touch(start, 'write');
      const { regions } = space;
      assert.ok(regions.every((region, at) => at === 0 || (regions[at - 1]?.end ?? 0) <= region.start));
    }
  });
});
