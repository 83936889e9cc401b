import { SymbolKind } from '../catalog/opcodes';
import type { Provenance, Variable } from '../semantics/scope';
import type { ScriptType } from '../semantics/types';

/** A value while code is generated: what stands in a slot, and what the compiler knows about it. */
export interface Operand {
  /** Kind of symbol, catalog/opcodes. */
  readonly kind: number;
  readonly low: number;
  readonly high: number;
  /** Value kind of floating operands. */
  readonly len: number;
  readonly type: ScriptType | undefined;
  /** Node it came from; its span is where a mistake is shown. */
  readonly node: number;
  readonly variable: Variable | undefined;
  /** The name it was written with, when nothing of that name exists. */
  readonly unresolved: string | undefined;
  /** It holds the address of a member or element, of type `type`. */
  readonly isAddress: boolean;
  /** Where a pointer leads, or where an address lies. */
  readonly provenance: Provenance | undefined;
  /** A float literal, exactly as written, sign included. */
  readonly floatText: string | undefined;
  /** Token of a string literal. */
  readonly stringToken: number | undefined;
  /** A number written in the script. */
  readonly isLiteral: boolean;
  /** A mistake about it has been reported. */
  readonly broken: boolean;
}

/** An operand about which nothing more is known. All have the same fields, so that the engine knows their shape. */
export function operandOf(
  kind: number,
  low: number,
  high: number,
  len: number,
  type: ScriptType | undefined,
  node: number,
): Operand {
  return {
    kind,
    low,
    high,
    len,
    type,
    node,
    variable: undefined,
    unresolved: undefined,
    isAddress: false,
    provenance: undefined,
    floatText: undefined,
    stringToken: undefined,
    isLiteral: false,
    broken: false,
  };
}

export function numberOperand(value: number, node = -1): Operand {
  return operandOf(SymbolKind.NUM, value >>> 0, 0, 0, undefined, node);
}

/** The three words of the script's machine that instructions name. */
export const stackIndex: Operand = operandOf(SymbolKind.STACK_INDEX, 0, 0, 0, undefined, -1);
export const stackBase: Operand = operandOf(SymbolKind.STACK_BASE_INDEX, 0, 0, 0, undefined, -1);
export const returnValue: Operand = operandOf(SymbolKind.RETURN_VALUE, 0, 0, 0, undefined, -1);

export function isUnresolved(operand: Operand): boolean {
  return operand.unresolved !== undefined;
}

export function isTemp(operand: Operand): boolean {
  return operand.kind === SymbolKind.TEMP || operand.kind === SymbolKind.DEREFERENCE_TEMP;
}
