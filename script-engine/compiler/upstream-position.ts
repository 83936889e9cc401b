import { upstreamErrorTexts } from '../catalog/upstream-errors';
import type { TokenTable } from '../syntax/token-kind';
import { TokenKind } from '../syntax/token-kind';
import type { UpstreamError } from './compile';

/** Line and column as upstream counts them: script-language 12.2. */
export function upstreamError(tokens: TokenTable, token: number, code: number): UpstreamError {
  const { source } = tokens;
  const isEnd = tokens.kinds[token] === TokenKind.End;
  const offset = isEnd ? endOffset(tokens, token) : (tokens.starts[token] ?? 0);
  const { line, base } = lineOf(tokens, tokens.starts[token] ?? 0);
  const column = offset - base;
  const input = Math.min(source.length, isEnd ? source.length : (tokens.ends[token] ?? 0) + 1);
  const lineEnd = source.indexOf('\n', input);
  const quoted = source.slice(base, lineEnd < 0 ? source.length : lineEnd);
  const text = upstreamErrorTexts[code] ?? '';
  const message = `Line ${line}:\n${quoted}\n${' '.repeat(Math.max(0, column))}^\n${text}`;
  return { text, line, column, message };
}

/** Where upstream sees the end: at the last character, or at the word that the end cuts off. */
function endOffset(tokens: TokenTable, token: number): number {
  const end = tokens.starts[token] ?? 0;
  const isWord =
    token > 0 && tokens.ends[token - 1] === end && /\w$/.test(tokens.source.slice(0, end).slice(-1));
  return isWord ? (tokens.starts[token - 1] ?? 0) : Math.max(0, end - 1);
}

/** Line feeds inside comments and strings do not count, and the base of a line is one byte too far. */
function lineOf(tokens: TokenTable, until: number): { line: number; base: number } {
  const { source, comments } = tokens;
  let line = 0;
  let base = 0;
  let comment = 0;
  let token = 0;
  for (let at = source.indexOf('\n'); at >= 0 && at < until; at = source.indexOf('\n', at + 1)) {
    while (comment < comments.length && (comments[comment + 1] ?? 0) <= at) {
      // The line feed that ends a `//` comment belongs to it.
      comment += 2;
    }
    while (token < tokens.count && (tokens.ends[token] ?? 0) <= at) token++;
    const inToken = (tokens.starts[token] ?? at + 1) <= at && (tokens.ends[token] ?? 0) > at;
    const previousEnd = comments[comment - 1] ?? -1;
    const endsLineComment = previousEnd === at && source.startsWith('//', comments[comment - 2] ?? 0);
    const inComment = (comments[comment] ?? at + 1) <= at;
    if (inToken || inComment || endsLineComment) continue;
    line++;
    base = Math.min(at + 2, source.length);
  }
  return { line, base };
}
