/** Splits a command file into commands, as the original's batch reader does (driver-protocol 9). */

import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';

/** A stretch of the file that is a command; the line end behind it does not belong to it. */
export interface SplitCommand {
  readonly span: Span;
  readonly diagnostics: readonly Diagnostic[];
}

interface Counters {
  inString: boolean;
  depth: number;
}

interface OpenComment {
  readonly start: number;
  readonly kind: 'line' | 'block';
  readonly before: Counters;
}

/**
 * The first command at or behind `from`, where no command is open; undefined when there is none. A command goes on over
 * line ends while a string or a brace is open; comments count like everything else.
 */
export function nextCommand(text: string, from: number): SplitCommand | undefined {
  for (let start = from; start < text.length;) {
    const diagnostics: Diagnostic[] = [];
    const end = commandEnd(text, start, diagnostics);
    if (text.slice(start, end).trim() !== '') return { span: { start, end }, diagnostics };
    start = end + 1;
  }
  return undefined;
}

function commandEnd(text: string, start: number, diagnostics: Diagnostic[]): number {
  const now: Counters = { inString: false, depth: 0 };
  let escaped = false;
  let comment: OpenComment | undefined;
  let opened = start;
  for (let offset = start; offset < text.length; offset++) {
    const letter = text[offset];
    if (letter === '\n') {
      if (comment?.kind === 'line') comment = closeComment(text, comment, offset, now, diagnostics);
      if (!now.inString && now.depth === 0) return offset;
      escaped = false;
      continue;
    }
    comment = commentAt(text, offset, comment, now, diagnostics);
    if (letter === '"' && !escaped) now.inString = !now.inString;
    if (!now.inString && letter === '{' && now.depth++ === 0) opened = offset;
    if (!now.inString && letter === '}') now.depth = Math.max(0, now.depth - 1);
    escaped = letter === '\\' && !escaped;
  }
  if (comment?.kind === 'line') closeComment(text, comment, text.length, now, diagnostics);
  if (now.inString || now.depth > 0) diagnostics.push(unclosed(text, now, opened));
  return text.length;
}

function commentAt(
  text: string,
  offset: number,
  comment: OpenComment | undefined,
  now: Counters,
  diagnostics: Diagnostic[],
): OpenComment | undefined {
  if (comment === undefined) {
    if (now.inString || text[offset] !== '/') return undefined;
    const kind = text[offset + 1] === '/' ? 'line' : text[offset + 1] === '*' ? 'block' : undefined;
    return kind && { start: offset, kind, before: { ...now } };
  }
  const closes =
    comment.kind === 'block' && offset > comment.start + 3 && text.slice(offset - 2, offset) === '*/';
  return closes ? closeComment(text, comment, offset, now, diagnostics) : comment;
}

function closeComment(
  text: string,
  comment: OpenComment,
  end: number,
  now: Counters,
  diagnostics: Diagnostic[],
): undefined {
  const { before } = comment;
  if (before.inString === now.inString && before.depth === now.depth) return undefined;
  const what = before.inString !== now.inString ? 'quote' : 'brace';
  const goesOn = now.inString || now.depth > 0;
  diagnostics.push({
    code: 'unbalanced-comment',
    severity: 'warning',
    message:
      `This comment holds an unbalanced ${what}, and quotes and braces in comments count: ` +
      `${goesOn ? 'the command goes on behind it' : 'the command ends here'}. Balance it or take it out.`,
    span: { start: comment.start, end: text[end - 1] === '\r' ? end - 1 : end },
  });
  return undefined;
}

function unclosed(text: string, now: Counters, opened: number): Diagnostic {
  const message = now.inString
    ? 'A string is open to the end of the file. Close it with `"`.'
    : 'A brace is open to the end of the file. Close the block with `}`.';
  return {
    code: 'unclosed-block',
    severity: 'error',
    message,
    span: { start: opened, end: Math.min(opened + 1, text.length) },
  };
}
