/** How much room belongs between two tokens of a line. */

import { TokenKind } from '../../script-engine/syntax/token-kind';

/** `keep`: none stays none, more becomes one blank. `same`: nobody touches it. */
export type Gap = '' | ' ' | 'keep' | 'same';

export interface TokenPair {
  readonly before: TokenKind | undefined;
  readonly left: TokenKind;
  readonly right: TokenKind;
  /** The innermost brace is that of an initialiser and no block. */
  readonly inInitializer: boolean;
}

const LINES_END: ReadonlySet<TokenKind> = new Set([
  TokenKind.Semicolon,
  TokenKind.Comma,
  TokenKind.CloseParen,
  TokenKind.CloseBracket,
]);

/** Operators that have two sides wherever they stand. */
const TWO_SIDED: ReadonlySet<TokenKind> = new Set([
  TokenKind.Slash,
  TokenKind.Percent,
  TokenKind.Equal,
  TokenKind.NotEqual,
  TokenKind.Less,
  TokenKind.LessEqual,
  TokenKind.Greater,
  TokenKind.GreaterEqual,
  TokenKind.ShiftLeft,
  TokenKind.ShiftRight,
  TokenKind.AndAnd,
  TokenKind.Or,
  TokenKind.OrOr,
  TokenKind.Xor,
  TokenKind.Assign,
  TokenKind.PlusAssign,
  TokenKind.MinusAssign,
  TokenKind.StarAssign,
  TokenKind.SlashAssign,
  TokenKind.PercentAssign,
  TokenKind.ShiftLeftAssign,
  TokenKind.ShiftRightAssign,
  TokenKind.AndAssign,
  TokenKind.OrAssign,
  TokenKind.XorAssign,
]);

/** Operators with one side or two. */
const EITHER: ReadonlySet<TokenKind> = new Set([
  TokenKind.Plus,
  TokenKind.Minus,
  TokenKind.Star,
  TokenKind.And,
]);

/** What ends an operand for certain; a `)` may end a cast. */
const OPERAND_ENDS: ReadonlySet<TokenKind> = new Set([
  TokenKind.Number,
  TokenKind.Float,
  TokenKind.String,
  TokenKind.WideString,
  TokenKind.Identifier,
  TokenKind.Global,
  TokenKind.SymbolName,
  TokenKind.Register,
  TokenKind.PseudoRegister,
  TokenKind.CloseBracket,
]);

type Sides = 'one' | 'two' | 'unknown';

function sidesOf(operator: TokenKind, before: TokenKind | undefined): Sides {
  if (before === TokenKind.CloseParen || before === TokenKind.TypeWord) return 'unknown';
  // `name *other` declares a pointer when the name is a type, and multiplies when it is none.
  if (operator === TokenKind.Star && before === TokenKind.Identifier) return 'unknown';
  if (before === TokenKind.PlusPlus || before === TokenKind.MinusMinus) return 'unknown';
  return before !== undefined && OPERAND_ENDS.has(before) ? 'two' : 'one';
}

/** The room between `left` and `right`; `before` stands before `left`. */
export function gapBetween({ before, left, right, inInitializer }: TokenPair): Gap {
  if (left === TokenKind.Unknown || right === TokenKind.Unknown) return 'same';
  if (left === TokenKind.Reserved || right === TokenKind.Reserved) return 'same';
  if (LINES_END.has(right)) return left === TokenKind.Semicolon ? 'keep' : '';
  if (isMemberOperator(left) || isMemberOperator(right)) return 'keep';
  if (left === TokenKind.OpenParen || left === TokenKind.OpenBracket || left === TokenKind.Tilde) return '';
  const brace = braceGap(left, right, inInitializer);
  if (brace !== undefined) return brace;
  if (left === TokenKind.Comma || left === TokenKind.Semicolon) return ' ';
  if (TWO_SIDED.has(left) || TWO_SIDED.has(right)) return ' ';
  if (EITHER.has(right)) {
    const sides = sidesOf(right, left);
    if (sides === 'two') return ' ';
    if (sides === 'unknown') return 'keep';
  }
  if (EITHER.has(left)) {
    const sides = sidesOf(left, before);
    return sides === 'two' ? ' ' : sides === 'one' ? '' : 'keep';
  }
  return wordGap(left, right);
}

function isMemberOperator(kind: TokenKind): boolean {
  return kind === TokenKind.Dot || kind === TokenKind.Arrow;
}

function braceGap(left: TokenKind, right: TokenKind, inInitializer: boolean): Gap | undefined {
  const touchesBrace =
    left === TokenKind.OpenBrace ||
    left === TokenKind.CloseBrace ||
    right === TokenKind.OpenBrace ||
    right === TokenKind.CloseBrace;
  if (!touchesBrace) return undefined;
  if (inInitializer || (left === TokenKind.OpenBrace && right === TokenKind.CloseBrace)) return 'keep';
  return ' ';
}

function wordGap(left: TokenKind, right: TokenKind): Gap {
  const isKeyword = left >= TokenKind.If && left <= TokenKind.Include && left !== TokenKind.Sizeof;
  if (right === TokenKind.OpenParen) {
    if (isKeyword) return ' ';
    return left === TokenKind.Function || left === TokenKind.Identifier ? '' : 'keep';
  }
  if (right === TokenKind.OpenBracket) return OPERAND_ENDS.has(left) ? '' : 'keep';
  return 'keep';
}
