import assert from 'node:assert/strict';
import { NamedMemory, plainPages } from '../../adapter/cli/script-test/named-memory';

describe('memory of a script test', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);

  it('is mapped byte for byte, and nowhere else', () => {
    const memory = new NamedMemory(plainPages());
    memory.define(0x1000n, bytes(1, 2, 3));
    assert.deepEqual(memory.read(0x1000n, 3), bytes(1, 2, 3));
    assert.equal(memory.read(0x1000n, 4), undefined);
    assert.equal(memory.read(0xfffn, 2), undefined);
    assert.equal(memory.write(0x1002n, bytes(9, 9)), false);
    assert.deepEqual(memory.read(0x1002n, 1), bytes(3));
  });

  it('joins stretches that touch or overlap, over page borders too', () => {
    const memory = new NamedMemory(plainPages());
    memory.define(0x2000n, bytes(5, 6));
    memory.define(0x1ffen, bytes(3, 4));
    memory.define(0x2001n, bytes(7, 8));
    assert.deepEqual(memory.read(0x1ffen, 5), bytes(3, 4, 5, 7, 8));
    assert.equal(memory.write(0x1fffn, bytes(0, 0)), true);
    assert.deepEqual(memory.read(0x1ffen, 5), bytes(3, 0, 0, 7, 8));
  });

  it('can be unnamed in the middle', () => {
    const memory = new NamedMemory(plainPages());
    memory.define(0x1000n, bytes(1, 2, 3, 4));
    memory.undefine(0x1001n, 2);
    assert.deepEqual(memory.read(0x1000n, 1), bytes(1));
    assert.equal(memory.read(0x1001n, 1), undefined);
    assert.deepEqual(memory.read(0x1003n, 1), bytes(4));
  });

  it('has physical addresses that equal the virtual ones', () => {
    const memory = new NamedMemory(plainPages());
    memory.define(0x1000n, bytes(1));
    assert.equal(memory.virtualToPhysical(0x1000n), 0x1000n);
    assert.equal(memory.physicalToVirtual(0x1001n), undefined);
    assert.deepEqual(memory.readPhysical(0x1000n, 1), bytes(1));
  });
});
