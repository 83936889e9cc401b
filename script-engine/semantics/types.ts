import { typeKeywords } from '../catalog/keywords';
import { ScalarType, ValueKind } from '../catalog/opcodes';

/** Types of the language (script-language 4). Scalars, void and structs are compared by identity. */
export type ScriptType = Scalar | PointerType | StructType | ArrayType | VoidType;

export interface Scalar {
  readonly kind: 'scalar';
  readonly name: string;
  /** Id in typed instructions. */
  readonly id: number;
  readonly sizeBytes: number;
  readonly signed: boolean;
  readonly floating: boolean;
  /** Rank of integer conversion: bool < char < short < int < long < long long. */
  readonly rank: number;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly base: ScriptType;
}

export interface Member {
  readonly name: string;
  readonly type: ScriptType;
  readonly offset: number;
}

/** A struct; incomplete, with no size, between its forward declaration and its definition. */
export interface StructType {
  readonly kind: 'struct';
  readonly tag: string;
  members: Member[];
  readonly memberNames: Set<string>;
  sizeBytes: number;
  alignBytes: number;
  complete: boolean;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: ScriptType;
  readonly count: number;
}

export interface VoidType {
  readonly kind: 'void';
}

function integer(name: string, id: number, sizeBytes: number, signed: boolean, rank: number): Scalar {
  return { kind: 'scalar', name, id, sizeBytes, signed, floating: false, rank };
}

export const voidType: VoidType = { kind: 'void' };
export const boolType = integer('bool', ScalarType.BOOL, 1, false, 1);
export const charType = integer('char', ScalarType.I8, 1, true, 2);
export const shortType = integer('short', ScalarType.I16, 2, true, 3);
export const intType = integer('int', ScalarType.I32, 4, true, 4);
export const longType = integer('long', ScalarType.I64, 8, true, 5);
export const longLongType = integer('long long', ScalarType.I64, 8, true, 6);
export const unsignedCharType = integer('unsigned char', ScalarType.U8, 1, false, 2);
export const unsignedShortType = integer('unsigned short', ScalarType.U16, 2, false, 3);
export const unsignedIntType = integer('unsigned int', ScalarType.U32, 4, false, 4);
export const unsignedLongType = integer('unsigned long', ScalarType.U64, 8, false, 5);
export const unsignedLongLongType = integer('unsigned long long', ScalarType.U64, 8, false, 6);
export const floatType: Scalar = {
  kind: 'scalar',
  name: 'float',
  id: ScalarType.F32,
  sizeBytes: 4,
  signed: true,
  floating: true,
  rank: 0,
};
export const doubleType: Scalar = { ...floatType, name: 'double', id: ScalarType.F64, sizeBytes: 8 };

/** Integers by rank, signed and unsigned. */
const unsignedByRank = [
  boolType,
  boolType,
  unsignedCharType,
  unsignedShortType,
  unsignedIntType,
  unsignedLongType,
  unsignedLongLongType,
];

export function isInteger(type: ScriptType | undefined): type is Scalar {
  return type?.kind === 'scalar' && !type.floating;
}

export function isFloating(type: ScriptType | undefined): type is Scalar {
  return type?.kind === 'scalar' && type.floating;
}

/** Id of a type in typed instructions, 0 when it has none. */
export function scalarId(type: ScriptType | undefined): number {
  if (type?.kind === 'scalar') return type.id;
  return type?.kind === 'pointer' ? ScalarType.POINTER : ScalarType.INVALID;
}

/** What an operand of that type carries in Len. */
export function valueKindOf(type: ScriptType | undefined): number {
  if (type?.kind !== 'scalar' || !type.floating) return ValueKind.INTEGER;
  return type.id === ScalarType.F32 ? ValueKind.FLOAT32 : ValueKind.FLOAT64;
}

export function sizeOf(type: ScriptType): number {
  switch (type.kind) {
    case 'scalar':
    case 'struct':
      return type.sizeBytes;
    case 'pointer':
      return 8;
    case 'array':
      return sizeOf(type.element) * type.count;
    case 'void':
      return 1;
  }
}

function alignOf(type: ScriptType): number {
  switch (type.kind) {
    case 'struct':
      return type.alignBytes;
    case 'array':
      return alignOf(type.element);
    default:
      return sizeOf(type);
  }
}

/** The element of an array after all its dimensions. */
export function innermostElement(type: ScriptType): ScriptType {
  let inner = type;
  while (inner.kind === 'array') inner = inner.element;
  return inner;
}

