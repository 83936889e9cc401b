import type { Label, WasmOperation } from './code-writer';
import { Local, type FunctionBuilder } from './function-builder';

/**
 * Writes one instruction. False, and nothing written, when only the interpreter can do it. Jumping to `slow`, before
 * anything is changed, lets the interpreter do it too: it knows the errors and all memory.
 */
export type Emitter = (builder: FunctionBuilder, operands: readonly number[], slow: Label) => boolean;

export type EmitterGroup = Readonly<Record<string, Emitter>>;

/** True when all operands are where compiled code can get at them. */
export function allAccessible(builder: FunctionBuilder, slots: readonly number[]): boolean {
  return slots.every((slot) => builder.canAccess(slot));
}

/** `destination = operation(left, right)`, the operands in the order of the buffer. */
export function binary(emit: (builder: FunctionBuilder, slow: Label) => void): Emitter {
  return (builder, operands, slow) => {
    const [right = 0, left = 0, destination = 0] = operands;
    if (!allAccessible(builder, [right, left, destination])) return false;
    builder.read(left, slow);
    builder.code.set(Local.a);
    builder.read(right, slow);
    builder.code.set(Local.b);
    emit(builder, slow);
    builder.code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

/** `destination = operation(source)`. */
export function unary(emit: (builder: FunctionBuilder, slow: Label) => void): Emitter {
  return (builder, [source = 0, destination = 0], slow) => {
    if (!allAccessible(builder, [source, destination])) return false;
    builder.read(source, slow);
    builder.code.set(Local.a);
    emit(builder, slow);
    builder.code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

/** Pushes `a` and `b` and computes. */
export function compute(...operations: readonly WasmOperation[]): (builder: FunctionBuilder) => void {
  return ({ code }) => {
    code
      .get(Local.a)
      .get(Local.b)
      .op(...operations);
  };
}

/** The same for comparisons, whose result is a word here. */
export function compare(operation: WasmOperation): (builder: FunctionBuilder) => void {
  return compute(operation, 'i64.extend_i32_u');
}

/** To the interpreter when the local is 0. */
export function zeroIsSlow({ code }: FunctionBuilder, local: number, slow: Label): void {
  code.get(local).op('i64.eqz').jumpIf(slow);
}
