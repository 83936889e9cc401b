/** Code that never runs, and loops that never come to their end; only for trees without mistakes. */

import { scriptLimits } from '../catalog/keywords';
import type { Diagnostic } from '../diagnostic';
import { NodeKind } from '../syntax/node-kind';
import { TokenKind, tokenText } from '../syntax/token-kind';
import { nodeSpan, NodeView, type SyntaxTree, tokenSpan } from '../syntax/tree';
import { constantValueOf } from './constant-value';

/** A round of a `for` compares, jumps, steps and jumps back, whatever its body does. */
const LEAST_PER_ROUND = 4n;

/** Hints and warnings with spans in the text of the tree. */
export function checkFlow(tree: SyntaxTree): Diagnostic[] {
  if (tree.diagnostics.length > 0) return [];
  const found: Diagnostic[] = [];
  for (let node = 0; node < tree.nodes.count; node++) {
    const kind: NodeKind = tree.nodes.kinds[node] ?? 0;
    if (kind === NodeKind.Return || kind === NodeKind.Break || kind === NodeKind.Continue)
      found.push(...unreachableBehind(tree, node));
    if (kind === NodeKind.For) found.push(...loopBeyondLimit(tree, node));
  }
  return found;
}

/** From the statement behind a jump to the end of its block. */
function unreachableBehind({ tokens, nodes }: SyntaxTree, jump: number): Diagnostic[] {
  let first = nodes.endTokens[jump] ?? 0;
  if (tokens.kinds[first] === TokenKind.Semicolon) first++;
  let depth = 0;
  let last = first;
  for (; last < tokens.count; last++) {
    const kind = tokens.kinds[last];
    if (kind === TokenKind.End) break;
    if (kind === TokenKind.OpenBrace) depth++;
    if (kind === TokenKind.CloseBrace && depth-- === 0) break;
  }
  if (last <= first) return [];
  const span = { start: tokenSpan(tokens, first).start, end: tokenSpan(tokens, last - 1).end };
  const word = tokenText(tokens, nodes.firstTokens[jump] ?? 0);
  const message = `This never runs: \`${word}\` before it leaves the block. Remove it, or move it before the \`${word}\`.`;
  const fix = { title: 'Remove what never runs', span, text: '' };
  return [{ code: 'unreachable-code', severity: 'hint', message, span, fix }];
}

/** `for (i = 0; i < N; i++)` with so great an N that the limit of instructions comes first. */
function loopBeyondLimit(tree: SyntaxTree, node: number): Diagnostic[] {
  const [start, , condition, step] = new NodeView(tree, node).children();
  const comparison = condition?.children()[0];
  if (start?.kind !== NodeKind.Assign || comparison?.kind !== NodeKind.Binary) return [];
  const stepping = step?.children()[0];
  if (stepping?.kind !== NodeKind.IncrementDecrement || stepping.data !== TokenKind.PlusPlus) return [];
  const [target, from] = start.children();
  const [name, to] = comparison.children();
  if (target === undefined || from === undefined || name === undefined || to === undefined) return [];
  const isCounter = name.kind === NodeKind.Name && name.text === target.text;
  const isUpTo = comparison.data === TokenKind.Less || comparison.data === TokenKind.LessEqual;
  if (!isCounter || !isUpTo || !stepping.text.startsWith(target.text)) return [];
  if (isLeftOrChanged(tree, node, target.text)) return [];
  const first = constantValueOf(tree, from.index);
  const last = constantValueOf(tree, to.index);
  if (first?.kind !== 'value' || last?.kind !== 'value') return [];
  const rounds = last.value - first.value;
  const limit = BigInt(scriptLimits.maxExecutedInstructions);
  if (rounds * LEAST_PER_ROUND < limit) return [];
  const message =
    `This loop runs 0n${rounds} times, and a script is stopped after ${limit} instructions: ` +
    'it does not get to its end. Make it shorter; numbers are hexadecimal unless `0n` says otherwise.';
  return [
    { code: 'loop-beyond-limit', severity: 'warning', message, span: nodeSpan(tree, comparison.index) },
  ];
}

/** Whether the loop can end in another way, or its body counts too. */
function isLeftOrChanged({ tokens, nodes }: SyntaxTree, loop: number, counter: string): boolean {
  let writes = 0;
  for (let node = nodes.firstNodes[loop] ?? loop; node < loop; node++) {
    const kind: NodeKind = nodes.kinds[node] ?? 0;
    if (kind === NodeKind.Break || kind === NodeKind.Return) return true;
    if (kind === NodeKind.TargetName && tokenText(tokens, nodes.firstTokens[node] ?? 0) === counter) writes++;
    // Its address may be written to.
    if (kind === NodeKind.Unary && nodes.data[node] === TokenKind.And) return true;
  }
  return writes > 2;
}
