/**
 * Typed integer instructions of 64 bits whose operands are cells and constants: by far the commonest. The numbers go from cell
 * to cell in one expression, where the engine computes with machine words; a bigint in between would be an object.
 */

import { ScalarType, SymbolKind } from '../catalog/opcodes';
import type { Execution } from './execution';
import type { Handler } from './instruction-table';

export const enum CellOperation {
  Add,
  Subtract,
  Multiply,
  And,
  Or,
  Xor,
  ShiftLeft,
  ShiftRight,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
}

/** The handler with a short cut for cells; everything else, faults included, is left to `handler`. */
export function withCells(operation: CellOperation, handler: Handler): Handler {
  return (run) => {
    if (!onCells(run, operation)) handler(run);
  };
}

const NOWHERE = -1;

/** Index of an integer in its cells; NOWHERE when it has none. */
function cellOf(run: Execution, slot: number): number {
  const { kinds, indexes, lengths } = run.script;
  if (lengths[slot] !== 0) return NOWHERE;
  if (kinds[slot] === SymbolKind.NUM) return slot;
  if (kinds[slot] !== SymbolKind.TEMP) return NOWHERE;
  const index = run.baseIndex + (indexes[slot] ?? 0);
  return index < run.stack.length ? index : NOWHERE;
}

/** Operands without strings take one slot each: right, left, destination, type. */
const OPERANDS = 4;

/** Does the instruction whose operands begin at `run.slot`; false, and nothing done, when it is none for cells. */
function onCells(run: Execution, operation: CellOperation): boolean {
  const { slot, script, stack } = run;
  const { kinds, indexes, words } = script;
  const type = indexes[slot + 3];
  if (slot + OPERANDS > script.symbolCount || kinds[slot + 3] !== SymbolKind.NUM) return false;
  if (type !== ScalarType.U64 && type !== ScalarType.I64) return false;
  if (kinds[slot + 2] !== SymbolKind.TEMP) return false;
  const rightCell = cellOf(run, slot);
  const leftCell = cellOf(run, slot + 1);
  const target = cellOf(run, slot + 2);
  if (rightCell < 0 || leftCell < 0 || target < 0) return false;
  const right = (kinds[slot] === SymbolKind.NUM ? words : stack)[rightCell] ?? 0n;
  const left = (kinds[slot + 1] === SymbolKind.NUM ? words : stack)[leftCell] ?? 0n;
  const isSigned = type === ScalarType.I64;
  switch (operation) {
    case CellOperation.Add:
      stack[target] = left + right;
      break;
    case CellOperation.Subtract:
      stack[target] = left - right;
      break;
    case CellOperation.Multiply:
      stack[target] = left * right;
      break;
    case CellOperation.And:
      stack[target] = left & right;
      break;
    case CellOperation.Or:
      stack[target] = left | right;
      break;
    case CellOperation.Xor:
      stack[target] = left ^ right;
      break;
    case CellOperation.ShiftLeft:
      if (right > 63n) return false;
      stack[target] = left << right;
      break;
    case CellOperation.ShiftRight:
      if (right > 63n || isSigned) return false;
      stack[target] = left >> right;
      break;
    case CellOperation.Equal:
      stack[target] = left === right ? 1n : 0n;
      break;
    case CellOperation.NotEqual:
      stack[target] = left === right ? 0n : 1n;
      break;
    default:
      stack[target] = isOrdered(operation, left, right, isSigned) ? 1n : 0n;
  }
  run.slot = slot + OPERANDS;
  return true;
}

const SIGN = 1n << 63n;

function isOrdered(operation: CellOperation, one: bigint, other: bigint, isSigned: boolean): boolean {
  // With the sign bit turned over, signed numbers compare like unsigned ones.
  const left = isSigned ? one ^ SIGN : one;
  const right = isSigned ? other ^ SIGN : other;
  switch (operation) {
    case CellOperation.Less:
      return left < right;
    case CellOperation.LessOrEqual:
      return left <= right;
    case CellOperation.Greater:
      return left > right;
    default:
      return left >= right;
  }
}
