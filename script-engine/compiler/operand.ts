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
  readonly variable?: Variable | undefined;
  /** The name it was written with, when nothing of that name exists. */
  readonly unresolved?: string;
  /** It holds the address of a member or element, of type `type`. */
  readonly isAddress?: boolean;
  /** Where a pointer leads, or where an address lies. */
  readonly provenance?: Provenance | undefined;
  /** A float literal, exactly as written, sign included. */
  readonly floatText?: string;
  /** Token of a string literal. */
  readonly stringToken?: number;
  /** A number written in the script. */
  readonly isLiteral?: boolean;
  /** A mistake about it has been reported. */
  readonly broken?: boolean;
}

export function numberOperand(value: number, node = -1): Operand {
  return { kind: SymbolKind.NUM, low: value >>> 0, high: 0, len: 0, type: undefined, node };
}

/** The three words of the script's machine that instructions name. */
export const stackIndex: Operand = { ...numberOperand(0), kind: SymbolKind.STACK_INDEX };
export const stackBase: Operand = { ...numberOperand(0), kind: SymbolKind.STACK_BASE_INDEX };
export const returnValue: Operand = { ...numberOperand(0), kind: SymbolKind.RETURN_VALUE };

export function isUnresolved(operand: Operand): boolean {
  return operand.unresolved !== undefined;
}

export function isTemp(operand: Operand): boolean {
  return operand.kind === SymbolKind.TEMP || operand.kind === SymbolKind.DEREFERENCE_TEMP;
}
