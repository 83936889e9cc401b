import { UpstreamErrorCode } from '../catalog/upstream-errors';
import type { Diagnostic } from '../diagnostic';
import type { NodeKind } from './node-kind';
import type { Span } from './span';
import { TokenKind, tokenText, UnknownReason, type TokenTable } from './token-kind';
import { NodeBuilder, tokenSpan, type SyntaxStop } from './tree';
import { unknownRegister } from './suggestion';
import { mainName } from './word-table';
import { tokenize } from './lexer';

/** Deeper nesting than this is refused, so that no script can overflow the stack of the process. */
export const maxDepth = 300;

/** Nobody reads more messages than this about one script. */
export const maxDiagnostics = 200;

/** Signs that a fix may write where they are missing. */
const writtenSigns: ReadonlySet<string> = new Set([';', ')', ']']);

const unknownMessages: Readonly<Record<number, readonly [code: string, message: string]>> = {
  [UnknownReason.Character]: [
    'unexpected-character',
    'This character has no meaning in a script; remove it.',
  ],
  [UnknownReason.UnterminatedString]: ['unterminated-string', 'The string has no closing `"`; add it.'],
  [UnknownReason.BadEscape]: [
    'bad-escape',
    'A string knows only \\n, \\t, \\\\, \\", and \\x with one or two hex digits (up to four in L"…"); ' +
      'split the string where a hex digit follows an \\x escape.',
  ],
  [UnknownReason.UnterminatedComment]: [
    'unterminated-comment',
    'The comment is not closed for HyperDbg: it needs `*/`, and an even number of stars before the `/` does not count.',
  ],
};

/** Characters of other languages, and what this one has instead. */
const characterMessages: Readonly<Record<string, string>> = {
  "'": 'There are no character literals; write the code of the character as a number, as 41 for A.',
  '?': 'There is no `? :` here; use an `if` statement.',
};

export const enum NameUse {
  Variable,
  Function,
  Type,
  Parameter,
}

const noTokens: TokenTable = tokenize('');

/** What all parts of the parser share: the position, the nodes, errors and recovery. */
export abstract class ParserCore {
  protected readonly nodes = new NodeBuilder();
  protected tokens = noTokens;
  protected kinds = noTokens.kinds;
  protected values = noTokens.values;
  protected at = 0;
  protected depth = 0;
  /** An error has been reported and the tokens since then are not understood yet. */
  protected panic = false;
  /** What each name is so far, by its number: it decides how the name may be used (script-language 2.5). */
  #nameUses = new Uint8Array(0);
  protected diagnostics: Diagnostic[] = [];
  protected stop: SyntaxStop | undefined;
  #lastErrorToken = -1;
  /** Where the last recovery ended: what is wrong right there is still the same mistake. */
  #resumedAt = -1;

  /** Forgets the last text. */
  protected begin(tokens: TokenTable): void {
    this.tokens = tokens;
    this.kinds = tokens.kinds;
    this.values = tokens.values;
    this.nodes.reset();
    this.at = 0;
    this.depth = 0;
    this.panic = false;
    this.diagnostics = [];
    this.stop = undefined;
    this.#lastErrorToken = -1;
    this.#resumedAt = -1;
    this.#nameUses = new Uint8Array(tokens.nameCount);
    this.#nameUses[mainName] = NameUse.Function;
  }

  /** The use of the name of an identifier token. */
  protected useOf(token: number): NameUse {
    return this.#nameUses[this.values[token] ?? 0] ?? NameUse.Variable;
  }

  protected setUse(token: number, use: NameUse): void {
    if (this.kindAt(token) === TokenKind.Identifier) this.#nameUses[this.values[token] ?? 0] = use;
  }

  protected isFunction(token: number): boolean {
    return this.useOf(token) === NameUse.Function;
  }

  protected peek(): TokenKind {
    return this.kinds[this.at] ?? TokenKind.End;
  }

