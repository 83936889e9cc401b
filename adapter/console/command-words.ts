/** The words behind a command's name, taken one after the other (driver-protocol 9). */

import { compileScript } from '../../script-engine/compiler/compile';
import type { Command } from '../../script-engine/command-file/command-file';
import type { Token } from '../../script-engine/command-file/tokenize';
import type { CommandContext } from './command-context';
import { CommandError } from './command-error';

const LARGEST_32 = 0xffff_ffffn;
const LARGEST_64 = 0xffff_ffff_ffff_ffffn;

export class CommandWords {
  readonly #name: string;
  readonly #rest: Token[];

  constructor(command: Command) {
    this.#name = command.name;
    this.#rest = command.tokens.slice(1);
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  /** The next word in small letters, without taking it. */
  get next(): string | undefined {
    return this.#rest[0]?.text.toLowerCase();
  }

  /** Takes the next token, which is `what` to the user. */
  take(what: string): Token {
    const token = this.#rest.shift();
    if (token === undefined) throw new CommandError(`"${this.#name}" wants ${what} behind it.`);
    return token;
  }

  /** All tokens that are left. */
  takeAll(): Token[] {
    return this.#rest.splice(0);
  }

  /** Takes the next word when it is one of these. */
  takeWord<Word extends string>(...words: readonly Word[]): Word | undefined {
    const found = words.find((word) => word === this.next);
    if (found !== undefined) this.#rest.shift();
    return found;
  }

  /** Takes the next word, which must be one of these. */
  takeOneOf<Word extends string>(...words: readonly Word[]): Word {
    const found = this.takeWord(...words);
    if (found !== undefined) return found;
    const given = this.#rest[0]?.text;
    throw new CommandError(
      `"${this.#name}" takes ${words.join(', ')}${given === undefined ? '' : ` and not "${given}"`}.`,
    );
  }

  /** Takes `keyword value`, wherever it stands. */
  takeValueOf(keyword: string): Token | undefined {
    const at = this.#rest.findIndex(({ kind, text }) => kind === 'word' && text.toLowerCase() === keyword);
    if (at < 0) return undefined;
    const [, value] = this.#rest.splice(at, 2);
    if (value === undefined) throw new CommandError(`"${keyword}" wants a value behind it.`);
    return value;
  }

  /** Takes a word that stands alone, wherever it stands. */
  takeSwitch(word: string): boolean {
    const at = this.#rest.findIndex(({ kind, text }) => kind === 'word' && text.toLowerCase() === word);
    if (at >= 0) this.#rest.splice(at, 1);
    return at >= 0;
  }

  takeNumberOf(keyword: string, largest = LARGEST_32): bigint | undefined {
    const token = this.takeValueOf(keyword);
    return token && numberOf(token, keyword, largest);
  }

  takeNumber(what: string, largest = LARGEST_32): bigint {
    return numberOf(this.take(what), what, largest);
  }

  takeAddress(what: string, context: CommandContext): Promise<bigint> {
    return addressOf(this.take(what), context);
  }

  /** The halted target has one address space; the original sends nothing when another one is asked for (8.4). */
  refuseProcess(): void {
    if (this.takeValueOf('pid') !== undefined)
      throw new CommandError(
        `"pid" is not for a halted target: "${this.#name}" works in the current process. Switch with ".process pid" and "g" first.`,
      );
  }

  /** Nothing may be left. */
  end(): void {
    const [extra] = this.#rest;
    if (extra !== undefined)
      throw new CommandError(
        `"${extra.text}" is one word too many for "${this.#name}"; ".help ${this.#name}" shows its form.`,
      );
  }
}

export function numberOf(token: Token, what: string, largest = LARGEST_64): bigint {
  if (token.kind !== 'number')
    throw new CommandError(
      `"${token.text}" is no number: ${what} is hexadecimal, or decimal with 0n before it.`,
    );
  if (token.value > largest)
    throw new CommandError(`"${token.text}" is too large: ${what} is at most ${largest.toString(16)}.`);
  return token.value;
}

/** A number, a symbol, or an expression whose value the halted target tells, in this order. */
export async function addressOf(token: Token, context: CommandContext): Promise<bigint> {
  if (token.kind === 'number') return token.value;
  if (token.kind === 'block') throw new CommandError('An address belongs here, not a block in braces.');
  return context.symbols.resolve(token.text) ?? (await valueInTarget(token.text, context));
}

/** Value of an expression, by way of `formats(…)` in the target: nothing is worked out here, as the original does not. */
export async function valueInTarget(text: string, context: CommandContext): Promise<bigint> {
  const { script, diagnostics } = compileScript(`formats(${text});`, {
    globals: context.globals,
    symbols: context.symbols,
    mode: context.target.mode,
  });
  if (script === undefined) {
    const problem = diagnostics.find(({ severity }) => severity === 'error')?.message;
    throw new CommandError(
      `"${text}" is no number, symbol or expression: ${problem ?? 'it cannot be compiled.'}`,
    );
  }
  const { value, text: said } = await context.client.runScript(script.bytes, script.symbolCount, true);
  if (value === undefined) throw new CommandError(`The target gave no value for "${text}". ${said.trim()}`);
  return value;
}
