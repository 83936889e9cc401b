import { UpstreamErrorCode } from '../catalog/upstream-errors';
import type { Diagnostic } from '../diagnostic';
import type { NodeKind } from './node-kind';
import type { Span } from './span';
import { TokenKind, tokenText, UnknownReason, type TokenTable } from './token-kind';
import { NodeBuilder, tokenSpan, type SyntaxStop } from './tree';

/** Deeper nesting than this is refused, so that no script can overflow the stack of the process. */
export const maxDepth = 300;

/** Nobody reads more messages than this about one script. */
export const maxDiagnostics = 200;

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
  [UnknownReason.UnknownRegister]: [
    'unknown-register',
    'There is no such register; names are lower case, as `@rax`.',
  ],
  [UnknownReason.UnknownPseudoRegister]: [
    'unknown-pseudo-register',
    'There is no such pseudo register; `$pid`, `$tid`, `$core`, `$proc` and `$context` are some that exist.',
  ],
};

/** Characters of other languages, and what this one has instead. */
const characterMessages: Readonly<Record<string, string>> = {
  "'": 'There are no character literals; write the code of the character as a number, as 41 for A.',
  '?': 'There is no `? :` here; use an `if` statement.',
};

/** What all parts of the parser share: the position, the nodes, errors and recovery. */
export abstract class ParserCore {
  protected readonly nodes = new NodeBuilder();
  protected readonly kinds: Uint8Array;
  protected at = 0;
  protected depth = 0;
  /** An error has been reported and the tokens since then are not understood yet. */
  protected panic = false;
  /** Functions and typedef names known so far: they decide how a name may be used (script-language 2.5). */
  protected readonly functionNames = new Set<string>(['main']);
  protected readonly typedefNames = new Set<string>();
  protected parameterNames: ReadonlySet<string> = new Set<string>();
  readonly diagnostics: Diagnostic[] = [];
  stop: SyntaxStop | undefined;
  #lastErrorToken = -1;
  /** Where the last recovery ended: what is wrong right there is still the same mistake. */
  #resumedAt = -1;

  constructor(protected readonly tokens: TokenTable) {
    this.kinds = tokens.kinds;
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

  /** Reports a mistake at the present token; the first one is also where upstream stops. */
  protected error(code: string, message: string, upstreamCode: number = UpstreamErrorCode.SYNTAX): void {
    const token = this.at;
    this.stop ??= { token, code: upstreamCode };
    const silent = this.panic || token === this.#lastErrorToken || token === this.#resumedAt;
    this.panic = true;
    this.#lastErrorToken = token;
    if (silent) return;
    const unknown =
      this.peek() === TokenKind.Unknown ? unknownMessages[this.tokens.values[token] ?? 0] : undefined;
    const text = characterMessages[this.text(token)] ?? unknown?.[1] ?? message;
    this.report(unknown?.[0] ?? code, text, this.#errorSpan(token));
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
      kind === TokenKind.TypeWord ||
      (kind === TokenKind.Identifier && this.typedefNames.has(this.text(index)))
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