/** Integer promotion: what ranks below int becomes int. */
export function promoted(type: Scalar): Scalar {
  return type.rank < intType.rank ? intType : type;
}

/** The type two integers are computed in, or undefined when one is no integer (script-language 4). */
export function commonType(left: ScriptType | undefined, right: ScriptType | undefined): Scalar | undefined {
  if (!isInteger(left) || !isInteger(right)) return undefined;
  const a = promoted(left);
  const b = promoted(right);
  if (a.signed === b.signed) return a.rank >= b.rank ? a : b;
  const [unsigned, signed] = a.signed ? [b, a] : [a, b];
  if (unsigned.rank >= signed.rank) return unsigned;
  return signed.sizeBytes > unsigned.sizeBytes
    ? signed
    : (unsignedByRank[signed.rank] ?? unsignedLongLongType);
}

/** Same type: structs by identity, pointers by what they point to. */
export function sameType(left: ScriptType, right: ScriptType): boolean {
  if (left === right) return true;
  if (left.kind === 'pointer' && right.kind === 'pointer') return sameType(left.base, right.base);
  if (left.kind === 'array' && right.kind === 'array')
    return left.count === right.count && sameType(left.element, right.element);
  return false;
}

export function pointerTo(base: ScriptType): PointerType {
  return { kind: 'pointer', base };
}

/** A name for messages. */
export function typeName(type: ScriptType | undefined): string {
  switch (type?.kind) {
    case 'scalar':
      return type.name;
    case 'pointer':
      return `${typeName(type.base)} *`;
    case 'struct':
      return `struct ${type.tag}`;
    case 'array':
      return `${typeName(innermostElement(type))} array`;
    case 'void':
      return 'void';
    case undefined:
      return 'value without a type';
  }
}

/** The name with its article, for messages. */
export function aType(type: ScriptType | undefined): string {
  const name = typeName(type);
  return /^(int|u[^n]|unsigned)/.test(name) ? `an ${name}` : `a ${name}`;
}

/** The same at the start of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Adds a member with natural alignment; false when the name is taken. */
export function addMember(struct: StructType, name: string, type: ScriptType): boolean {
  if (struct.memberNames.has(name)) return false;
  struct.memberNames.add(name);
  const align = alignOf(type);
  const offset = Math.ceil(struct.sizeBytes / align) * align;
  struct.members.push({ name, type, offset });
  struct.sizeBytes = offset + sizeOf(type);
  struct.alignBytes = Math.max(struct.alignBytes, align);
  return true;
}

/** Ends a definition: the size is rounded to the alignment; an empty struct has one byte. */
export function completeStruct(struct: StructType): void {
  const { alignBytes } = struct;
  struct.sizeBytes = Math.max(1, Math.ceil(struct.sizeBytes / alignBytes) * alignBytes);
  struct.complete = true;
}

const knownWords: ReadonlySet<string> = new Set(typeKeywords);

/** The scalar that type words in any order name, or undefined: script-language 4. */
export function typeOfWords(words: readonly string[]): ScriptType | undefined {
  const count = (word: string): number => words.filter((each) => each === word).length;
  const longs = count('long');
  const others = words.filter((word) => word !== 'long');
  if (new Set(others).size !== others.length || longs > 2) return undefined;
  const has = (word: string): boolean => others.includes(word);
  if (has('signed') && has('unsigned')) return undefined;
  if (others.some((word) => !knownWords.has(word))) return undefined;
  const bases = ['void', 'bool', 'float', 'double', 'char', 'short'].filter(has);
  if (longs > 0) bases.push('long');
  if (bases.length > 1) return undefined;
  const unsigned = has('unsigned');
  const plain = !unsigned && !has('signed') && !has('int');
  switch (bases[0]) {
    case 'void':
      return plain ? voidType : undefined;
    case 'bool':
      return plain ? boolType : undefined;
    case 'float':
      return plain ? floatType : undefined;
    case 'double':
      return plain ? doubleType : undefined;
    case 'char':
      return has('int') ? undefined : unsigned ? unsignedCharType : charType;
    case 'short':
      return unsigned ? unsignedShortType : shortType;
    case 'long':
      if (longs === 1) return unsigned ? unsignedLongType : longType;
      return unsigned ? unsignedLongLongType : longLongType;
    default:
      return words.length === 0 ? undefined : unsigned ? unsignedIntType : intType;
  }
}
