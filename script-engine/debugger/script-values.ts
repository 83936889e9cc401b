/** Variables of a stopped script, with their types, as a debugger shows and changes them. */

import { ValueKind } from '../catalog/opcodes';
import type { GlobalTable } from '../compiler/global-table';
import type { Execution } from '../evaluator/execution';
import { bytesOf, numberOf } from '../evaluator/script-addresses';
import type { Variable } from '../semantics/scope';
import { isFloating, sizeOf, typeName, valueKindOf, type ScriptType } from '../semantics/types';
import { frameSlot } from './debug-info';
import type { CallFrame } from './debug-run';

/** A variable, an element or a member. */
export interface ScriptValue {
  readonly name: string;
  /** undefined: 64 bits without a sign, as variables without a type are. */
  readonly type: ScriptType | undefined;
  /** Address as `&` gives it in the script. */
  readonly address: bigint;
}

/** Arguments and locals of a frame. */
export function frameValues(execution: Execution, frame: CallFrame): ScriptValue[] {
  return [...frame.owner.scope.variables.values()]
    .filter(({ place }) => place !== 'global')
    .map((variable) => frameValue(execution, frame, variable));
}

function frameValue(execution: Execution, frame: CallFrame, variable: Variable): ScriptValue {
  const { name, type, place, index } = variable;
  // Parameters lie below the frame: saved base, return address, then the arguments (script-language 5.4).
  const slot = frame.base + (place === 'parameter' ? -3 - index : frameSlot(frame.owner, variable));
  return { name, type, address: execution.stackAddress(slot) };
}

/** Globals that scripts of this session have defined. */
export function globalValues(execution: Execution, globals: GlobalTable): ScriptValue[] {
  const { bases } = execution.session;
  return [...globals.names()].flatMap((name) => {
    const global = globals.get(name);
    if (global === undefined) return [];
    return [{ name, type: global.type, address: bases.globals + BigInt(global.index) * 8n }];
  });
}

/** Elements of an array, members of a struct, or what a pointer leads to. */
export function childValues(
  execution: Execution,
  { type, address }: ScriptValue,
  start = 0,
  count = Infinity,
): ScriptValue[] {
  switch (type?.kind) {
    case 'array': {
      const { element } = type;
      const size = BigInt(sizeOf(element));
      const end = Math.min(type.count, start + count);
      return Array.from({ length: Math.max(0, end - start) }, (_, index) => ({
        name: `[${start + index}]`,
        type: element,
        address: BigInt.asUintN(64, address + BigInt(start + index) * size),
      }));
    }
    case 'struct':
      return type.members.slice(start, start + count).map((member) => ({
        name: member.name,
        type: member.type,
        address: BigInt.asUintN(64, address + BigInt(member.offset)),
      }));
    case 'pointer': {
      const target = readWord(execution, address, 8);
      if (target === undefined || target === 0n || type.base.kind === 'void') return [];
      return [{ name: '*', type: type.base, address: target }];
    }
    default:
      return [];
  }
}

/** Number of children, before anything is read. */
export function childCount({ type }: ScriptValue): number {
  switch (type?.kind) {
    case 'array':
      return type.count;
    case 'struct':
      return type.members.length;
    case 'pointer':
      return 1;
    default:
      return 0;
  }
}

/** The value as a text that an assignment takes back; for aggregates what they are. */
export function valueText(execution: Execution, value: ScriptValue): string {
  const { type, address } = value;
  if (type?.kind === 'array') return `${typeText(type)} at 0x${address.toString(16)}`;
  if (type?.kind === 'struct') return `struct ${type.tag} at 0x${address.toString(16)}`;
  const bits = rawValue(execution, value);
  if (bits === undefined) return `<0x${address.toString(16)} cannot be read>`;
  const isSigned = type?.kind === 'scalar' && type.signed;
  if (isFloating(type)) return floatText(bits, valueKindOf(type));
  const signed = isSigned ? BigInt.asIntN(sizeOf(type) * 8, bits) : bits;
  return signed < 0n ? `-0x${(-signed).toString(16)}` : `0x${signed.toString(16)}`;
}

/** Bits of a scalar or pointer. */
export function rawValue(execution: Execution, { type, address }: ScriptValue): bigint | undefined {
  return readWord(execution, address, type === undefined ? 8 : sizeOf(type));
}

/** False when nothing can be written there. Variables take whole words, elements and members their own size. */
export function writeValue(
  execution: Execution,
  { type, address }: ScriptValue,
  bits: bigint,
  isVariable: boolean,
): boolean {
  const sizeBytes = type === undefined ? 8 : sizeOf(type);
  const isSigned = type?.kind === 'scalar' && type.signed && !type.floating;
  const width = sizeBytes * 8;
  const value = isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits);
  return execution.addresses.write(address, bytesOf(value, isVariable ? 8 : sizeBytes));
}

/** Name of a type with the counts of its arrays. */
export function typeText(type: ScriptType | undefined): string {
  if (type === undefined) return 'unsigned long long';
  let counts = '';
  let inner = type;
  for (; inner.kind === 'array'; inner = inner.element) counts += `[${inner.count}]`;
  return `${typeName(inner)}${counts}`;
}

function readWord(execution: Execution, address: bigint, sizeBytes: number): bigint | undefined {
  const bytes = execution.addresses.read(address, sizeBytes);
  return bytes && numberOf(bytes);
}

const view = new DataView(new ArrayBuffer(8));

function floatText(bits: bigint, kind: number): string {
  view.setBigUint64(0, bits);
  return String(kind === ValueKind.FLOAT32 ? view.getFloat32(4) : view.getFloat64(0));
}

/** Bits of a floating-point number as its type has them. */
export function floatBits(value: number, kind: number): bigint {
  if (kind === ValueKind.FLOAT32) {
    view.setFloat32(4, value);
    return BigInt(view.getUint32(4));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}
