import assert from 'node:assert/strict';
import { readInterruptHandlers } from '../../../driver/embedded/machine-interrupts';
import { isExecutableWalk, walkPageTables } from '../../../driver/embedded/machine-paging';

/** Physical memory of a few pages; nothing is mapped. */
function physicalMemory(words: Readonly<Record<number, bigint>>) {
  const bytes = new Uint8Array(0x5000);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(words)) view.setBigUint64(Number(at), value, true);
  return {
    read: (address: bigint, sizeBytes: number) => bytes.slice(Number(address), Number(address) + sizeBytes),
    readPhysical: (address: bigint, sizeBytes: number) =>
      address + BigInt(sizeBytes) <= BigInt(bytes.length)
        ? bytes.slice(Number(address), Number(address) + sizeBytes)
        : undefined,
  };
}

const NX = 1n << 63n;

describe('a walk through page tables', () => {
  const ADDRESS = (1n << 39n) | (2n << 30n) | (3n << 21n) | (4n << 12n) | 5n;

  it('goes through four levels', () => {
    const memory = physicalMemory({
      0x1008: 0x2003n,
      0x2010: 0x3003n,
      0x3018: 0x4003n,
      0x4020: 0x7003n | NX,
    });
    const walk = walkPageTables(memory, 0x1000n, ADDRESS)!;
    assert.deepEqual(
      walk.map(({ address }) => address),
      [0x1008n, 0x2010n, 0x3018n, 0x4020n],
    );
    assert.equal(walk[3].value, 0x7003n | NX);
    assert.equal(isExecutableWalk(walk), false);
  });

  it('ends at a large page of 2 MiB or 1 GiB with zeros behind it', () => {
    const two = physicalMemory({ 0x1008: 0x2003n, 0x2010: 0x3003n, 0x3018: 0x600083n });
    const twoWalk = walkPageTables(two, 0x1018n, ADDRESS)!;
    assert.deepEqual([twoWalk[2].value, twoWalk[3]], [0x600083n, { address: 0n, value: 0n }]);
    assert.equal(isExecutableWalk(twoWalk), true);
    const one = physicalMemory({ 0x1008: 0x2003n, 0x2010: 0x40000083n });
    const oneWalk = walkPageTables(one, 0x1000n, ADDRESS)!;
    assert.deepEqual(
      oneWalk.map(({ value }) => value),
      [0x2003n, 0x40000083n, 0n, 0n],
    );
  });

  it('an entry that is not present ends it, unless it is the last; tables outside of memory too', () => {
    const last = { 0x1008: 0x2003n, 0x2010: 0x3003n, 0x3018: 0x4003n };
    assert.equal(walkPageTables(physicalMemory(last), 0x1000n, ADDRESS)?.[3].value, 0n);
    assert.equal(walkPageTables(physicalMemory({ ...last, 0x3018: 0x4002n }), 0x1000n, ADDRESS), undefined);
    assert.equal(walkPageTables(physicalMemory({ 0x1008: 0x900003n }), 0x1000n, ADDRESS), undefined);
  });
});

describe('an interrupt table', () => {
  it('has the handlers up to its limit', () => {
    const memory = physicalMemory({
      0x10: 0xffff8e0000101234n,
      0x18: 0x00000000fffff801n,
    });
    const handlers = readInterruptHandlers(memory, { base: 0n, limit: 0x1f })!;
    assert.equal(handlers.length, 256);
    assert.equal(handlers[1], 0xfffff801ffff1234n);
    assert.equal(handlers[2], 0n);
    assert.equal(readInterruptHandlers(memory, { base: 0n, limit: 0 }), undefined);
  });
});
