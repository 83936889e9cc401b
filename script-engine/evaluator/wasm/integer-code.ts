/** Untyped and typed integer instructions, moves, and the stack, in WebAssembly (script-language 7). */

import { ScalarType, SymbolKind } from '../../catalog/opcodes';
import { isInteger, isSigned, widthOf } from '../scalar-types';
import { STACK_WORDS, layout } from './arena';
import type { Label, WasmOperation } from './code-writer';
import {
  allAccessible,
  binary,
  compare,
  compute,
  unary,
  zeroIsSlow,
  type Emitter,
  type EmitterGroup,
} from './emitter';
import { Local, type FunctionBuilder } from './function-builder';

function divide(operation: 'i64.div_u' | 'i64.rem_u'): Emitter {
  return binary((builder, slow) => {
    zeroIsSlow(builder, Local.b, slow);
    compute(operation)(builder);
  });
}

function step(operation: 'i64.add' | 'i64.sub'): Emitter {
  return (builder, [slot = 0], slow) => {
    if (!builder.canAccess(slot)) return false;
    builder.read(slot, slow);
    builder.code.i64(1n).op(operation).set(Local.a);
    builder.write(slot, Local.a, slow);
    return true;
  };
}

const pointerDifference: Emitter = (builder, operands, slow) => {
  const [right = 0, left = 0, destination = 0, size = 0] = operands;
  if (!allAccessible(builder, [right, left, destination, size])) return false;
  const { code } = builder;
  builder.read(size, slow);
  code.tee(Local.c).op('i64.eqz').jumpIf(slow);
  // The one quotient that does not fit would trap.
  code.get(Local.c).i64(-1n).op('i64.eq').jumpIf(slow);
  builder.read(left, slow);
  code.set(Local.a);
  builder.read(right, slow);
  code.set(Local.b).get(Local.a).get(Local.b).op('i64.sub').get(Local.c).op('i64.div_s').set(Local.a);
  builder.write(destination, Local.a, slow);
  return true;
};

const push: Emitter = (builder, [source = 0], slow) => {
  if (!builder.canAccess(source)) return false;
  const { code } = builder;
  pushRoom(builder, slow);
  builder.read(source, slow);
  code.set(Local.a);
  pushWord(builder, () => code.get(Local.a));
  return true;
};

const pop: Emitter = (builder, [destination = 0], slow) => {
  if (!builder.canAccess(destination)) return false;
  const { code } = builder;
  popWord(builder, slow);
  // SI changes before a destination that is SI itself is written.
  if (builder.kind(destination) === SymbolKind.STACK_INDEX) {
    builder.write(destination, Local.a, slow);
    return true;
  }
  builder.write(destination, Local.a, slow);
  code.get(Local.stackIndex).i32(1).op('i32.sub').set(Local.stackIndex);
  return true;
};

/** To the interpreter when a push would fill the stack, which is an error. */
export function pushRoom({ code }: FunctionBuilder, slow: Label): void {
  code
    .get(Local.stackIndex)
    .i32(STACK_WORDS - 1)
    .op('i32.ge_u')
    .jumpIf(slow);
}

export function pushWord(builder: FunctionBuilder, value: () => void): void {
  const { code } = builder;
  builder.reachesStack = true;
  code.get(Local.stackIndex).i32(3).op('i32.shl');
  value();
  code.access('i64.store', layout.stack);
  code.get(Local.stackIndex).i32(1).op('i32.add').set(Local.stackIndex);
}

/** Leaves the top of the stack in `a`; SI is the caller's to change. */
export function popWord(builder: FunctionBuilder, slow: Label): void {
  const { code } = builder;
  builder.reachesStack = true;
  code.get(Local.stackIndex).op('i32.eqz').jumpIf(slow);
  code.get(Local.stackIndex).i32(1).op('i32.sub').i32(3).op('i32.shl');
  code.access('i64.load', layout.stack).set(Local.a);
}

export const integerEmitters: EmitterGroup = {
  INC: step('i64.add'),
  DEC: step('i64.sub'),
  OR: binary(compute('i64.or')),
  XOR: binary(compute('i64.xor')),
  AND: binary(compute('i64.and')),
  ASR: binary(compute('i64.shr_u')),
  ASL: binary(compute('i64.shl')),
  ADD: binary(compute('i64.add')),
  SUB: binary(compute('i64.sub')),
  MUL: binary(compute('i64.mul')),
  DIV: divide('i64.div_u'),
  MOD: divide('i64.rem_u'),
  GT: binary(compare('i64.gt_s')),
  LT: binary(compare('i64.lt_s')),
  EGT: binary(compare('i64.ge_s')),
  ELT: binary(compare('i64.le_s')),
  EQUAL: binary(compare('i64.eq')),
  NEQ: binary(compare('i64.ne')),
  NEG: unary(({ code }) => code.i64(0n).get(Local.a).op('i64.sub')),
  NOT: unary(({ code }) => code.get(Local.a).i64(-1n).op('i64.xor')),
  MOV: unary(({ code }) => code.get(Local.a)),
  REFERENCE: (builder, [operand = 0, destination = 0], slow) => {
    if (!builder.canAccess(destination)) return false;
    builder.pushAddressOf(operand);
    builder.code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  },
  POINTER_DIFF: pointerDifference,
  PUSH: push,
  POP: pop,
};

