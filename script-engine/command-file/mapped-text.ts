import type { Span } from '../syntax/span';
import { movedSpan } from './moved';

interface Piece {
  /** Offset in the mapped text. */
  readonly start: number;
  readonly length: number;
  readonly original: Span;
  /** The text stands for the whole original span and not for it letter by letter. */
  readonly replaced: boolean;
}

/** A text that was made from a stretch of another one, and knows where each letter came from. */
export class MappedText {
  private constructor(
    readonly text: string,
    readonly pieces: readonly Piece[],
  ) {}

  /** A stretch of a text as it is. */
  static of(text: string, span: Span): MappedText {
    const part = text.slice(span.start, span.end);
    return new MappedText(part, [{ start: 0, length: part.length, original: span, replaced: false }]);
  }

  /** Where a stretch of this text came from. */
  span(start: number, end: number): Span {
    const first = this.#originalOf(start, false);
    if (end <= start) return { start: first, end: first };
    return { start: first, end: Math.max(first, this.#originalOf(end - 1, true)) };
  }

  /** Where the letter at `offset` came from; one past the end leads one past the end. */
  originalOffset(offset: number): number {
    return this.#originalOf(offset, false);
  }

  /** Where the letter at an offset of the original text stands here; undefined when it does not. */
  offsetOf(originalOffset: number): number | undefined {
    const piece = this.pieces.find(
      ({ original, replaced }) =>
        !replaced && original.start <= originalOffset && originalOffset <= original.end,
    );
    return piece && piece.start + (originalOffset - piece.original.start);
  }

  /** Whether a stretch overlaps replaced text. */
  isReplaced(start: number, end: number): boolean {
    return this.pieces.some(
      (piece) => piece.replaced && piece.start < end && piece.start + piece.length > start,
    );
  }

  slice(start: number, end: number): MappedText {
    const pieces: Piece[] = [];
    for (const piece of this.pieces) {
      const from = Math.max(start, piece.start);
      const to = Math.min(end, piece.start + piece.length);
      if (from > to || (from === to && piece.length > 0)) continue;
      pieces.push({
        ...piece,
        start: from - start,
        length: to - from,
        original: originalPart(piece, from, to),
      });
    }
    if (pieces.length === 0) {
      const at = this.#originalOf(start, false);
      pieces.push({ start: 0, length: 0, original: { start: at, end: at }, replaced: false });
    }
    return new MappedText(this.text.slice(start, end), pieces);
  }

  /** Replaces all occurrences of a text, from left to right. */
  replaceAll(search: string, replacement: string): MappedText {
    const parts: MappedText[] = [];
    let done = 0;
    for (let at = this.text.indexOf(search); at >= 0; at = this.text.indexOf(search, done)) {
      parts.push(this.slice(done, at));
      const original = this.span(at, at + search.length);
      const piece = { start: 0, length: replacement.length, original, replaced: true };
      parts.push(new MappedText(replacement, [piece]));
      done = at + search.length;
    }
    if (parts.length === 0) return this;
    parts.push(this.slice(done, this.text.length));
    return MappedText.join(parts);
  }

  static join(parts: readonly MappedText[]): MappedText {
    const pieces: Piece[] = [];
    let text = '';
    for (const part of parts) {
      for (const piece of part.pieces) pieces.push({ ...piece, start: piece.start + text.length });
      text += part.text;
    }
    return new MappedText(text, pieces);
  }

  /** The same text when the text that it was made from stands `distance` further on. */
  moved(distance: number): MappedText {
    const pieces = this.pieces.map((piece) => ({ ...piece, original: movedSpan(piece.original, distance) }));
    return new MappedText(this.text, pieces);
  }

  #originalOf(offset: number, asEnd: boolean): number {
    let last: Piece | undefined;
    for (const piece of this.pieces) {
      if (offset < piece.start) break;
      last = piece;
      if (offset < piece.start + piece.length) {
        if (piece.replaced) return asEnd ? piece.original.end : piece.original.start;
        return piece.original.start + (offset - piece.start) + (asEnd ? 1 : 0);
      }
    }
    return last?.original.end ?? 0;
  }
}

function originalPart(piece: Piece, from: number, to: number): Span {
  if (piece.replaced) return piece.original;
  const start = piece.original.start + (from - piece.start);
  return { start, end: start + (to - from) };
}
