/** Values of C variables: read, shown, taken apart and changed. */

import type { Member, ValueType } from '../symbols/dwarf/types';
import type { Place } from '../symbols/dwarf/location';
import { RequestError } from './request-error';

export interface CValue {
  /** What the user would write to get it: `list->next`. */
  readonly expression: string;
  readonly type: ValueType;
  readonly place: Place;
  readonly bits: Member['bits'];
}

export interface ValueReader {
  readMemory(address: bigint, sizeBytes: number): Promise<Uint8Array>;
  /** By DWARF number. */
  register(number: number): bigint | undefined;
}

export const UNREADABLE = '<not readable>';
const NO_BYTES = new Uint8Array(0);
const MAX_TEXT_BYTES = 200;
const MAX_PREVIEW_MEMBERS = 6;
const MAX_PREVIEW_ELEMENTS = 8;
const MAX_READ_BYTES = 1 << 20;
/** Of an array whose client does not ask for pages. */
const MAX_CHILDREN = 10_000;

/** The bytes of a value; fewer than its type has where memory ends or a register is not known. */
export async function readValue(reader: ValueReader, { place, type }: CValue): Promise<Uint8Array> {
  const sizeBytes = Math.min(type.sizeBytes, MAX_READ_BYTES);
  switch (place.kind) {
    case 'memory':
      return sizeBytes === 0 ? NO_BYTES : reader.readMemory(place.address, sizeBytes);
    case 'register': {
      const value = reader.register(place.register);
      if (value === undefined) return NO_BYTES;
      return new Uint8Array(BigUint64Array.of(value).buffer).subarray(0, sizeBytes);
    }
    case 'value':
      return place.bytes.subarray(0, sizeBytes);
  }
}

export function addressOf({ place }: CValue): bigint | undefined {
  return place.kind === 'memory' ? place.address : undefined;
}

/** A number of any size up to 8 bytes, with the bits of a bit field alone. */
export function numberIn(bytes: Uint8Array, type: ValueType, bits: Member['bits']): bigint {
  let value = bytes.subarray(0, 8).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let width = 8 * Math.min(8, type.sizeBytes);
  if (bits !== undefined) {
    value >>= BigInt(bits.first);
    width = bits.width;
  }
  const isSigned = type.kind === 'scalar' && (type.scalar === 'signed' || type.scalar === 'character');
  return isSigned || type.kind === 'enumeration' ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** One line for the value. `hex` shows integers in base 16. */
export async function showValue(reader: ValueReader, value: CValue, hex: boolean): Promise<string> {
  const bytes = await readValue(reader, value);
  if (bytes.length < value.type.sizeBytes && bytes.length < MAX_READ_BYTES) return UNREADABLE;
  return showBytes(reader, value.type, bytes, value.bits, hex, true);
}

async function showBytes(
  reader: ValueReader,
  type: ValueType,
  bytes: Uint8Array,
  bits: Member['bits'],
  hex: boolean,
  isOutermost: boolean,
): Promise<string> {
  switch (type.kind) {
    case 'scalar':
      return showScalar(type.scalar, type, bytes, bits, hex);
    case 'enumeration': {
      const number = numberIn(bytes, type, bits);
      return type.names.get(number) ?? String(number);
    }
    case 'pointer': {
      const address = numberIn(bytes, type, undefined);
      const text = isCharacter(type.target()) ? await textAt(reader, address) : undefined;
      return text === undefined ? `0x${address.toString(16)}` : `0x${address.toString(16)} ${text}`;
    }
    case 'structure': {
      if (!isOutermost) return '{…}';
      const members = type.members();
      const shown = await Promise.all(
        members.slice(0, MAX_PREVIEW_MEMBERS).map(async ({ name, type: inner, offsetBytes, bits: field }) => {
          const part = bytes.subarray(offsetBytes, offsetBytes + inner.sizeBytes);
          return `${name} = ${await showBytes(reader, inner, part, field, hex, false)}`;
        }),
      );
      return `{${shown.join(', ')}${members.length > MAX_PREVIEW_MEMBERS ? ', …' : ''}}`;
    }
    case 'array': {
      if (isCharacter(type.element))
        return quoted(bytes.subarray(0, MAX_TEXT_BYTES), bytes.length > MAX_TEXT_BYTES);
      if (!isOutermost) return '{…}';
      const size = type.element.sizeBytes;
      const count = Math.min(type.count, MAX_PREVIEW_ELEMENTS);
      const shown = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          showBytes(
            reader,
            type.element,
            bytes.subarray(index * size, (index + 1) * size),
            undefined,
            hex,
            false,
          ),
        ),
      );
      return `{${shown.join(', ')}${type.count > count ? ', …' : ''}}`;
    }
  }
}

