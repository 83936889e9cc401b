import { type Diagnostic as LspDiagnostic, DiagnosticSeverity } from 'vscode-languageserver';
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

/** Everything that is wrong with the whole file, as the command line and the adapter see it too. */
export function findDiagnostics({ checked }: ScriptDocument): readonly Diagnostic[] {
  return checked.diagnostics;
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
