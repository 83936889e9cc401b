/** Bits to numbers and back, with IEEE round-to-nearest-even (script-language 7). */

import { ValueKind } from '../catalog/opcodes';
import { fault } from './script-fault';

const view = new DataView(new ArrayBuffer(8));

/** The number that the bits mean; NaN and infinities end the script. */
export function floatOf(bits: bigint, kind: number): number {
  view.setBigUint64(0, bits);
  const value = kind === ValueKind.FLOAT32 ? view.getFloat32(4) : view.getFloat64(0);
  if (!Number.isFinite(value)) fault('a floating-point operand is infinite or not a number');
  return value;
}

/** The bits of a number rounded to the kind; what does not fit ends the script. */
export function bitsOf(value: number, kind: number): bigint {
  const rounded = kind === ValueKind.FLOAT32 ? Math.fround(value) : value;
  if (!Number.isFinite(rounded)) fault('the floating-point result is too large for its type');
  if (kind === ValueKind.FLOAT64) {
    view.setFloat64(0, rounded);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, rounded);
  return BigInt(view.getUint32(0));
}

/**
 * An integer as the nearest number of the kind. For float32 the value goes through 53 bits with the lost bits folded into
 * the last one, so that it is rounded once and not twice.
 */
export function floatOfInteger(value: bigint, kind: number): number {
  if (kind === ValueKind.FLOAT64) return Number(value);
  const magnitude = value < 0n ? -value : value;
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 1n;
  const folded = magnitude >> 53n === 0n ? magnitude : ((magnitude >> 11n) | sticky) << 11n;
  return Math.fround(Number(value < 0n ? -folded : folded));
}

/** All 64-bit finite doubles with 6 decimals, exact and half to even: no exponent, as `%f` prints. */
export function fixedSix(value: number): string {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const negative = bits >> 63n === 1n;
  const exponentBits = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = exponentBits === 0 ? fraction : fraction | (1n << 52n);
  const exponent = (exponentBits === 0 ? 1 : exponentBits) - 1075;
  let scaled = mantissa * 1_000_000n;
  if (exponent >= 0) {
    scaled <<= BigInt(exponent);
  } else {
    const shift = BigInt(-exponent);
    const lost = scaled & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    scaled >>= shift;
    if (lost > half || (lost === half && (scaled & 1n) === 1n)) scaled += 1n;
  }
  const digits = scaled.toString().padStart(7, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