  protected kindAt(index: number): TokenKind {
    return this.kinds[index] ?? TokenKind.End;
  }

  protected text(index = this.at): string {
    return tokenText(this.tokens, index);
  }

  protected advance(): number {
    const index = this.at;
    if (index < this.tokens.count - 1) this.at++;
    return index;
  }

  protected accept(kind: TokenKind): boolean {
    if (this.peek() !== kind) return false;
    this.advance();
    return true;
  }

  /** Takes the token or reports that it is missing. */
  protected expect(kind: TokenKind, code: string, message: string): boolean {
    if (this.panic) return false;
    if (this.accept(kind)) return true;
    this.error(code, message);
    return false;
  }

  /** Takes a sign, or reports that it is missing before the present token; the fix writes it behind the last one. */
  protected require(kind: TokenKind, code: string, sign: string, other = ''): boolean {
    if (this.panic) return false;
    if (this.accept(kind)) return true;
    const at = this.tokens.ends[this.at - 1] ?? 0;
    this.error(
      code,
      `${other}\`${sign}\` is missing before ${this.found()}; write it.`,
      UpstreamErrorCode.SYNTAX,
      other === '' && writtenSigns.has(sign) && this.#mayEndHere(kind)
        ? () => ({ title: `Write \`${sign}\``, span: { start: at, end: at }, text: sign })
        : undefined,
    );
    return false;
  }

