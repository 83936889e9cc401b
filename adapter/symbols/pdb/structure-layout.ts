/** Structures, unions and enums as they lie in memory. */

import { type ByteCursor, EndOfBytes } from '../byte-cursor';
import { simpleType } from './simple-types';
import { Leaf, readNumeric, readTypeHead, type TypeStream } from './type-stream';

export interface StructureMember {
  readonly kind: 'member' | 'base';
  readonly name: string;
  readonly offset: number;
  readonly type: MemberType;
}

export type MemberType =
  | {
      readonly kind: 'number';
      readonly text: string;
      readonly sizeBytes: number;
      readonly format: 'signed' | 'unsigned' | 'float' | 'bool';
    }
  | { readonly kind: 'pointer'; readonly text: string; readonly sizeBytes: number }
  | {
      readonly kind: 'array';
      readonly text: string;
      readonly sizeBytes: number;
      readonly element: MemberType;
      readonly count: number;
    }
  | {
      readonly kind: 'bits';
      readonly text: string;
      readonly sizeBytes: number;
      readonly position: number;
      readonly width: number;
      readonly base: MemberType;
    }
  | {
      readonly kind: 'enum';
      readonly text: string;
      readonly sizeBytes: number;
      readonly names: ReadonlyMap<bigint, string>;
    }
  | {
      readonly kind: 'structure';
      readonly text: string;
      readonly sizeBytes: number;
      readonly typeIndex: number;
    }
  | { readonly kind: 'other'; readonly text: string; readonly sizeBytes: number };

export interface StructureLayout {
  readonly kind: 'struct' | 'class' | 'union' | 'interface';
  readonly name: string;
  readonly sizeBytes: number;
  readonly members: readonly StructureMember[];
}

/** Arrays of arrays and pointers to pointers end some time; a ring of records does not. */
const MAX_DEPTH = 32;
const MAX_MEMBERS = 100_000;