/** The type of a typed instruction, when its operands are what the instruction takes. */
function typeOf(
  builder: FunctionBuilder,
  sources: readonly number[],
  destination: number,
  typeSlot: number,
  acceptsPointers: boolean,
): number | undefined {
  if (!allAccessible(builder, [...sources, destination])) return undefined;
  if (sources.some((slot) => builder.valueKind(slot) !== 0)) return undefined;
  if (builder.kind(destination) !== SymbolKind.TEMP || builder.valueKind(destination) !== 0) return undefined;
  if (builder.kind(typeSlot) !== SymbolKind.NUM) return undefined;
  const type = builder.index(typeSlot);
  return isInteger(type) || (acceptsPointers && type === ScalarType.POINTER) ? type : undefined;
}

const signExtensions = new Map<number, WasmOperation>([
  [8, 'i64.extend8_s'],
  [16, 'i64.extend16_s'],
  [32, 'i64.extend32_s'],
]);

/** Makes the word on the stack what the type holds of it, as `numberInType` does. */
export function normalise({ code }: FunctionBuilder, type: number): void {
  if (type === ScalarType.POINTER) return;
  if (type === ScalarType.BOOL) {
    code.i64(0n).op('i64.ne', 'i64.extend_i32_u');
    return;
  }
  const width = widthOf(type);
  if (width === 64) return;
  const extension = signExtensions.get(width);
  if (isSigned(type) && extension !== undefined) code.op(extension);
  else code.i64((1n << BigInt(width)) - 1n).op('i64.and');
}

type TypedOperation = (builder: FunctionBuilder, type: number, slow: Label) => void;

function typed(operation: TypedOperation, isComparison = false): Emitter {
  return (builder, operands, slow) => {
    const [right = 0, left = 0, destination = 0, typeSlot = 0] = operands;
    const type = typeOf(builder, [right, left], destination, typeSlot, isComparison);
    if (type === undefined) return false;
    const { code } = builder;
    builder.read(left, slow);
    normalise(builder, type);
    code.set(Local.a);
    builder.read(right, slow);
    normalise(builder, type);
    code.set(Local.b);
    operation(builder, type, slow);
    if (!isComparison) normalise(builder, type);
    code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

function typedUnary(emit: (builder: FunctionBuilder) => void): Emitter {
  return (builder, [source = 0, destination = 0, typeSlot = 0], slow) => {
    const type = typeOf(builder, [source], destination, typeSlot, false);
    if (type === undefined) return false;
    const { code } = builder;
    builder.read(source, slow);
    normalise(builder, type);
    code.set(Local.a);
    emit(builder);
    normalise(builder, type);
    code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

const always =
  (operation: WasmOperation): TypedOperation =>
  (builder) =>
    compute(operation)(builder);

const bySign =
  (signed: WasmOperation, unsigned: WasmOperation): TypedOperation =>
  (builder, type) =>
    compute(isSigned(type) ? signed : unsigned)(builder);

const comparing = (signed: WasmOperation, unsigned: WasmOperation): Emitter =>
  typed((builder, type) => compare(isSigned(type) ? signed : unsigned)(builder), true);

const dividing = (signed: WasmOperation, unsigned: WasmOperation): Emitter =>
  typed((builder, type, slow) => {
    const { code } = builder;
    zeroIsSlow(builder, Local.b, slow);
    if (isSigned(type)) {
      const least = -(1n << BigInt(widthOf(type) - 1));
      code.get(Local.b).i64(-1n).op('i64.eq').get(Local.a).i64(least).op('i64.eq', 'i32.and').jumpIf(slow);
    }
    bySign(signed, unsigned)(builder, type, slow);
  });

const shifting = (signed: WasmOperation, unsigned: WasmOperation): Emitter =>
  typed((builder, type, slow) => {
    builder.code
      .get(Local.b)
      .i64(BigInt(widthOf(type)))
      .op('i64.ge_u')
      .jumpIf(slow);
    bySign(signed, unsigned)(builder, type, slow);
  });

export const typedEmitters: EmitterGroup = {
  ADD_TYPED: typed(always('i64.add')),
  SUB_TYPED: typed(always('i64.sub')),
  MUL_TYPED: typed(always('i64.mul')),
  DIV_TYPED: dividing('i64.div_s', 'i64.div_u'),
  MOD_TYPED: dividing('i64.rem_s', 'i64.rem_u'),
  BITWISE_AND_TYPED: typed(always('i64.and')),
  BITWISE_OR_TYPED: typed(always('i64.or')),
  BITWISE_XOR_TYPED: typed(always('i64.xor')),
  SHIFT_LEFT_TYPED: shifting('i64.shl', 'i64.shl'),
  SHIFT_RIGHT_TYPED: shifting('i64.shr_s', 'i64.shr_u'),
  GT_TYPED: comparing('i64.gt_s', 'i64.gt_u'),
  LT_TYPED: comparing('i64.lt_s', 'i64.lt_u'),
  EGT_TYPED: comparing('i64.ge_s', 'i64.ge_u'),
  ELT_TYPED: comparing('i64.le_s', 'i64.le_u'),
  EQUAL_TYPED: comparing('i64.eq', 'i64.eq'),
  NEQ_TYPED: comparing('i64.ne', 'i64.ne'),
  NEG_TYPED: typedUnary(({ code }) => code.i64(0n).get(Local.a).op('i64.sub')),
  BITWISE_NOT_TYPED: typedUnary(({ code }) => code.get(Local.a).i64(-1n).op('i64.xor')),
};
