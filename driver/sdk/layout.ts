/**
 * Structures of the HyperDbg SDK as data. A structure is declared once; its size, its field offsets (Microsoft x64 ABI),
 * its reader, its writer and its TypeScript type all come from that declaration.
 */

/** How one value stands in memory. `T` is its TypeScript type. */
export interface FieldType<T> {
  readonly sizeBytes: number;
  readonly alignBytes: number;
  /** Set on bit-fields only: number of bits taken from a storage unit of `sizeBytes`. */
  readonly bitWidth?: number;
  /** A value with every byte zero; used for the fields that a caller leaves out. */
  zero(): T;
  read(view: DataView, byteOffset: number, bitOffset?: number): T;
  write(view: DataView, byteOffset: number, value: T, bitOffset?: number): void;
}

function scalar<T>(
  sizeBytes: number,
  zero: T,
  read: (view: DataView, byteOffset: number) => T,
  write: (view: DataView, byteOffset: number, value: T) => void,
): FieldType<T> {
  return { sizeBytes, alignBytes: sizeBytes, zero: () => zero, read, write };
}

export const u8 = scalar(
  1,
  0,
  (v, o) => v.getUint8(o),
  (v, o, x) => v.setUint8(o, x),
);
export const u16 = scalar(
  2,
  0,
  (v, o) => v.getUint16(o, true),
  (v, o, x) => v.setUint16(o, x, true),
);
export const u32 = scalar(
  4,
  0,
  (v, o) => v.getUint32(o, true),
  (v, o, x) => v.setUint32(o, x, true),
);
export const i32 = scalar(
  4,
  0,
  (v, o) => v.getInt32(o, true),
  (v, o, x) => v.setInt32(o, x, true),
);
/** UINT64 and pointers; always a `bigint` (style: addresses and 64-bit values are never numbers). */
export const u64 = scalar(
  8,
  0n,
  (v, o) => v.getBigUint64(o, true),
  (v, o, x) => v.setBigUint64(o, BigInt.asUintN(64, x), true),
);
/** BOOLEAN: one byte, any non-zero value is true. */
export const boolean = scalar(
  1,
  false,
  (v, o) => v.getUint8(o) !== 0,
  (v, o, x) => v.setUint8(o, x ? 1 : 0),
);

/** A bit-field of `bitWidth` bits in a storage unit of type `unit` (u8, u32 or u64). */
export function bits(unit: FieldType<number> | FieldType<bigint>, bitWidth: number): FieldType<bigint> {
  const readUnit = (view: DataView, byteOffset: number) => BigInt(unit.read(view, byteOffset));
  const mask = (1n << BigInt(bitWidth)) - 1n;
  return {
    sizeBytes: unit.sizeBytes,
    alignBytes: unit.alignBytes,
    bitWidth,
    zero: () => 0n,
    read: (view, byteOffset, bitOffset = 0) => (readUnit(view, byteOffset) >> BigInt(bitOffset)) & mask,
    write(view, byteOffset, value, bitOffset = 0) {
      const shift = BigInt(bitOffset);
      const merged = (readUnit(view, byteOffset) & ~(mask << shift)) | ((value & mask) << shift);
      for (let i = 0; i < unit.sizeBytes; i++)
        view.setUint8(byteOffset + i, Number((merged >> BigInt(8 * i)) & 0xffn));
    },
  };
}

/** Raw bytes: byte arrays, and structures whose inside the SDK table does not describe. */
export function bytes(length: number, alignBytes = 1): FieldType<Uint8Array> {
  return {
    sizeBytes: length,
    alignBytes,
    zero: () => new Uint8Array(length),
    read: (view, o) => new Uint8Array(view.buffer, view.byteOffset + o, length).slice(),
    write(view, o, value) {
      if (value.length > length)
        throw new RangeError(`${value.length} bytes do not fit in a field of ${length}`);
      const field = new Uint8Array(view.buffer, view.byteOffset + o, length);
      field.fill(0);
      field.set(value);
    },
  };
}

/** A NUL-terminated text of at most `length` one-byte characters (Latin-1: the SDK passes code-page bytes through). */
export function text(length: number): FieldType<string> {
  return textOf(
    length,
    1,
    (v, o) => v.getUint8(o),
    (v, o, x) => v.setUint8(o, x & 0xff),
  );
}

/** A NUL-terminated text of at most `length` UTF-16 units. */
export function wideText(length: number): FieldType<string> {
  return textOf(
    length,
    2,
    (v, o) => v.getUint16(o, true),
    (v, o, x) => v.setUint16(o, x, true),
  );
}

function textOf(
  length: number,
  unitBytes: number,
  get: (view: DataView, byteOffset: number) => number,
  set: (view: DataView, byteOffset: number, unit: number) => void,
): FieldType<string> {
  return {
    sizeBytes: length * unitBytes,
    alignBytes: unitBytes,
    zero: () => '',
    read(view, o) {
      let value = '';
      for (let i = 0; i < length; i++) {
        const unit = get(view, o + i * unitBytes);
        if (unit === 0) break;
        value += String.fromCharCode(unit);
      }
      return value;
    },
    write(view, o, value) {
      for (let i = 0; i < length; i++)
        set(view, o + i * unitBytes, i < length - 1 ? value.charCodeAt(i) || 0 : 0);
    },
  };
}