function showScalar(
  scalar: string,
  type: ValueType,
  bytes: Uint8Array,
  bits: Member['bits'],
  hex: boolean,
): string {
  if (scalar === 'float') return showFloat(bytes, type.sizeBytes);
  const number = numberIn(bytes, type, bits);
  if (scalar === 'boolean') return number === 0n ? 'false' : number === 1n ? 'true' : String(number);
  const text = hex
    ? `0x${BigInt.asUintN(8 * Math.max(1, type.sizeBytes), number).toString(16)}`
    : String(number);
  const code = Number(BigInt.asUintN(32, number));
  return scalar === 'character' && code >= 32 && code < 127 ? `${text} '${String.fromCharCode(code)}'` : text;
}

function showFloat(bytes: Uint8Array, sizeBytes: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The digits that tell one float from the next, not those of the double it becomes.
  if (sizeBytes === 4) return String(Number(view.getFloat32(0, true).toPrecision(9)));
  if (sizeBytes === 8) return String(view.getFloat64(0, true));
  return sizeBytes === 16 ? showExtended(view) : '<a float of unknown form>';
}

/** x87 extended precision: 64 bits of significand, 15 of exponent (SDM volume 1, 4.2.2). */
function showExtended(view: DataView): string {
  const significand = view.getBigUint64(0, true);
  const head = view.getUint16(8, true);
  const sign = (head & 0x8000) === 0 ? 1 : -1;
  const exponent = head & 0x7fff;
  if (exponent === 0x7fff) return BigInt.asUintN(63, significand) === 0n ? String(sign * Infinity) : 'NaN';
  return String(sign * Number(significand) * 2 ** (exponent - 16383 - 63));
}

function isCharacter(type: ValueType | undefined): boolean {
  return type?.kind === 'scalar' && type.scalar === 'character' && type.sizeBytes === 1;
}

