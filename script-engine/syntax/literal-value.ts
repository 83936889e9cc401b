import { digitValue } from './character';

/** A 64-bit value as two halves; filled in place, so that numbers cost no object. */
export interface Halves {
  low: number;
  high: number;
}

/** Value of a number token, modulo 2^64 (script-language 2.2). */
export function readNumber(source: string, start: number, end: number, into: Halves): void {
  const prefix = source.charCodeAt(start) === 0x30 ? source.charCodeAt(start + 1) : 0;
  const radix = prefix === 0x6e ? 10 : prefix === 0x6f ? 8 : prefix === 0x79 ? 2 : 16;
  let low = 0;
  let high = 0;
  for (let at = radix === 16 && prefix !== 0x78 ? start : start + 2; at < end; at++) {
    const code = source.charCodeAt(at);
    if (code === 0x60) continue;
    // Upstream decodes an underscore in a bare hex word as a digit of value 40.
    const digit = code === 0x5f ? 40 : digitValue(code);
    const scaled = low * radix + digit;
    high = (Math.imul(high, radix) + Math.floor(scaled / 0x1_0000_0000)) >>> 0;
    low = scaled >>> 0;
  }
  into.low = low;
  into.high = high;
}

export type TextEncoding = 'utf8' | 'latin1';

/** Code units of a string token's body with escapes resolved. */
function unescape(source: string, start: number, end: number): number[] {
  const units: number[] = [];
  for (let at = start; at < end;) {
    const code = source.charCodeAt(at);
    // The editor's line ends are no part of the script: upstream never sees a carriage return.
    if (code === 0x0d && source.charCodeAt(at + 1) === 0x0a) {
      at++;
    } else if (code !== 0x5c) {
      units.push(code);
      at++;
    } else {
      const escape = source.charCodeAt(at + 1);
      at += 2;
      if (escape === 0x6e) units.push(0x0a);
      else if (escape === 0x74) units.push(0x09);
      else if (escape !== 0x78) units.push(escape);
      else {
        let value = 0;
        for (
          let digit = digitValue(source.charCodeAt(at));
          digit >= 0;
          digit = digitValue(source.charCodeAt(at))
        ) {
          value = value * 16 + digit;
          at++;
        }
        units.push(-1 - value);
      }
    }
  }
  return units;
}

/** True when there is nothing but ASCII without a carriage return; false for what is no string at all. */
function isPlain(source: string, start: number, end: number): boolean {
  if (end < start) return false;
  for (let at = start; at < end; at++) {
    const code = source.charCodeAt(at);
    if (code >= 0x80 || code === 0x0d) return false;
    if (code !== 0x5c) continue;
    if (source.charCodeAt(at + 1) === 0x78) return false;
    at++;
  }
  return true;
}

/** Such a text with its escapes resolved and the terminator. */
function plainBytes(source: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start + 1);
  let length = 0;
  for (let at = start; at < end; at++) {
    let code = source.charCodeAt(at);
    if (code === 0x5c) {
      code = source.charCodeAt(++at);
      if (code === 0x6e) code = 0x0a;
      else if (code === 0x74) code = 0x09;
    }
    bytes[length++] = code;
  }
  return bytes.subarray(0, length + 1);
}

/** Bytes of `"…"` with the terminator; an escaped `\xNN` is one byte whatever the encoding. */
export function readString(source: string, start: number, end: number, encoding: TextEncoding): Uint8Array {
  if (isPlain(source, start + 1, end - 1)) return plainBytes(source, start + 1, end - 1);
  const bytes: number[] = [];
  const units = unescape(source, start + 1, end - 1);
  for (let i = 0; i < units.length; i++) {
    const unit = units[i] ?? 0;
    if (unit < 0) bytes.push(-1 - unit);
    else if (unit < 0x80 || encoding === 'latin1') bytes.push(unit & 0xff);
    else {
      const low = units[i + 1] ?? 0;
      const pair = unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000;
      if (pair) i++;
      pushUtf8(bytes, pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit);
    }
  }
  bytes.push(0);
  return Uint8Array.from(bytes);
}

function pushUtf8(bytes: number[], point: number): void {
  if (point < 0x800) bytes.push(0xc0 | (point >> 6));
  else {
    if (point < 0x10000) bytes.push(0xe0 | (point >> 12));
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f));
    bytes.push(0x80 | ((point >> 6) & 0x3f));
  }
  bytes.push(0x80 | (point & 0x3f));
}

/**
 * Bytes of `L"…"` with the terminator, 16 bits a unit. With `latin1` each byte of the text is sign-extended, as
 * upstream does (script-language 2.4); with `utf8` a character is its UTF-16 units.
 */
export function readWideString(
  source: string,
  start: number,
  end: number,
  encoding: TextEncoding,
): Uint8Array {
  const units = unescape(source, start + 2, end - 1);
  const bytes = new Uint8Array(units.length * 2 + 2);
  units.forEach((unit, index) => {
    let value = unit < 0 ? -1 - unit : unit;
    if (unit >= 0x80 && encoding === 'latin1') value = ((unit & 0xff) << 24) >> 24;
    bytes[index * 2] = value & 0xff;
    bytes[index * 2 + 1] = (value >> 8) & 0xff;
  });
  return bytes;
}
