import type { HardwareInfo } from '../syntax/hardware-register';
import { tokenize } from '../syntax/lexer';
import type { Span } from '../syntax/span';
import type { IncludeProblem } from '../syntax/tree';
import { TokenKind, type TokenTable } from '../syntax/token-kind';

/** A text with its includes spliced in, and the way back to the text that the author sees. */
export interface Expanded {
  readonly tokens: TokenTable;
  /** Include tokens whose file was not read, and why. */
  readonly unread: ReadonlyMap<number, IncludeProblem>;
  /** Include tokens whose file had been read before: a second time, or inside itself. */
  readonly repeated: readonly number[];
  /** A span of the expanded text, in the original one; text of an included file shows at its `#include`. */
  originalSpan(span: Span): Span;
}

interface Insertion {
  /** Where the text was put into the expanded source, and how much. */
  readonly at: number;
  readonly length: number;
  readonly directive: Span;
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
  const unread = new Map<number, IncludeProblem>();
  const repeated: number[] = [];
  if (source.includes('#include')) {
    const seen = new Set<string>();
    for (let token = 0; token + 2 < tokens.count; token++) {
      if (tokens.kinds[token] !== TokenKind.Include || tokens.kinds[token + 1] !== TokenKind.String) continue;
      if (tokens.kinds[token + 2] !== TokenKind.Semicolon) continue;
      const start = tokens.starts[token + 1] ?? 0;
      const end = tokens.ends[token + 1] ?? 0;
      const name = tokens.source.slice(start + 1, end - 1);
      if (seen.has(name)) {
        repeated.push(token);
        continue;
      }
      const text = insertions.length < maxIncludes ? readInclude?.(name) : undefined;
      const body = includedBody(text);
      if (body === undefined) {
        unread.set(token, text === undefined ? 'missing' : 'malformed');
        continue;
      }
      seen.add(name);
      // Upstream has read one character behind the `;` already (script-language 14).
      const at = Math.min(tokens.source.length, (tokens.ends[token + 2] ?? 0) + 1);
      insertions.push({ at, length: body.length, directive: { start: tokens.starts[token] ?? 0, end } });
      tokens = tokenize(tokens.source.slice(0, at) + body + tokens.source.slice(at), hardware);
    }
  }
  return {
    tokens,
    unread,
    repeated,
    originalSpan: (span) => (insertions.length === 0 ? span : toOriginal(span, insertions)),
  };
}

/** The text between `? {` and `}`, or undefined when the file is not shaped like that. */
function includedBody(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  if (trimmed === undefined || !trimmed.startsWith('? {') || !trimmed.endsWith('}')) return undefined;
  return trimmed.slice(3, -1);
}

function toOriginal(span: Span, insertions: readonly Insertion[]): Span {
  let { start, end } = span;
  for (const { at, length, directive } of insertions.toReversed()) {
    if (start >= at + length) start -= length;
    else if (start >= at) return toOriginal(directive, insertions.slice(0, insertions.length - 1));
    if (end >= at + length) end -= length;
    else if (end > at) end = at;
  }
  return { start, end };
}
