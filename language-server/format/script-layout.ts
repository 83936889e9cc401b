/** Where the tokens of a text of the script language belong. */

import type { Span } from '../../script-engine/syntax/span';
import { tokenize } from '../../script-engine/syntax/lexer';
import { TokenKind, type TokenTable } from '../../script-engine/syntax/token-kind';
import { tokenSpan } from '../../script-engine/syntax/tree';
import { gapBetween } from './token-gap';

/** White space that becomes other white space. */
export interface SpaceEdit {
  readonly span: Span;
  readonly text: string;
}

export interface Brackets {
  /** How many levels a line at this place is indented by. */
  depthAt(offset: number): number;
}

export interface ScriptLayout extends Brackets {
  /** Room inside of lines. */
  readonly gaps: readonly SpaceEdit[];
  /** What may reach over line ends and must not be touched. */
  readonly solid: readonly Span[];
}

/** Of the text between `start` and `end` of a document. */
export function layOutScript(source: string, { start, end }: Span): ScriptLayout {
  const tokens = tokenize(source.slice(start, end));
  const levels = new Levels(tokens);
  return {
    gaps: gapsOf(tokens, levels, start),
    solid: solidOf(tokens, start),
    depthAt: (offset) => levels.depthAt(offset - start),
  };
}

/** Depth and kind of the brackets at each token. */
class Levels {
  readonly depths: number[] = [];
  readonly inInitializer: boolean[] = [];
  readonly #goesOn: boolean[] = [];

  constructor(readonly tokens: TokenTable) {
    const open: { kind: TokenKind; isInitializer: boolean }[] = [];
    let last: TokenKind | undefined;
    for (let token = 0; token < tokens.count; token++) {
      const kind = (tokens.kinds[token] ?? 0) as TokenKind;
      const closes =
        kind === TokenKind.CloseBrace || kind === TokenKind.CloseParen || kind === TokenKind.CloseBracket;
      const innermost = open.at(-1);
      this.inInitializer.push(innermost?.isInitializer === true);
      if (closes) open.pop();
      this.depths.push(open.length);
      this.#goesOn.push(!closes && kind !== TokenKind.OpenBrace && isUnfinished(last, innermost?.kind));
      if (kind === TokenKind.OpenBrace) {
        const isInitializer = last === TokenKind.Assign || innermost?.isInitializer === true;
        open.push({ kind, isInitializer });
      } else if (kind === TokenKind.OpenParen || kind === TokenKind.OpenBracket) {
        open.push({ kind, isInitializer: innermost?.isInitializer === true });
      }
      last = kind;
    }
  }

  /** Of a line that begins at `offset`, which is where its first token or comment is. */
  depthAt(offset: number): number {
    const { starts, count } = this.tokens;
    let token = 0;
    while (token < count - 1 && (starts[token] ?? 0) < offset) token++;
    const depth = this.depths[token] ?? 0;
    // A comment stands as deep as what is before it, not as the brace that it may be before.
    if ((starts[token] ?? 0) > offset) return this.#openBefore(token);
    return depth + (this.#goesOn[token] === true ? 1 : 0);
  }

  #openBefore(token: number): number {
    const last = (this.tokens.kinds[token - 1] ?? 0) as TokenKind;
    const opens =
      last === TokenKind.OpenBrace || last === TokenKind.OpenParen || last === TokenKind.OpenBracket;
    return token === 0 ? 0 : (this.depths[token - 1] ?? 0) + (opens ? 1 : 0);
  }
}

/** Whether a statement that ends at `last` goes on in the next line. */
function isUnfinished(last: TokenKind | undefined, innermost: TokenKind | undefined): boolean {
  switch (last) {
    case undefined:
    case TokenKind.Semicolon:
    case TokenKind.OpenBrace:
    case TokenKind.CloseBrace:
      return false;
    default:
      // Parentheses indent what is in them; the elements of an initialiser stand below each other.
      return innermost === undefined || (innermost === TokenKind.OpenBrace && last !== TokenKind.Comma);
  }
}

function gapsOf(tokens: TokenTable, levels: Levels, start: number): SpaceEdit[] {
  const edits: SpaceEdit[] = [];
  for (let token = 0; token + 2 < tokens.count; token++) {
    const from = tokens.ends[token] ?? 0;
    const to = tokens.starts[token + 1] ?? from;
    const found = tokens.source.slice(from, to);
    if (!/^[ \t]*$/.test(found)) continue;
    const before = token === 0 ? undefined : (tokens.kinds[token - 1] as TokenKind | undefined);
    const gap = gapBetween({
      before,
      left: (tokens.kinds[token] ?? 0) as TokenKind,
      right: (tokens.kinds[token + 1] ?? 0) as TokenKind,
      inInitializer: levels.inInitializer[token + 1] === true,
    });
    const text = gap === 'same' ? found : gap === 'keep' ? (found === '' ? '' : ' ') : gap;
    if (text !== found) edits.push({ span: { start: start + from, end: start + to }, text });
  }
  return edits;
}

function solidOf(tokens: TokenTable, start: number): Span[] {
  const spans: Span[] = [];
  for (let token = 0; token < tokens.count; token++) {
    const kind = tokens.kinds[token];
    if (kind === TokenKind.String || kind === TokenKind.WideString || kind === TokenKind.Unknown)
      spans.push(moved(tokenSpan(tokens, token), start));
  }
  for (let at = 0; at + 1 < tokens.comments.length; at += 2)
    spans.push(moved({ start: tokens.comments[at] ?? 0, end: tokens.comments[at + 1] ?? 0 }, start));
  return spans;
}

function moved({ start, end }: Span, distance: number): Span {
  return { start: start + distance, end: end + distance };
}
