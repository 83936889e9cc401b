/** Scanning of printf formats (script-language 8): the compiler counts arguments by the same rule. */

export interface Specifier {
  /** Last letter: d i u o x c p s f. */
  readonly conversion: string;
  /** Bits of the value that count. */
  readonly bits: 16 | 32 | 64;
  readonly wide: boolean;
}

export type FormatPart =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'argument'; readonly specifier: Specifier };

/** Longer spellings first. On Windows `l` means 32 bits. */
const specifiers: readonly (readonly [string, Specifier])[] = [
  ...integers('ll', 64),
  ...integers('l', 32),
  ...integers('h', 16),
  ...integers('', 32),
  ['ws', { conversion: 's', bits: 64, wide: true }],
  ['ls', { conversion: 's', bits: 64, wide: true }],
  ['c', { conversion: 'c', bits: 32, wide: false }],
  ['p', { conversion: 'p', bits: 64, wide: false }],
  ['s', { conversion: 's', bits: 64, wide: false }],
  ['f', { conversion: 'f', bits: 64, wide: false }],
];

function integers(prefix: string, bits: 16 | 32 | 64): readonly (readonly [string, Specifier])[] {
  return ['d', 'i', 'u', 'o', 'x'].map((conversion) => [
    prefix + conversion,
    { conversion, bits, wide: false },
  ]);
}

function specifierAt(bytes: Uint8Array, offset: number): readonly [string, Specifier] | undefined {
  return specifiers.find(([spelling]) =>
    [...spelling].every((letter, index) => bytes[offset + index] === letter.charCodeAt(0)),
  );
}

/** Splits a format into texts and arguments; a `%` that begins no specifier is text. */
export function scanFormat(bytes: Uint8Array): readonly FormatPart[] {
  const parts: FormatPart[] = [];
  let textStart = 0;
  let offset = 0;
  const endText = (end: number): void => {
    if (end > textStart) parts.push({ kind: 'text', bytes: bytes.subarray(textStart, end) });
  };
  while (offset < bytes.length) {
    const found = bytes[offset] === 0x25 ? specifierAt(bytes, offset + 1) : undefined;
    if (found === undefined) {
      offset++;
      continue;
    }
    endText(offset);
    parts.push({ kind: 'argument', specifier: found[1] });
    offset += 1 + found[0].length;
    textStart = offset;
  }
  endText(offset);
  return parts;
}
