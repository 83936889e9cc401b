import { CharacterClass, classOf, digitValue, hexWordMask, nameMask } from './character';
import { operatorAt } from './operator-scanner';
import { TokenKind, UnknownReason, type TokenTable } from './token-kind';
import { bareWords, registerWords } from './word-table';

/** Instance information of a hardware debugger (script-language 10). */
export interface HardwareInfo {
  readonly pins: number;
  readonly ports: number;
}

const enum Code {
  LineFeed = 0x0a,
  Quote = 0x22,
  Hash = 0x23,
  Dollar = 0x24,
  Star = 0x2a,
  Dot = 0x2e,
  Slash = 0x2f,
  Zero = 0x30,
  At = 0x40,
  CapitalL = 0x4c,
  Backslash = 0x5c,
  Backtick = 0x60,
}

/** Splits a text into tokens; never throws, always advances. */
export function tokenize(source: string, hardware?: HardwareInfo): TokenTable {
  return new Lexer(source, hardware).run();
}

class Lexer {
  readonly #source: string;
  readonly #hardware: HardwareInfo | undefined;
  #kinds: Uint8Array;
  #starts: Int32Array;
  #ends: Int32Array;
  #values: Int32Array;
  #count = 0;
  #at = 0;
  #value = 0;
  #hiddenPunctuation = false;
  readonly #comments: number[] = [];

  constructor(source: string, hardware: HardwareInfo | undefined) {
    this.#source = source;
    this.#hardware = hardware;
    const room = (source.length >> 2) + 16;
    this.#kinds = new Uint8Array(room);
    this.#starts = new Int32Array(room);
    this.#ends = new Int32Array(room);
    this.#values = new Int32Array(room);
  }

  run(): TokenTable {
    const source = this.#source;
    for (;;) {
      const kind = this.#skipTrivia() ? this.#scan() : TokenKind.Unknown;
      this.#value = 0;
      if (kind === TokenKind.End) break;
    }
    return {
      source,
      count: this.#count,
      kinds: this.#kinds.subarray(0, this.#count),
      starts: this.#starts.subarray(0, this.#count),
      ends: this.#ends.subarray(0, this.#count),
      values: this.#values.subarray(0, this.#count),
      comments: this.#comments,
      hiddenPunctuation: this.#hiddenPunctuation,
    };
  }

  #push(kind: TokenKind, start: number, end: number): TokenKind {
    if (this.#count === this.#kinds.length) this.#grow();
    const index = this.#count++;
    this.#kinds[index] = kind;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#values[index] = this.#value;
    this.#at = end;
    return kind;
  }

