/** What is wrong with scripts: pushed, or answered to a client that asks for it itself. */

import {
  type CancellationToken,
  type Diagnostic as LspDiagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  type PreviousResultId,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import type { Diagnostic, Severity } from '../../script-engine/diagnostic';
import type { Feature, ServerContext } from '../feature';
import { assemblyDiagnostics } from '../assembly-diagnostics';
import { FileWatch } from '../file-watch';
import { findLints } from '../lints';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';
import { DEFAULT_SETTINGS, type Settings } from '../settings';

const SOURCE = 'hyperdbg';

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** What an editor shows faded. */
const UNNECESSARY: ReadonlySet<string> = new Set(['unused-variable', 'unreachable-code']);

/** Everything that is wrong with the whole file, as the command line and the adapter see it too, and then the lints. */
export function findDiagnostics(document: ScriptDocument): readonly Diagnostic[] {
  return [...document.checked.diagnostics, ...findLints(document)];
}

/** The same for the client, with the severities that it wants. */
export function toLspDiagnostics(
  document: ScriptDocument,
  settings: Settings = DEFAULT_SETTINGS,
  more: readonly Diagnostic[] = [],
): LspDiagnostic[] {
  const found = [...findDiagnostics(document), ...more];
  return found.flatMap((diagnostic) => {
    const severity = settings.rules.get(diagnostic.code) ?? diagnostic.severity;
    return severity === 'off' ? [] : [toLspDiagnostic(document, { ...diagnostic, severity }, settings)];
  });
}

export function toLspDiagnostic(
  document: ScriptDocument,
  { span, severity, code, message }: Diagnostic,
  { diagnosticsPage }: Settings = DEFAULT_SETTINGS,
): LspDiagnostic {
  return {
    range: rangeOf(document, span),
    severity: SEVERITIES[severity],
    code,
    source: SOURCE,
    message,
    ...(diagnosticsPage === undefined ? {} : { codeDescription: { href: `${diagnosticsPage}#${code}` } }),
    ...(UNNECESSARY.has(code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

/** Names what the diagnostics of a document were made of. */
class ResultIds {
  #ids = new WeakMap<object, string>();
  /** Goes on for ever: a client compares ids with those of long ago. */
  #count = 0;

  forget(): void {
    this.#ids = new WeakMap();
  }

  of(document: ScriptDocument): string {
    const known = this.#ids.get(document);
    if (known !== undefined) return known;
    const id = String(++this.#count);
    this.#ids.set(document, id);
    return id;
  }
}

class Diagnosing {
  readonly #ids = new ResultIds();

  constructor(readonly context: ServerContext) {}

  /** With what only an assembler can say, which is loaded when the first block wants it. */
  async all(document: ScriptDocument): Promise<LspDiagnostic[]> {
    return toLspDiagnostics(document, this.context.settings, await assemblyDiagnostics(document));
  }

  /** A client that asks for diagnostics itself would show pushed ones a second time. */
  push(document: ScriptDocument): void {
    const { connection, documents, settings } = this.context;
    if (this.#clientPulls) return;
    const { uri, version } = document.text;
    const blocks = assemblyDiagnostics(document);
    if (!(blocks instanceof Promise)) {
      const diagnostics = toLspDiagnostics(document, settings, blocks);
      void connection.sendDiagnostics({ uri, version, diagnostics });
      return;
    }
    void blocks.then((more) => {
      // While the assembler was loaded the user typed on.
      if (documents.find(uri) !== document) return;
      const diagnostics = toLspDiagnostics(document, settings, more);
      void connection.sendDiagnostics({ uri, version, diagnostics });
    });
  }

  /** What the diagnostics were made of has changed everywhere. */
  again(): void {
    this.#ids.forget();
    const { connection, documents, client } = this.context;
    if (!this.#clientPulls) documents.all().forEach((document) => this.push(document));
    else if (client.workspace?.diagnostics?.refreshSupport === true)
      connection.languages.diagnostics.refresh();
  }

  clear(uri: string): void {
    if (!this.#clientPulls) void this.context.connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  async report(
    document: ScriptDocument | undefined,
    previousId: string | undefined,
  ): Promise<DocumentDiagnosticReport> {
    if (document === undefined) return { kind: DocumentDiagnosticReportKind.Full, items: [] };
    const resultId = this.#ids.of(document);
    if (resultId === previousId) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId };
    return { kind: DocumentDiagnosticReportKind.Full, resultId, items: await this.all(document) };
  }

  async reportAll(
    previous: readonly PreviousResultId[],
    token: CancellationToken,
  ): Promise<WorkspaceDocumentDiagnosticReport[]> {
    const { documents, workspace } = this.context;
    const before = new Map(previous.map(({ uri, value }) => [uri, value]));
    const reports: WorkspaceDocumentDiagnosticReport[] = [];
    for await (const document of workspace.all(token)) {
      const { uri, version } = document.text;
      const report = await this.report(document, before.get(uri));
      before.delete(uri);
      reports.push({ ...report, uri, version: documents.find(uri) === undefined ? null : version });
    }
    // A script that has gone has no diagnostics any more.
    if (!token.isCancellationRequested)
      for (const uri of before.keys())
        reports.push({ kind: DocumentDiagnosticReportKind.Full, uri, version: null, items: [] });
    return reports;
  }

  get #clientPulls(): boolean {
    return this.context.client.textDocument?.diagnostic !== undefined;
  }
}

export const diagnosticsFeature: Feature = {
  capabilities: (client) =>
    client.textDocument?.diagnostic === undefined
      ? {}
      : { diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: true } },
  serve(context) {
    const { connection, documents, workspace } = context;
    const diagnosing = new Diagnosing(context);
    documents.onChanged((document) => {
      diagnosing.push(document);
      // A file that others include was edited: it counts with its new text.
      for (const other of documents.readersOf(document.text.uri)) diagnosing.push(other);
    });
    documents.onClosed((uri) => diagnosing.clear(uri));
    context.onSettings(() => diagnosing.again());
    new FileWatch(context).onChanged(() => {
      documents.filesChanged();
      workspace.forget();
      diagnosing.again();
    });
    connection.languages.diagnostics.on(({ textDocument, previousResultId }) =>
      diagnosing.report(documents.find(textDocument.uri), previousResultId),
    );
    connection.languages.diagnostics.onWorkspace(async ({ previousResultIds }, token) => ({
      items: await diagnosing.reportAll(previousResultIds, token),
    }));
  },
};
