/** Floating-point instructions and casts in WebAssembly, whose float64 is JavaScript's number (script-language 7). */

import { ScalarType, SymbolKind, ValueKind } from '../../catalog/opcodes';
import { isFloat, isInteger, isSigned } from '../scalar-types';
import type { Label, WasmOperation } from './code-writer';
import { allAccessible, type Emitter, type EmitterGroup } from './emitter';
import { Local, type FunctionBuilder } from './function-builder';
import { normalise } from './integer-code';

function isFloatKind(kind: number): boolean {
  return kind === ValueKind.FLOAT32 || kind === ValueKind.FLOAT64;
}

/** Pushes an operand as a number; one that is not finite ends the script, so it goes to the interpreter. */
function readFloat(builder: FunctionBuilder, slot: number, local: number, slow: Label): void {
  const { code } = builder;
  builder.read(slot, slow);
  if (builder.valueKind(slot) === ValueKind.FLOAT32)
    code.op('i32.wrap_i64', 'f32.reinterpret_i32', 'f64.promote_f32');
  else code.op('f64.reinterpret_i64');
  code.set(local);
  finiteOrSlow(builder, local, slow);
}

function finiteOrSlow({ code }: FunctionBuilder, local: number, slow: Label): void {
  code.get(local).op('f64.abs').f64(Infinity).op('f64.lt', 'i32.eqz').jumpIf(slow);
}

/** Leaves the bits of `x`, rounded to the kind, in `a`. */
function bitsOfFloat(builder: FunctionBuilder, kind: number, slow: Label): void {
  const { code } = builder;
  if (kind === ValueKind.FLOAT32) {
    code.get(Local.x).op('f32.demote_f64', 'f64.promote_f32').set(Local.x);
    finiteOrSlow(builder, Local.x, slow);
    code.get(Local.x).op('f32.demote_f64', 'i32.reinterpret_f32', 'i64.extend_i32_u').set(Local.a);
    return;
  }
  finiteOrSlow(builder, Local.x, slow);
  code.get(Local.x).op('i64.reinterpret_f64').set(Local.a);
}

function isFrameSlot(builder: FunctionBuilder, slot: number, kind: number): boolean {
  return builder.kind(slot) === SymbolKind.TEMP && builder.valueKind(slot) === kind;
}

function areAlike(builder: FunctionBuilder, left: number, right: number): boolean {
  const kind = builder.valueKind(left);
  return isFloatKind(kind) && builder.valueKind(right) === kind;
}

