import assert from 'node:assert/strict';
import { findBuildSignatures, isBuildSignature } from '../../../driver/kd/build-signature';

describe('build signatures', () => {
  const signature = '0.2.0-20260803.0915';

  it('are found in the bytes of a library, each once', () => {
    const noise = Buffer.from('0.2.0-2026 0.23.0 1.2.3-20260803.0915x');
    const file = Buffer.concat([
      noise,
      Buffer.from(`\0${signature}\0`),
      noise,
      Buffer.from(`${signature}\0`),
    ]);
    assert.deepEqual(findBuildSignatures(file), [signature]);
    assert.deepEqual(findBuildSignatures(noise), []);
  });

  it('are told from other texts', () => {
    assert.ok(isBuildSignature(signature));
    for (const text of ['', '0.23.0', `${signature}1`, `a${signature}`])
      assert.ok(!isBuildSignature(text), text);
  });
});
