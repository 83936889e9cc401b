import { type CodeAction, CodeActionKind } from 'vscode-languageserver';
import type { Span } from '../../script-engine/syntax/span';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

/** Text that takes the place of other text. */
export interface Replacement {
  readonly span: Span;
  readonly text: string;
}

/** An action of one document that the user chooses. */
export function rewriting(
  document: ScriptDocument,
  title: string,
  replacements: readonly Replacement[],
  kind: CodeActionKind = CodeActionKind.RefactorRewrite,
): CodeAction {
  const edits = replacements.map(({ span, text }) => ({ range: rangeOf(document, span), newText: text }));
  return { title, kind, edit: { changes: { [document.text.uri]: edits } } };
}
