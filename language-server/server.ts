/** The server of one editor: what it can do is the table of features. */

import {
  type ClientCapabilities,
  type Connection,
  DidChangeConfigurationNotification,
  type InitializeParams,
  type InitializeResult,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import type { ServerContext } from './feature';
import { features } from './feature-table';
import { OpenDocuments } from './open-documents';
import { DEFAULT_SETTINGS, settingsFrom } from './settings';
import { WorkspaceScripts } from './workspace-scripts';

const SERVER_NAME = 'hyperdbg-language-server';
const SECTION = 'hyperdbg';

/** Serves one client until it goes. */
export function serve(connection: Connection): void {
  const documents = new OpenDocuments(connection);
  const workspace = new WorkspaceScripts(documents);
  const listeners: (() => void)[] = [];
  const beginners: (() => void)[] = [];
  let client: ClientCapabilities = {};
  let settings = DEFAULT_SETTINGS;
  const context: ServerContext = {
    connection,
    documents,
    workspace,
    get client() {
      return client;
    },
    get settings() {
      return settings;
    },
    onInitialized: (listener) => void beginners.push(listener),
    onSettings: (listener) => void listeners.push(listener),
  };
  const follow = (said: unknown): void => {
    settings = settingsFrom(said, settings);
    if (documents.setMode(settings.compileMode)) workspace.forget();
  };
  const followSection = async (): Promise<void> => {
    follow(await connection.workspace.getConfiguration(SECTION));
    for (const listener of listeners) listener();
  };

  connection.onInitialize((params) => {
    client = params.capabilities;
    follow(params.initializationOptions);
    workspace.setFolders(foldersOf(params));
    return initializeResult(client);
  });
  connection.onInitialized(() => {
    if (client.workspace?.didChangeConfiguration?.dynamicRegistration === true)
      void connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION });
    if (client.workspace?.workspaceFolders === true)
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) =>
        workspace.changeFolders(uris(added), uris(removed)),
      );
    if (client.workspace?.configuration === true) void followSection();
    for (const beginner of beginners) beginner();
  });
  connection.onDidChangeConfiguration(({ settings: said }) => {
    // A client that is asked for its settings sends none here.
    if (client.workspace?.configuration === true) return followSection();
    follow(said);
    for (const listener of listeners) listener();
  });
  for (const feature of features) feature.serve(context);
  connection.listen();
}

function initializeResult(client: ClientCapabilities): InitializeResult {
  const told = features.map((feature) => feature.capabilities(client));
  const capabilities: ServerCapabilities = Object.assign(
    { textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental } },
    ...told,
  );
  if (client.workspace?.workspaceFolders === true)
    capabilities.workspace = { workspaceFolders: { supported: true, changeNotifications: true } };
  return { serverInfo: { name: SERVER_NAME }, capabilities };
}

/** `rootUri` is how clients named their folder before they could have several. */
function foldersOf({ workspaceFolders, rootUri }: InitializeParams): string[] {
  return uris(workspaceFolders ?? (rootUri === null ? [] : [{ uri: rootUri }]));
}

function uris(folders: readonly { readonly uri: string }[]): string[] {
  return folders.map(({ uri }) => uri);
}
