/** What grows around the cursor: the word, what it is a part of, the block, the command, the file. */

import type { Position, SelectionRange } from 'vscode-languageserver';
import type { Span } from '../../script-engine/syntax/span';
import { nodeSpan } from '../../script-engine/syntax/tree';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, touches } from '../ranges';
import { wordAt } from '../script-cursor';
import { placedScripts } from '../script-trees';

/** One chain of ranges for each position. */
export function findSelectionRanges(
  document: ScriptDocument,
  positions: readonly Position[],
): SelectionRange[] {
  return positions.map((position) => {
    const spans = growing(spansAround(document, document.text.offsetAt(position)));
    let chain: SelectionRange | undefined;
    for (const span of spans.reverse())
      chain = { range: rangeOf(document, span), ...(chain === undefined ? {} : { parent: chain }) };
    return chain ?? { range: { start: position, end: position } };
  });
}

/** From the smallest to the biggest; some the same. */
function spansAround(document: ScriptDocument, offset: number): Span[] {
  const { checked, source } = document;
  const spans = [wordAt(source, offset)];
  for (const { tree, inFile } of placedScripts(document, offset, offset)) {
    // Nodes are stored children first, so those around a place come in the order that they grow.
    for (let node = 0; node < tree.nodes.count; node++) {
      const span = inFile(nodeSpan(tree, node));
      if (span !== undefined && touches(span, offset)) spans.push(span);
    }
  }
  const command = checked.commandBefore(offset);
  if (command !== undefined && touches(command.span, offset)) {
    for (const token of command.tokens) if (touches(token.span, offset)) spans.push(token.span);
    for (const block of command.blocks)
      if (touches(block.span, offset)) spans.push(block.codeSpan, block.span);
    spans.push(command.span);
  }
  return [...spans, { start: 0, end: source.length }].sort((one, two) => sizeOf(one) - sizeOf(two));
}

function sizeOf({ start, end }: Span): number {
  return end - start;
}

/** Each holds the one before it and is bigger. */
function growing(spans: readonly Span[]): Span[] {
  const chain: Span[] = [];
  for (const span of spans) {
    const last = chain.at(-1);
    if (sizeOf(span) === 0) continue;
    if (
      last === undefined ||
      (span.start <= last.start && span.end >= last.end && sizeOf(span) > sizeOf(last))
    )
      chain.push(span);
  }
  return chain;
}

export const selectionRangesFeature: Feature = {
  capabilities: () => ({ selectionRangeProvider: true }),
  serve(context) {
    context.connection.onSelectionRanges(({ textDocument, positions }) =>
      inDocument(context, textDocument.uri, (document) => findSelectionRanges(document, positions)),
    );
  },
};
