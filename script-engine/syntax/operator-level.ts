import { TokenKind } from './token-kind';

/** Binding strength of binary operators in statements (script-language 3.3), 0 for other tokens. */
export function expressionLevel(kind: TokenKind): number {
  switch (kind) {
    case TokenKind.Or:
      return 3;
    case TokenKind.Xor:
      return 4;
    case TokenKind.And:
      return 5;
    case TokenKind.ShiftLeft:
    case TokenKind.ShiftRight:
      return 7;
    case TokenKind.Plus:
    case TokenKind.Minus:
      return 8;
    case TokenKind.Slash:
    case TokenKind.Percent:
    case TokenKind.Star:
      return 9;
    default:
      return 0;
  }
}

/** The same in conditions (script-language 3.4), where comparisons bind tighter than `&`. */
export function conditionLevel(kind: TokenKind): number {
  switch (kind) {
    case TokenKind.OrOr:
      return 1;
    case TokenKind.AndAnd:
      return 2;
    case TokenKind.Equal:
    case TokenKind.NotEqual:
    case TokenKind.Less:
    case TokenKind.LessEqual:
    case TokenKind.Greater:
    case TokenKind.GreaterEqual:
      return 6;
    default:
      return expressionLevel(kind);
  }
}

/** Level of the arguments of functions in conditions: no `& ^ |`, no comparison (script-language 3.4). */
export const shiftLevel = 7;

export function isCompoundAssign(kind: TokenKind): boolean {
  switch (kind) {
    case TokenKind.PlusAssign:
    case TokenKind.MinusAssign:
    case TokenKind.StarAssign:
    case TokenKind.SlashAssign:
    case TokenKind.PercentAssign:
    case TokenKind.ShiftLeftAssign:
    case TokenKind.ShiftRightAssign:
    case TokenKind.AndAssign:
    case TokenKind.OrAssign:
    case TokenKind.XorAssign:
      return true;
    default:
      return false;
  }
}

export function isUnaryOperator(kind: TokenKind): boolean {
  switch (kind) {
    case TokenKind.Minus:
    case TokenKind.Plus:
    case TokenKind.Tilde:
    case TokenKind.Not:
    case TokenKind.Star:
    case TokenKind.And:
      return true;
    default:
      return false;
  }
}
