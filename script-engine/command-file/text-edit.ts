/** One stretch of a text that was replaced. */
export interface TextEdit {
  readonly start: number;
  /** Where the stretch ends in the old text. */
  readonly oldEnd: number;
  /** Where what replaces it ends in the new text. */
  readonly newEnd: number;
}

/** Comparing stretches of strings is far cheaper than comparing letter by letter. */
const STRIDE = 4096;

/** The smallest stretch that makes `newText` of `oldText`. */
export function editBetween(oldText: string, newText: string): TextEdit {
  const shorter = Math.min(oldText.length, newText.length);
  let start = 0;
  while (
    start + STRIDE <= shorter &&
    oldText.slice(start, start + STRIDE) === newText.slice(start, start + STRIDE)
  )
    start += STRIDE;
  while (start < shorter && oldText.charCodeAt(start) === newText.charCodeAt(start)) start++;
  let oldEnd = oldText.length;
  let newEnd = newText.length;
  while (
    Math.min(oldEnd, newEnd) - STRIDE >= start &&
    oldText.slice(oldEnd - STRIDE, oldEnd) === newText.slice(newEnd - STRIDE, newEnd)
  ) {
    oldEnd -= STRIDE;
    newEnd -= STRIDE;
  }
  while (
    Math.min(oldEnd, newEnd) > start &&
    oldText.charCodeAt(oldEnd - 1) === newText.charCodeAt(newEnd - 1)
  ) {
    oldEnd--;
    newEnd--;
  }
  return { start, oldEnd, newEnd };
}
