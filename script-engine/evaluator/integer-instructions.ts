/** Untyped and typed integer instructions (script-language 7). Cells take 64 bits of a result by themselves. */

import { ScalarType, SymbolKind } from '../catalog/opcodes';
import { CellOperation, withCells } from './cell-arithmetic';
import type { Execution } from './execution';
import type { Handler, HandlerGroup } from './instruction-table';
import { isInteger, isSigned, numberInType, widthOf } from './scalar-types';
import { fault } from './script-fault';

type Binary = (left: bigint, right: bigint) => bigint;
type TypedBinary = (left: bigint, right: bigint, type: number) => bigint;

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const truth = (condition: boolean): bigint => (condition ? 1n : 0n);

function untyped(operation: Binary): Handler {
  return (run) => {
    const right = run.take();
    const left = run.take();
    run.write(run.operand(), operation(left, right));
  };
}

function divisor(value: bigint): bigint {
  return value === 0n ? fault('division by zero') : value;
}

export const untypedInstructions: HandlerGroup = {
  INC: (run) => {
    const slot = run.operand();
    run.write(slot, run.read(slot) + 1n);
  },
  DEC: (run) => {
    const slot = run.operand();
    run.write(slot, run.read(slot) - 1n);
  },
  OR: untyped((left, right) => left | right),
  XOR: untyped((left, right) => left ^ right),
  AND: untyped((left, right) => left & right),
  // Logical both, with the processor's count modulo 64.
  ASR: untyped((left, right) => left >> (right & 63n)),
  ASL: untyped((left, right) => left << (right & 63n)),
  ADD: untyped((left, right) => left + right),
  SUB: untyped((left, right) => left - right),
  MUL: untyped((left, right) => left * right),
  DIV: untyped((left, right) => left / divisor(right)),
  MOD: untyped((left, right) => left % divisor(right)),
  GT: untyped((left, right) => truth(signed(left) > signed(right))),
  LT: untyped((left, right) => truth(signed(left) < signed(right))),
  EGT: untyped((left, right) => truth(signed(left) >= signed(right))),
  ELT: untyped((left, right) => truth(signed(left) <= signed(right))),
  EQUAL: untyped((left, right) => truth(left === right)),
  NEQ: untyped((left, right) => truth(left !== right)),
  NEG: (run) => {
    const value = run.take();
    run.write(run.operand(), -value);
  },
  NOT: (run) => {
    const value = run.take();
    run.write(run.operand(), ~value);
  },
  POINTER_DIFF: (run) => {
    const right = run.take();
    const left = run.take();
    const destination = run.operand();
    const size = divisor(run.take());
    run.write(destination, signed(left - right) / signed(size));
  },
};

/** A source of a typed integer instruction: no floating value. */
export function integerSource(run: Execution): number {
  const slot = run.operand();
  if (run.script.lengths[slot] !== 0) fault('a floating-point value where an integer belongs');
  return slot;
}

/** A destination of a typed instruction: always a frame slot (script-language 7). */
export function frameSlot(run: Execution, valueKind: number): number {
  const slot = run.operand();
  if (run.script.kinds[slot] !== SymbolKind.TEMP) fault('the result must go to a frame slot');
  if (run.script.lengths[slot] !== valueKind) fault('the result has the wrong floating-point kind');
  return slot;
}

function typed(operation: TypedBinary, acceptsPointers = false): Handler {
  return (run) => {
    const right = integerSource(run);
    const left = integerSource(run);
    const destination = frameSlot(run, 0);
    const type = run.immediate();
    if (!isInteger(type) && !(acceptsPointers && type === ScalarType.POINTER))
      fault(`type ${type} is no integer`);
    const result = operation(numberInType(run.read(left), type), numberInType(run.read(right), type), type);
    run.write(destination, acceptsPointers ? result : numberInType(result, type));
  };
}

function typedUnary(operation: (value: bigint) => bigint): Handler {
  return (run) => {
    const source = integerSource(run);
    const destination = frameSlot(run, 0);
    const type = run.immediate();
    if (!isInteger(type)) fault(`type ${type} is no integer`);
    run.write(destination, numberInType(operation(numberInType(run.read(source), type)), type));
  };
}

function quotientFits(left: bigint, right: bigint, type: number): void {
  divisor(right);
  if (isSigned(type) && right === -1n && left === -(1n << BigInt(widthOf(type) - 1))) {
    fault('the quotient of the smallest number and -1 does not fit its type');
  }
}

function shiftCount(count: bigint, type: number): bigint {
  const width = widthOf(type);
  if (count < 0n || count >= BigInt(width)) fault(`a shift by ${count} bits of a ${width}-bit value`);
  return count;
}

export const typedInstructions: HandlerGroup = {
  ADD_TYPED: withCells(
    CellOperation.Add,
    typed((left, right) => left + right),
  ),
  SUB_TYPED: withCells(
    CellOperation.Subtract,
    typed((left, right) => left - right),
  ),
  MUL_TYPED: withCells(
    CellOperation.Multiply,
    typed((left, right) => left * right),
  ),
  DIV_TYPED: typed((left, right, type) => {
    quotientFits(left, right, type);
    return left / right;
  }),
  MOD_TYPED: typed((left, right, type) => {
    quotientFits(left, right, type);
    return left % right;
  }),
  BITWISE_AND_TYPED: withCells(
    CellOperation.And,
    typed((left, right) => left & right),
  ),
  BITWISE_OR_TYPED: withCells(
    CellOperation.Or,
    typed((left, right) => left | right),
  ),
  BITWISE_XOR_TYPED: withCells(
    CellOperation.Xor,
    typed((left, right) => left ^ right),
  ),
  SHIFT_LEFT_TYPED: withCells(
    CellOperation.ShiftLeft,
    typed((left, right, type) => left << shiftCount(right, type)),
  ),
  SHIFT_RIGHT_TYPED: withCells(
    CellOperation.ShiftRight,
    typed((left, right, type) => left >> shiftCount(right, type)),
  ),
  GT_TYPED: withCells(
    CellOperation.Greater,
    typed((left, right) => truth(left > right), true),
  ),
  LT_TYPED: withCells(
    CellOperation.Less,
    typed((left, right) => truth(left < right), true),
  ),
  EGT_TYPED: withCells(
    CellOperation.GreaterOrEqual,
    typed((left, right) => truth(left >= right), true),
  ),
  ELT_TYPED: withCells(
    CellOperation.LessOrEqual,
    typed((left, right) => truth(left <= right), true),
  ),
  EQUAL_TYPED: withCells(
    CellOperation.Equal,
    typed((left, right) => truth(left === right), true),
  ),
  NEQ_TYPED: withCells(
    CellOperation.NotEqual,
    typed((left, right) => truth(left !== right), true),
  ),
  NEG_TYPED: typedUnary((value) => -value),
  BITWISE_NOT_TYPED: typedUnary((value) => ~value),
};
