import type { FormattingOptions, Position, Range, TextEdit } from 'vscode-languageserver';
import { type Feature, inDocument } from '../feature';
import { formatDocument, formatLines } from '../format/format';
import type { SpaceEdit } from '../format/script-layout';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

function styleOf({ insertSpaces, tabSize }: FormattingOptions) {
  return { indent: insertSpaces ? ' '.repeat(tabSize) : '\t' };
}

function textEdits(document: ScriptDocument, edits: readonly SpaceEdit[]): TextEdit[] {
  return edits.map(({ span, text }) => ({ range: rangeOf(document, span), newText: text }));
}

function formatRange(
  document: ScriptDocument,
  { start, end }: Range,
  options: FormattingOptions,
): TextEdit[] {
  // A selection that ends where a line begins does not hold that line.
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return textEdits(document, formatLines(document, { first: start.line, last }, styleOf(options)));
}

/** A `}` moves its line, a line end the line that it ends. */
function formatTyped(
  document: ScriptDocument,
  { line }: Position,
  typed: string,
  options: FormattingOptions,
): TextEdit[] {
  const wanted = typed === '\n' ? Math.max(0, line - 1) : line;
  return textEdits(document, formatLines(document, { first: wanted, last: wanted }, styleOf(options)));
}

export const formattingFeature: Feature = {
  capabilities: (client) => ({
    documentFormattingProvider: true,
    documentRangeFormattingProvider:
      client.textDocument?.rangeFormatting?.rangesSupport === true ? { rangesSupport: true } : true,
    documentOnTypeFormattingProvider: { firstTriggerCharacter: '}', moreTriggerCharacter: ['\n'] },
  }),
  serve(context) {
    const { connection } = context;
    connection.onDocumentFormatting(({ textDocument, options }) =>
      inDocument(context, textDocument.uri, (document) =>
        textEdits(document, formatDocument(document, styleOf(options))),
      ),
    );
    connection.onDocumentRangeFormatting(({ textDocument, range, options }) =>
      inDocument(context, textDocument.uri, (document) => formatRange(document, range, options)),
    );
    connection.onDocumentRangesFormatting(({ textDocument, ranges, options }) =>
      inDocument(context, textDocument.uri, (document) =>
        ranges.flatMap((range) => formatRange(document, range, options)),
      ),
    );
    connection.onDocumentOnTypeFormatting(({ textDocument, position, ch, options }) =>
      inDocument(context, textDocument.uri, (document) => formatTyped(document, position, ch, options)),
    );
  },
};
