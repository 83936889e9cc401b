/** Turns requests of one editor into questions to script-engine. Handlers are thin: find the document, ask, convert. */

import {
  CodeActionKind,
  type Connection,
  DocumentDiagnosticReportKind,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { compileModeIn } from './check-settings';
import { withText } from './completion-text';
import { findCompletions } from './features/completion';
import { toLspDiagnostics } from './features/diagnostics';
import { findDocumentSymbols } from './features/document-symbols';
import { findFoldingRanges } from './features/folding';
import { findHover } from './features/hover';
import { findQuickFixes } from './features/quick-fixes';
import { findSignatureHelp } from './features/signature-help';
import { NAME_CAPABILITIES, serveNames } from './serve-names';
import { OpenDocuments, type ScriptDocument } from './open-documents';

const SERVER_NAME = 'hyperdbg-language-server';

/** Serves one client until it goes. */
export function serve(connection: Connection): void {
  const documents = new OpenDocuments(connection);
  let clientPulls = false;

  connection.onInitialize((params) => {
    clientPulls = params.capabilities.textDocument?.diagnostic !== undefined;
    documents.setMode(compileModeIn(params.initializationOptions));
    return initializeResult(params, clientPulls);
  });
  // A client that asks for diagnostics itself would show pushed ones a second time.
  const publish = (document: ScriptDocument): void => {
    if (clientPulls) return;
    const { uri, version } = document.text;
    void connection.sendDiagnostics({ uri, version, diagnostics: toLspDiagnostics(document) });
  };
  documents.onChanged(publish);
  connection.onDidChangeConfiguration(({ settings }) => {
    if (!documents.setMode(compileModeIn(settings))) return;
    if (clientPulls) connection.languages.diagnostics.refresh();
    else documents.all().forEach(publish);
  });
  documents.onClosed((uri) => {
    if (!clientPulls) void connection.sendDiagnostics({ uri, diagnostics: [] });
  });
  connection.languages.diagnostics.on(({ textDocument }) => {
    const document = documents.find(textDocument.uri);
    return { kind: DocumentDiagnosticReportKind.Full, items: document ? toLspDiagnostics(document) : [] };
  });

  connection.onCompletion(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document ? findCompletions(document, document.text.offsetAt(position), documents.all()) : [];
  });
  connection.onCompletionResolve(withText);
  connection.onHover(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document && findHover(document, document.text.offsetAt(position));
  });
  connection.onSignatureHelp(({ textDocument, position }) => {
    const document = documents.find(textDocument.uri);
    return document && findSignatureHelp(document, document.text.offsetAt(position));
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = documents.find(textDocument.uri);
    return document ? findDocumentSymbols(document) : [];
  });
  connection.onFoldingRanges(({ textDocument }) => {
    const document = documents.find(textDocument.uri);
    return document ? findFoldingRanges(document) : [];
  });
  connection.onCodeAction(({ textDocument, range }) => {
    const document = documents.find(textDocument.uri);
    return document ? findQuickFixes(document, range) : [];
  });
  serveNames(connection, documents);
  connection.listen();
}

function initializeResult(_params: InitializeParams, clientPulls: boolean): InitializeResult {
  return {
    serverInfo: { name: SERVER_NAME },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      completionProvider: { triggerCharacters: ['!', '.', '>', '@', '$'], resolveProvider: true },
      hoverProvider: true,
      signatureHelpProvider: { triggerCharacters: ['(', ','] },
      documentSymbolProvider: true,
      foldingRangeProvider: true,
      ...NAME_CAPABILITIES,
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      ...(clientPulls && {
        diagnosticProvider: { interFileDependencies: false, workspaceDiagnostics: false },
      }),
    },
  };
}