export function array<T>(element: FieldType<T>, length: number): FieldType<readonly T[]> {
  return {
    sizeBytes: element.sizeBytes * length,
    alignBytes: element.alignBytes,
    zero: () => Array.from({ length }, () => element.zero()),
    read: (view, o) => Array.from({ length }, (_, i) => element.read(view, o + i * element.sizeBytes)),
    write(view, o, value) {
      for (let i = 0; i < length; i++)
        element.write(view, o + i * element.sizeBytes, value[i] ?? element.zero());
    },
  };
}

export interface FieldPlace {
  readonly name: string;
  readonly byteOffset: number;
  readonly type: FieldType<unknown>;
  readonly bitOffset?: number;
}

type Fields = Readonly<Record<string, FieldType<unknown>>>;
export type ValueOf<F> = F extends FieldType<infer T> ? T : never;
export type StructValue<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

/** A structure: a field type of its own (so that structures nest), with its places and whole-buffer helpers. */
export interface Struct<V> extends FieldType<V> {
  readonly name: string;
  readonly fields: readonly FieldPlace[];
  /** Reads the structure at `byteOffset` of `source`. Throws RangeError when `source` is too short. */
  decode(source: Uint8Array, byteOffset?: number): V;
  /** The structure as bytes; fields left out are zero. `tail` follows it. */
  encode(value: Partial<V>, tail?: Uint8Array): Uint8Array;
}

export type StructOf<S> = S extends Struct<infer V> ? V : never;

/** A structure in the Microsoft x64 layout. `packBytes` limits the alignment of its fields (`#pragma pack`). */
export function struct<F extends Fields>(name: string, fields: F, packBytes = 8): Struct<StructValue<F>> {
  return compound(name, fields, placeInSequence(fields, packBytes));
}

/** A union: every field at offset 0. Reading gives all views of the same bytes; writing applies fields in order. */
export function union<F extends Fields>(name: string, fields: F): Struct<StructValue<F>> {
  const types = Object.values(fields);
  const alignBytes = Math.max(...types.map((type) => type.alignBytes));
  const sizeBytes = roundUp(Math.max(...types.map((type) => type.sizeBytes)), alignBytes);
  const places = Object.entries(fields).map(([fieldName, type]) => ({
    name: fieldName,
    byteOffset: 0,
    type,
  }));
  return compound(name, fields, { places, sizeBytes, alignBytes });
}

interface Placement {
  readonly places: readonly FieldPlace[];
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

function placeInSequence(fields: Fields, packBytes: number): Placement {
  const places: FieldPlace[] = [];
  let end = 0;
  let structAlign = 1;
  // The open storage unit of bit-fields; a bit-field of another unit size, or one that does not fit, opens a new one.
  let unit: { byteOffset: number; sizeBytes: number; usedBits: number } | undefined;
  for (const [name, type] of Object.entries(fields)) {
    const alignBytes = Math.min(type.alignBytes, packBytes);
    structAlign = Math.max(structAlign, alignBytes);
    if (type.bitWidth !== undefined) {
      if (!unit || unit.sizeBytes !== type.sizeBytes || unit.usedBits + type.bitWidth > 8 * unit.sizeBytes) {
        unit = { byteOffset: roundUp(end, alignBytes), sizeBytes: type.sizeBytes, usedBits: 0 };
        end = unit.byteOffset + unit.sizeBytes;
      }
      places.push({ name, byteOffset: unit.byteOffset, type, bitOffset: unit.usedBits });
      unit.usedBits += type.bitWidth;
    } else {
      unit = undefined;
      const byteOffset = roundUp(end, alignBytes);
      places.push({ name, byteOffset, type });
      end = byteOffset + type.sizeBytes;
    }
  }
  return { places, sizeBytes: roundUp(end, structAlign), alignBytes: structAlign };
}

function compound<F extends Fields>(name: string, fields: F, placement: Placement): Struct<StructValue<F>> {
  type V = StructValue<F>;
  const { places, sizeBytes, alignBytes } = placement;
  const zero = () => Object.fromEntries(Object.entries(fields).map(([key, type]) => [key, type.zero()])) as V;
  const read = (view: DataView, byteOffset: number) => {
    const value: Record<string, unknown> = {};
    for (const place of places)
      value[place.name] = place.type.read(view, byteOffset + place.byteOffset, place.bitOffset);
    return value as V;
  };
  const write = (view: DataView, byteOffset: number, value: Partial<V>) => {
    const given = value as Readonly<Record<string, unknown>>;
    for (const place of places) {
      const fieldValue = given[place.name];
      if (fieldValue !== undefined)
        place.type.write(view, byteOffset + place.byteOffset, fieldValue, place.bitOffset);
    }
  };
  return {
    name,
    fields: places,
    sizeBytes,
    alignBytes,
    zero,
    read,
    write,
    decode(source, byteOffset = 0) {
      if (source.length < byteOffset + sizeBytes) {
        throw new RangeError(
          `${name} needs ${sizeBytes} bytes, there are ${Math.max(0, source.length - byteOffset)}`,
        );
      }
      return read(new DataView(source.buffer, source.byteOffset, source.byteLength), byteOffset);
    },
    encode(value, tail) {
      const result = new Uint8Array(sizeBytes + (tail?.length ?? 0));
      write(new DataView(result.buffer), 0, value);
      if (tail) result.set(tail, sizeBytes);
      return result;
    },
  };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
