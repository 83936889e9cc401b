import type { Span } from '../../script-engine/syntax/span';

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** A command file as it was read; positions of messages are made here. */
export interface ScriptFile {
  readonly path: string;
  readonly text: string;
  /** False for text that a user typed. */
  readonly isOnDisk: boolean;
  positionAt(offset: number): Position;
}

export function scriptFile(path: string, text: string, isOnDisk = true): ScriptFile {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return {
    path,
    text,
    isOnDisk,
    positionAt(offset) {
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle + 1;
        else high = middle;
      }
      return { line: low, column: offset - (starts[low - 1] ?? 0) + 1 };
    },
  };
}

/** First and last line of a stretch, both from 1. The line of a closing line end does not count. */
export function linesOf(file: ScriptFile, span: Span): { first: number; last: number } {
  const first = file.positionAt(span.start).line;
  const last = file.positionAt(Math.max(span.start, span.end - 1)).line;
  return { first, last };
}
