/** An expression gets a name, and a line of its own before the statement that it stands in. */

import { type CodeAction, CodeActionKind } from 'vscode-languageserver';
import { NodeKind } from '../../script-engine/syntax/node-kind';
import type { Span } from '../../script-engine/syntax/span';
import { TokenKind } from '../../script-engine/syntax/token-kind';
import { nodeSpan, type SyntaxTree, tokenSpan } from '../../script-engine/syntax/tree';
import { DocumentNames } from '../names/document-names';
import type { ScriptDocument } from '../open-documents';
import { type PlacedScript, placedScripts } from '../script-trees';
import { rewriting } from './rewrite';

const EXPRESSIONS: ReadonlySet<number> = new Set([
  NodeKind.Number,
  NodeKind.SymbolName,
  NodeKind.Name,
  NodeKind.Register,
  NodeKind.PseudoRegister,
  NodeKind.Binary,
  NodeKind.Unary,
  NodeKind.Paren,
  NodeKind.Member,
  NodeKind.Index,
  NodeKind.Call,
  NodeKind.UserCall,
]);

/** Statements that evaluate their expressions once and at once. */
const STATEMENTS: ReadonlySet<number> = new Set([
  NodeKind.Assign,
  NodeKind.CompoundAssign,
  NodeKind.DereferenceAssign,
  NodeKind.Call,
  NodeKind.UserCall,
  NodeKind.CallStatement,
  NodeKind.Return,
]);

/** For the expression that is selected. */
export function extractActions(document: ScriptDocument, { start, end }: Span): CodeAction[] {
  if (start === end) return [];
  for (const script of placedScripts(document, start, end)) {
    if (script.tree.diagnostics.length > 0) continue;
    const found = extractIn(document, script, { start, end });
    if (found !== undefined) return [found];
  }
  return [];
}

function extractIn(document: ScriptDocument, script: PlacedScript, selected: Span): CodeAction | undefined {
  const { tree, inFile } = script;
  const node = nodeAt(tree, selected, inFile);
  if (node === undefined) return undefined;
  const statement = statementOf(tree, node);
  const span = statement === undefined ? undefined : inFile(nodeSpan(tree, statement));
  if (span === undefined || (span.start === selected.start && span.end === selected.end)) return undefined;
  const name = freeName(document);
  const text = document.source.slice(selected.start, selected.end);
  const lineStart = document.source.lastIndexOf('\n', span.start - 1) + 1;
  const indent = document.source.slice(lineStart, span.start);
  // Behind something else of its line it stays in the line.
  const gap = indent.trim() === '' && lineStart > 0 ? `\n${indent}` : ' ';
  return rewriting(
    document,
    `Extract into the variable ${name}`,
    [
      { span: { start: span.start, end: span.start }, text: `${name} = ${text};${gap}` },
      { span: selected, text: name },
    ],
    CodeActionKind.RefactorExtract,
  );
}

function nodeAt(tree: SyntaxTree, { start, end }: Span, inFile: PlacedScript['inFile']): number | undefined {
  for (let node = tree.nodes.count - 1; node >= 0; node--) {
    if (!EXPRESSIONS.has(tree.nodes.kinds[node] ?? 0)) continue;
    const span = inFile(nodeSpan(tree, node));
    if (span?.start === start && span.end === end) return node;
  }
  return undefined;
}

/** The statement around an expression; undefined where the expression may run several times or never. */
function statementOf({ tokens, nodes }: SyntaxTree, expression: number): number | undefined {
  let found: number | undefined;
  // Parents stand behind their children.
  for (let node = expression + 1; node < nodes.count; node++) {
    if ((nodes.firstNodes[node] ?? node) > expression) continue;
    const kind: NodeKind = nodes.kinds[node] ?? 0;
    if (kind === NodeKind.Logical || kind === NodeKind.LogicalLeft || kind === NodeKind.SizeofExpression)
      return undefined;
    if (STATEMENTS.has(kind)) found = node;
    if (isBlock(kind)) break;
  }
  if (found === undefined) return undefined;
  const first = nodes.firstTokens[found] ?? 0;
  const before = first === 0 ? TokenKind.Semicolon : (tokens.kinds[first - 1] as TokenKind | undefined);
  const begins =
    before === TokenKind.Semicolon || before === TokenKind.OpenBrace || before === TokenKind.CloseBrace;
  // The step of a `for` stands behind a `;` as well, but in parentheses.
  return begins && !isInParentheses(tokens, first) ? found : undefined;
}

function isBlock(kind: NodeKind): boolean {
  return (
    kind === NodeKind.Block ||
    kind === NodeKind.IfBody ||
    kind === NodeKind.Function ||
    kind === NodeKind.Program
  );
}

function isInParentheses(tokens: SyntaxTree['tokens'], token: number): boolean {
  let depth = 0;
  for (let at = token - 1; at >= 0; at--) {
    const kind = tokens.kinds[at];
    if (kind === TokenKind.OpenBrace || kind === TokenKind.CloseBrace) return false;
    if (kind === TokenKind.CloseParen) depth++;
    if (kind === TokenKind.OpenParen && depth-- === 0) return tokenSpan(tokens, at).end > 0;
  }
  return false;
}

function freeName({ checked }: ScriptDocument): string {
  const taken = new Set(DocumentNames.of(checked).uses.map(({ name }) => name));
  let number = 1;
  while (taken.has(`value${number}`)) number++;
  return `value${number}`;
}
