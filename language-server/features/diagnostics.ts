import { type Diagnostic as LspDiagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import { checkCommandFile } from '../../script-engine/command-file/check';
import type { Diagnostic, Severity } from '../../script-engine/diagnostic';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

const SOURCE = 'hyperdbg';

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** An editor asks for quick fixes at every move of the cursor; a document is one version of a text and never changes. */
const known = new WeakMap<ScriptDocument, readonly Diagnostic[]>();

/** Everything that is wrong with the whole file, as the command line and the adapter see it too. */
export function findDiagnostics(document: ScriptDocument): readonly Diagnostic[] {
  const before = known.get(document);
  if (before !== undefined) return before;
  const diagnostics = checkCommandFile(document.source);
  known.set(document, diagnostics);
  return diagnostics;
}

export function toLspDiagnostics(document: ScriptDocument): LspDiagnostic[] {
  return findDiagnostics(document).map((diagnostic) => toLspDiagnostic(document, diagnostic));
}

export function toLspDiagnostic(document: ScriptDocument, diagnostic: Diagnostic): LspDiagnostic {
  return {
    range: rangeOf(document, diagnostic.span),
    severity: SEVERITIES[diagnostic.severity],
    code: diagnostic.code,
    source: SOURCE,
    message: diagnostic.message,
  };
}
