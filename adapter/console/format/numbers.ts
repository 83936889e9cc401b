/** Numbers as the command line shows them. */

/** 16 digits with the mark of WinDbg's people in the middle: fffff801`12340000. */
export function addressText(value: bigint): string {
  const digits = value.toString(16).padStart(16, '0');
  return `${digits.slice(0, 8)}\`${digits.slice(8)}`;
}

export function hex(value: bigint | number, digits = 1): string {
  return value.toString(16).padStart(digits, '0');
}

/** A number in all bases, and as the text that its bytes are. */
export function inAllFormats(value: bigint): string {
  const binary = value
    .toString(2)
    .padStart(64, '0')
    .replace(/(.{8})(?=.)/g, '$1 ');
  const bytes = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * (7 - i))) & 0xffn));
  const float = new DataView(new ArrayBuffer(8));
  float.setBigUint64(0, value);
  return [
    `hex      ${addressText(value)}`,
    `decimal  ${BigInt.asIntN(64, value)}${value >> 63n === 1n ? ` (unsigned ${value})` : ''}`,
    `octal    ${value.toString(8).padStart(22, '0')}`,
    `binary   ${binary}`,
    `chars    ${bytes.map(printable).join('')}`,
    `float    ${float.getFloat32(4)}`,
    `double   ${float.getFloat64(0)}`,
  ].join('\n');
}

export function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
