/** Numbers of the command line: hexadecimal unless they say otherwise (driver-protocol 9). */

const LARGEST = 0xffff_ffff_ffff_ffffn;

/** The value of a word that is a number, clamped to 64 bits; undefined when it is none. */
export function numberOfToken(word: string): bigint | undefined {
  const plain = word.replaceAll('`', '');
  const hexadecimal = /^(?:0x|x|\\x)?([0-9a-f]+)$/i.exec(plain);
  const decimal = /^(?:0n|n|\\n)([0-9]+)$/i.exec(plain);
  const digits = decimal?.[1] ?? hexadecimal?.[1];
  if (digits === undefined) return undefined;
  const value = BigInt(decimal === null ? `0x${digits}` : digits);
  return value > LARGEST ? LARGEST : value;
}

/** A number as the command line writes it. */
export function tokenOfNumber(value: bigint): string {
  return value.toString(16);
}
