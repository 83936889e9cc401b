/** Requests about names: where they come from, where they stand, what they are to be called. */

import { type Connection, ErrorCodes, ResponseError, type ServerCapabilities } from 'vscode-languageserver';
import { findDefinitions, findHighlights, findReferences } from './features/navigation';
import { prepareRename, renameAt } from './features/rename';
import type { OpenDocuments } from './open-documents';

export const NAME_CAPABILITIES: ServerCapabilities = {
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
};

/** Answers them from the documents that are open. */
export function serveNames(connection: Connection, documents: OpenDocuments): void {
  connection.onDefinition(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document ? findDefinitions(document, document.text.offsetAt(position), documents.all()) : [];
  });
  connection.onReferences(({ textDocument, position, context }) => {
    const document = documents.find(textDocument.uri);
    if (document === undefined) return [];
    const offset = document.text.offsetAt(position);
    return findReferences(document, offset, documents.all(), context.includeDeclaration);
  });
  connection.onDocumentHighlight(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document ? findHighlights(document, document.text.offsetAt(position)) : [];
  });
  connection.onPrepareRename(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document && prepareRename(document, document.text.offsetAt(position));
  });
  connection.onRenameRequest(({ textDocument, position, newName }) => {
    const document = documents.find(textDocument.uri);
    if (document === undefined) return undefined;
    const offset = document.text.offsetAt(position);
    const renaming = renameAt(document, offset, newName, documents.all());
    if (renaming.kind === 'edit') return renaming.edit;
    return new ResponseError(ErrorCodes.InvalidParams, renaming.message);
  });
}