function arithmetic(operation: WasmOperation): Emitter {
  return (builder, operands, slow) => {
    const [right = 0, left = 0, destination = 0] = operands;
    if (!allAccessible(builder, [right, left, destination])) return false;
    const kind = builder.valueKind(left);
    if (!areAlike(builder, left, right) || !isFrameSlot(builder, destination, kind)) return false;
    const { code } = builder;
    readFloat(builder, left, Local.x, slow);
    readFloat(builder, right, Local.y, slow);
    // A division by zero is not finite either: the interpreter says which of the two it is.
    code.get(Local.x).get(Local.y).op(operation).set(Local.x);
    bitsOfFloat(builder, kind, slow);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

function comparison(operation: WasmOperation): Emitter {
  return (builder, operands, slow) => {
    const [right = 0, left = 0, destination = 0] = operands;
    if (!allAccessible(builder, [right, left, destination])) return false;
    if (!areAlike(builder, left, right) || !isFrameSlot(builder, destination, ValueKind.INTEGER))
      return false;
    const { code } = builder;
    readFloat(builder, left, Local.x, slow);
    readFloat(builder, right, Local.y, slow);
    code.get(Local.x).get(Local.y).op(operation, 'i64.extend_i32_u').set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

const moveFloat: Emitter = (builder, [source = 0, destination = 0], slow) => {
  if (!allAccessible(builder, [source, destination])) return false;
  if (builder.valueKind(source) !== builder.valueKind(destination)) return false;
  builder.read(source, slow);
  builder.code.set(Local.a);
  builder.write(destination, Local.a, slow);
  return true;
};

const negateFloat: Emitter = (builder, [source = 0, destination = 0], slow) => {
  if (!allAccessible(builder, [source, destination])) return false;
  const kind = builder.valueKind(source);
  if (!isFloatKind(kind) || !isFrameSlot(builder, destination, kind)) return false;
  readFloat(builder, source, Local.x, slow);
  builder.code.get(Local.x).op('f64.neg').set(Local.x);
  bitsOfFloat(builder, kind, slow);
  builder.write(destination, Local.a, slow);
  return true;
};

const convertFloat: Emitter = (builder, [source = 0, destination = 0], slow) => {
  if (!allAccessible(builder, [source, destination])) return false;
  const kind = builder.valueKind(destination);
  if (!isFloatKind(builder.valueKind(source)) || !isFloatKind(kind)) return false;
  readFloat(builder, source, Local.x, slow);
  bitsOfFloat(builder, kind, slow);
  builder.write(destination, Local.a, slow);
  return true;
};

function kindOfType(type: number): number {
  if (!isFloat(type)) return ValueKind.INTEGER;
  return type === ScalarType.F32 ? ValueKind.FLOAT32 : ValueKind.FLOAT64;
}

function constantType(builder: FunctionBuilder, slot: number): number | undefined {
  return builder.kind(slot) === SymbolKind.NUM ? builder.index(slot) : undefined;
}

/** From floating types to integers, where most values are out of range, only the interpreter casts. */
const castScalar: Emitter = (builder, operands, slow) => {
  const [source = 0, destination = 0, fromSlot = 0, toSlot = 0] = operands;
  const from = constantType(builder, fromSlot);
  const to = constantType(builder, toSlot);
  if (from === undefined || to === undefined || isFloat(from)) return false;
  if (!allAccessible(builder, [source, destination])) return false;
  if (builder.valueKind(source) !== ValueKind.INTEGER || builder.valueKind(destination) !== kindOfType(to))
    return false;
  const fromPointer = from === ScalarType.POINTER;
  if (!isInteger(from) && !fromPointer) return false;
  if (isFloat(to) ? fromPointer : !isInteger(to) && to !== ScalarType.POINTER) return false;
  const { code } = builder;
  builder.read(source, slow);
  if (!isFloat(to)) {
    normalise(builder, to);
    code.set(Local.a);
  } else {
    normalise(builder, from);
    const signed = isSigned(from);
    if (to === ScalarType.F32) {
      code.op(signed ? 'f32.convert_i64_s' : 'f32.convert_i64_u');
      code.op('i32.reinterpret_f32', 'i64.extend_i32_u').set(Local.a);
    } else {
      code.op(signed ? 'f64.convert_i64_s' : 'f64.convert_i64_u', 'i64.reinterpret_f64').set(Local.a);
    }
  }
  builder.write(destination, Local.a, slow);
  return true;
};

/** All bits but the sign: -0 is false too. */
const logicalNot: Emitter = (builder, [source = 0, destination = 0, typeSlot = 0], slow) => {
  const type = constantType(builder, typeSlot);
  if (type === undefined || !allAccessible(builder, [source, destination])) return false;
  if (!isFrameSlot(builder, destination, ValueKind.INTEGER)) return false;
  if (builder.valueKind(source) !== kindOfType(type)) return false;
  if (!isFloat(type) && !isInteger(type) && type !== ScalarType.POINTER) return false;
  const { code } = builder;
  builder.read(source, slow);
  if (type === ScalarType.F32) code.i64(0x7fff_ffffn).op('i64.and');
  else if (type === ScalarType.F64) code.i64(0x7fff_ffff_ffff_ffffn).op('i64.and');
  else normalise(builder, type);
  code.op('i64.eqz', 'i64.extend_i32_u').set(Local.a);
  builder.write(destination, Local.a, slow);
  return true;
};

export const floatEmitters: EmitterGroup = {
  MOV_FLOAT: moveFloat,
  NEG_FLOAT: negateFloat,
  CONVERT_FLOAT: convertFloat,
  ADD_FLOAT: arithmetic('f64.add'),
  SUB_FLOAT: arithmetic('f64.sub'),
  MUL_FLOAT: arithmetic('f64.mul'),
  DIV_FLOAT: arithmetic('f64.div'),
  GT_FLOAT: comparison('f64.gt'),
  LT_FLOAT: comparison('f64.lt'),
  EGT_FLOAT: comparison('f64.ge'),
  ELT_FLOAT: comparison('f64.le'),
  EQUAL_FLOAT: comparison('f64.eq'),
  NEQ_FLOAT: comparison('f64.ne'),
  CAST_SCALAR: castScalar,
  LOGICAL_NOT_TYPED: logicalNot,
};
