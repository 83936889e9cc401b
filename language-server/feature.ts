/** What a feature of the protocol is for the server: what it tells the client, and how it answers. */

import type { ClientCapabilities, Connection, ServerCapabilities } from 'vscode-languageserver';
import type { OpenDocuments, ScriptDocument } from './open-documents';
import type { Settings } from './settings';
import type { WorkspaceScripts } from './workspace-scripts';

/** What features share. It belongs to one client. */
export interface ServerContext {
  readonly connection: Connection;
  readonly documents: OpenDocuments;
  /** Scripts of the client's folders, open or not. */
  readonly workspace: WorkspaceScripts;
  /** Of the client; empty before it has said what it can do. */
  readonly client: ClientCapabilities;
  readonly settings: Settings;
  /** Called once the client may be asked for something; a connection itself has room for one listener only. */
  onInitialized(listener: () => void): void;
  /** Called whenever the settings have changed. */
  onSettings(listener: () => void): void;
}

export interface Feature {
  /** What the client is told, and nothing that is not answered. */
  capabilities(client: ClientCapabilities): ServerCapabilities;
  /** Answers the requests of the feature. */
  serve(context: ServerContext): void;
}

/** Asks about an open document; what is not open has no answer. */
export function inDocument<Answer>(
  { documents }: ServerContext,
  uri: string,
  ask: (document: ScriptDocument) => Answer,
): Answer | undefined {
  const document = documents.find(uri);
  return document && ask(document);
}

/** The same about a place of it. */
export function atPosition<Answer>(
  context: ServerContext,
  { textDocument, position }: TextPosition,
  ask: (document: ScriptDocument, offset: number) => Answer,
): Answer | undefined {
  return inDocument(context, textDocument.uri, (document) => ask(document, document.text.offsetAt(position)));
}

export interface TextPosition {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}
