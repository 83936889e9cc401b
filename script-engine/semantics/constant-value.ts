/** What an expression of numbers alone comes to, as the evaluator would compute it (script-language 4, 6, 7). */

import { readNumber, type Halves } from '../syntax/literal-value';
import { NodeKind } from '../syntax/node-kind';
import { TokenKind, tokenText } from '../syntax/token-kind';
import type { SyntaxTree } from '../syntax/tree';
import {
  commonType,
  intType,
  longType,
  promoted,
  type Scalar,
  type ScriptType,
  sizeOf,
  typeOfWords,
  unsignedLongLongType,
} from './types';

export type ConstantValue =
  | {
      readonly kind: 'value';
      /** As its type holds it: negative when the type is signed. */
      readonly value: bigint;
      readonly type: Scalar;
    }
  /** Computing it stops the script. */
  | { readonly kind: 'fault'; readonly fault: ConstantFault; readonly node: number };

export type ConstantFault = 'division-by-zero' | 'shift-too-far' | 'quotient-overflow';

const halves: Halves = { low: 0, high: 0 };

/** Addresses of names that count as numbers. */
export type AddressOf = (name: string) => bigint | undefined;

/** undefined when the expression reads anything but numbers, or computes with floating-point values or pointers. */
export function constantValueOf(
  tree: SyntaxTree,
  node: number,
  addressOf?: AddressOf,
): ConstantValue | undefined {
  const { kinds, firstNodes } = tree.nodes;
  const first = firstNodes[node] ?? node;
  const values: (ConstantValue | ScriptType | undefined)[] = [];
  // Post-order: what a node is made of stands right before it.
  for (let at = first; at <= node; at++) {
    const kind = (kinds[at] ?? NodeKind.Missing) as NodeKind;
    if (kind === NodeKind.SizeofMark) {
      values.push(undefined);
      continue;
    }
    const last = values[at - 1 - first];
    const before = values[(firstNodes[at - 1] ?? at) - 1 - first];
    const value =
      kind === NodeKind.TypeName
        ? typeAt(tree, at)
        : kind === NodeKind.SymbolName
          ? symbolAt(tree, at, addressOf)
          : valueAt(tree, at, kind, last, before);
    if (value === undefined) return undefined;
    values.push(value);
  }
  const result = values.at(-1);
  return result !== undefined && isConstant(result) ? result : undefined;
}

function isConstant(value: ConstantValue | ScriptType): value is ConstantValue {
  return value.kind === 'value' || value.kind === 'fault';
}

function typeAt({ nodes, tokens }: SyntaxTree, node: number): ScriptType | undefined {
  if (nodes.data[node] !== 0) return undefined;
  const words: string[] = [];
  for (let token = nodes.firstTokens[node] ?? 0; token < (nodes.endTokens[node] ?? 0); token++)
    words.push(tokenText(tokens, token));
  return typeOfWords(words);
}

/** `last` and `before` are what stands directly before the node, and before that. */
function valueAt(
  tree: SyntaxTree,
  node: number,
  kind: NodeKind,
  last: ConstantValue | ScriptType | undefined,
  before: ConstantValue | ScriptType | undefined,
): ConstantValue | undefined {
  if (kind === NodeKind.Number) return numberAt(tree, node);
  if (last === undefined) return undefined;
  if (kind === NodeKind.SizeofType)
    return last.kind === 'scalar' ? valueIn(BigInt(sizeOf(last)), unsignedLongLongType) : undefined;
  if (!isConstant(last) || last.kind === 'fault') return isConstant(last) ? last : undefined;
  const operator = (tree.nodes.data[node] ?? 0) as TokenKind;
  switch (kind) {
    case NodeKind.Paren:
    case NodeKind.LogicalLeft:
      return last;
    case NodeKind.Cast:
      return before?.kind === 'scalar' && !before.floating ? valueIn(last.value, before) : undefined;
    case NodeKind.Unary:
      return unary(operator, last.value, last.type);
    case NodeKind.Logical:
    case NodeKind.Binary:
      if (before === undefined || !isConstant(before) || before.kind === 'fault')
        return before !== undefined && isConstant(before) ? before : undefined;
      return kind === NodeKind.Logical
        ? logical(operator, before.value, last.value)
        : binary(operator, before, last, node);
    default:
      return undefined;
  }
}

