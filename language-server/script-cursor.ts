/** Where a cursor stands in a script block: lexically only, so that it answers in the middle of typing. */

import type { Span } from '../script-engine/syntax/span';

export interface EnclosingCall {
  readonly functionName: string;
  readonly argumentIndex: number;
}

export interface ScriptCursor {
  readonly place: 'code' | 'string' | 'comment';
  /** The innermost call whose parentheses the cursor is in. */
  readonly call: EnclosingCall | undefined;
}

interface OpenBracket {
  readonly bracket: string;
  readonly functionName: string;
  argumentIndex: number;
}

const CALLED_NAME = /([A-Za-z_][A-Za-z0-9_]*)\s*$/;

/** Reads the script from `start` up to the cursor at `offset`. */
export function scriptCursorAt(source: string, start: number, offset: number): ScriptCursor {
  const open: OpenBracket[] = [];
  let place: ScriptCursor['place'] = 'code';
  for (let at = start; at < offset;) {
    const end = skipTrivia(source, at);
    if (end > at) {
      const isComment = source[at] === '/';
      // A line comment goes on up to its line end; a string and a block comment end behind their last mark.
      const isOpenEnded = isComment && source[at + 1] === '/';
      if (offset < end || (offset === end && (isOpenEnded || !isClosed(source, at, end)))) {
        place = isComment ? 'comment' : 'string';
      }
      at = end;
      continue;
    }
    follow(open, source, start, at);
    at++;
  }
  const call = open.findLast((bracket) => bracket.functionName !== '');
  return { place, call: call && { functionName: call.functionName, argumentIndex: call.argumentIndex } };
}

function follow(open: OpenBracket[], source: string, start: number, at: number): void {
  switch (source[at]) {
    case '(': {
      const functionName = CALLED_NAME.exec(source.slice(Math.max(start, at - 80), at))?.[1] ?? '';
      open.push({ bracket: '(', functionName, argumentIndex: 0 });
      break;
    }
    case '[':
      open.push({ bracket: '[', functionName: '', argumentIndex: 0 });
      break;
    case ')':
      if (open.at(-1)?.bracket === '(') open.pop();
      break;
    case ']':
      if (open.at(-1)?.bracket === '[') open.pop();
      break;
    case ',': {
      const innermost = open.at(-1);
      if (innermost?.bracket === '(') innermost.argumentIndex++;
      break;
    }
    case ';':
    case '{':
    case '}':
      // Parentheses do not reach over statements: what is still open was left unfinished.
      open.length = 0;
      break;
  }
}

/** End of the string or comment that begins at `at`; `at` itself when none does. */
function skipTrivia(source: string, at: number): number {
  const two = source.slice(at, at + 2);
  if (two === '//') return endOr(source.indexOf('\n', at), 0, source.length);
  if (two === '/*') return endOr(source.indexOf('*/', at + 2), 2, source.length);
  if (source[at] !== '"') return at;
  for (let end = at + 1; end < source.length; end++) {
    if (source[end] === '\\') end++;
    else if (source[end] === '"') return end + 1;
  }
  return source.length;
}

function endOr(found: number, width: number, otherwise: number): number {
  return found < 0 ? otherwise : found + width;
}

function isClosed(source: string, start: number, end: number): boolean {
  if (source[start] === '"') return end - start > 1 && source[end - 1] === '"' && source[end - 2] !== '\\';
  return end - start >= 4 && source.slice(end - 2, end) === '*/';
}

/** Characters of names, numbers, registers, pseudo registers, commands and options. */
const WORD_CHARACTER = /[A-Za-z0-9_!`.@$#?]/;

/** The word that touches `offset`; empty when none does. */
export function wordAt(source: string, offset: number): Span {
  let start = offset;
  let end = offset;
  while (start > 0 && WORD_CHARACTER.test(source[start - 1] ?? '')) start--;
  while (end < source.length && WORD_CHARACTER.test(source[end] ?? '')) end++;
  return { start, end };
}