  #grow(): void {
    const room = this.#kinds.length * 2;
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
    const widen = (old: Int32Array): Int32Array => {
      const wide = new Int32Array(room);
      wide.set(old);
      return wide;
    };
    this.#starts = widen(this.#starts);
    this.#ends = widen(this.#ends);
    this.#values = widen(this.#values);
  }

  #unknown(reason: UnknownReason, start: number, end: number): TokenKind {
    this.#value = reason;
    return this.#push(TokenKind.Unknown, start, end);
  }

  /** False when it met a comment that never ends and pushed that as an unknown token. */
  #skipTrivia(): boolean {
    const source = this.#source;
    let at = this.#at;
    for (;;) {
      const code = source.charCodeAt(at);
      if (classOf(code) === CharacterClass.Space) {
        at++;
      } else if (code === Code.Slash && source.charCodeAt(at + 1) === Code.Slash) {
        let end = source.indexOf('\n', at);
        if (end < 0) end = source.length;
        this.#noteComment(at, end);
        at = end;
      } else if (code === Code.Slash && source.charCodeAt(at + 1) === Code.Star) {
        const end = commentEnd(source, at + 2);
        if (end < 0) {
          this.#unknown(UnknownReason.UnterminatedComment, at, source.length);
          return false;
        }
        this.#noteComment(at, end);
        at = end;
      } else {
        this.#at = at;
        return true;
      }
    }
  }

  #noteComment(start: number, end: number): void {
    this.#comments.push(start, end);
    this.#notePunctuation(start, end);
  }

  #notePunctuation(start: number, end: number): void {
    for (let at = start; at < end && !this.#hiddenPunctuation; at++) {
      const code = this.#source.charCodeAt(at);
      if (code === 0x28 || code === 0x29 || code === 0x3b) this.#hiddenPunctuation = true;
    }
  }

  #scan(): TokenKind {
    const source = this.#source;
    const start = this.#at;
    const code = source.charCodeAt(start);
    // Upstream takes a NUL and a byte 0xff for the end of its input (script-language 2).
    if (Number.isNaN(code) || code === 0 || code === 0xff) return this.#push(TokenKind.End, start, start);
    const kindOfCharacter = classOf(code);
    if ((kindOfCharacter & CharacterClass.Digit) !== 0) return this.#number(start);
    if (code === Code.CapitalL && source.charCodeAt(start + 1) === Code.Quote)
      return this.#string(start, start + 2, 4);
    if ((kindOfCharacter & nameMask & ~CharacterClass.Exclamation) !== 0) return this.#word(start);
    switch (code) {
      case Code.Quote:
        return this.#string(start, start + 1, 2);
      case Code.Dot:
        return this.#dot(start);
      case Code.At:
        return this.#register(start);
      case Code.Dollar:
        return this.#pseudoRegister(start);
      case Code.Hash:
        if (source.startsWith('#include', start)) return this.#push(TokenKind.Include, start, start + 8);
        break;
      default: {
        const operator = operatorAt(source, start, code);
        if (operator !== 0) return this.#push(operator & 0xff, start, start + (operator >> 8));
      }
    }
    return this.#unknown(UnknownReason.Character, start, start + 1);
  }

  #number(start: number): TokenKind {
    const source = this.#source;
    const prefix = source.charCodeAt(start) === Code.Zero ? source.charCodeAt(start + 1) : 0;
    const radix = prefix === 0x78 ? 16 : prefix === 0x6e ? 10 : prefix === 0x6f ? 8 : prefix === 0x79 ? 2 : 0;
    let at = radix === 0 ? start : start + 2;
    let decimal = radix === 0;
    for (; ; at++) {
      const code = source.charCodeAt(at);
      const digit = digitValue(code);
      if (digit >= 10) decimal = false;
      if (code === Code.Backtick) decimal = false;
      else if (digit < 0 || digit >= (radix === 0 ? 16 : radix)) break;
    }
    if (!decimal || source.charCodeAt(at) !== Code.Dot) return this.#push(TokenKind.Number, start, at);
    return this.#push(TokenKind.Float, start, this.#decimalsEnd(at + 1));
  }

  #decimalsEnd(from: number): number {
    let at = from;
    while (classOf(this.#source.charCodeAt(at)) === CharacterClass.Digit) at++;
    return at;
  }

  #nameEnd(from: number): number {
    let at = from;
    while ((classOf(this.#source.charCodeAt(at)) & nameMask) !== 0) at++;
    return at;
  }

  #word(start: number): TokenKind {
    const source = this.#source;
    let at = start;
    while ((classOf(source.charCodeAt(at)) & hexWordMask) !== 0) at++;
    // A word of hex digits only is a number, so `dead` and `add` are not names (script-language 2.2).
    const isHexWord = at > start && (classOf(source.charCodeAt(at)) & CharacterClass.OtherLetter) === 0;
    const end = isHexWord ? at : this.#nameEnd(start);
    const word = bareWords.find(source, start, end);
    if (word >= 0) {
      this.#value = bareWords.valueOf(word);
      return this.#push(bareWords.kindOf(word), start, end);
    }
    if (isHexWord) return this.#push(TokenKind.Number, start, end);
    return this.#push(
      this.#hasExclamation(start, end) ? TokenKind.SymbolName : TokenKind.Identifier,
      start,
      end,
    );
  }

  #hasExclamation(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.#source.charCodeAt(at) === 0x21) return true;
    return false;
  }

  #string(start: number, from: number, maxHexDigits: number): TokenKind {
    const source = this.#source;
    let bad = false;
    for (let at = from; ;) {
      const code = source.charCodeAt(at);
      if (Number.isNaN(code)) return this.#unknown(UnknownReason.UnterminatedString, start, source.length);
      if (code === Code.Quote) {
        this.#notePunctuation(start, at);
        if (bad) return this.#unknown(UnknownReason.BadEscape, start, at + 1);
        return this.#push(from === start + 1 ? TokenKind.String : TokenKind.WideString, start, at + 1);
      }
      if (code !== Code.Backslash) {
        at++;
        continue;
      }
      const escape = source.charCodeAt(at + 1);
      at += 2;
      if (escape === 0x78) {
        let digits = 0;
        while (digitValue(source.charCodeAt(at)) >= 0) {
          digits++;
          at++;
        }
        // One digit too many is an error: `"\x41B"` fails (script-language 2.4).
        if (digits === 0 || digits > maxHexDigits) bad = true;
      } else if (escape !== 0x6e && escape !== 0x74 && escape !== Code.Backslash && escape !== Code.Quote) {
        bad = true;
      }
    }
  }

  #dot(start: number): TokenKind {
    const next = classOf(this.#source.charCodeAt(start + 1));
    if (this.#count > 0 && endsOperand(this.#kinds[this.#count - 1] ?? 0))
      return this.#push(TokenKind.Dot, start, start + 1);
    if (next === CharacterClass.Digit)
      return this.#push(TokenKind.Float, start, this.#decimalsEnd(start + 1));
    if ((next & nameMask & ~CharacterClass.Exclamation) !== 0)
      return this.#push(TokenKind.Global, start, this.#nameEnd(start + 1));
    return this.#push(TokenKind.Dot, start, start + 1);
  }

  #register(start: number): TokenKind {
    const source = this.#source;
    let end = start + 1;
    const wordMask = nameMask & ~CharacterClass.Exclamation;
    while ((classOf(source.charCodeAt(end)) & wordMask) !== 0) end++;
    const word = end > start + 1 ? registerWords.find(source, start + 1, end) : -1;
    if (word >= 0) {
      this.#value = registerWords.valueOf(word);
      return this.#push(TokenKind.Register, start, end);
    }
    const id = this.#hardware === undefined ? -1 : hardwareId(source.slice(start + 1, end), this.#hardware);
    if (id < 0) return this.#unknown(UnknownReason.UnknownRegister, start, end);
    this.#value = id;
    return this.#push(TokenKind.Register, start, end);
  }

  #pseudoRegister(start: number): TokenKind {
    const source = this.#source;
    let end = start + 1;
    const wordMask = nameMask & ~CharacterClass.Exclamation;
    while ((classOf(source.charCodeAt(end)) & wordMask) !== 0) end++;
    const word = registerWords.find(source, start, end);
    if (word < 0) return this.#unknown(UnknownReason.UnknownPseudoRegister, start, end);
    this.#value = registerWords.valueOf(word);
    return this.#push(TokenKind.PseudoRegister, start, end);
  }
}

