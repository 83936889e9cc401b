import { CharacterClass, characterClasses, digitValue, hexWordMask, nameMask } from './character';
import { hardwareId, type HardwareInfo } from './hardware-register';
import { operatorAt, punctuation } from './operator-scanner';
import { TokenKind, UnknownReason, type TokenTable } from './token-kind';
import { widened } from './tree';
import { hashStep, makeBareWords, registerWords } from './word-table';

const enum Code {
  Quote = 0x22,
  Hash = 0x23,
  Dollar = 0x24,
  Star = 0x2a,
  Dot = 0x2e,
  Slash = 0x2f,
  Zero = 0x30,
  Equal = 0x3d,
  At = 0x40,
  CapitalL = 0x4c,
  Backslash = 0x5c,
  Backtick = 0x60,
}

const wordMask = nameMask & ~CharacterClass.Exclamation;

/** Scratch arrays bigger than this are not kept for the next text. */
const keptTokens = 1 << 19;

/** Splits a text into tokens; never throws, always advances. */
export function tokenize(source: string, hardware?: HardwareInfo): TokenTable {
  return lexer.run(source, hardware);
}

/**
 * There is one, used for text after text: its arrays are scratch, and the engine keeps the code it has compiled for it.
 * It holds nothing of a text that the next one could see.
 */
class Lexer {
  #kinds = new Uint8Array(4096);
  #starts = new Int32Array(4096);
  #ends = new Int32Array(4096);
  #values = new Int32Array(4096);
  readonly #bareWords = makeBareWords();
  /** The source and a NUL, which ends it for upstream too; so no look-ahead leaves the text. */
  #text = '';
  #hardware: HardwareInfo | undefined;
  /** Of the token just scanned. */
  #end = 0;
  #value = 0;
  #comments: number[] = [];
  #hiddenPunctuation = false;

  run(source: string, hardware: HardwareInfo | undefined): TokenTable {
    // Joining makes one flat string, whatever the source is made of.
    this.#text = [source, '\0'].join('');
    this.#hardware = hardware;
    this.#comments = [];
    this.#hiddenPunctuation = false;
    this.#bareWords.reset();
    const count = this.#scanAll(source.length);
    const table: TokenTable = {
      source,
      count,
      kinds: this.#kinds.slice(0, count),
      starts: this.#starts.slice(0, count),
      ends: this.#ends.slice(0, count),
      values: this.#values.slice(0, count),
      nameCount: this.#bareWords.nameCount + 1,
      comments: this.#comments,
      hiddenPunctuation: this.#hiddenPunctuation,
    };
    this.#text = '';
    this.#comments = [];
    if (this.#kinds.length > keptTokens) this.#resize(4096);
    return table;
  }

  #scanAll(length: number): number {
    const text = this.#text;
    const classes = characterClasses;
    let kinds = this.#kinds;
    let starts = this.#starts;
    let ends = this.#ends;
    let values = this.#values;
    let count = 0;
    let at = 0;
    let previous: TokenKind = TokenKind.End;
    for (;;) {
      let code = text.charCodeAt(at);
      let kindOfCharacter = code < 128 ? (classes[code] ?? 0) : 0;
      while (kindOfCharacter === CharacterClass.Space) {
        code = text.charCodeAt(++at);
        kindOfCharacter = code < 128 ? (classes[code] ?? 0) : 0;
      }
      let kind: TokenKind;
      this.#value = 0;
      if ((kindOfCharacter & wordMask) !== 0) {
        if ((kindOfCharacter & CharacterClass.Digit) !== 0) kind = this.#number(at);
        else if (code === Code.CapitalL && text.charCodeAt(at + 1) === Code.Quote)
          kind = this.#string(at, at + 2, 4);
        else kind = this.#word(at, kindOfCharacter);
      } else if (code < 128 && punctuation[code] !== 0) {
        kind = punctuation[code] ?? TokenKind.Unknown;
        this.#end = at + 1;
      } else {
        switch (code) {
          case Code.Slash: {
            const end = this.#comment(at, length);
            if (end > 0) {
              at = end;
              continue;
            }
            if (end === 0) kind = this.#operator(at, code);
            else kind = this.#unknown(UnknownReason.UnterminatedComment, length);
            break;
          }
          case Code.Quote:
            kind = this.#string(at, at + 1, 2);
            break;
          case Code.Dot:
            kind = this.#dot(at, previous);
            break;
          case Code.At:
          case Code.Dollar:
            kind = this.#register(at, code);
            break;
          case Code.Hash:
            if (text.startsWith('#include', at)) {
              kind = TokenKind.Include;
              this.#end = at + 8;
            } else kind = this.#unknown(UnknownReason.Character, at + 1);
            break;
          // Upstream takes a NUL and a byte 0xff for the end of its input (script-language 2).
          case 0:
          case 0xff:
            kind = TokenKind.End;
            this.#end = at;
            break;
          default:
            kind = this.#operator(at, code);
        }
      }
      if (count === kinds.length) {
        this.#resize(count * 2);
        kinds = this.#kinds;
        starts = this.#starts;
        ends = this.#ends;
        values = this.#values;
      }
      kinds[count] = kind;
      starts[count] = at;
      ends[count] = this.#end;
      values[count] = this.#value;
      count++;
      if (kind === TokenKind.End) return count;
      previous = kind;
      at = this.#end;
    }
  }

