import assert from 'node:assert/strict';
import { hexDump } from '../../../extension/views/hex-dump';

describe('memory for people', () => {
  it('has sixteen bytes a line, and letters', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => 0x3f + i);
    assert.equal(
      hexDump(0xffff_8000_0000_0000n, bytes),
      'ffff800000000000  3f 40 41 42 43 44 45 46  47 48 49 4a 4b 4c 4d 4e  ?@ABCDEFGHIJKLMN\n' +
        'ffff800000000010  4f 50                                             OP\n',
    );
  });

  it('says where nothing is mapped', () => {
    assert.equal(
      hexDump(0x1000n, new Uint8Array(0), 512),
      '0000000000001000  not mapped from here on (512 bytes asked)\n',
    );
  });
});
