import { type CodeAction, CodeActionKind, type Range } from 'vscode-languageserver';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, spanOf } from '../ranges';
import { findDiagnostics, toLspDiagnostic } from '../features/diagnostics';

/** The cures of the diagnostics that touch `range`. */
export function findQuickFixes(document: ScriptDocument, range: Range): CodeAction[] {
  const wanted = spanOf(document, range);
  return findDiagnostics(document).flatMap((diagnostic) => {
    const { fix, span } = diagnostic;
    if (fix === undefined || span.start > wanted.end || span.end < wanted.start) return [];
    return [
      {
        title: fix.title,
        kind: CodeActionKind.QuickFix,
        isPreferred: true,
        diagnostics: [toLspDiagnostic(document, diagnostic)],
        edit: {
          changes: { [document.text.uri]: [{ range: rangeOf(document, fix.span), newText: fix.text }] },
        },
      },
    ];
  });
}
