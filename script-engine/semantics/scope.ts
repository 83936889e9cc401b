import type { ScriptType, StructType } from './types';

/** Where the memory lies that a pointer or address leads to (script-language 5.3). */
export type Provenance = 'local' | 'remote';

export interface Variable {
  readonly name: string;
  readonly place: 'local' | 'parameter' | 'global';
  /** Frame slot of a local, number of a parameter, index of a global. */
  readonly index: number;
  type: ScriptType | undefined;
  /** Made by an assignment without a type: unsigned 64 bits, and takes pointers too. */
  implicit: boolean;
  /** Of a pointer: set by the value it was last assigned (script-language 6.4). */
  provenance: Provenance | undefined;
  /** Offset of the name where it appears first. */
  readonly declaredAt: number;
}

/** A function, or the main program: its names and its frame. Blocks open no scope (script-language 11). */
export interface FunctionScope {
  readonly name: string;
  /** Undefined for a type that is not valid. */
  readonly returnType: ScriptType | undefined;
  readonly variables: Map<string, Variable>;
  readonly parameterCount: number;
  /** Slots that locals take, 8 bytes each. */
  localSlots: number;
}

export interface UserFunction {
  readonly name: string;
  readonly returnType: ScriptType | undefined;
  parameterCount: number;
  /** Slot that a CALL goes to. */
  readonly address: number;
}

/** Names that live for one script. */
export interface ScriptNames {
  readonly functions: Map<string, UserFunction>;
  readonly structs: Map<string, StructType>;
  readonly typedefs: Map<string, ScriptType | undefined>;
}

export function newFunctionScope(
  name: string,
  returnType: ScriptType | undefined,
  parameterCount: number,
): FunctionScope {
  return { name, returnType, variables: new Map(), parameterCount, localSlots: 0 };
}