/** A dot after one of these is the member operator, even after white space (script-language 2.6). */
function endsOperand(kind: number): boolean {
  switch (kind as TokenKind) {
    case TokenKind.Identifier:
    case TokenKind.Global:
    case TokenKind.SymbolName:
    case TokenKind.Number:
    case TokenKind.Register:
    case TokenKind.PseudoRegister:
    case TokenKind.CloseParen:
    case TokenKind.CloseBracket:
      return true;
    default:
      return false;
  }
}

/**
 * End of a block comment, or −1. Upstream does not look again at the character after a star, so an even number of
 * stars before the slash leaves the comment open (script-language 2.1).
 */
function commentEnd(source: string, from: number): number {
  let at = from;
  for (;;) {
    const star = source.indexOf('*', at);
    if (star < 0 || star + 1 >= source.length) return -1;
    if (source.charCodeAt(star + 1) === Code.Slash) return star + 2;
    at = star + 2;
  }
}

function hardwareId(name: string, hardware: HardwareInfo): number {
  const match = /^hw_(pin|port)(\d{1,6})$/.exec(name);
  if (match === null) return -1;
  const index = Number(match[2]);
  if (match[1] === 'pin') return index < hardware.pins ? index : -1;
  return index < hardware.ports ? hardware.pins + index : -1;
}
