/** `.debug_info`: units and their trees of entries (DWARF 5 standard, sections 7.5; versions 2 to 5). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { AT } from './codes';

/**
 * Value of an attribute by what it stands for. `constant`: a number; `address`: as linked; `block`: an expression or bytes;
 * `reference`: offset of another entry; `list`: offset in a section of ranges or locations.
 */
export type AttributeValue =
  | { readonly kind: 'constant' | 'address'; readonly value: bigint }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference' | 'list'; readonly offset: number }
  | { readonly kind: 'listIndex'; readonly index: number }
  | { readonly kind: 'flag'; readonly isSet: boolean };

export interface Entry {
  /** In `.debug_info`. */
  readonly offset: number;
  readonly tag: number;
  readonly unit: Unit;
  readonly attributes: ReadonlyMap<number, AttributeValue>;
  readonly children: readonly Entry[];
}

/** The sections that the entries refer to; missing ones are empty. */
export type DebugSections = Readonly<
  Record<
    | 'info'
    | 'abbrev'
    | 'str'
    | 'lineStr'
    | 'strOffsets'
    | 'addr'
    | 'ranges'
    | 'rangeLists'
    | 'loc'
    | 'locationLists',
    Uint8Array
  >
>;

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly { readonly name: number; readonly form: number; readonly constant: number }[];
}

interface UnitHeader {
  readonly offset: number;
  readonly end: number;
  readonly version: number;
  readonly is64Bit: boolean;
  readonly addressBytes: number;
  readonly abbreviationsOffset: number;
  readonly entriesOffset: number;
}

const UNIT_COMPILE = 1;
const UNIT_PARTIAL = 3;
/** Damaged sections must not nest without end. */
const MAX_DEPTH = 256;

/** One unit; its tree is read when it is first asked for. */
export class Unit {
  #root: Entry | undefined;
  #abbreviations: Map<number, Abbreviation> | undefined;
  #byOffset: Map<number, Entry> | undefined;

  constructor(
    readonly header: UnitHeader,
    readonly sections: DebugSections,
  ) {}

  /** The whole tree. undefined when it is damaged. */
  get root(): Entry | undefined {
    return (this.#root ??= this.#read(true));
  }

  /** The first entry without its children, which says what the unit is about. */
  readonly head = once(() => this.#read(false));

  entryAt(offset: number): Entry | undefined {
    this.#byOffset ??= indexOf(this.root);
    return this.#byOffset.get(offset);
  }

  /** Start of the unit's part of a section of indexed values (DWARF 5, 7.26 and on). */
  base(attribute: number): number | undefined {
    const value = this.#bases.get(attribute);
    return value?.kind === 'list' ? value.offset : undefined;
  }
  /** Set while the head is read, since later attributes of it may need them. */
  readonly #bases = new Map<number, AttributeValue>();

  #read(whole: boolean): Entry | undefined {
    const { header, sections } = this;
    try {
      this.#abbreviations ??= readAbbreviations(sections.abbrev, header.abbreviationsOffset);
      const cursor = new ByteCursor(sections.info.subarray(0, header.end));
      cursor.seek(header.entriesOffset);
      return this.#readEntry(cursor, whole ? 0 : MAX_DEPTH);
    } catch (error) {
      if (error instanceof EndOfBytes) return undefined;
      throw error;
    }
  }

  #readEntry(cursor: ByteCursor, depth: number): Entry | undefined {
    const offset = cursor.offset;
    const abbreviation = this.#abbreviations?.get(cursor.uleb());
    if (abbreviation === undefined) return undefined;
    const isHead = offset === this.header.entriesOffset;
    const attributes = this.#readAttributes(cursor, abbreviation, isHead);
    const children: Entry[] = [];
    const entry: Entry = { offset, tag: abbreviation.tag, unit: this, attributes, children };
    if (!abbreviation.hasChildren || depth >= MAX_DEPTH) return entry;
    for (;;) {
      const child = this.#readEntry(cursor, depth + 1);
      if (child === undefined) return entry;
      children.push(child);
    }
  }

