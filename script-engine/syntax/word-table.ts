import { functions } from '../catalog/functions';
import { internalTerminals, statementKeywords, typeKeywords } from '../catalog/keywords';
import { pseudoRegisters } from '../catalog/pseudo-registers';
import { registers } from '../catalog/registers';
import { TokenKind } from './token-kind';
import { widened } from './tree';

const hashFactor = 0x01000193;

/** One step of the hash of a word; the lexer takes it with each character it passes. */
export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, hashFactor);
}

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i));
  return hash;
}

/**
 * Finds a word by its characters in the text, so that the lexer cuts no substring for a look-up. Names of a script are
 * added while it is read and forgotten by `reset`.
 */
export class WordTable {
  #slots = new Int32Array(1024);
  #mask = 1023;
  #hashes = new Int32Array(512);
  /** Where the letters of a word begin; they end where those of the next one begin. */
  #letterStarts = new Int32Array(513);
  #letters = new Uint16Array(4096);
  #kinds = new Int32Array(512);
  #values = new Int32Array(512);
  #count = 0;
  #fixedCount = 0;
  #fixedSlots = this.#slots;

  /** Adds a word; the first one of a name wins. */
  add(word: string, kind: TokenKind, value: number): void {
    const hash = hashOf(word);
    if (this.find(word, 0, word.length, hash) < 0) this.#append(word, 0, word.length, hash, kind, value);
  }

  /** Keeps the words added so far for good. */
  freeze(): this {
    this.#fixedCount = this.#count;
    this.#fixedSlots = this.#slots.slice();
    return this;
  }

  /** Forgets the names of the last text. */
  reset(): void {
    if (this.#count === this.#fixedCount) return;
    this.#count = this.#fixedCount;
    if (this.#slots.length !== this.#fixedSlots.length) {
      this.#slots = new Int32Array(this.#fixedSlots.length);
      this.#mask = this.#slots.length - 1;
    }
    this.#slots.set(this.#fixedSlots);
  }

  /** Names added since `freeze`. */
  get nameCount(): number {
    return this.#count - this.#fixedCount;
  }

  kindOf(index: number): TokenKind {
    return this.#kinds[index] ?? TokenKind.Unknown;
  }

  valueOf(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Index of the word that stands at `start`…`end` and has that hash, or −1. */
  find(text: string, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const index = (slots[slot] ?? 0) - 1;
      if (index < 0) return -1;
      if (this.#hashes[index] === hash && this.#isWord(index, text, start, end)) return index;
    }
  }

  #isWord(index: number, text: string, start: number, end: number): boolean {
    const letters = this.#letters;
    let letter = this.#letterStarts[index] ?? 0;
    if ((this.#letterStarts[index + 1] ?? 0) - letter !== end - start) return false;
    for (let at = start; at < end; at++) if (letters[letter++] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** Index of the word; a new one gets the next name number as its value. */
  intern(text: string, start: number, end: number, hash: number, kind: TokenKind): number {
    const known = this.find(text, start, end, hash);
    // Name 0 is `main`, which is in the table from the beginning.
    return known >= 0 ? known : this.#append(text, start, end, hash, kind, this.nameCount + 1);
  }

  #append(text: string, start: number, end: number, hash: number, kind: TokenKind, value: number): number {
    const index = this.#count++;
    if (this.#count === this.#hashes.length) this.#growWords();
    let letter = this.#letterStarts[index] ?? 0;
    while (letter + end - start > this.#letters.length) this.#growLetters();
    for (let at = start; at < end; at++) this.#letters[letter++] = text.charCodeAt(at);
    this.#letterStarts[index + 1] = letter;
    this.#hashes[index] = hash;
    this.#kinds[index] = kind;
    this.#values[index] = value;
    if (this.#count * 2 > this.#mask) this.#growSlots();
    else this.#place(index);
    return index;
  }

  #place(index: number): void {
    const hash = this.#hashes[index] ?? 0;
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while ((this.#slots[slot] ?? 0) !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = index + 1;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let index = 0; index < this.#count; index++) this.#place(index);
  }

  #growWords(): void {
    const room = this.#hashes.length * 2;
    this.#hashes = widened(this.#hashes, room);
    this.#letterStarts = widened(this.#letterStarts, room + 1);
    this.#kinds = widened(this.#kinds, room);
    this.#values = widened(this.#values, room);
  }

  #growLetters(): void {
    const letters = new Uint16Array(this.#letters.length * 2);
    letters.set(this.#letters);
    this.#letters = letters;
  }
}

const keywordKinds: Readonly<Record<(typeof statementKeywords)[number], TokenKind>> = {
  if: TokenKind.If,
  elsif: TokenKind.Elsif,
  else: TokenKind.Else,
  while: TokenKind.While,
  do: TokenKind.Do,
  for: TokenKind.For,
  break: TokenKind.Break,
  continue: TokenKind.Continue,
  return: TokenKind.Return,
  struct: TokenKind.Struct,
  typedef: TokenKind.Typedef,
  sizeof: TokenKind.Sizeof,
  '#include': TokenKind.Include,
};

/** Words that stand without a prefix; names of a text are interned here too. */
export function makeBareWords(): WordTable {
  const table = new WordTable();
  // Order of resolution: keyword, register, type (script-language 2.5).
  for (const word of statementKeywords) table.add(word, keywordKinds[word], 0);
  functions.forEach((entry, index) => table.add(entry.name, TokenKind.Function, index));
  for (const word of internalTerminals) table.add(word, TokenKind.Reserved, 0);
  for (const register of registers) table.add(register.name, TokenKind.Register, register.id);
  typeKeywords.forEach((word, index) => table.add(word, TokenKind.TypeWord, index));
  table.add('main', TokenKind.Identifier, mainName);
  return table.freeze();
}

/** Number of the name `main`, which is a function in every script. */
export const mainName = 0;

function makeRegisterWords(): WordTable {
  const table = new WordTable();
  for (const register of registers) table.add(register.name, TokenKind.Register, register.id);
  for (const register of pseudoRegisters) table.add(register.name, TokenKind.PseudoRegister, register.id);
  return table.freeze();
}

/** Registers, which `@` makes unambiguous (`@if` is the interrupt flag), and pseudo registers with their `$`. */
export const registerWords = makeRegisterWords();