  /** A sign can be written before a token that cannot go on with what it ends. */
  #mayEndHere(kind: TokenKind): boolean {
    const next = this.peek();
    if (kind === TokenKind.Semicolon) return next !== TokenKind.Unknown;
    return next === TokenKind.Semicolon || next === TokenKind.OpenBrace || next === TokenKind.Assign;
  }

  /** The present token, for messages. */
  protected found(): string {
    if (this.peek() === TokenKind.End) return 'the end of the script';
    const [line = ''] = this.text().split('\n');
    return `\`${line.length > 24 ? `${line.slice(0, 24)}…` : line}\``;
  }

  protected leaf(kind: NodeKind, token: number, data = 0): number {
    return this.nodes.add(kind, token, token + 1, this.nodes.count, data);
  }

  /** A node without tokens of its own, at the present position. */
  protected mark(kind: NodeKind, data = 0): number {
    return this.nodes.add(kind, this.at, this.at, this.nodes.count, data);
  }

  protected close(kind: NodeKind, firstToken: number, firstNode: number, data = 0): number {
    return this.nodes.add(kind, firstToken, this.at, firstNode, data);
  }

  /**
   * Reports a mistake at the present token; the first one is also where upstream stops. `culprit` is what to show
   * instead, where upstream has read on already (script-language 12.2).
   */
  protected error(
    code: string,
    message: string,
    upstreamCode: number = UpstreamErrorCode.SYNTAX,
    fix?: () => Diagnostic['fix'],
    culprit?: Span,
  ): void {
    const token = this.at;
    this.stop ??= { token, code: upstreamCode };
    const silent = this.isSilent();
    this.panic = true;
    this.#lastErrorToken = token;
    if (silent) return;
    if (this.peek() === TokenKind.Unknown) this.#unknownToken(token);
    else this.report(code, message, culprit ?? this.#errorSpan(token), fix?.());
  }

  /** A mistake at the present token would not be shown: it is the echo of another one, or there are too many. */
  protected isSilent(): boolean {
    const token = this.at;
    const isEcho = this.panic || token === this.#lastErrorToken || token === this.#resumedAt;
    return isEcho || this.diagnostics.length >= maxDiagnostics;
  }

  #unknownToken(token: number): void {
    const reason = (this.values[token] ?? 0) as UnknownReason;
    const span = tokenSpan(this.tokens, token);
    const text = this.text(token);
    if (reason === UnknownReason.UnknownRegister || reason === UnknownReason.UnknownPseudoRegister) {
      const { code, message, name } = unknownRegister(text);
      const fix = name === undefined ? undefined : { title: `Write \`${name}\``, span, text: name };
      this.report(code, message, span, fix);
      return;
    }
    const [code, message] = unknownMessages[reason] ?? ['unexpected-character', 'Remove this.'];
    this.report(code, characterMessages[text] ?? message, span);
  }

  /** Reports a mistake that is most often the echo of an earlier one, if there is none. */
  protected echo(code: string, message: string): void {
    if (this.diagnostics.length > 0) this.panic = true;
    this.error(code, message);
    this.panic = false;
  }

  protected report(code: string, message: string, span: Span, fix?: Diagnostic['fix']): void {
    if (this.diagnostics.length >= maxDiagnostics) return;
    this.diagnostics.push({ code, severity: 'error', message, span, ...(fix === undefined ? {} : { fix }) });
  }

  /** The token itself; at the end of the text, the last thing written. */
  #errorSpan(token: number): Span {
    if (this.kindAt(token) !== TokenKind.End || token === 0) return tokenSpan(this.tokens, token);
    const end = this.tokens.ends[token - 1] ?? 0;
    return { start: Math.max(0, end - 1), end };
  }

  /** True and reported when nesting is too deep; the caller then leaves a Missing node. */
  protected tooDeep(): boolean {
    if (this.depth < maxDepth) return false;
    this.error(
      'nesting-too-deep',
      `More than ${maxDepth} levels of nesting; split this into several statements.`,
    );
    return true;
  }

  /**
   * Skips to where a statement can start again: past a `;`, or before a `}` or a keyword that starts a statement.
   * Braces opened on the way are skipped with what they hold.
   */
  protected recoverStatement(from: number): void {
    let braces = 0;
    for (;;) {
      const kind = this.peek();
      if (kind === TokenKind.End) break;
      if (kind === TokenKind.OpenBrace) braces++;
      else if (kind === TokenKind.CloseBrace) {
        if (braces === 0) break;
        braces--;
        this.advance();
        if (braces > 0) continue;
        this.accept(TokenKind.Semicolon);
        break;
      } else if (braces === 0) {
        if (kind === TokenKind.Semicolon) {
          this.advance();
          break;
        }
        if (this.at > from && startsControlStatement(kind)) break;
      }
      this.advance();
    }
    this.panic = false;
    this.#resumedAt = this.at;
  }

  /** Skips what a block holds, blocks inside it included, without recursion. */
  protected skipToCloseBrace(): void {
    let braces = 0;
    for (let kind = this.peek(); kind !== TokenKind.End; kind = this.peek()) {
      if (kind === TokenKind.OpenBrace) braces++;
      else if (kind === TokenKind.CloseBrace && braces-- === 0) break;
      this.advance();
    }
    this.panic = false;
  }

  /** After a mistake between `(` and `)`: goes on with the block, when one comes before the statement ends. */
  protected recoverToBlock(semicolons = 0): void {
    let left = semicolons;
    for (;;) {
      const kind = this.peek();
      if (kind === TokenKind.OpenBrace) {
        this.panic = false;
        return;
      }
      if (kind === TokenKind.End || kind === TokenKind.CloseBrace || startsControlStatement(kind)) return;
      if (kind === TokenKind.Semicolon && left-- === 0) return;
      this.advance();
    }
  }

  protected isTypeStart(kind: TokenKind, index = this.at): boolean {
    return (
      kind === TokenKind.TypeWord || (kind === TokenKind.Identifier && this.useOf(index) === NameUse.Type)
    );
  }
}

function startsControlStatement(kind: TokenKind): boolean {
  switch (kind) {
    case TokenKind.If:
    case TokenKind.While:
    case TokenKind.Do:
    case TokenKind.For:
    case TokenKind.Break:
    case TokenKind.Continue:
    case TokenKind.Return:
    case TokenKind.Typedef:
    case TokenKind.Include:
      return true;
    default:
      return false;
  }
}