  #readAttributes(
    cursor: ByteCursor,
    abbreviation: Abbreviation,
    isHead: boolean,
  ): Map<number, AttributeValue> {
    const attributes = new Map<number, AttributeValue>();
    const later: (() => void)[] = [];
    for (const { name, form, constant } of abbreviation.attributes) {
      const read = readForm(cursor, form, constant, this);
      if (isHead && BASES.has(name)) {
        const value = read();
        if (value !== undefined) this.#bases.set(name, value);
      } else {
        later.push(() => {
          const value = read();
          if (value !== undefined) attributes.set(name, value);
        });
      }
    }
    for (const finish of later) finish();
    return attributes;
  }
}

const BASES: ReadonlySet<number> = new Set([
  AT.stringOffsetsBase,
  AT.addressBase,
  AT.rangeListsBase,
  AT.locationListsBase,
]);

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function indexOf(root: Entry | undefined): Map<number, Entry> {
  const found = new Map<number, Entry>();
  const add = (entry: Entry): void => {
    found.set(entry.offset, entry);
    entry.children.forEach(add);
  };
  if (root !== undefined) add(root);
  return found;
}

/** All compile units, in the order of the section. Units of other kinds and damaged ones are left out. */
export function readUnits(sections: DebugSections): Unit[] {
  const units: Unit[] = [];
  const cursor = new ByteCursor(sections.info);
  try {
    while (cursor.remaining >= 11) {
      const header = readHeader(cursor);
      cursor.seek(header.end);
      if (header.isCode) units.push(new Unit(header, sections));
    }
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
  }
  return units;
}

function readHeader(cursor: ByteCursor): UnitHeader & { readonly isCode: boolean } {
  const offset = cursor.offset;
  const first = cursor.u32();
  const is64Bit = first === 0xffffffff;
  const length = is64Bit ? Number(cursor.u64()) : first;
  const end = cursor.offset + length;
  if (length === 0 || end > cursor.bytes.length) throw new EndOfBytes();
  const version = cursor.u16();
  const kind = version >= 5 ? cursor.u8() : UNIT_COMPILE;
  const size = version >= 5 ? cursor.u8() : 0;
  const abbreviationsOffset = is64Bit ? Number(cursor.u64()) : cursor.u32();
  const addressBytes = version >= 5 ? size : cursor.u8();
  const isCode = version >= 2 && version <= 5 && (kind === UNIT_COMPILE || kind === UNIT_PARTIAL);
  const entriesOffset = cursor.offset;
  return { offset, end, version, is64Bit, addressBytes, abbreviationsOffset, entriesOffset, isCode };
}

const IMPLICIT_CONSTANT = 0x21;

function readAbbreviations(section: Uint8Array, offset: number): Map<number, Abbreviation> {
  const cursor = new ByteCursor(section);
  cursor.seek(offset);
  const found = new Map<number, Abbreviation>();
  for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes = [];
    for (;;) {
      const name = cursor.uleb();
      const form = cursor.uleb();
      const constant = form === IMPLICIT_CONSTANT ? cursor.sleb() : 0;
      if (name === 0 && form === 0) break;
      attributes.push({ name, form, constant });
    }
    found.set(code, { tag, hasChildren, attributes });
  }
  return found;
}

type Read = () => AttributeValue | undefined;

const constant = (value: bigint | number): Read => {
  const read: AttributeValue = { kind: 'constant', value: BigInt(value) };
  return () => read;
};
const block = (bytes: Uint8Array): Read => {
  return () => ({ kind: 'block', bytes });
};
const text = (read: () => string): Read => {
  return () => ({ kind: 'text', text: read() });
};
const list = (offset: number): Read => {
  return () => ({ kind: 'list', offset });
};

