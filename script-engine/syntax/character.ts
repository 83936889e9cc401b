/** Classes of characters, one byte each for the first 128; everything above is unknown to the language. */
export const enum CharacterClass {
  None = 0,
  Digit = 1,
  HexLetter = 2,
  OtherLetter = 4,
  Underscore = 8,
  Exclamation = 16,
  Backtick = 32,
  Space = 64,
}

/** What a name may hold after its first character. */
export const nameMask =
  CharacterClass.Digit |
  CharacterClass.HexLetter |
  CharacterClass.OtherLetter |
  CharacterClass.Underscore |
  CharacterClass.Exclamation;

/** What a bare word of hex digits may hold (script-language 2.2). */
export const hexWordMask =
  CharacterClass.Digit | CharacterClass.HexLetter | CharacterClass.Underscore | CharacterClass.Backtick;

/** Class of each of the first 128 characters. */
export const characterClasses = makeClasses();

function makeClasses(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0x30; code <= 0x39; code++) table[code] = CharacterClass.Digit;
  for (let code = 0x41; code <= 0x5a; code++) {
    const letter = code <= 0x46 ? CharacterClass.HexLetter : CharacterClass.OtherLetter;
    table[code] = letter;
    table[code + 0x20] = letter;
  }
  table[0x5f] = CharacterClass.Underscore;
  table[0x21] = CharacterClass.Exclamation;
  table[0x60] = CharacterClass.Backtick;
  // A carriage return is no white space upstream, whose command line never produces one (script-language 2.1).
  for (const code of [0x09, 0x0a, 0x0d, 0x20]) table[code] = CharacterClass.Space;
  return table;
}

/** Class of a character code; NaN, the end of the text, has none. */
export function classOf(code: number): number {
  return characterClasses[code] ?? CharacterClass.None;
}

/** Value of a digit in radix 16, or −1. */
export function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
