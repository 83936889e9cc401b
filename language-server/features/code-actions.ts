/** What can be done to the text at a place. */

import { type CodeAction, type CodeActionContext, CodeActionKind, type Range } from 'vscode-languageserver';
import type { Span } from '../../script-engine/syntax/span';
import { codeBlockActions } from '../actions/code-block';
import { extractActions } from '../actions/extract-variable';
import { radixActions } from '../actions/number-radix';
import { findQuickFixes } from '../actions/quick-fixes';
import { sortActions } from '../actions/sort-options';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';
import { spanOf } from '../ranges';

interface Source {
  readonly kind: CodeActionKind;
  find(document: ScriptDocument, span: Span): CodeAction[] | Promise<CodeAction[]>;
}

/** To add an action, write its file and name it here. */
const SOURCES: readonly Source[] = [
  { kind: CodeActionKind.RefactorRewrite, find: radixActions },
  { kind: CodeActionKind.RefactorRewrite, find: sortActions },
  { kind: CodeActionKind.RefactorExtract, find: extractActions },
  { kind: CodeActionKind.RefactorRewrite, find: codeBlockActions },
];

/** Cures first, then rewritings, of the kinds that are asked for. */
export async function findCodeActions(
  document: ScriptDocument,
  range: Range,
  { only }: Pick<CodeActionContext, 'only'> = {},
): Promise<CodeAction[]> {
  const isWanted = (kind: CodeActionKind): boolean =>
    only === undefined || only.some((wanted) => kind === wanted || kind.startsWith(`${wanted}.`));
  const span = spanOf(document, range);
  const fixes = isWanted(CodeActionKind.QuickFix) ? findQuickFixes(document, range) : [];
  const wanted = SOURCES.filter(({ kind }) => isWanted(kind));
  const found = await Promise.all(wanted.map(({ find }) => find(document, span)));
  return [...fixes, ...found.flat()];
}

export const codeActionsFeature: Feature = {
  capabilities: () => ({
    codeActionProvider: {
      codeActionKinds: [
        CodeActionKind.QuickFix,
        CodeActionKind.RefactorRewrite,
        CodeActionKind.RefactorExtract,
      ],
    },
  }),
  serve(context) {
    context.connection.onCodeAction(({ textDocument, range, context: wanted }) =>
      inDocument(context, textDocument.uri, (document) => findCodeActions(document, range, wanted)),
    );
  },
};
