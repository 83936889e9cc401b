/** Where the words, blocks and lines of a command belong. */

import { eventByCommand } from '../../script-engine/catalog/events';
import type { CodeBlock, Command } from '../../script-engine/command-file/command-file';
import type { Span } from '../../script-engine/syntax/span';
import { touches } from '../ranges';
import { layOutScript, type ScriptLayout, type SpaceEdit } from './script-layout';

interface Region {
  readonly span: Span;
  /** Levels that its lines are indented by at least. */
  readonly base: number;
  /** undefined for bytes, instructions and names. */
  readonly layout: ScriptLayout | undefined;
}

export interface CommandLayout {
  readonly gaps: readonly SpaceEdit[];
  /** Levels of a line whose first letter is at `offset`; undefined when it must stay as it is. */
  indentAt(offset: number): number | undefined;
  /** Whether a place is inside of something that may hold line ends. */
  isSolid(offset: number): boolean;
}

/** Of a command with its positions in the document. */
export function layOutCommand(source: string, command: Command, isScript: boolean): CommandLayout {
  const regions = isScript
    ? [restRegion(source, command)]
    : command.blocks.map((block) => regionOf(source, block));
  const solid = [
    ...regions.flatMap(({ layout }) => layout?.solid ?? []),
    ...command.tokens.filter(({ kind }) => kind === 'string').map(({ span }) => span),
  ];
  const gaps = [
    ...regions.flatMap(({ layout }) => layout?.gaps ?? []),
    ...(isScript || eventByCommand(command.name) === undefined ? [] : wordGaps(source, command)),
  ];
  const isSolid = (offset: number): boolean => solid.some(({ start, end }) => start < offset && offset < end);
  return {
    gaps: gaps.filter(({ span }) => !isSolid(span.start) && !isSolid(span.end)),
    isSolid,
    indentAt(offset) {
      if (isSolid(offset)) return undefined;
      const region = regions.find(({ span }) => touches(span, offset) && offset > span.start);
      // The brace that ends a block stands at the end of its region.
      if (region === undefined || (offset === region.span.end && !isScript)) return 0;
      return region.base + (region.layout?.depthAt(offset) ?? 0);
    },
  };
}

function restRegion(source: string, command: Command): Region {
  const span = { start: command.nameSpan.end, end: command.span.end };
  return { span, base: 0, layout: layOutScript(source, span) };
}

function regionOf(source: string, { kind, body, codeSpan, span }: CodeBlock): Region {
  const inside = { start: span.start + 1, end: Math.max(codeSpan.end, span.end - 1) };
  const isScript = kind === 'script' && !/^\s*file:/i.test(body.text);
  return { span: inside, base: 1, layout: isScript ? layOutScript(source, inside) : undefined };
}

/** One blank between the words of an event command, and inside the braces of its scripts. */
function wordGaps(source: string, { tokens, blocks }: Command): SpaceEdit[] {
  const spans: Span[] = [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (next !== undefined) spans.push({ start: token.span.end, end: next.span.start });
  });
  for (const { kind, span, body } of blocks) {
    if (kind !== 'script' || body.text.trim() === '' || /^\s*file:/i.test(body.text)) continue;
    const text = source.slice(span.start + 1, span.end - 1);
    const first = span.start + 1 + (text.length - text.trimStart().length);
    const last = span.start + 1 + text.trimEnd().length;
    spans.push({ start: span.start + 1, end: first });
    if (source[span.end - 1] === '}') spans.push({ start: last, end: span.end - 1 });
  }
  return spans.flatMap((span) => {
    const found = source.slice(span.start, span.end);
    return found === ' ' || !/^[ \t]*$/.test(found) ? [] : [{ span, text: ' ' }];
  });
}
