/** What a PC keyboard sends for a text (scan code set 1, US layout): a code for each key pressed and one for its release. */

/** Keys by scan code, unshifted and shifted; a space stands for codes that send no character here. */
const FIRST_ROW = 0x02;
const ROWS = [
  { first: FIRST_ROW, plain: '1234567890-=', shifted: '!@#$%^&*()_+' },
  { first: 0x10, plain: 'qwertyuiop[]', shifted: 'QWERTYUIOP{}' },
  { first: 0x1e, plain: "asdfghjkl;'`", shifted: 'ASDFGHJKL:"~' },
  { first: 0x2b, plain: '\\zxcvbnm,./', shifted: '|ZXCVBNM<>?' },
  { first: 0x39, plain: ' ', shifted: '' },
] as const;
const CONTROL: Readonly<Record<string, number>> = {
  '\n': 0x1c,
  '\r': 0x1c,
  '\t': 0x0f,
  '\b': 0x0e,
  '\x1b': 0x01,
};
const SHIFT = 0x2a;
const RELEASED = 0x80;

/** Scan codes of the text; characters without a key are left out. */
export function scanCodesOf(text: string): number[] {
  return [...text].flatMap((character) => {
    const control = CONTROL[character];
    if (control !== undefined) return stroke(control);
    for (const { first, plain, shifted } of ROWS) {
      const at = plain.indexOf(character);
      if (at >= 0) return stroke(first + at);
      const shiftedAt = shifted.indexOf(character);
      if (shiftedAt >= 0) return [SHIFT, ...stroke(first + shiftedAt), SHIFT | RELEASED];
    }
    return [];
  });
}

const stroke = (code: number): number[] => [code, code | RELEASED];
