/** Numbers of the script language (script-language 2.2): hexadecimal unless a prefix says otherwise. */

const FORMS: readonly (readonly [pattern: RegExp, radix: bigint])[] = [
  [/^0n([0-9`]*)$/, 10n],
  [/^0o([0-7`]*)$/, 8n],
  [/^0y([01`]*)$/, 2n],
  [/^0x([0-9A-Fa-f`]*)$/, 16n],
  [/^([0-9A-Fa-f][0-9A-Fa-f`]*)$/, 16n],
];

/** The value of a literal, modulo 2^64 as the language has it; undefined when the word is no number. */
export function numberValue(word: string): bigint | undefined {
  for (const [pattern, radix] of FORMS) {
    const digits = pattern.exec(word)?.[1]?.replaceAll('`', '');
    if (digits === undefined) continue;
    let value = 0n;
    for (const digit of digits) value = value * radix + BigInt(Number.parseInt(digit, 16));
    return BigInt.asUintN(64, value);
  }
  return undefined;
}

/** The value in the bases that people compare, as lines of Markdown. */
export function describeNumber(value: bigint): string {
  const lines = [
    `hexadecimal: \`0x${value.toString(16)}\``,
    `decimal: \`0n${value}\``,
    `binary: \`0y${value.toString(2)}\``,
  ];
  if (value >> 63n === 1n) lines.push(`signed: \`${BigInt.asIntN(64, value)}\``);
  if (value >= 0x20n && value < 0x7fn) lines.push(`character: \`${String.fromCharCode(Number(value))}\``);
  return lines.join('  \n');
}
