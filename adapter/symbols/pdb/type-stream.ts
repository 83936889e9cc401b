/** The type records of a PDB (LLVM's "The PDB TPI and IPI Streams"). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { SymbolFileError } from '../byte-source';
import type { MsfStream } from './msf';
import { orNothing } from './symbol-records';

export interface TypeRecord {
  readonly kind: number;
  /** A cursor of its own at the first byte after the kind. */
  readonly body: ByteCursor;
}

export interface TypeStream {
  readonly firstIndex: number;
  readonly typeCount: number;
  record(typeIndex: number): TypeRecord | undefined;
  /** Index of the full definition of a structure, union or enum. */
  definitionOf(name: string): number | undefined;
  names(): IterableIterator<string>;
}

export const Leaf = {
  modifier: 0x1001,
  pointer: 0x1002,
  procedure: 0x1008,
  memberFunction: 0x1009,
  fieldList: 0x1203,
  bitField: 0x1205,
  baseClass: 0x1400,
  virtualBase: 0x1401,
  indirectVirtualBase: 0x1402,
  continuation: 0x1404,
  virtualTable: 0x1409,
  enumerator: 0x1502,
  array: 0x1503,
  class: 0x1504,
  structure: 0x1505,
  union: 0x1506,
  enum: 0x1507,
  member: 0x150d,
  staticMember: 0x150e,
  methods: 0x150f,
  nestedType: 0x1510,
  method: 0x1511,
  interface: 0x1519,
} as const;

const HEADER_MIN_SIZE = 20;
const FORWARD_REFERENCE = 0x80;

/** Reads the header; the records are found at the first question. */
export function readTypeStream(stream: MsfStream | undefined): TypeStream {
  if (stream === undefined || stream.sizeBytes < HEADER_MIN_SIZE) return emptyTypes();
  const head = new ByteCursor(stream.read(0, HEADER_MIN_SIZE));
  head.skip(4);
  const headerSize = head.u32();
  const firstIndex = head.u32();
  const endIndex = head.u32();
  const recordBytes = head.u32();
  if (headerSize + recordBytes > stream.sizeBytes || endIndex < firstIndex) {
    throw new SymbolFileError('has a damaged type stream.');
  }
  // A record has at least four bytes.
  const typeCount = Math.min(endIndex - firstIndex, recordBytes >>> 2);
  let loaded: { view: DataView; bytes: Uint8Array; offsets: Uint32Array; count: number } | undefined;
  let byName: Map<string, number> | undefined;
  const load = () => {
    if (loaded !== undefined) return loaded;
    const bytes = stream.read(headerSize, recordBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const offsets = new Uint32Array(typeCount + 1);
    let at = 0;
    let count = 0;
    while (count < typeCount && at + 4 <= bytes.length) {
      const next = at + 2 + view.getUint16(at, true);
      if (next > bytes.length || next < at + 4) break;
      offsets[count++] = at;
      at = next;
    }
    offsets[count] = at;
    return (loaded = { view, bytes, offsets, count });
  };
  const record = (typeIndex: number): TypeRecord | undefined => {
    const { view, bytes, offsets, count } = load();
    const index = typeIndex - firstIndex;
    const at = index >= 0 && index < count ? offsets[index] : undefined;
    if (at === undefined) return undefined;
    const body = new ByteCursor(bytes.subarray(at + 4, offsets[index + 1]));
    return { kind: view.getUint16(at + 2, true), body };
  };
  const definitions = (): Map<string, number> => {
    if (byName !== undefined) return byName;
    byName = new Map();
    const { count } = load();
    for (let index = firstIndex; index < firstIndex + count; index++) {
      const found = record(index);
      const head = found === undefined ? undefined : orNothing(() => readTypeHead(found));
      if (head !== undefined && !head.isForward && !byName.has(head.name)) byName.set(head.name, index);
    }
    return byName;
  };
  return {
    firstIndex,
    typeCount,
    record,
    definitionOf: (name) => definitions().get(name),
    names: () => definitions().keys(),
  };
}

function emptyTypes(): TypeStream {
  return {
    firstIndex: 0x1000,
    typeCount: 0,
    record: () => undefined,
    definitionOf: () => undefined,
    names: () => new Map<string, number>().keys(),
  };
}

export interface TypeHead {
  readonly kind: 'struct' | 'class' | 'union' | 'enum' | 'interface';
  readonly name: string;
  readonly sizeBytes: number;
  readonly fieldList: number;
  /** Of an enum: the type of its values. */
  readonly underlying: number;
  /** Only the name; the definition is another record, or in another file. */
  readonly isForward: boolean;
}

/** What every structure, union or enum begins with; undefined for other records. Throws EndOfBytes. */
export function readTypeHead({ kind, body }: TypeRecord): TypeHead | undefined {
  const word = HEAD_WORDS.get(kind);
  if (word === undefined) return undefined;
  body.seek(2);
  const isForward = (body.u16() & FORWARD_REFERENCE) !== 0;
  const isEnum = word === 'enum';
  const underlying = isEnum ? body.u32() : 0;
  const fieldList = body.u32();
  if (word !== 'union' && !isEnum) body.skip(8);
  const sizeBytes = isEnum ? 0 : Number(readNumeric(body));
  return { kind: word, name: body.text(), sizeBytes, fieldList, underlying, isForward };
}

const HEAD_WORDS = new Map<number, TypeHead['kind']>([
  [Leaf.class, 'class'],
  [Leaf.structure, 'struct'],
  [Leaf.interface, 'interface'],
  [Leaf.union, 'union'],
  [Leaf.enum, 'enum'],
]);

/** A number of one of several widths. Throws EndOfBytes. */
export function readNumeric(cursor: ByteCursor): bigint {
  const first = cursor.u16();
  if (first < 0x8000) return BigInt(first);
  switch (first) {
    case 0x8000:
      return BigInt(cursor.i8());
    case 0x8001:
      return BigInt.asIntN(16, BigInt(cursor.u16()));
    case 0x8002:
      return BigInt(cursor.u16());
    case 0x8003:
      return BigInt.asIntN(32, BigInt(cursor.u32()));
    case 0x8004:
      return BigInt(cursor.u32());
    case 0x8009:
      return BigInt.asIntN(64, cursor.u64());
    case 0x800a:
      return cursor.u64();
    default:
      throw new EndOfBytes();
  }
}
