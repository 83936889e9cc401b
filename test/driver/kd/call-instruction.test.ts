import assert from 'node:assert/strict';
import { callSizeBytes } from '../../../driver/kd/call-instruction';

const cases: readonly (readonly [string, string, number | undefined])[] = [
  ['call rel32', 'e8 00 00 00 00', 5],
  ['bnd call rel32', 'f2 e8 00 00 00 00', 6],
  ['call rax', 'ff d0', 2],
  ['call r10', '41 ff d2', 3],
  ['call [rip+x]', 'ff 15 00 00 00 00', 6],
  ['call [rax]', 'ff 10', 2],
  ['call [rbp+8]', 'ff 55 08', 3],
  ['call [rbx+1000h]', 'ff 93 00 10 00 00', 6],
  ['call [rsp]', 'ff 14 24', 3],
  ['call [rsp+8]', 'ff 54 24 08', 4],
  ['call [rax*8+x]', 'ff 14 c5 00 00 00 00', 7],
  ['call [r12+r13*8+x]', '43 ff 94 ec 00 01 00 00', 8],
  ['call fs:[0]', '64 ff 14 25 00 00 00 00', 8],
  ['call far [rax]', '48 ff 18', 3],
  ['jmp rax', 'ff e0', undefined],
  ['jmp rel32', 'e9 00 00 00 00', undefined],
  ['push [rax]', 'ff 30', undefined],
  ['ret', 'c3', undefined],
  ['nothing', '', undefined],
  ['only a prefix', '66', undefined],
];

describe('call instructions', () => {
  for (const [name, hex, size] of cases) {
    it(`${name}: ${size === undefined ? 'no call' : `${size} bytes`}`, () =>
      assert.equal(callSizeBytes(Buffer.from(hex.replaceAll(' ', ''), 'hex'), false), size));
  }

  it('in 32-bit code', () => {
    assert.equal(callSizeBytes(Uint8Array.of(0x9a, 0, 0, 0, 0, 0, 0), true), 7);
    assert.equal(callSizeBytes(Uint8Array.of(0x41, 0xff, 0xd2), true), undefined);
  });
});
