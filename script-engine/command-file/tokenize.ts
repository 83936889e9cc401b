/** Splits a command into words, strings and blocks (driver-protocol 9). */

import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import { MappedText } from './mapped-text';
import { numberOfToken } from './number-token';

interface TokenBase {
  /** In the file. */
  readonly span: Span;
  /** Whether an argument's value, or what stands for it, is a part of it. */
  readonly fromArgument: boolean;
}

export type Token =
  | (TokenBase & { readonly kind: 'word'; readonly text: string })
  | (TokenBase & { readonly kind: 'number'; readonly text: string; readonly value: bigint })
  | (TokenBase & { readonly kind: 'string'; readonly text: string })
  | (TokenBase & {
      readonly kind: 'block';
      /** The text between the braces. */
      readonly text: string;
      readonly body: MappedText;
    });

export interface TokenizedCommand {
  readonly tokens: readonly Token[];
  readonly diagnostics: readonly Diagnostic[];
}

class Tokenizer {
  readonly tokens: Token[] = [];
  readonly diagnostics: Diagnostic[] = [];
  #offset = 0;

  constructor(readonly source: MappedText) {}

  run(): TokenizedCommand {
    const { text } = this.source;
    while (this.#offset < text.length) {
      const letter = text[this.#offset] ?? '';
      if (/\s/.test(letter)) this.#offset++;
      else if (text.startsWith('//', this.#offset)) this.#skipLine();
      else if (text.startsWith('/*', this.#offset)) this.#skipComment();
      else if (letter === '"') this.#string();
      else if (letter === '{') this.#block();
      else this.#word();
    }
    return { tokens: this.tokens, diagnostics: this.diagnostics };
  }

  #base(start: number, end: number): TokenBase {
    return { span: this.source.span(start, end), fromArgument: this.source.isReplaced(start, end) };
  }

  /**
   * To the end of the line. The original ends such a comment at a written `\n` too, and would run the rest of
   * `// printf("a\n");` as a command; nobody means that.
   */
  #skipLine(): void {
    const end = this.source.text.indexOf('\n', this.#offset);
    this.#offset = end < 0 ? this.source.text.length : end + 1;
  }

  #skipComment(): void {
    const { text } = this.source;
    const end = text.indexOf('*/', this.#offset + 2);
    if (end < 0)
      this.#report(
        'unclosed-comment',
        'Commands are read line by line, so this comment must end with `*/` on its line. For more lines begin each with `//`.',
        this.#offset,
        this.#offset + 2,
      );
    this.#offset = end < 0 ? text.length : end + 2;
  }

  #string(): void {
    const { text } = this.source;
    const start = this.#offset++;
    let value = '';
    while (this.#offset < text.length && text[this.#offset] !== '"') {
      if (text.startsWith('\\"', this.#offset)) this.#offset++;
      value += text[this.#offset++] ?? '';
    }
    if (this.#offset >= text.length)
      this.#report('unclosed-string', 'This string has no end. Close it with `"`.', start, text.length);
    this.#offset++;
    this.tokens.push({
      kind: 'string',
      text: value,
      ...this.#base(start, Math.min(this.#offset, text.length)),
    });
  }

  #block(): void {
    const { text } = this.source;
    const start = this.#offset++;
    const parts: MappedText[] = [];
    let from = this.#offset;
    let depth = 1;
    let inString = false;
    for (; this.#offset < text.length; this.#offset++) {
      const letter = text[this.#offset] ?? '';
      if (letter === '\\') {
        const next = text[this.#offset + 1] ?? '';
        // `\{` and `\}` are braces that do not count; the backslash goes.
        if (!inString && (next === '{' || next === '}')) {
          parts.push(this.source.slice(from, this.#offset));
          from = this.#offset + 1;
        }
        this.#offset++;
        continue;
      }
      if (letter === '"') inString = !inString;
      if (inString) continue;
      if (letter === '{') depth++;
      if (letter === '}' && --depth === 0) break;
    }
    const end = Math.min(this.#offset, text.length);
    if (depth > 0)
      this.#report('unclosed-block', 'This block has no end. Close it with `}`.', start, start + 1);
    parts.push(this.source.slice(from, end));
    const body = MappedText.join(parts);
    this.#offset = end + 1;
    this.tokens.push({
      kind: 'block',
      text: body.text,
      body,
      ...this.#base(start, Math.min(end + 1, text.length)),
    });
  }

  #word(): void {
    const { text } = this.source;
    const start = this.#offset;
    const isEnd = (): boolean =>
      /[\s{"]/.test(text[this.#offset] ?? ' ') ||
      text.startsWith('//', this.#offset) ||
      text.startsWith('/*', this.#offset);
    while (this.#offset < text.length && !isEnd()) this.#offset++;
    const word = text.slice(start, this.#offset);
    const base = this.#base(start, this.#offset);
    const value = numberOfToken(word);
    this.tokens.push(
      value === undefined
        ? { kind: 'word', text: word, ...base }
        : { kind: 'number', text: word, value, ...base },
    );
  }

  #report(code: string, message: string, start: number, end: number): void {
    this.diagnostics.push({ code, severity: 'error', message, span: this.source.span(start, end) });
  }
}

/** The tokens of one command; never throws. */
export function tokenizeCommand(source: MappedText): TokenizedCommand {
  return new Tokenizer(source).run();
}
