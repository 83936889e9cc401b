/** Floating-point instructions and casts (script-language 7). */

import { ScalarType, ValueKind } from '../catalog/opcodes';
import type { Execution } from './execution';
import { bitsOf, floatOf, floatOfInteger } from './float-value';
import type { Handler, HandlerGroup } from './instruction-table';
import { frameSlot } from './integer-instructions';
import { isFloat, isInteger, isSigned, numberInType, widthOf } from './scalar-types';
import { fault } from './script-fault';

function floatSource(run: Execution): { kind: number; value: number } {
  const slot = run.operand();
  const kind = run.script.lengths[slot] ?? 0;
  if (kind !== ValueKind.FLOAT32 && kind !== ValueKind.FLOAT64)
    fault('an integer where a floating-point value belongs');
  return { kind, value: floatOf(run.read(slot), kind) };
}

function operands(run: Execution): { kind: number; left: number; right: number } {
  const right = floatSource(run);
  const left = floatSource(run);
  if (left.kind !== right.kind) fault('a float and a double in one instruction');
  return { kind: left.kind, left: left.value, right: right.value };
}

function arithmetic(operation: (left: number, right: number) => number): Handler {
  return (run) => {
    const { kind, left, right } = operands(run);
    run.write(frameSlot(run, kind), bitsOf(operation(left, right), kind));
  };
}

function comparison(operation: (left: number, right: number) => boolean): Handler {
  return (run) => {
    const { left, right } = operands(run);
    run.write(frameSlot(run, ValueKind.INTEGER), operation(left, right) ? 1n : 0n);
  };
}

function kindOfType(type: number): number {
  return type === ScalarType.F32 ? ValueKind.FLOAT32 : ValueKind.FLOAT64;
}

/** Truncates toward zero; what the type cannot hold ends the script. */
function integerOfFloat(value: number, type: number): bigint {
  const truncated = BigInt(Math.trunc(value));
  if (type === ScalarType.BOOL) {
    if (truncated < 0n || truncated > 255n) fault(`${value} is out of range of bool`);
    return truncated === 0n ? 0n : 1n;
  }
  const width = BigInt(widthOf(type));
  const least = isSigned(type) ? -(1n << (width - 1n)) : 0n;
  const greatest = isSigned(type) ? (1n << (width - 1n)) - 1n : (1n << width) - 1n;
  if (truncated < least || truncated > greatest) fault(`${value} is out of range of the type it is cast to`);
  return truncated;
}

function castScalar(run: Execution): void {
  const source = run.operand();
  const destination = run.operand();
  const from = run.immediate();
  const to = run.immediate();
  const bits = run.read(source);
  const sourceKind = run.script.lengths[source] ?? 0;
  const destinationKind = run.script.lengths[destination] ?? 0;
  if (sourceKind !== (isFloat(from) ? kindOfType(from) : ValueKind.INTEGER))
    fault('the operand is not of the type it is cast from');
  if (destinationKind !== (isFloat(to) ? kindOfType(to) : ValueKind.INTEGER))
    fault('the result is not of the type it is cast to');
  run.write(destination, castBits(bits, from, to));
}

function castBits(bits: bigint, from: number, to: number): bigint {
  const fromInteger = isInteger(from) || from === ScalarType.POINTER;
  if (isFloat(from)) {
    const value = floatOf(bits, kindOfType(from));
    if (isFloat(to)) return bitsOf(value, kindOfType(to));
    if (isInteger(to)) return integerOfFloat(value, to);
  } else if (fromInteger && to === ScalarType.POINTER) {
    return bits;
  } else if (fromInteger && isInteger(to)) {
    return numberInType(bits, to);
  } else if (isInteger(from) && isFloat(to)) {
    return bitsOf(floatOfInteger(numberInType(bits, from), kindOfType(to)), kindOfType(to));
  }
  return fault(`there is no cast from type ${from} to type ${to}`);
}

/** All bits but the sign: -0 is false too. */
function logicalNot(run: Execution): void {
  const source = run.operand();
  const kind = run.script.lengths[source] ?? 0;
  const destination = frameSlot(run, ValueKind.INTEGER);
  const type = run.immediate();
  const bits = run.read(source);
  if (isFloat(type)) {
    if (kind !== kindOfType(type)) fault('the operand is not of the type the instruction names');
    const magnitude = type === ScalarType.F32 ? bits & 0x7fff_ffffn : bits & 0x7fff_ffff_ffff_ffffn;
    run.write(destination, magnitude === 0n ? 1n : 0n);
    return;
  }
  if (kind !== ValueKind.INTEGER) fault('a floating-point value where an integer belongs');
  if (!isInteger(type) && type !== ScalarType.POINTER) fault(`type ${type} is no scalar type`);
  run.write(destination, numberInType(bits, type) === 0n ? 1n : 0n);
}

export const floatInstructions: HandlerGroup = {
  MOV_FLOAT: (run) => {
    const source = run.operand();
    const destination = run.operand();
    if (run.script.lengths[source] !== run.script.lengths[destination])
      fault('a float and a double in one assignment');
    run.write(destination, run.read(source));
  },
  NEG_FLOAT: (run) => {
    const { kind, value } = floatSource(run);
    run.write(frameSlot(run, kind), bitsOf(-value, kind));
  },
  CONVERT_FLOAT: (run) => {
    const { value } = floatSource(run);
    const destination = run.operand();
    const kind = run.script.lengths[destination] ?? 0;
    if (kind !== ValueKind.FLOAT32 && kind !== ValueKind.FLOAT64)
      fault('the result is no floating-point value');
    run.write(destination, bitsOf(value, kind));
  },
  ADD_FLOAT: arithmetic((left, right) => left + right),
  SUB_FLOAT: arithmetic((left, right) => left - right),
  MUL_FLOAT: arithmetic((left, right) => left * right),
  DIV_FLOAT: arithmetic((left, right) => (right === 0 ? fault('division by zero') : left / right)),
  GT_FLOAT: comparison((left, right) => left > right),
  LT_FLOAT: comparison((left, right) => left < right),
  EGT_FLOAT: comparison((left, right) => left >= right),
  ELT_FLOAT: comparison((left, right) => left <= right),
  EQUAL_FLOAT: comparison((left, right) => left === right),
  NEQ_FLOAT: comparison((left, right) => left !== right),
  CAST_SCALAR: castScalar,
  LOGICAL_NOT_TYPED: logicalNot,
};
