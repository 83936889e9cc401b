/** A structure with its values, like the debugger's `dt`: rows of data, and their text. */

import type { MemberType, StructureLayout } from './pdb/structure-layout';

export interface StructureRow {
  readonly name: string;
  readonly offset: number;
  readonly type: string;
  /** Text of the value; undefined where there are no bytes, or where the value has rows of its own. */
  readonly value: string | undefined;
}

const MAX_SHOWN_ELEMENTS = 8;

/** The rows of a structure. `memory` starts at the structure; members beyond its end have no value. */
export function structureRows(layout: StructureLayout, memory?: Uint8Array): StructureRow[] {
  const view =
    memory === undefined ? undefined : new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  return layout.members.map(({ kind, name, offset, type }) => ({
    name: kind === 'base' ? `: ${name}` : name,
    offset,
    type: type.text,
    value: view === undefined ? undefined : valueText(view, offset, type),
  }));
}

/** One line a member: offset, name, type and value. */
export function structureText(layout: StructureLayout, memory?: Uint8Array): string {
  const rows = structureRows(layout, memory);
  const width = rows.reduce((most, row) => Math.max(most, row.name.length), 0);
  return rows
    .map(({ offset, name, type, value }) => {
      const place = `+0x${offset.toString(16).padStart(3, '0')}`;
      return `${place} ${name.padEnd(width)} : ${type}${value === undefined ? '' : ` = ${value}`}`;
    })
    .join('\n');
}

function valueText(view: DataView, offset: number, type: MemberType): string | undefined {
  if (type.sizeBytes === 0 || offset + type.sizeBytes > view.byteLength) return undefined;
  switch (type.kind) {
    case 'number': {
      if (type.format === 'float') {
        return String(type.sizeBytes === 4 ? view.getFloat32(offset, true) : view.getFloat64(offset, true));
      }
      const value = unsignedAt(view, offset, type.sizeBytes);
      if (type.format === 'bool') return value === 0n ? 'false' : 'true';
      const hex = `0x${value.toString(16)}`;
      return type.format === 'signed' ? `${BigInt.asIntN(type.sizeBytes * 8, value)} (${hex})` : hex;
    }
    case 'pointer':
      return `0x${unsignedAt(view, offset, type.sizeBytes)
        .toString(16)
        .padStart(type.sizeBytes * 2, '0')}`;
    case 'bits': {
      const whole = unsignedAt(view, offset, type.sizeBytes);
      return `0x${BigInt.asUintN(type.width, whole >> BigInt(type.position)).toString(16)}`;
    }
    case 'enum': {
      const value = unsignedAt(view, offset, type.sizeBytes);
      const name = type.names.get(value) ?? type.names.get(BigInt.asIntN(type.sizeBytes * 8, value));
      return name === undefined ? `0x${value.toString(16)}` : `${name} (0x${value.toString(16)})`;
    }
    case 'array':
      return arrayText(view, offset, type);
    case 'structure':
    case 'other':
      return undefined;
  }
}

function arrayText(view: DataView, offset: number, type: MemberType & { kind: 'array' }): string | undefined {
  const { element, count } = type;
  if (element.kind === 'structure' || element.kind === 'other') return undefined;
  const shown = Math.min(count, MAX_SHOWN_ELEMENTS);
  const values = Array.from(
    { length: shown },
    (_, i) => valueText(view, offset + i * element.sizeBytes, element) ?? '?',
  );
  return `{ ${values.join(', ')}${count > shown ? ', ...' : ''} }`;
}

function unsignedAt(view: DataView, offset: number, sizeBytes: number): bigint {
  switch (sizeBytes) {
    case 1:
      return BigInt(view.getUint8(offset));
    case 2:
      return BigInt(view.getUint16(offset, true));
    case 4:
      return BigInt(view.getUint32(offset, true));
    default:
      return view.getBigUint64(offset, true);
  }
}
