import assert from 'node:assert/strict';
import { describeNumber, numberValue } from '../../language-server/number-literal';

describe('number literal', () => {
  const values: readonly (readonly [string, bigint | undefined])[] = [
    ['10', 0x10n],
    ['0n10', 10n],
    ['0o17', 15n],
    ['0y101', 5n],
    ['0x', 0n],
    ['fffff800`00001000', 0xfffff80000001000n],
    ['1ffffffffffffffff', 0xffffffffffffffffn],
    ['0b101', 0xb101n],
    ['dead', 0xdeadn],
    ['0n1f', undefined],
    ['0y2', undefined],
    ['total', undefined],
    ['', undefined],
  ];
  for (const [word, value] of values) {
    it(`${word || '(nothing)'} is ${value ?? 'no number'}`, () => assert.equal(numberValue(word), value));
  }

  it('is shown in the bases that people compare', () => {
    assert.equal(
      describeNumber(0x41n),
      'hexadecimal: `0x41`  \ndecimal: `0n65`  \nbinary: `0y1000001`  \ncharacter: `A`',
    );
    assert.match(describeNumber(0xffffffffffffffffn), /signed: `-1`/);
  });
});