/** Moves behind a value (DWARF 5, 7.5.6); what it stands for is looked up by the function that is returned. */
function readForm(cursor: ByteCursor, form: number, implicit: number, unit: Unit): Read {
  const { header, sections } = unit;
  const offset = (): number => (header.is64Bit ? Number(cursor.u64()) : cursor.u32());
  const u24 = (): number => cursor.u8() | (cursor.u16() << 8);
  const reference = (within: number): Read => {
    return () => ({ kind: 'reference', offset: header.offset + within });
  };
  const address = (index: number): Read => {
    return () => ({ kind: 'address', value: indexedAddress(unit, index) });
  };
  const indexedText = (index: number): Read => text(() => textOfIndex(unit, index));
  switch (form) {
    case 0x01: {
      const value = header.addressBytes === 8 ? cursor.u64() : BigInt(cursor.u32());
      return () => ({ kind: 'address', value });
    }
    case 0x03:
      return block(cursor.take(cursor.u16()).bytes);
    case 0x04:
      return block(cursor.take(cursor.u32()).bytes);
    case 0x05:
      return constant(cursor.u16());
    case 0x06: {
      const value = cursor.u32();
      // Before version 4 there was no form of its own for offsets.
      return header.version < 4 ? either(value) : constant(value);
    }
    case 0x07:
      return constant(cursor.u64());
    case 0x08: {
      const value = cursor.text();
      return text(() => value);
    }
    case 0x09:
    case 0x18:
      return block(cursor.take(cursor.uleb()).bytes);
    case 0x0a:
      return block(cursor.take(cursor.u8()).bytes);
    case 0x0b:
      return constant(cursor.u8());
    case 0x0c: {
      const isSet = cursor.u8() !== 0;
      return () => ({ kind: 'flag', isSet });
    }
    case 0x0d:
      return constant(cursor.sleb());
    case 0x0e: {
      const at = offset();
      return text(() => textAt(sections.str, at));
    }
    case 0x0f:
      return constant(cursor.uleb());
    case 0x10: {
      const at = header.version === 2 ? Number(cursor.u64()) : offset();
      return () => ({ kind: 'reference', offset: at });
    }
    case 0x11:
      return reference(cursor.u8());
    case 0x12:
      return reference(cursor.u16());
    case 0x13:
      return reference(cursor.u32());
    case 0x14:
      return reference(Number(cursor.u64()));
    case 0x15:
      return reference(cursor.uleb());
    case 0x16:
      return readForm(cursor, cursor.uleb(), 0, unit);
    case 0x17:
      return list(offset());
    case 0x19:
      return () => ({ kind: 'flag', isSet: true });
    case 0x1a:
      return indexedText(cursor.uleb());
    case 0x1b:
      return address(cursor.uleb());
    case 0x1e:
      return block(cursor.take(16).bytes);
    case 0x1f: {
      const at = offset();
      return text(() => textAt(sections.lineStr, at));
    }
    case 0x20:
      cursor.skip(8);
      return () => undefined;
    case IMPLICIT_CONSTANT:
      return constant(implicit);
    case 0x22:
    case 0x23: {
      const index = cursor.uleb();
      return () => ({ kind: 'listIndex', index });
    }
    case 0x25:
      return indexedText(cursor.u8());
    case 0x26:
      return indexedText(cursor.u16());
    case 0x27:
      return indexedText(u24());
    case 0x28:
      return indexedText(cursor.u32());
    case 0x29:
      return address(cursor.u8());
    case 0x2a:
      return address(cursor.u16());
    case 0x2b:
      return address(u24());
    case 0x2c:
      return address(cursor.u32());
    case 0x1c:
    case 0x1d:
    case 0x1f20:
    case 0x1f21:
      // Into a supplementary file, which we do not have.
      offset();
      return () => undefined;
    case 0x24:
      cursor.skip(8);
      return () => undefined;
    default:
      // The length of an unknown form is unknown: the rest of the unit cannot be read.
      throw new EndOfBytes();
  }
}

/** A number that may be an offset: who asks knows which. */
function either(value: number): Read {
  return () => ({ kind: 'list', offset: value });
}

export function textAt(section: Uint8Array, offset: number): string {
  const cursor = new ByteCursor(section);
  cursor.seek(offset);
  return cursor.text();
}

function textOfIndex(unit: Unit, index: number): string {
  const { is64Bit } = unit.header;
  // Behind the header of the section (DWARF 5, 7.26), where no base is told.
  const base = unit.base(AT.stringOffsetsBase) ?? (is64Bit ? 16 : 8);
  const cursor = new ByteCursor(unit.sections.strOffsets);
  cursor.seek(base + index * (is64Bit ? 8 : 4));
  return textAt(unit.sections.str, is64Bit ? Number(cursor.u64()) : cursor.u32());
}

/** Value of an index into `.debug_addr` (DWARF 5, 7.27). */
export function indexedAddress(unit: Unit, index: number): bigint {
  const cursor = new ByteCursor(unit.sections.addr);
  cursor.seek((unit.base(AT.addressBase) ?? 8) + index * 8);
  return cursor.u64();
}
