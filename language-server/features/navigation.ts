/** Where a name comes from and where else it stands. */

import { type DocumentHighlight, DocumentHighlightKind, type Location } from 'vscode-languageserver';
import { atPosition, type Feature } from '../feature';
import { definitionsIn, DocumentNames, type DocumentUse, isShared, symbolOf } from '../names/document-names';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

/** All places of one thing in one document. */
export interface DocumentUses {
  readonly document: ScriptDocument;
  readonly uses: readonly DocumentUse[];
}

/** Places of what stands at `offset`: the document's own first, then those of other open files that share it. */
export function usesOfNameAt(
  document: ScriptDocument,
  offset: number,
  all: readonly ScriptDocument[],
): DocumentUses[] {
  const names = DocumentNames.of(document.checked);
  const use = names.useAt(offset);
  if (use === undefined) return [];
  const symbol = symbolOf(use);
  const own = { document, uses: names.usesOf(symbol) };
  if (!isShared(use)) return [own];
  const others = all
    .filter((other) => other.text.uri !== document.text.uri)
    .map((other) => ({ document: other, uses: DocumentNames.of(other.checked).usesOf(symbol) }))
    .filter(({ uses }) => uses.length > 0);
  return [own, ...others];
}

/** Declarations; of a name without one, the first place where it gets a value. */
export function findDefinitions(
  document: ScriptDocument,
  offset: number,
  all: readonly ScriptDocument[],
): Location[] {
  const places = usesOfNameAt(document, offset, all);
  const declaring = places.find(({ uses }) => uses.some(({ role }) => role === 'declaration'));
  const writing = places.find(({ uses }) => uses.some(({ role }) => role !== 'read'));
  const place = declaring ?? writing ?? places[0];
  return place === undefined
    ? []
    : definitionsIn(place.uses).map(({ span }) => locationOf(place.document, span));
}

/** All places of the name; without its declarations when they are not wanted. */
export function findReferences(
  document: ScriptDocument,
  offset: number,
  all: readonly ScriptDocument[],
  withDeclaration: boolean,
): Location[] {
  return usesOfNameAt(document, offset, all).flatMap((place) =>
    place.uses
      .filter(({ role }) => withDeclaration || role !== 'declaration')
      .map(({ span }) => locationOf(place.document, span)),
  );
}

/** The places of the name in its document, and whether each changes it. */
export function findHighlights(document: ScriptDocument, offset: number): DocumentHighlight[] {
  const [own] = usesOfNameAt(document, offset, []);
  return (own?.uses ?? []).map(({ span, role }) => ({
    range: rangeOf(document, span),
    kind: role === 'read' ? DocumentHighlightKind.Read : DocumentHighlightKind.Write,
  }));
}

function locationOf(document: ScriptDocument, span: DocumentUse['span']): Location {
  return { uri: document.text.uri, range: rangeOf(document, span) };
}

export const navigationFeature: Feature = {
  capabilities: () => ({
    definitionProvider: true,
    referencesProvider: true,
    documentHighlightProvider: true,
  }),
  serve(context) {
    const { connection, documents } = context;
    connection.onDefinition((params) =>
      atPosition(context, params, (document, offset) => findDefinitions(document, offset, documents.all())),
    );
    connection.onReferences((params) =>
      atPosition(context, params, (document, offset) =>
        findReferences(document, offset, documents.all(), params.context.includeDeclaration),
      ),
    );
    connection.onDocumentHighlight((params) => atPosition(context, params, findHighlights));
  },
};
