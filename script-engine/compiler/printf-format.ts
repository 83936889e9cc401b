const plain = new Set(['d', 'i', 'u', 'o', 'x', 'c', 'p', 's', 'f', 'ws', 'ls']);
for (const prefix of ['l', 'h', 'll']) for (const letter of 'diuox') plain.add(prefix + letter);

/** A conversion of a format text, as upstream counts them (script-language 8). */
export interface Conversion {
  /** Byte offset of its `%`. */
  readonly offset: number;
  /** What follows the `%`. */
  readonly text: string;
}

/** The conversions of a format; any other `%` is plain text and takes no argument. */
export function readConversions(bytes: Uint8Array): Conversion[] {
  const found: Conversion[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x25) continue;
    for (let length = 1; length <= 3; length++) {
      const text = String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length));
      if (!plain.has(text)) continue;
      found.push({ offset: at, text });
      at += length;
      break;
    }
  }
  return found;
}
