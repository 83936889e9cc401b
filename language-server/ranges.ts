import type { Range } from 'vscode-languageserver';
import type { Span } from '../script-engine/syntax/span';
import type { ScriptDocument } from './open-documents';

export function rangeOf({ text }: ScriptDocument, span: Span): Range {
  return { start: text.positionAt(span.start), end: text.positionAt(span.end) };
}

export function spanOf({ text }: ScriptDocument, range: Range): Span {
  return { start: text.offsetAt(range.start), end: text.offsetAt(range.end) };
}

/** Whether the cursor `offset` is in the span or at one of its ends. */
export function touches(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}
