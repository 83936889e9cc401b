/** Kinds of tokens of the script language (script-language 2). The values are stored in a byte per token. */
export const enum TokenKind {
  End,
  /** Anything no token starts with; the token's value says why, see `UnknownReason`. */
  Unknown,
  Number,
  Float,
  String,
  WideString,
  /** A name of a local, parameter, function, type, tag or member: only the parser knows which. Value: its number. */
  Identifier,
  /** `.name`; value: its number. */
  Global,
  /** `module!name` */
  SymbolName,
  /** Value: id in catalog/registers, or the id of a hardware pin or port. */
  Register,
  /** Value: id in catalog/pseudo-registers. */
  PseudoRegister,
  /** Built-in function; value: index in catalog/functions. */
  Function,
  /** `int`, `void` …; value: index in catalog/keywords typeKeywords. */
  TypeWord,
  /** A spelling of upstream's internal terminals. */
  Reserved,

  If,
  Elsif,
  Else,
  While,
  Do,
  For,
  Break,
  Continue,
  Return,
  Struct,
  Typedef,
  Sizeof,
  Include,

  Tilde,
  Plus,
  PlusPlus,
  PlusAssign,
  Minus,
  MinusMinus,
  MinusAssign,
  Arrow,
  Star,
  StarAssign,
  Slash,
  SlashAssign,
  Percent,
  PercentAssign,
  Assign,
  Equal,
  Not,
  NotEqual,
  Less,
  LessEqual,
  ShiftLeft,
  ShiftLeftAssign,
  Greater,
  GreaterEqual,
  ShiftRight,
  ShiftRightAssign,
  And,
  AndAnd,
  AndAssign,
  Or,
  OrOr,
  OrAssign,
  Xor,
  XorAssign,
  Comma,
  Semicolon,
  Colon,
  OpenParen,
  CloseParen,
  OpenBrace,
  CloseBrace,
  OpenBracket,
  CloseBracket,
  Dot,
}

/** Why a token is unknown. */
export const enum UnknownReason {
  Character,
  UnterminatedString,
  BadEscape,
  UnterminatedComment,
  UnknownRegister,
  UnknownPseudoRegister,
}

/** Tokens of a text: parallel arrays, no object per token. White space and comments are the gaps between tokens. */
export interface TokenTable {
  readonly source: string;
  /** Tokens, the End token included. */
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array;
  /** Identifiers and globals are numbered by name, from 0 to here: the same name has the same number. */
  readonly nameCount: number;
  /** Start and end of each comment, in pairs. */
  readonly comments: readonly number[];
  /**
   * A string or comment holds `(`, `)` or `;`: upstream finds the end of a condition in the raw text and trips over
   * them (script-language 3.2).
   */
  readonly hiddenPunctuation: boolean;
}

/** The text of a token. */
export function tokenText(tokens: TokenTable, index: number): string {
  return tokens.source.slice(tokens.starts[index], tokens.ends[index]);
}
