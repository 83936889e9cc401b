/** Address ranges of entries, and what location an entry has at an address (DWARF 5, 2.17, 7.25, 7.28, 7.29). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { AT } from './codes';
import { indexedAddress, type AttributeValue, type Entry, type Unit } from './entries';

export interface AddressRange {
  readonly start: bigint;
  /** Behind the last address. */
  readonly end: bigint;
}

/** Addresses that the code of an entry takes, as linked. Empty when it has none. */
export function rangesOf(entry: Entry): AddressRange[] {
  const low = entry.attributes.get(AT.lowPc);
  const high = entry.attributes.get(AT.highPc);
  if (low?.kind === 'address' && high !== undefined) {
    const end = high.kind === 'address' ? high.value : low.value + (numberOf(high) ?? 0n);
    return end > low.value ? [{ start: low.value, end }] : [];
  }
  const ranges = entry.attributes.get(AT.ranges);
  if (ranges === undefined) return [];
  return guarded(() => readRanges(entry.unit, ranges)) ?? [];
}

export function numberOf(value: AttributeValue | undefined): bigint | undefined {
  switch (value?.kind) {
    case 'constant':
    case 'address':
      return value.value;
    case 'list':
      return BigInt(value.offset);
    default:
      return undefined;
  }
}

/** The expression for the place of `entry` when RIP is `address`; undefined where it has none. */
export function locationAt(entry: Entry, attribute: number, address: bigint): Uint8Array | undefined {
  const value = entry.attributes.get(attribute);
  if (value === undefined) return undefined;
  if (value.kind === 'block') return value.bytes;
  return guarded(() => readLocations(entry.unit, value, address));
}

/** Damaged lists are as good as none. */
function guarded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

function baseAddressOf(unit: Unit): bigint {
  const low = unit.head()?.attributes.get(AT.lowPc);
  return low?.kind === 'address' ? low.value : 0n;
}

/** Where a list begins: at an offset, or at one that stands in the table behind the unit's base. */
function listStart(section: Uint8Array, unit: Unit, value: AttributeValue, baseAttribute: number): number {
  const direct = numberOf(value);
  if (direct !== undefined) return Number(direct);
  if (value.kind !== 'listIndex') throw new EndOfBytes();
  const { is64Bit } = unit.header;
  const base = unit.base(baseAttribute) ?? (is64Bit ? 20 : 12);
  const cursor = new ByteCursor(section);
  cursor.seek(base + value.index * (is64Bit ? 8 : 4));
  return base + (is64Bit ? Number(cursor.u64()) : cursor.u32());
}

function readRanges(unit: Unit, value: AttributeValue): AddressRange[] {
  const { sections, header } = unit;
  if (header.version < 5) return [...pairs(sections.ranges, Number(numberOf(value) ?? 0n), unit, false)];
  return [
    ...entries5(
      sections.rangeLists,
      listStart(sections.rangeLists, unit, value, AT.rangeListsBase),
      unit,
      false,
    ),
  ];
}

function readLocations(unit: Unit, value: AttributeValue, address: bigint): Uint8Array | undefined {
  const { sections, header } = unit;
  const list =
    header.version < 5
      ? pairs(sections.loc, Number(numberOf(value) ?? 0n), unit, true)
      : entries5(
          sections.locationLists,
          listStart(sections.locationLists, unit, value, AT.locationListsBase),
          unit,
          true,
        );
  let fallback: Uint8Array | undefined;
  for (const { start, end, expression, isDefault } of list) {
    if (isDefault) fallback = expression;
    else if (address >= start && address < end) return expression;
  }
  return fallback;
}

interface ListItem extends AddressRange {
  readonly expression: Uint8Array;
  /** For all addresses that no other item is for. */
  readonly isDefault: boolean;
}

const NO_EXPRESSION = new Uint8Array(0);
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** Lists of versions 2 to 4: pairs of addresses, relative to the unit. */
function* pairs(
  section: Uint8Array,
  offset: number,
  unit: Unit,
  hasExpressions: boolean,
): Generator<ListItem> {
  const cursor = new ByteCursor(section);
  cursor.seek(offset);
  let base = baseAddressOf(unit);
  for (;;) {
    const start = cursor.u64();
    const end = cursor.u64();
    if (start === 0n && end === 0n) return;
    if (start === ALL_ONES) {
      base = end;
      continue;
    }
    const expression = hasExpressions ? cursor.take(cursor.u16()).bytes : NO_EXPRESSION;
    yield { start: base + start, end: base + end, expression, isDefault: false };
  }
}

/** Lists of version 5; those of ranges and of locations differ in the code of one kind and in the expression. */
function* entries5(
  section: Uint8Array,
  offset: number,
  unit: Unit,
  hasExpressions: boolean,
): Generator<ListItem> {
  const cursor = new ByteCursor(section);
  cursor.seek(offset);
  let base = baseAddressOf(unit);
  const expression = (): Uint8Array => (hasExpressions ? cursor.take(cursor.uleb()).bytes : NO_EXPRESSION);
  const item = (start: bigint, end: bigint): ListItem => ({
    start,
    end,
    expression: expression(),
    isDefault: false,
  });
  for (;;) {
    // Locations have one kind more: DW_LLE_default_location is 5, and from there on their codes are one higher.
    const code = cursor.u8();
    if (hasExpressions && code === 5) {
      yield { start: 0n, end: 0n, expression: expression(), isDefault: true };
      continue;
    }
    switch (hasExpressions && code > 5 ? code - 1 : code) {
      case 0: // end of list
        return;
      case 1: // base address, indexed
        base = indexedAddress(unit, cursor.uleb());
        break;
      case 2: {
        // start and end, indexed
        const start = indexedAddress(unit, cursor.uleb());
        yield item(start, indexedAddress(unit, cursor.uleb()));
        break;
      }
      case 3: {
        // start, indexed, and length
        const start = indexedAddress(unit, cursor.uleb());
        yield item(start, start + BigInt(cursor.uleb()));
        break;
      }
      case 4: {
        // offsets from the base
        const start = base + BigInt(cursor.uleb());
        yield item(start, base + BigInt(cursor.uleb()));
        break;
      }
      case 5: // base address
        base = cursor.u64();
        break;
      case 6: {
        // start and end
        const start = cursor.u64();
        yield item(start, cursor.u64());
        break;
      }
      case 7: {
        // start and length
        const start = cursor.u64();
        yield item(start, start + BigInt(cursor.uleb()));
        break;
      }
      default:
        throw new EndOfBytes();
    }
  }
}
