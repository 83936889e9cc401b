import assert from 'node:assert/strict';
import * as iced from 'iced-x86';
import { instructionLength } from '../../../script-engine/evaluator/instruction-length';
import { Random } from '../../random';

/** What another decoder says; undefined for bytes that are no instruction. */
function reference(bytes: readonly number[], bits: 32 | 64): number | undefined {
  const decoder = new iced.Decoder(bits, Uint8Array.from(bytes), iced.DecoderOptions.None);
  const instruction = decoder.decode();
  const length = instruction.isInvalid ? undefined : instruction.length;
  instruction.free();
  decoder.free();
  return length;
}

const hexBytes = (hex: string): readonly number[] => [...Buffer.from(hex, 'hex')];

describe('instruction lengths', () => {
  it('of common instructions', () => {
    for (const [hex, length] of [
      ['90', 1],
      ['4889c8', 3],
      ['48b80102030405060708', 10],
      ['e800000000', 5],
      ['0f0b', 2],
      ['660f1f440000', 6],
      ['c5f877', 3],
      ['f3480f1efa', 5],
    ] as const) {
      assert.equal(instructionLength(hexBytes(hex), 64), length, hex);
    }
    assert.equal(instructionLength([0x06], 64), undefined);
    assert.equal(instructionLength([0x06], 32), 1);
    assert.equal(instructionLength([0x48, 0x8b], 64), undefined);
    assert.equal(instructionLength([], 64), undefined);
  });

  for (const bits of [64, 32] as const) {
    it(`agree with a full decoder in ${bits}-bit code`, () => {
      const random = new Random(bits);
      const prefixes = [0x66, 0x67, 0xf2, 0xf3, 0x48, 0x41, 0x2e, 0xf0];
      for (let round = 0; round < 20000; round++) {
        const bytes: number[] = [];
        while (random.below(10) < 3 && bytes.length < 3)
          bytes.push(prefixes[random.below(prefixes.length)] ?? 0x66);
        if (random.below(10) < 4) bytes.push(0x0f);
        while (bytes.length < 15) bytes.push(random.below(256));
        const wanted = reference(bytes, bits);
        // Bytes that the full decoder refuses may have a length here: it knows each instruction's rules.
        if (wanted === undefined) continue;
        assert.equal(instructionLength(bytes, bits), wanted, Buffer.from(bytes).toString('hex'));
      }
    });
  }
});
