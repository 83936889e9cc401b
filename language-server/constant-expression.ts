/** Expressions of numbers alone, and what they come to. */

import type { Command } from '../script-engine/command-file/command-file';
import { constantValueOf, type ConstantValue } from '../script-engine/semantics/constant-value';
import { NodeKind } from '../script-engine/syntax/node-kind';
import { parseScript } from '../script-engine/syntax/parser';
import type { Span } from '../script-engine/syntax/span';
import { nodeSpan } from '../script-engine/syntax/tree';
import { touches } from './ranges';
import { scriptTextsOf } from './script-texts';

export interface ConstantExpression {
  /** In the file. */
  readonly span: Span;
  readonly text: string;
  readonly value: ConstantValue;
}

/** What is more than a number. */
const COMPUTING: ReadonlySet<number> = new Set([
  NodeKind.Binary,
  NodeKind.Logical,
  NodeKind.Unary,
  NodeKind.Cast,
  NodeKind.SizeofType,
]);

/** The biggest constant expression that `offset` is in. */
export function constantExpressionAt(command: Command, offset: number): ConstantExpression | undefined {
  const script = scriptTextsOf(command).find(({ span }) => touches(span, offset));
  const at = script?.body.offsetOf(offset);
  if (script === undefined || at === undefined) return undefined;
  const { body, before, after } = script;
  const tree = parseScript(before + body.text + after);
  const { nodes } = tree;
  for (let node = nodes.count - 1; node >= 0; node--) {
    if (!COMPUTING.has(nodes.kinds[node] ?? 0)) continue;
    const { start, end } = nodeSpan(tree, node);
    const span = { start: start - before.length, end: end - before.length };
    if (!touches(span, at)) continue;
    const value = constantValueOf(tree, node);
    if (value !== undefined)
      return { span: body.span(span.start, span.end), text: body.text.slice(span.start, span.end), value };
  }
  return undefined;
}
