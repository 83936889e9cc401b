import { functions } from '../catalog/functions';
import { internalTerminals, statementKeywords, typeKeywords } from '../catalog/keywords';
import { pseudoRegisters } from '../catalog/pseudo-registers';
import { registers } from '../catalog/registers';
import { TokenKind } from './token-kind';

const tableSize = 1024;

/** Finds a word by its characters in the text, so that the lexer cuts no substring for a look-up. */
export class WordTable {
  readonly #words: string[] = [];
  readonly #kinds: number[] = [];
  readonly #values: number[] = [];
  readonly #slots = new Int16Array(tableSize).fill(-1);

  /** Adds a word; the first one of a name wins. */
  add(word: string, kind: TokenKind, value: number): void {
    if (this.find(word, 0, word.length) >= 0) return;
    let slot = slotOf(word, 0, word.length);
    while ((this.#slots[slot] ?? -1) >= 0) slot = (slot + 1) % tableSize;
    this.#slots[slot] = this.#words.length;
    this.#words.push(word);
    this.#kinds.push(kind);
    this.#values.push(value);
  }

  /** Index of the word that stands at `start`…`end`, or −1. */
  find(source: string, start: number, end: number): number {
    let slot = slotOf(source, start, end);
    for (;;) {
      const index = this.#slots[slot] ?? -1;
      if (index < 0) return -1;
      const word = this.#words[index] ?? '';
      if (word.length === end - start && source.startsWith(word, start)) return index;
      slot = (slot + 1) % tableSize;
    }
  }

  kindOf(index: number): TokenKind {
    return this.#kinds[index] ?? TokenKind.Unknown;
  }

  valueOf(index: number): number {
    return this.#values[index] ?? 0;
  }
}

function slotOf(source: string, start: number, end: number): number {
  const length = end - start;
  const first = source.charCodeAt(start);
  const second = source.charCodeAt(start + (length >> 1));
  const last = source.charCodeAt(end - 1);
  return (first * 37 + second * 101 + last * 11 + length * 263) % tableSize;
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

function makeBareWords(): WordTable {
  const table = new WordTable();
  // Order of resolution: keyword, register, type (script-language 2.5).
  for (const word of statementKeywords) table.add(word, keywordKinds[word], 0);
  functions.forEach((entry, index) => table.add(entry.name, TokenKind.Function, index));
  for (const word of internalTerminals) table.add(word, TokenKind.Reserved, 0);
  for (const register of registers) table.add(register.name, TokenKind.Register, register.id);
  typeKeywords.forEach((word, index) => table.add(word, TokenKind.TypeWord, index));
  return table;
}

function makeRegisterWords(): WordTable {
  const table = new WordTable();
  for (const register of registers) table.add(register.name, TokenKind.Register, register.id);
  for (const register of pseudoRegisters) table.add(register.name, TokenKind.PseudoRegister, register.id);
  return table;
}

/** Words that stand without a prefix. */
export const bareWords = makeBareWords();

/** Registers, which `@` makes unambiguous (`@if` is the interrupt flag), and pseudo registers with their `$`. */
export const registerWords = makeRegisterWords();