  #resize(room: number): void {
    const kept = Math.min(room, this.#kinds.length);
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds.subarray(0, kept));
    this.#kinds = kinds;
    this.#starts = widened(this.#starts.subarray(0, kept), room);
    this.#ends = widened(this.#ends.subarray(0, kept), room);
    this.#values = widened(this.#values.subarray(0, kept), room);
  }

  #unknown(reason: UnknownReason, end: number): TokenKind {
    this.#value = reason;
    this.#end = end;
    return TokenKind.Unknown;
  }

  #operator(start: number, code: number): TokenKind {
    const operator = operatorAt(this.#text, start, code);
    if (operator === 0) return this.#unknown(UnknownReason.Character, start + 1);
    this.#end = start + (operator >> 8);
    return operator & 0xff;
  }

  /** End of the comment that starts here; 0 when none does, −1 when it never ends. */
  #comment(start: number, length: number): number {
    const second = this.#text.charCodeAt(start + 1);
    let end: number;
    if (second === Code.Slash) {
      end = this.#text.indexOf('\n', start);
      if (end < 0) end = length;
    } else if (second === Code.Star) {
      end = commentEnd(this.#text, start + 2);
      if (end < 0) return -1;
    } else return 0;
    this.#comments.push(start, end);
    this.#notePunctuation(start, end);
    return end;
  }

  #notePunctuation(start: number, end: number): void {
    for (let at = start; at < end && !this.#hiddenPunctuation; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x28 || code === 0x29 || code === 0x3b) this.#hiddenPunctuation = true;
    }
  }

  #number(start: number): TokenKind {
    const text = this.#text;
    const prefix = text.charCodeAt(start) === Code.Zero ? text.charCodeAt(start + 1) : 0;
    const radix = prefix === 0x78 ? 16 : prefix === 0x6e ? 10 : prefix === 0x6f ? 8 : prefix === 0x79 ? 2 : 0;
    const limit = radix === 0 ? 16 : radix;
    let at = radix === 0 ? start : start + 2;
    let decimal = radix === 0;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      const digit = digitValue(code);
      if (digit >= 10 || code === Code.Backtick) decimal = false;
      if (code !== Code.Backtick && (digit < 0 || digit >= limit)) break;
    }
    if (decimal && text.charCodeAt(at) === Code.Dot) {
      this.#end = this.#runEnd(at + 1, CharacterClass.Digit);
      return TokenKind.Float;
    }
    this.#end = at;
    return TokenKind.Number;
  }

  /** Where the characters of some classes end. */
  #runEnd(from: number, mask: number): number {
    const text = this.#text;
    let at = from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code >= 128 || ((characterClasses[code] ?? 0) & mask) === 0) return at;
      at++;
    }
  }

  #word(start: number, firstClass: number): TokenKind {
    const text = this.#text;
    const classes = characterClasses;
    let at = start;
    let hash = 0;
    let seen = firstClass;
    let kindOfCharacter = firstClass;
    while ((kindOfCharacter & hexWordMask) !== 0) {
      const code = text.charCodeAt(at);
      hash = hashStep(hash, code);
      seen |= kindOfCharacter;
      const next = text.charCodeAt(++at);
      kindOfCharacter = next < 128 ? (classes[next] ?? 0) : 0;
    }
    // A word of hex digits only is a number, so `dead` and `add` are not names (script-language 2.2).
    const isHexWord = at > start && (kindOfCharacter & CharacterClass.OtherLetter) === 0;
    if (!isHexWord) {
      if ((seen & CharacterClass.Backtick) !== 0) {
        // A backtick belongs to numbers only: the name ends before it.
        at = start;
        hash = 0;
        kindOfCharacter = firstClass;
      }
      while ((kindOfCharacter & nameMask) !== 0) {
        hash = hashStep(hash, text.charCodeAt(at));
        seen |= kindOfCharacter;
        const next = text.charCodeAt(++at);
        kindOfCharacter = next < 128 ? (classes[next] ?? 0) : 0;
      }
    }
    this.#end = at;
    const words = this.#bareWords;
    let word: number;
    if (isHexWord) {
      word = words.find(text, start, at, hash);
      if (word < 0) return TokenKind.Number;
    } else if ((seen & CharacterClass.Exclamation) !== 0) return TokenKind.SymbolName;
    else word = words.intern(text, start, at, hash, TokenKind.Identifier);
    this.#value = words.valueOf(word);
    return words.kindOf(word);
  }

  #string(start: number, from: number, maxHexDigits: number): TokenKind {
    const text = this.#text;
    let bad = false;
    let hidden = false;
    for (let at = from; ;) {
      const code = text.charCodeAt(at);
      if (code === Code.Quote) {
        if (hidden) this.#hiddenPunctuation = true;
        if (bad) return this.#unknown(UnknownReason.BadEscape, at + 1);
        this.#end = at + 1;
        return from === start + 1 ? TokenKind.String : TokenKind.WideString;
      }
      if (code !== Code.Backslash) {
        if (code === 0x28 || code === 0x29 || code === 0x3b) hidden = true;
        else if (code === 0 && at === text.length - 1)
          return this.#unknown(UnknownReason.UnterminatedString, at);
        at++;
        continue;
      }
      const escape = text.charCodeAt(at + 1);
      at += escape === 0 ? 1 : 2;
      if (escape === 0x78) {
        let digits = 0;
        while (digitValue(text.charCodeAt(at)) >= 0) {
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

  #dot(start: number, previous: TokenKind): TokenKind {
    const code = this.#text.charCodeAt(start + 1);
    const next = code < 128 ? (characterClasses[code] ?? 0) : 0;
    this.#end = start + 1;
    if (endsOperand(previous)) return TokenKind.Dot;
    if (next === CharacterClass.Digit) {
      this.#end = this.#runEnd(start + 1, CharacterClass.Digit);
      return TokenKind.Float;
    }
    if ((next & wordMask) === 0) return TokenKind.Dot;
    const end = this.#runEnd(start + 1, nameMask);
    let hash = 0;
    for (let at = start; at < end; at++) hash = hashStep(hash, this.#text.charCodeAt(at));
    this.#end = end;
    this.#value = this.#bareWords.valueOf(
      this.#bareWords.intern(this.#text, start, end, hash, TokenKind.Global),
    );
    return TokenKind.Global;
  }

  /** `@name` or `$name`; the name of a pseudo register has its `$`. */
  #register(start: number, sign: number): TokenKind {
    const text = this.#text;
    const isPseudo = sign === Code.Dollar;
    const from = isPseudo ? start : start + 1;
    const end = this.#runEnd(start + 1, wordMask);
    let hash = 0;
    for (let at = from; at < end; at++) hash = hashStep(hash, text.charCodeAt(at));
    const word = end > start + 1 ? registerWords.find(text, from, end, hash) : -1;
    if (word >= 0) {
      this.#end = end;
      this.#value = registerWords.valueOf(word);
      return isPseudo ? TokenKind.PseudoRegister : TokenKind.Register;
    }
    if (isPseudo) return this.#unknown(UnknownReason.UnknownPseudoRegister, end);
    const id = this.#hardware === undefined ? -1 : hardwareId(text.slice(from, end), this.#hardware);
    if (id < 0) return this.#unknown(UnknownReason.UnknownRegister, end);
    this.#end = end;
    this.#value = id;
    return TokenKind.Register;
  }
}

const lexer = new Lexer();

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
