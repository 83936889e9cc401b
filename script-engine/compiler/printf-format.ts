const enum Code {
  Percent = 0x25,
  H = 0x68,
  L = 0x6c,
  S = 0x73,
  W = 0x77,
}

const integers = new Set(Array.from('diuox', (letter) => letter.charCodeAt(0)));
const alone = new Set(Array.from('diuoxcpsf', (letter) => letter.charCodeAt(0)));

/** A conversion of a format text, as upstream counts them (script-language 8). */
export interface Conversion {
  /** Byte offset of its `%`. */
  readonly offset: number;
  /** What follows the `%`. */
  readonly text: string;
}

/** Length of the conversion behind a `%`, or 0 when that is plain text. */
function conversionLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (alone.has(first)) return 1;
  if (first === Code.W || first === Code.L) {
    if (second === Code.S) return 2;
    if (first === Code.W) return 0;
  } else if (first !== Code.H) return 0;
  if (integers.has(second)) return 2;
  return first === Code.L && second === Code.L && integers.has(bytes[at + 2] ?? 0) ? 3 : 0;
}

/** The conversions of a format; any other `%` is plain text and takes no argument. */
export function readConversions(bytes: Uint8Array): Conversion[] {
  const found: Conversion[] = [];
  for (let at = bytes.indexOf(Code.Percent); at >= 0; at = bytes.indexOf(Code.Percent, at + 1)) {
    const length = conversionLength(bytes, at + 1);
    if (length === 0) continue;
    const text = String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length));
    found.push({ offset: at, text });
    at += length;
  }
  return found;
}
