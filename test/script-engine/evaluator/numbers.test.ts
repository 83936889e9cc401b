import assert from 'node:assert/strict';
import { ValueKind } from '../../../script-engine/catalog/opcodes';
import { bitsOf, fixedSix, floatOf, floatOfInteger } from '../../../script-engine/evaluator/float-value';
import { Random } from '../../random';
import { run } from './test-machine';

const output = (source: string): string => run(source).machine.output;

function fails(source: string, text: RegExp): void {
  const { outcome } = run(source);
  assert.match(`${outcome.error?.text}: ${outcome.error?.detail}`, text, source);
}

describe('numbers of scripts', () => {
  it('shift by less than their width', () => {
    assert.equal(output('int x = 1; int y = 1f; int z = x << y; print(z);'), 'ffffffff80000000\n');
    fails('int x = 1; int y = 20; int z = x << y;', /SHIFT_LEFT_TYPED: a shift by 32 bits of a 32-bit value/);
    fails('x = 1; y = 40; z = x >> y;', /SHIFT_RIGHT_TYPED: a shift by 64 bits/);
    fails('int x = 1; int y = -1; int z = x << y;', /SHIFT_LEFT_TYPED: a shift by -1 bits/);
  });

  it('divide toward zero, and not by zero', () => {
    assert.equal(
      output('int x = -7; int y = 2; int z = x / y; print(z); z = x % y; print(z);'),
      'fffffffffffffffd\nffffffffffffffff\n',
    );
    fails('x = 1 / 0;', /DIV_TYPED: division by zero/);
    fails(
      'long x = 8000000000000000; long y = -1; long z = x / y;',
      /DIV_TYPED: the quotient of the smallest number and -1/,
    );
    fails('long x = 8000000000000000; long y = -1; long z = x % y;', /MOD_TYPED: the quotient/);
  });

  it('take the width and the sign of their types', () => {
    assert.equal(
      output('char x = 80; print(x); unsigned char y = 180; print(y); bool z = 100; print(z);'),
      'ffffffffffffff80\n80\n1\n',
    );
    assert.equal(output('int x = -1; if (x < 0) { print(1); } y = -1; if (y < 0) { print(2); }'), '1\n');
  });

  it('fail where a float does not fit an integer', () => {
    assert.equal(output('double x = 255.9; bool y = x; print(y);'), '1\n');
    fails('double x = 256.0; bool y = x;', /CAST_SCALAR: 256 is out of range of bool/);
    fails('double x = -1.0; unsigned int y = x;', /CAST_SCALAR: -1 is out of range/);
    assert.equal(output('double x = -0.5; unsigned int y = x; print(y);'), '0\n');
    fails('double x = 1.0; double y = 0.0; double z = x / y;', /DIV_FLOAT: division by zero/);
  });

  it('round integers to float once', () => {
    // Halfway between two floats once the lowest bit is lost, which decides it.
    const value = (1n << 63n) + (1n << 39n) + 1n;
    assert.equal(floatOfInteger(value, ValueKind.FLOAT32), 2 ** 63 + 2 ** 40);
    assert.equal(Math.fround(Number(value)), 2 ** 63);
    assert.equal(floatOfInteger(-value, ValueKind.FLOAT32), -(2 ** 63 + 2 ** 40));
    assert.equal(floatOfInteger(0xffff_ffff_ffff_ffffn, ValueKind.FLOAT64), 2 ** 64);
  });

  it('print with six decimals, exact and half to even', () => {
    const cases: readonly (readonly [number, string])[] = [
      [0, '0.000000'],
      [-0, '-0.000000'],
      [0.5, '0.500000'],
      [2 ** -7, '0.007812'],
      [3 * 2 ** -7, '0.023438'],
      [1e22, '10000000000000000000000.000000'],
      [5e-324, '0.000000'],
      [-123.456, '-123.456000'],
    ];
    for (const [value, text] of cases) assert.equal(fixedSix(value), text);
    const random = new Random(11);
    for (let round = 0; round < 2000; round++) {
      const value = (random.below(2 ** 31) - 2 ** 30) / 2 ** random.below(12);
      // toFixed is exact too, but rounds halves up: they need more than six decimals of a power of two.
      if (Number.isInteger(value * 64))
        assert.equal(
          fixedSix(value).replace(/^-0\.0+$/, '0.000000'),
          value.toFixed(6).replace(/^-0\.0+$/, '0.000000'),
        );
    }
  });

  it('refuse what is no finite number', () => {
    assert.throws(() => floatOf(0x7ff0000000000000n, ValueKind.FLOAT64), /infinite or not a number/);
    assert.throws(() => floatOf(0x7fc00000n, ValueKind.FLOAT32), /infinite or not a number/);
    assert.throws(() => bitsOf(1e39, ValueKind.FLOAT32), /too large/);
    assert.equal(bitsOf(1.5, ValueKind.FLOAT32), 0x3fc00000n);
  });
});
