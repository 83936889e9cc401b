/** Types of the C family as DWARF describes them, in the form that values are shown from. */

import { AT, ENCODING, TAG } from './codes';
import type { Entry } from './entries';
import { numberOf } from './ranges';

export interface Member {
  readonly name: string;
  readonly type: ValueType;
  readonly offsetBytes: number;
  /** Of a bit field: its first bit counted from the lowest bit at `offsetBytes`, and its width. */
  readonly bits: { readonly first: number; readonly width: number } | undefined;
}

export type ScalarKind = 'signed' | 'unsigned' | 'boolean' | 'character' | 'float';

/** `name` is what people write: `struct point`, `unsigned int`, `char *`. */
export type ValueType =
  | {
      readonly kind: 'scalar';
      readonly name: string;
      readonly sizeBytes: number;
      readonly scalar: ScalarKind;
    }
  | {
      readonly kind: 'enumeration';
      readonly name: string;
      readonly sizeBytes: number;
      readonly names: ReadonlyMap<bigint, string>;
    }
  | {
      readonly kind: 'pointer';
      readonly name: string;
      readonly sizeBytes: number;
      /** undefined: to void, or to a function. Asked late, since types can point to themselves. */
      readonly target: () => ValueType | undefined;
    }
  | {
      readonly kind: 'structure';
      readonly name: string;
      readonly sizeBytes: number;
      readonly members: () => readonly Member[];
    }
  | {
      readonly kind: 'array';
      readonly name: string;
      readonly sizeBytes: number;
      readonly element: ValueType;
      readonly count: number;
    };

const SCALARS: Readonly<Record<number, ScalarKind>> = {
  [ENCODING.address]: 'unsigned',
  [ENCODING.boolean]: 'boolean',
  [ENCODING.float]: 'float',
  [ENCODING.signed]: 'signed',
  [ENCODING.signedChar]: 'character',
  [ENCODING.unsigned]: 'unsigned',
  [ENCODING.unsignedChar]: 'character',
  [ENCODING.utf]: 'character',
};

/** Words that stand before the name of a type. */
const AGGREGATES: Readonly<Record<number, string>> = {
  [TAG.structureType]: 'struct',
  [TAG.unionType]: 'union',
  [TAG.classType]: 'class',
};
const QUALIFIERS: Readonly<Record<number, string>> = {
  [TAG.constType]: 'const ',
  [TAG.volatileType]: 'volatile ',
  [TAG.restrictType]: '',
  [TAG.atomicType]: '_Atomic ',
};
const POINTER_SIGNS: Readonly<Record<number, string>> = {
  [TAG.pointerType]: '*',
  [TAG.referenceType]: '&',
  [TAG.rvalueReferenceType]: '&&',
};
/** Chains of typedefs and qualifiers in damaged files can lead back to themselves. */
const MAX_CHAIN = 64;

/** The entry that `attribute` refers to. Of the same unit only; types are not shared between units by gcc and clang. */
export function referenced(entry: Entry, attribute: number): Entry | undefined {
  const value = entry.attributes.get(attribute);
  return value?.kind === 'reference' ? entry.unit.entryAt(value.offset) : undefined;
}

export function nameOf(entry: Entry): string | undefined {
  const value = entry.attributes.get(AT.name);
  return value?.kind === 'text' ? value.text : undefined;
}

/** The type of a variable, member or the like; undefined for `void` and for kinds that cannot be shown. */
export function typeOf(entry: Entry): ValueType | undefined {
  const found = referenced(entry, AT.type);
  return found === undefined ? undefined : describe(found, 0);
}

function describe(entry: Entry, depth: number): ValueType | undefined {
  if (depth > MAX_CHAIN) return undefined;
  const { tag } = entry;
  const sizeBytes = Number(numberOf(entry.attributes.get(AT.byteSize)) ?? 0n);
  const inner = (): ValueType | undefined => {
    const next = referenced(entry, AT.type);
    return next === undefined ? undefined : describe(next, depth + 1);
  };
  switch (tag) {
    case TAG.baseType: {
      const scalar = SCALARS[Number(numberOf(entry.attributes.get(AT.encoding)) ?? 0n)];
      return scalar === undefined
        ? undefined
        : { kind: 'scalar', name: nameOf(entry) ?? '', sizeBytes, scalar };
    }
    case TAG.enumerationType:
      return {
        kind: 'enumeration',
        name: `enum ${nameOf(entry) ?? '{…}'}`,
        sizeBytes,
        names: namesOf(entry),
      };
    case TAG.pointerType:
    case TAG.referenceType:
    case TAG.rvalueReferenceType:
      return {
        kind: 'pointer',
        name: joined(typeName(referenced(entry, AT.type), depth + 1), POINTER_SIGNS[tag] ?? ''),
        sizeBytes: sizeBytes === 0 ? 8 : sizeBytes,
        target: inner,
      };
    case TAG.structureType:
    case TAG.unionType:
    case TAG.classType:
      return { kind: 'structure', name: typeName(entry, depth), sizeBytes, members: () => membersOf(entry) };
    case TAG.arrayType:
      return arrayOf(entry, inner());
    case TAG.typedef: {
      const type = inner();
      return type === undefined ? undefined : { ...type, name: nameOf(entry) ?? type.name };
    }
    default:
      return tag in QUALIFIERS ? qualified(entry, inner()) : undefined;
  }
}

