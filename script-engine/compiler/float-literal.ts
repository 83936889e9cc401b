/** Bits of floating literals, correctly rounded from the text (script-language 2.3). */

export interface FloatBits {
  readonly low: number;
  readonly high: number;
}

const view = new DataView(new ArrayBuffer(8));

/** Bits of a double. */
export function doubleBits(text: string): FloatBits {
  view.setFloat64(0, Number(text), true);
  return { low: view.getUint32(0, true), high: view.getUint32(4, true) };
}

/** Bits of a float, rounded once from the text: going through a double would round twice. */
export function singleBits(text: string): FloatBits {
  const double = Number(text);
  let single = Math.fround(double);
  const order = single === double || !Number.isFinite(single) ? 0 : compareWithMidpoint(text, double, single);
  if (order !== 0) single = order;
  view.setFloat32(0, single, true);
  return { low: view.getUint32(0, true), high: 0 };
}

/**
 * Where the double lies exactly between two floats the text decides: returns the float it rounds to, or 0 when the
 * double already tells.
 */
function compareWithMidpoint(text: string, double: number, single: number): number {
  view.setFloat32(0, single, true);
  const bits = view.getUint32(0, true);
  const away = Math.abs(double) > Math.abs(single);
  view.setUint32(0, away ? bits + 1 : bits - 1, true);
  const other = view.getFloat32(0, true);
  if (Math.abs(double - single) !== Math.abs(other - double)) return 0;
  const order = compareMagnitude(text.replace('-', ''), Math.abs(double));
  if (order === 0) return 0;
  const larger = away ? other : single;
  const smaller = away ? single : other;
  return order > 0 ? larger : smaller;
}

/** Sign of (decimal text − double), exactly. */
function compareMagnitude(text: string, double: number): number {
  const [whole = '', fraction = ''] = text.split('.');
  view.setFloat64(0, double, true);
  const high = view.getUint32(4, true);
  const exponentBits = (high >>> 20) & 0x7ff;
  let mantissa = (BigInt(high & 0xfffff) << 32n) | BigInt(view.getUint32(0, true));
  if (exponentBits !== 0) mantissa |= 1n << 52n;
  const exponent = Math.max(exponentBits, 1) - 1075;
  let left = BigInt(`${whole}${fraction}` || '0');
  let right = mantissa * 10n ** BigInt(fraction.length);
  if (exponent >= 0) right <<= BigInt(exponent);
  else left <<= BigInt(-exponent);
  return left > right ? 1 : left < right ? -1 : 0;
}

/** True for a literal that no double holds: too big, or not zero but rounded to it (script-language 2.3). */
export function isOutOfRange(text: string, single: boolean): boolean {
  const value = single ? Math.fround(Number(text)) : Number(text);
  return !Number.isFinite(value) || (value === 0 && /[1-9]/.test(text));
}
