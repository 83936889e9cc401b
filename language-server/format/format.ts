/** White space of a document as it belongs: only blanks and empty lines change, and no command does anything else afterwards. */

import { commandByName } from '../../script-engine/catalog/commands';
import type { Command } from '../../script-engine/command-file/command-file';
import { readCommandFile } from '../../script-engine/command-file/command-file';
import { imageOf } from '../../script-engine/command-file/command-image';
import type { Span } from '../../script-engine/syntax/span';
import type { ScriptDocument } from '../open-documents';
import { type CommandLayout, layOutCommand } from './command-layout';
import type { SpaceEdit } from './script-layout';

export interface FormatStyle {
  /** One level. */
  readonly indent: string;
}

/** Lines of a document, the last one included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

interface Line {
  readonly number: number;
  /** Without its line end. */
  readonly span: Span;
  /** With it. */
  readonly end: number;
}

/** Edits of the whole document, in its order. */
export function formatDocument(document: ScriptDocument, style: FormatStyle): SpaceEdit[] {
  const edits = formatLines(document, { first: 0, last: Infinity }, style);
  return isSameFile(document.source, applied(document.source, edits)) ? edits : [];
}

/** Edits of some lines. */
export function formatLines(document: ScriptDocument, range: LineRange, style: FormatStyle): SpaceEdit[] {
  const { source, checked } = document;
  const lines = linesOf(source);
  const edits: SpaceEdit[] = [];
  let done = 0;
  for (const command of checked.file.commands) {
    edits.push(...plainLines(lines, source, range, done, command.span.start));
    done = command.span.end;
    const { number: firstLine } = lineAt(lines, command.span.start);
    const { number: lastLine } = lineAt(lines, command.span.end);
    if (lastLine < range.first || firstLine > range.last) continue;
    edits.push(...formatCommand(source, command, lines.slice(firstLine, lastLine + 1), range, style));
  }
  edits.push(...plainLines(lines, source, range, done, source.length + 1));
  const removed = emptyLines(lines, source, range, checked.file.commands);
  const isRemoved = ({ span }: SpaceEdit): boolean =>
    removed.some((line) => line.span.start <= span.start && span.end <= line.span.end);
  return [...edits.filter((edit) => !isRemoved(edit)), ...removed]
    .filter(({ span, text }) => source.slice(span.start, span.end) !== text)
    .sort((one, two) => one.span.start - two.span.start);
}

function formatCommand(
  source: string,
  command: Command,
  lines: readonly Line[],
  { first, last }: LineRange,
  { indent }: FormatStyle,
): SpaceEdit[] {
  const name = commandByName(command.name)?.name;
  const layout = layOutCommand(source, command, name === '?' || name === 'print');
  const chosen = lines.filter(({ number }) => number >= first && number <= last);
  const outer = chosen.flatMap((line) => lineEdits(source, command, line, layout, indent));
  const gaps = layout.gaps.filter(({ span }) =>
    chosen.some((line) => line.span.start <= span.start && span.end <= line.span.end),
  );
  // The lexer of the language has its traps; what would change the command is not done.
  return [[...outer, ...gaps], outer].find((edits) => isSameCommand(source, command, edits)) ?? [];
}

/** Indent and end of a line. */
function lineEdits(
  source: string,
  command: Command,
  { span }: Line,
  layout: CommandLayout,
  indent: string,
): SpaceEdit[] {
  const text = source.slice(span.start, span.end);
  const begin = span.start + (text.length - text.trimStart().length);
  const end = span.start + text.trimEnd().length;
  if (begin >= span.end) return layout.isSolid(span.start) ? [] : [{ span, text: '' }];
  const edits: SpaceEdit[] = [];
  const levels = span.start <= command.span.start ? 0 : layout.indentAt(begin);
  if (levels !== undefined && !layout.isSolid(span.start))
    edits.push({ span: { start: span.start, end: begin }, text: indent.repeat(levels) });
  if (end < span.end && !layout.isSolid(end)) edits.push({ span: { start: end, end: span.end }, text: '' });
  return edits;
}

/** Lines between commands: comments and nothing. */
function plainLines(
  lines: readonly Line[],
  source: string,
  range: LineRange,
  from: number,
  to: number,
): SpaceEdit[] {
  return lines.flatMap(({ span, number }) => {
    if (number < range.first || number > range.last || span.start < from || span.end >= to) return [];
    const text = source.slice(span.start, span.end);
    // A header says what a test prints, blanks at the end included (script-tests).
    if (text.trimStart().startsWith('//@')) return [];
    const begin = span.start + (text.length - text.trimStart().length);
    const end = span.start + text.trimEnd().length;
    if (begin >= span.end) return [{ span, text: '' }];
    return [
      { span: { start: span.start, end: begin }, text: '' },
      { span: { start: end, end: span.end }, text: '' },
    ];
  });
}

/** One empty line parts as well as three, and none is wanted at the end. */
function emptyLines(
  lines: readonly Line[],
  source: string,
  range: LineRange,
  commands: readonly Command[],
): SpaceEdit[] {
  const isEmpty = ({ span }: Line): boolean => source.slice(span.start, span.end).trim() === '';
  const isInside = ({ span }: Line): boolean =>
    commands.some((command) => command.span.start < span.start && span.start < command.span.end);
  const textEnd = source.trimEnd().length;
  return lines.flatMap((line, index) => {
    const before = lines[index - 1];
    const { span, end, number } = line;
    if (number < range.first || number > range.last || !isEmpty(line) || isInside(line)) return [];
    const isTooMuch = (before !== undefined && isEmpty(before)) || span.start > textEnd;
    return isTooMuch && end > span.end ? [{ span: { start: span.start, end }, text: '' }] : [];
  });
}

function linesOf(source: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (;;) {
    const found = source.indexOf('\n', start);
    const end = found < 0 ? source.length : found;
    const contentEnd = end > start && source[end - 1] === '\r' ? end - 1 : end;
    lines.push({ number: lines.length, span: { start, end: contentEnd }, end: found < 0 ? end : end + 1 });
    if (found < 0) return lines;
    start = end + 1;
  }
}

function lineAt(lines: readonly Line[], offset: number): Line {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((lines[middle]?.span.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return lines[low] ?? { number: 0, span: { start: 0, end: 0 }, end: 0 };
}

/** A text after edits that do not overlap. */
export function applied(source: string, edits: readonly SpaceEdit[]): string {
  let text = '';
  let done = 0;
  for (const { span, text: inserted } of [...edits].sort((one, two) => one.span.start - two.span.start)) {
    text += source.slice(done, span.start) + inserted;
    done = span.end;
  }
  return text + source.slice(done);
}

function isSameCommand(source: string, command: Command, edits: readonly SpaceEdit[]): boolean {
  const { start, end } = command.span;
  const own = edits
    .filter(({ span }) => span.start >= start && span.end <= end)
    .map(({ span, text }) => ({ span: { start: span.start - start, end: span.end - start }, text }));
  const text = source.slice(start, end);
  return isSameFile(text, applied(text, own));
}

function isSameFile(before: string, after: string): boolean {
  if (before === after) return true;
  const one = readCommandFile(before).commands;
  const other = readCommandFile(after).commands;
  return one.length === other.length && one.every((command, index) => isAlike(command, other[index]));
}

function isAlike(one: Command, other: Command | undefined): boolean {
  return other !== undefined && imageOf(one) === imageOf(other);
}