async function textAt(reader: ValueReader, address: bigint): Promise<string | undefined> {
  if (address === 0n) return undefined;
  // What can be read up to the end of the page, when the next one is missing.
  const toPageEnd = 4096 - Number(address % 4096n);
  const whole = await reader.readMemory(address, MAX_TEXT_BYTES);
  const bytes =
    whole.length > 0 || toPageEnd >= MAX_TEXT_BYTES ? whole : await reader.readMemory(address, toPageEnd);
  return bytes.length === 0 ? undefined : quoted(bytes, !bytes.includes(0));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

function quoted(bytes: Uint8Array, isCut: boolean): string {
  const end = bytes.indexOf(0);
  const text = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
  const escaped = [...text].map((char) => ESCAPES[char] ?? (char < ' ' ? '·' : char)).join('');
  return `"${escaped}"${isCut && end < 0 ? '…' : ''}`;
}

/** How many children a value has. */
export function childCount(type: ValueType): { readonly named: number; readonly indexed: number } {
  switch (type.kind) {
    case 'structure':
      return { named: type.members().length, indexed: 0 };
    case 'array':
      return { named: 0, indexed: type.count };
    case 'pointer': {
      const target = type.target();
      if (target === undefined) return { named: 0, indexed: 0 };
      return { named: target.kind === 'structure' ? target.members().length : 1, indexed: 0 };
    }
    default:
      return { named: 0, indexed: 0 };
  }
}

/** Children `start` to `start + count`, with the names that they are shown under. */
export async function childrenOf(
  reader: ValueReader,
  value: CValue,
  start: number,
  count: number,
): Promise<{ readonly name: string; readonly value: CValue }[]> {
  const { type } = value;
  switch (type.kind) {
    case 'structure':
      return type
        .members()
        .slice(start, start + count)
        .map((member) => ({ name: member.name, value: memberOf(value, member, '.') }));
    case 'array':
      return Array.from(
        { length: Math.max(0, Math.min(count, type.count - start, MAX_CHILDREN)) },
        (_, index) => ({
          name: `[${start + index}]`,
          value: elementOf(value, type.element, start + index),
        }),
      );
    case 'pointer': {
      const target = await targetOf(reader, value);
      if (target === undefined) return [];
      if (target.type.kind !== 'structure') return [{ name: `*${value.expression}`, value: target }];
      return target.type
        .members()
        .slice(start, start + count)
        .map((member) => ({ name: member.name, value: memberOf(target, member, '->', value.expression) }));
    }
    default:
      return [];
  }
}

/** The part of a place that lies `offsetBytes` in. */
function partOf(place: Place, offsetBytes: number): Place {
  if (place.kind === 'memory') return { kind: 'memory', address: place.address + BigInt(offsetBytes) };
  if (place.kind === 'value') return { kind: 'value', bytes: place.bytes.subarray(offsetBytes) };
  return place;
}

export function memberOf(
  structure: CValue,
  member: Member,
  sign: '.' | '->',
  expression = structure.expression,
): CValue {
  return {
    expression: `${expression}${sign}${member.name}`,
    type: member.type,
    place: partOf(structure.place, member.offsetBytes),
    bits: member.bits,
  };
}

export function elementOf(array: CValue, element: ValueType, index: number): CValue {
  return {
    expression: `${array.expression}[${index}]`,
    type: element,
    place: partOf(array.place, index * element.sizeBytes),
    bits: undefined,
  };
}

/** What a pointer points to; undefined for void and for a pointer that cannot be read. */
export async function targetOf(reader: ValueReader, pointer: CValue): Promise<CValue | undefined> {
  const target = pointer.type.kind === 'pointer' ? pointer.type.target() : undefined;
  const bytes = await readValue(reader, pointer);
  if (target === undefined || bytes.length < pointer.type.sizeBytes) return undefined;
  const address = numberIn(bytes, pointer.type, undefined);
  return {
    expression: `*${pointer.expression}`,
    type: target,
    place: { kind: 'memory', address },
    bits: undefined,
  };
}

/** The bytes that a text stands for. Throws RequestError for one that is no value of the type. */
export function parseValue(text: string, value: CValue, present: Uint8Array): Uint8Array {
  const { type, bits } = value;
  const trimmed = text.trim();
  if (type.kind === 'structure' || type.kind === 'array')
    throw new RequestError(`"${value.expression}" is ${type.name}; change its parts one by one.`);
  if (type.kind === 'scalar' && type.scalar === 'float') return floatBytes(trimmed, type.sizeBytes);
  const number = parseNumber(trimmed, type);
  if (number === undefined)
    throw new RequestError(
      `"${trimmed}" is no value of ${type.name}; write a number, 0x before hexadecimal ones.`,
    );
  if (bits === undefined) return littleEndian(number, type.sizeBytes);
  const mask = ((1n << BigInt(bits.width)) - 1n) << BigInt(bits.first);
  const before = present.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return littleEndian((before & ~mask) | ((number << BigInt(bits.first)) & mask), type.sizeBytes);
}

function parseNumber(text: string, type: ValueType): bigint | undefined {
  const character = /^'(.)'$/su.exec(text)?.[1];
  if (character !== undefined) return BigInt(character.codePointAt(0) ?? 0);
  if (type.kind === 'scalar' && type.scalar === 'boolean' && /^(true|false)$/.test(text))
    return text === 'true' ? 1n : 0n;
  if (type.kind === 'enumeration') for (const [number, name] of type.names) if (name === text) return number;
  const match = /^(-?)(0x[0-9a-f]+|\d+)/i.exec(text);
  // Behind the number may stand what we have shown there ourselves: the character, or the text of a pointer.
  if (match === null || !/^(\s+['"].*)?$/s.test(text.slice(match[0].length))) return undefined;
  const magnitude = BigInt(match[2] ?? '0');
  return match[1] === '-' ? -magnitude : magnitude;
}

function floatBytes(text: string, sizeBytes: number): Uint8Array {
  const number = text === '' ? NaN : Number(text);
  if (Number.isNaN(number) && text !== 'NaN') throw new RequestError(`"${text}" is no number.`);
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  if (sizeBytes === 4) view.setFloat32(0, number, true);
  else if (sizeBytes === 8) view.setFloat64(0, number, true);
  else throw new RequestError('Numbers of extended precision cannot be changed.');
  return bytes;
}

function littleEndian(value: bigint, sizeBytes: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer).slice(0, sizeBytes);
}