/** The layout of a structure by name or type index; undefined where there is no definition. */
export function layoutOf(types: TypeStream, wanted: string | number): StructureLayout | undefined {
  const index = typeof wanted === 'number' ? wanted : types.definitionOf(wanted);
  const record = index === undefined ? undefined : types.record(index);
  if (record === undefined) return undefined;
  try {
    const head = readTypeHead(record);
    if (head === undefined || head.kind === 'enum') return undefined;
    if (head.isForward) {
      const full = types.definitionOf(head.name);
      return full === undefined || full === index ? undefined : layoutOf(types, full);
    }
    const { kind, name, sizeBytes } = head;
    return { kind, name, sizeBytes, members: membersOf(types, head.fieldList) };
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

function membersOf(types: TypeStream, fieldList: number): StructureMember[] {
  const members: StructureMember[] = [];
  walkFields(types, fieldList, (kind, body) => {
    if (members.length >= MAX_MEMBERS) throw new EndOfBytes();
    if (kind === Leaf.member || kind === Leaf.baseClass) {
      const type = typeOf(types, body.u32(), 0);
      const offset = Number(readNumeric(body));
      const isBase = kind === Leaf.baseClass;
      members.push({
        kind: isBase ? 'base' : 'member',
        name: isBase ? type.text : body.text(),
        offset,
        type,
      });
    } else if (kind === Leaf.virtualTable) {
      const type: MemberType = { kind: 'pointer', text: 'void**', sizeBytes: 8 };
      body.u32();
      members.push({ kind: 'member', name: '__vfptr', offset: 0, type });
    } else return false;
    return true;
  });
  return members;
}

function enumNames(types: TypeStream, fieldList: number): Map<bigint, string> {
  const names = new Map<bigint, string>();
  walkFields(types, fieldList, (kind, body) => {
    if (kind !== Leaf.enumerator) return false;
    const value = readNumeric(body);
    const name = body.text();
    if (!names.has(value)) names.set(value, name);
    return true;
  });
  return names;
}

/** `take` reads a field it knows, from behind its attributes, and says whether it did. */
function walkFields(
  types: TypeStream,
  fieldList: number,
  take: (kind: number, body: ByteCursor) => boolean,
): void {
  const seen = new Set<number>();
  let next: number | undefined = fieldList;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    const list = types.record(next);
    next = undefined;
    if (list?.kind !== Leaf.fieldList) return;
    const { body } = list;
    while (body.remaining >= 4) {
      const kind = body.u16();
      const attributes = body.u16();
      if (kind === Leaf.continuation) next = body.u32();
      else if (!take(kind, body)) skipField(kind, attributes, body);
      // Fields are aligned by bytes that tell how many of them there are.
      const padding = body.remaining > 0 ? (body.bytes[body.offset] ?? 0) : 0;
      if (padding > 0xf0) body.skip(Math.min(padding & 15, body.remaining));
    }
  }
}

function skipField(kind: number, attributes: number, body: ByteCursor): void {
  switch (kind) {
    case Leaf.method: {
      body.skip(4);
      const property = (attributes >> 2) & 7;
      // Only a method that begins a place in the table of virtual functions has that place.
      if (property === 4 || property === 6) body.skip(4);
      body.text();
      return;
    }
    case Leaf.methods:
    case Leaf.staticMember:
    case Leaf.nestedType:
      body.skip(4);
      body.text();
      return;
    case Leaf.virtualBase:
    case Leaf.indirectVirtualBase:
      body.skip(8);
      readNumeric(body);
      readNumeric(body);
      return;
    case Leaf.enumerator:
      readNumeric(body);
      body.text();
      return;
    case Leaf.virtualTable:
      body.skip(4);
      return;
    case Leaf.member:
    case Leaf.baseClass:
      body.skip(4);
      readNumeric(body);
      if (kind === Leaf.member) body.text();
      return;
    default:
      // Its size is unknown, so what follows cannot be read.
      throw new EndOfBytes();
  }
}

/** The type behind an index. */
export function typeOf(types: TypeStream, index: number, depth: number): MemberType {
  if (index < types.firstIndex) return simpleType(index);
  const record = depth > MAX_DEPTH ? undefined : types.record(index);
  if (record === undefined) return { kind: 'other', text: `<type 0x${index.toString(16)}>`, sizeBytes: 0 };
  const { kind, body } = record;
  const inner = (): MemberType => typeOf(types, body.u32(), depth + 1);
  switch (kind) {
    case Leaf.modifier: {
      const type = inner();
      const flags = body.u16();
      const words = `${(flags & 1) !== 0 ? 'const ' : ''}${(flags & 2) !== 0 ? 'volatile ' : ''}`;
      return { ...type, text: `${words}${type.text}` };
    }
    case Leaf.pointer: {
      const target = inner().text;
      const attributes = body.u32();
      const mode = (attributes >> 5) & 7;
      const sizeBytes = (attributes >> 13) & 0x3f || 8;
      return { kind: 'pointer', text: `${target}${mode === 1 ? '&' : mode === 4 ? '&&' : '*'}`, sizeBytes };
    }
    case Leaf.array: {
      const element = inner();
      body.skip(4);
      const sizeBytes = Number(readNumeric(body));
      const count = element.sizeBytes === 0 ? 0 : Math.floor(sizeBytes / element.sizeBytes);
      const first = element.text.indexOf('[');
      const text =
        first < 0
          ? `${element.text}[${count}]`
          : `${element.text.slice(0, first)}[${count}]${element.text.slice(first)}`;
      return { kind: 'array', text, sizeBytes, element, count };
    }
    case Leaf.bitField: {
      const base = inner();
      const width = body.u8();
      const position = body.u8();
      return {
        kind: 'bits',
        text: `${base.text}:${width}`,
        sizeBytes: base.sizeBytes,
        position,
        width,
        base,
      };
    }
    case Leaf.procedure:
    case Leaf.memberFunction:
      return { kind: 'other', text: `${inner().text}(...)`, sizeBytes: 0 };
    default:
      return namedType(types, index);
  }
}

function namedType(types: TypeStream, index: number): MemberType {
  const record = types.record(index);
  const head = record === undefined ? undefined : readTypeHead(record);
  if (head === undefined) return { kind: 'other', text: `<type 0x${index.toString(16)}>`, sizeBytes: 0 };
  const full = head.isForward ? types.definitionOf(head.name) : undefined;
  const definition = full === undefined ? undefined : types.record(full);
  const known = definition === undefined ? head : (readTypeHead(definition) ?? head);
  if (known.kind !== 'enum') {
    return { kind: 'structure', text: known.name, sizeBytes: known.sizeBytes, typeIndex: full ?? index };
  }
  const { sizeBytes } = simpleType(known.underlying);
  return { kind: 'enum', text: known.name, sizeBytes, names: enumNames(types, known.fieldList) };
}
