import { TokenKind } from './token-kind';

const one = 1 << 8;
const two = 2 << 8;
const three = 3 << 8;

/** Kinds of the signs that never begin a longer one. */
export const punctuation = new Uint8Array(128);
for (const [character, kind] of [
  [',', TokenKind.Comma],
  [';', TokenKind.Semicolon],
  [':', TokenKind.Colon],
  ['(', TokenKind.OpenParen],
  [')', TokenKind.CloseParen],
  ['{', TokenKind.OpenBrace],
  ['}', TokenKind.CloseBrace],
  ['[', TokenKind.OpenBracket],
  [']', TokenKind.CloseBracket],
] as const)
  punctuation[character.charCodeAt(0)] = kind;

/** Kinds of `x`, `xx` and `x=` for the operators that are made like that; 0 for none. */
function doubled(
  second: number,
  code: number,
  plain: TokenKind,
  twice: TokenKind,
  assign: TokenKind,
): number {
  if (second === code) return two | twice;
  return second === 0x3d ? two | assign : one | plain;
}

/** `<` and `>`: the only operators of up to three characters. */
function angle(source: string, start: number, code: number): number {
  const less = code === 0x3c;
  const second = source.charCodeAt(start + 1);
  if (second === code) {
    if (source.charCodeAt(start + 2) === 0x3d)
      return three | (less ? TokenKind.ShiftLeftAssign : TokenKind.ShiftRightAssign);
    return two | (less ? TokenKind.ShiftLeft : TokenKind.ShiftRight);
  }
  if (second === 0x3d) return two | (less ? TokenKind.LessEqual : TokenKind.GreaterEqual);
  return one | (less ? TokenKind.Less : TokenKind.Greater);
}

/** The operator that starts at an offset: its kind, and its length in the bits above; 0 when none does. */
export function operatorAt(source: string, start: number, code: number): number {
  const second = source.charCodeAt(start + 1);
  const assign = second === 0x3d;
  switch (code) {
    case 0x7e:
      return one | TokenKind.Tilde;
    case 0x2b:
      return doubled(second, code, TokenKind.Plus, TokenKind.PlusPlus, TokenKind.PlusAssign);
    case 0x2d:
      if (second === 0x3e) return two | TokenKind.Arrow;
      return doubled(second, code, TokenKind.Minus, TokenKind.MinusMinus, TokenKind.MinusAssign);
    case 0x26:
      return doubled(second, code, TokenKind.And, TokenKind.AndAnd, TokenKind.AndAssign);
    case 0x7c:
      return doubled(second, code, TokenKind.Or, TokenKind.OrOr, TokenKind.OrAssign);
    case 0x2a:
      return assign ? two | TokenKind.StarAssign : one | TokenKind.Star;
    case 0x2f:
      return assign ? two | TokenKind.SlashAssign : one | TokenKind.Slash;
    case 0x25:
      return assign ? two | TokenKind.PercentAssign : one | TokenKind.Percent;
    case 0x5e:
      return assign ? two | TokenKind.XorAssign : one | TokenKind.Xor;
    case 0x3d:
      return assign ? two | TokenKind.Equal : one | TokenKind.Assign;
    case 0x21:
      return assign ? two | TokenKind.NotEqual : one | TokenKind.Not;
    case 0x3c:
    case 0x3e:
      return angle(source, start, code);
    default: {
      const kind = punctuation[code] ?? 0;
      return kind === 0 ? 0 : one | kind;
    }
  }
}
