/** Bytes that a script prints, as text. */

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** UTF-8 where it is valid, otherwise one character per byte: guest memory holds anything. */
export function textOf(bytes: Uint8Array): string {
  let text = '';
  let offset = 0;
  while (offset < bytes.length) {
    const first = bytes[offset] ?? 0;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      offset++;
      continue;
    }
    const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const point = first < 0xc2 || first > 0xf4 ? undefined : pointAt(bytes, offset, size);
    if (point === undefined) return latin1(bytes);
    text += String.fromCodePoint(point);
    offset += size;
  }
  return text;
}

const least = [0, 0, 0x80, 0x800, 0x10000];

function pointAt(bytes: Uint8Array, offset: number, size: number): number | undefined {
  let point = (bytes[offset] ?? 0) & (0xff >> (size + 1));
  for (let index = 1; index < size; index++) {
    const next = bytes[offset + index] ?? 0;
    if ((next & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (next & 0x3f);
  }
  const valid = point >= (least[size] ?? 0) && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return valid ? point : undefined;
}
