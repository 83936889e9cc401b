import type { HardwareInfo } from '../syntax/hardware-register';
import { tokenize } from '../syntax/lexer';
import type { Span } from '../syntax/span';
import type { UnreadInclude } from '../syntax/tree';
import { TokenKind, type TokenTable } from '../syntax/token-kind';

/** A text with its includes spliced in, and the way back to the text that the author sees. */
export interface Expanded {
  readonly tokens: TokenTable;
  /** Include tokens whose file was not read, and why. */
  readonly unread: ReadonlyMap<number, UnreadInclude>;
  /** Include tokens whose file had been read before. */
  readonly repeated: readonly RepeatedInclude[];
  /** A span of the expanded text, in the original one; text of an included file shows at its `#include`. */
  originalSpan(span: Span): Span;
  /** The included file that a place of the expanded text is in; undefined in the original text. */
  fileAt(offset: number): IncludedPlace | undefined;
}

export interface RepeatedInclude {
  readonly token: number;
  /** Files from the outermost to the one that is named again; it is named by itself when it is the first one too. */
  readonly chain: readonly string[];
  readonly isCycle: boolean;
}

export interface IncludedPlace {
  /** From the file that the original text includes to the one that the place is in. */
  readonly chain: readonly string[];
  /** Line of the innermost file, from 1. */
  readonly line: number;
}

interface Insertion {
  readonly name: string;
  /** Where the text was put into the expanded source, and how much. */
  readonly at: number;
  readonly length: number;
  readonly directive: Span;
  /** As it was read, and how many letters of it stand before what was put in. */
  readonly text: string;
  readonly skipped: number;
}

const maxIncludes = 64;

/** Splices in the files of `#include` directives, each file once (script-language 14). */
export function expandIncludes(
  source: string,
  hardware: HardwareInfo | undefined,
  readInclude: ((name: string) => string | undefined) | undefined,
): Expanded {
  let tokens = tokenize(source, hardware);
  const insertions: Insertion[] = [];
  const unread = new Map<number, UnreadInclude>();
  const repeated: RepeatedInclude[] = [];
  if (source.includes('#include')) {
    const seen = new Set<string>();
    for (let token = 0; token + 2 < tokens.count; token++) {
      if (tokens.kinds[token] !== TokenKind.Include || tokens.kinds[token + 1] !== TokenKind.String) continue;
      if (tokens.kinds[token + 2] !== TokenKind.Semicolon) continue;
      const start = tokens.starts[token + 1] ?? 0;
      const end = tokens.ends[token + 1] ?? 0;
      const name = tokens.source.slice(start + 1, end - 1);
      const within = placeIn(insertions, start)?.chain ?? [];
      const chain = [...within, name];
      if (seen.has(name)) {
        repeated.push({ token, chain, isCycle: within.includes(name) });
        continue;
      }
      const text = insertions.length < maxIncludes ? readInclude?.(name) : undefined;
      const body = text === undefined ? undefined : includedBody(text);
      if (text === undefined || body === undefined) {
        unread.set(token, { problem: text === undefined ? 'missing' : 'malformed', chain });
        continue;
      }
      seen.add(name);
      // Upstream has read one character behind the `;` already (script-language 14).
      const at = Math.min(tokens.source.length, (tokens.ends[token + 2] ?? 0) + 1);
      const directive = { start: tokens.starts[token] ?? 0, end };
      insertions.push({ name, at, length: body.length, directive, text, skipped: text.indexOf(body) });
      tokens = tokenize(tokens.source.slice(0, at) + body + tokens.source.slice(at), hardware);
    }
  }
  return {
    tokens,
    unread,
    repeated,
    originalSpan: (span) => (insertions.length === 0 ? span : toOriginal(span, insertions)),
    fileAt: (offset) => placeIn(insertions, offset),
  };
}

/** The text between `? {` and `}`, or undefined when the file is not shaped like that. */
function includedBody(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('? {') || !trimmed.endsWith('}')) return undefined;
  return trimmed.slice(3, -1);
}

function toOriginal(span: Span, insertions: readonly Insertion[]): Span {
  let { start, end } = span;
  for (const [index, { at, length, directive }] of [...insertions.entries()].reverse()) {
    if (start >= at + length) start -= length;
    else if (start >= at) return toOriginal(directive, insertions.slice(0, index));
    if (end >= at + length) end -= length;
    else if (end > at) end = at;
  }
  return { start, end };
}

/** Each insertion was made in the text that the ones before it had left. */
function placeIn(insertions: readonly Insertion[], offset: number): IncludedPlace | undefined {
  const chain: string[] = [];
  let line = 0;
  let inner = 0;
  let at = offset;
  for (const insertion of insertions.toReversed()) {
    if (at >= insertion.at + insertion.length) {
      at -= insertion.length;
      // What was put into a file stands before the place, but not in the file itself.
      continue;
    }
    if (at < insertion.at) continue;
    if (chain.length === 0) {
      inner = insertion.skipped + at - insertion.at;
      line = insertion.text.slice(0, inner).split('\n').length;
    }
    chain.unshift(insertion.name);
    at = insertion.directive.start;
  }
  return chain.length === 0 ? undefined : { chain, line };
}