function qualified(entry: Entry, type: ValueType | undefined): ValueType | undefined {
  return type === undefined ? undefined : { ...type, name: `${QUALIFIERS[entry.tag] ?? ''}${type.name}` };
}

function joined(name: string, sign: string): string {
  return name.endsWith('*') ? name + sign : `${name} ${sign}`;
}

function typeName(entry: Entry | undefined, depth: number): string {
  if (entry === undefined) return 'void';
  if (depth > MAX_CHAIN) return '…';
  const own = nameOf(entry);
  const word = AGGREGATES[entry.tag];
  if (word !== undefined) return `${word} ${own ?? '{…}'}`;
  if (entry.tag === TAG.enumerationType) return `enum ${own ?? '{…}'}`;
  if (entry.tag === TAG.subroutineType) return 'function';
  if (own !== undefined) return own;
  const next = typeName(referenced(entry, AT.type), depth + 1);
  const sign = POINTER_SIGNS[entry.tag];
  if (sign !== undefined) return joined(next, sign);
  if (entry.tag === TAG.arrayType) return `${next}[]`;
  return `${QUALIFIERS[entry.tag] ?? ''}${next}`;
}

function namesOf(entry: Entry): Map<bigint, string> {
  const names = new Map<bigint, string>();
  for (const child of entry.children) {
    const value = numberOf(child.attributes.get(AT.constValue));
    const name = nameOf(child);
    if (child.tag === TAG.enumerator && value !== undefined && name !== undefined) names.set(value, name);
  }
  return names;
}

/** The innermost dimension is the last one. */
function arrayOf(entry: Entry, element: ValueType | undefined): ValueType | undefined {
  if (element === undefined) return undefined;
  const dimensions = entry.children.filter(({ tag }) => tag === TAG.subrangeType).map(countOf);
  return dimensions.reduceRight<ValueType>(
    (inner, count) => ({
      kind: 'array',
      name: arrayName(inner.name, count),
      sizeBytes: inner.sizeBytes * count,
      element: inner,
      count,
    }),
    element,
  );
}

/** `int[2][3]` is two arrays of `int[3]`. */
function arrayName(element: string, count: number): string {
  const at = element.indexOf('[');
  return at < 0 ? `${element}[${count}]` : `${element.slice(0, at)}[${count}]${element.slice(at)}`;
}

function countOf(subrange: Entry): number {
  const count = numberOf(subrange.attributes.get(AT.count));
  if (count !== undefined) return Number(count);
  const last = numberOf(subrange.attributes.get(AT.upperBound));
  // A flexible array says -1 or nothing.
  return last === undefined || BigInt.asIntN(64, last) < 0n ? 0 : Number(last) + 1;
}

function membersOf(structure: Entry): Member[] {
  const members: Member[] = [];
  for (const child of structure.children) {
    if (child.tag !== TAG.member && child.tag !== TAG.inheritance) continue;
    const type = typeOf(child);
    if (type === undefined || child.attributes.has(AT.declaration)) continue;
    const name = nameOf(child) ?? (child.tag === TAG.inheritance ? type.name : '');
    members.push({ name, type, ...placeOf(child, type) });
  }
  return members;
}

function placeOf(member: Entry, type: ValueType): Pick<Member, 'offsetBytes' | 'bits'> {
  const offsetBytes = Number(numberOf(member.attributes.get(AT.dataMemberLocation)) ?? 0n);
  const width = numberOf(member.attributes.get(AT.bitSize));
  if (width === undefined) return { offsetBytes, bits: undefined };
  const fromTop = numberOf(member.attributes.get(AT.bitOffset));
  if (fromTop !== undefined) {
    // Up to version 3 bits are counted from the highest one of a unit that the member tells.
    const unitBytes = Number(numberOf(member.attributes.get(AT.byteSize)) ?? BigInt(type.sizeBytes));
    return { offsetBytes, bits: { first: unitBytes * 8 - Number(fromTop + width), width: Number(width) } };
  }
  const first = Number(numberOf(member.attributes.get(AT.dataBitOffset)) ?? 0n);
  // A unit of the member's own size, aligned, holds the whole field.
  const unitBits = Math.max(1, type.sizeBytes) * 8;
  const start = offsetBytes * 8 + first;
  const unit = Math.floor(start / unitBits);
  return {
    offsetBytes: (unit * unitBits) / 8,
    bits: { first: start - unit * unitBits, width: Number(width) },
  };
}