function numberAt({ nodes, tokens }: SyntaxTree, node: number): ConstantValue {
  const token = nodes.firstTokens[node] ?? 0;
  readNumber(tokens.source, tokens.starts[token] ?? 0, tokens.ends[token] ?? 0, halves);
  return valueIn((BigInt(halves.high) << 32n) | BigInt(halves.low), longType);
}

function symbolAt(
  { nodes, tokens }: SyntaxTree,
  node: number,
  addressOf: AddressOf | undefined,
): ConstantValue | undefined {
  // In a condition an address has no type (script-language 4).
  if (addressOf === undefined || nodes.data[node] === 1) return undefined;
  const address = addressOf(tokenText(tokens, nodes.firstTokens[node] ?? 0));
  return address === undefined ? undefined : valueIn(address, longType);
}

function valueIn(value: bigint, type: Scalar): ConstantValue {
  const bits = type.sizeBytes * 8;
  // Of the integers bool alone ranks below char; any value but 0 is true.
  if (type.name === 'bool') return { kind: 'value', value: value === 0n ? 0n : 1n, type };
  return {
    kind: 'value',
    value: type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value),
    type,
  };
}

function truth(condition: boolean): ConstantValue {
  return valueIn(condition ? 1n : 0n, intType);
}

function unary(operator: TokenKind, value: bigint, type: Scalar): ConstantValue | undefined {
  switch (operator) {
    case TokenKind.Plus:
      return valueIn(value, type);
    case TokenKind.Minus:
      return valueIn(-value, promoted(type));
    case TokenKind.Tilde:
      return valueIn(~value, promoted(type));
    case TokenKind.Not:
      return truth(value === 0n);
    default:
      return undefined;
  }
}

function logical(operator: TokenKind, left: bigint, right: bigint): ConstantValue {
  return truth(operator === TokenKind.AndAnd ? left !== 0n && right !== 0n : left !== 0n || right !== 0n);
}

type Value = ConstantValue & { readonly kind: 'value' };

function binary(operator: TokenKind, one: Value, other: Value, node: number): ConstantValue | undefined {
  const type = commonType(one.type, other.type);
  if (type === undefined) return undefined;
  const left = numberIn(one.value, type);
  const right = numberIn(other.value, type);
  switch (operator) {
    case TokenKind.Plus:
      return valueIn(left + right, type);
    case TokenKind.Minus:
      return valueIn(left - right, type);
    case TokenKind.Star:
      return valueIn(left * right, type);
    case TokenKind.Slash:
    case TokenKind.Percent:
      return divided(operator, left, right, type, node);
    case TokenKind.ShiftLeft:
    case TokenKind.ShiftRight:
      if (right < 0n || right >= BigInt(type.sizeBytes * 8))
        return { kind: 'fault', fault: 'shift-too-far', node };
      return valueIn(operator === TokenKind.ShiftLeft ? left << right : left >> right, type);
    case TokenKind.And:
      return valueIn(left & right, type);
    case TokenKind.Or:
      return valueIn(left | right, type);
    case TokenKind.Xor:
      return valueIn(left ^ right, type);
    default:
      return compared(operator, left, right);
  }
}

function numberIn(value: bigint, type: Scalar): bigint {
  const bits = type.sizeBytes * 8;
  return type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function divided(
  operator: TokenKind,
  left: bigint,
  right: bigint,
  type: Scalar,
  node: number,
): ConstantValue {
  if (right === 0n) return { kind: 'fault', fault: 'division-by-zero', node };
  const least = -(1n << BigInt(type.sizeBytes * 8 - 1));
  if (type.signed && right === -1n && left === least)
    return { kind: 'fault', fault: 'quotient-overflow', node };
  return valueIn(operator === TokenKind.Slash ? left / right : left % right, type);
}

function compared(operator: TokenKind, left: bigint, right: bigint): ConstantValue | undefined {
  switch (operator) {
    case TokenKind.Equal:
      return truth(left === right);
    case TokenKind.NotEqual:
      return truth(left !== right);
    case TokenKind.Less:
      return truth(left < right);
    case TokenKind.LessEqual:
      return truth(left <= right);
    case TokenKind.Greater:
      return truth(left > right);
    case TokenKind.GreaterEqual:
      return truth(left >= right);
    default:
      return undefined;
  }
}
