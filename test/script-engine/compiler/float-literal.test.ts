import assert from 'node:assert/strict';
import { doubleBits, isOutOfRange, singleBits } from '../../../script-engine/compiler/float-literal';

describe('float literals', () => {
  it('has the bits of doubles', () => {
    assert.deepEqual(doubleBits('0.1'), { low: 0x9999999a, high: 0x3fb99999 });
    assert.deepEqual(doubleBits('-2.'), { low: 0, high: 0xc0000000 });
    assert.deepEqual(doubleBits('.5'), { low: 0, high: 0x3fe00000 });
  });

  it('rounds floats once, not twice', () => {
    // Just above, at and just below the middle of two floats: a double cannot tell the first and the last from it.
    assert.equal(singleBits('1.000000059604644775390625').low, 0x3f800000);
    assert.equal(singleBits('1.0000000596046447753906251').low, 0x3f800001);
    assert.equal(singleBits('1.0000001788139343261718749').low, 0x3f800001);
    assert.equal(singleBits('1.000000178813934326171875').low, 0x3f800002);
    assert.equal(singleBits('-1.0000000596046447753906251').low, 0xbf800001);
    assert.equal(singleBits('16777217.0').low, 0x4b800000);
    assert.equal(singleBits('16777217.00000000000000000001').low, 0x4b800001);
  });

  it('knows what no float or double holds', () => {
    assert.ok(isOutOfRange(`${'9'.repeat(400)}.0`, false));
    assert.ok(isOutOfRange(`0.${'0'.repeat(400)}1`, false));
    assert.ok(isOutOfRange(`${'9'.repeat(50)}.0`, true));
    assert.ok(!isOutOfRange('0.0', true));
  });
});
