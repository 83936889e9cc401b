/** What is wrong with a script whose conditions and divisors are numbers; only for trees without mistakes. */

import { scriptLimits } from '../catalog/keywords';
import type { Diagnostic } from '../diagnostic';
import { NodeKind } from '../syntax/node-kind';
import { TokenKind } from '../syntax/token-kind';
import { nodeSpan, type SyntaxTree } from '../syntax/tree';
import { constantValueOf, type ConstantFault } from './constant-value';

interface Loop {
  readonly isFor: boolean;
  /** Of its condition, when that is a constant. */
  condition: number;
  isEndless: boolean;
}

const faultMessages: Readonly<Record<ConstantFault, string>> = {
  'division-by-zero':
    'The divisor is always 0, and a division by 0 stops the script; divide by something else.',
  'shift-too-far':
    'This shift is always as far as the value is wide, or farther, and stops the script; numbers are hexadecimal unless `0n` says otherwise.',
  'quotient-overflow':
    'The quotient of the smallest number and -1 does not fit its type and stops the script.',
};

/** Warnings and hints with spans in the text of the tree. */
export function checkConstants(tree: SyntaxTree): Diagnostic[] {
  const { kinds, count, data } = tree.nodes;
  const found: Diagnostic[] = [];
  const loops: Loop[] = [];
  // A right side of `&&` or `||` may never run.
  let rightSides = 0;
  for (let node = 0; node < count; node++) {
    const kind = (kinds[node] ?? NodeKind.Missing) as NodeKind;
    switch (kind) {
      case NodeKind.Binary:
        if (rightSides === 0) checkOperator(tree, node, (data[node] ?? 0) as TokenKind, found);
        break;
      case NodeKind.LogicalLeft:
        rightSides++;
        break;
      case NodeKind.Logical:
        rightSides--;
        break;
      case NodeKind.CompoundAssign:
        if (data[node] === TokenKind.SlashAssign || data[node] === TokenKind.PercentAssign)
          checkDivisor(tree, node, found);
        break;
      case NodeKind.IfCondition:
      case NodeKind.ElsifCondition:
        hintAt(tree, node - 1, found);
        break;
      case NodeKind.WhileMark:
      case NodeKind.DoMark:
      case NodeKind.ForInitMark:
        loops.push({ isFor: kind === NodeKind.ForInitMark, condition: -1, isEndless: true });
        break;
      case NodeKind.WhileCondition:
      case NodeKind.ForCondition: {
        const loop = loops.at(-1);
        if (loop !== undefined) loop.condition = node - 1;
        break;
      }
      case NodeKind.Break:
      case NodeKind.Continue:
      case NodeKind.Return:
        followJump(kind, loops);
        break;
      case NodeKind.While:
      case NodeKind.For:
        endLoop(tree, loops.pop(), found);
        break;
      case NodeKind.DoWhile: {
        const loop = loops.pop();
        // `do { … } while (0)` is a block that `break` leaves, and meant.
        if (loop?.isEndless === true) endLoop(tree, { ...loop, condition: node - 1 }, found);
        break;
      }
      default:
        break;
    }
  }
  return found;
}

/** The compiler itself tells about a right side that is a number as it stands. */
function checkOperator(tree: SyntaxTree, node: number, operator: TokenKind, found: Diagnostic[]): void {
  const isDivision = operator === TokenKind.Slash || operator === TokenKind.Percent;
  if (!isDivision && operator !== TokenKind.ShiftLeft && operator !== TokenKind.ShiftRight) return;
  if (tree.nodes.kinds[node - 1] === NodeKind.Number) return;
  if (isDivision && checkDivisor(tree, node, found)) return;
  const value = constantValueOf(tree, node);
  if (value?.kind === 'fault' && value.node === node) found.push(faultAt(tree, node, value.fault));
}

/** A divisor of 0 stops the script whatever is divided; true when that was reported. */
function checkDivisor(tree: SyntaxTree, node: number, found: Diagnostic[]): boolean {
  const divisor = constantValueOf(tree, node - 1);
  if (divisor?.kind !== 'value' || divisor.value !== 0n) return false;
  found.push(faultAt(tree, node, 'division-by-zero'));
  return true;
}

function faultAt(tree: SyntaxTree, node: number, fault: ConstantFault): Diagnostic {
  return { code: fault, severity: 'warning', message: faultMessages[fault], span: nodeSpan(tree, node) };
}

/** `continue` goes on with the nearest `for`, even out of another loop (script-language 13 #4). */
function followJump(
  kind: NodeKind.Break | NodeKind.Continue | NodeKind.Return,
  loops: readonly Loop[],
): void {
  const from =
    kind === NodeKind.Return
      ? 0
      : kind === NodeKind.Break
        ? loops.length - 1
        : loops.findLastIndex(({ isFor }) => isFor) + 1;
  for (const loop of loops.slice(Math.max(0, from))) loop.isEndless = false;
}

function endLoop(tree: SyntaxTree, loop: Loop | undefined, found: Diagnostic[]): void {
  if (loop === undefined || loop.condition < 0) return;
  const value = constantValueOf(tree, loop.condition);
  if (value?.kind !== 'value') return;
  const span = nodeSpan(tree, loop.condition);
  if (value.value === 0n) found.push(constantCondition(false, span));
  else if (loop.isEndless)
    found.push({
      code: 'endless-loop',
      severity: 'warning',
      message:
        `This loop never ends: it has no \`break\` and no \`return\`, so the limit of ${scriptLimits.maxExecutedInstructions} ` +
        'instructions stops the script. Leave it with `break`, or give it a condition.',
      span,
    });
}

function hintAt(tree: SyntaxTree, node: number, found: Diagnostic[]): void {
  const value = constantValueOf(tree, node);
  if (value?.kind === 'value') found.push(constantCondition(value.value !== 0n, nodeSpan(tree, node)));
}

function constantCondition(isTrue: boolean, span: Diagnostic['span']): Diagnostic {
  return {
    code: 'constant-condition',
    severity: 'hint',
    message: `This condition is always ${isTrue ? 'true' : 'false'}, because it is made of numbers alone.`,
    span,
  };
}
