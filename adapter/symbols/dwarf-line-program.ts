/** The line number program of DWARF 2 to 5 (section 6.2 of the DWARF 5 standard). */

import path from 'node:path';
import { ByteCursor, EndOfBytes } from './byte-cursor';

export interface LineRow {
  readonly address: bigint;
  readonly file: string;
  readonly line: number;
  readonly endsSequence: boolean;
}

/** String sections that version 5 refers to. */
export interface LineStrings {
  readonly lineStrings: Uint8Array | undefined;
  readonly strings: Uint8Array | undefined;
}

interface UnitHeader {
  readonly version: number;
  readonly minimumInstructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operandCounts: readonly number[];
  readonly files: readonly string[];
}

/** A program cannot be longer than this many rows; a damaged one must not fill the memory. */
const MAX_ROWS = 20_000_000;

/** All rows of all units, in file order. */
export function readLineProgram(section: Uint8Array, strings: LineStrings): LineRow[] {
  const rows: LineRow[] = [];
  const cursor = new ByteCursor(section);
  while (cursor.remaining >= 16 && rows.length < MAX_ROWS) {
    const first = cursor.u32();
    const is64Bit = first === 0xffffffff;
    const length = is64Bit ? Number(cursor.u64()) : first;
    if (length > cursor.remaining || length === 0) break;
    const unit = cursor.take(length);
    try {
      readUnit(unit, is64Bit, strings, rows);
    } catch (error) {
      // A unit that ends too early loses its rows; the others are independent of it.
      if (!(error instanceof EndOfBytes)) throw error;
    }
  }
  return rows;
}

function readUnit(cursor: ByteCursor, is64Bit: boolean, strings: LineStrings, rows: LineRow[]): void {
  const version = cursor.u16();
  if (version < 2 || version > 5) return;
  if (version >= 5) cursor.skip(2);
  const headerLength = is64Bit ? Number(cursor.u64()) : cursor.u32();
  const programStart = cursor.offset + headerLength;
  const minimumInstructionLength = cursor.u8();
  if (version >= 4) cursor.skip(1);
  cursor.skip(1);
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const operandCounts: number[] = [0];
  for (let i = 1; i < opcodeBase; i++) operandCounts.push(cursor.u8());
  const files = version >= 5 ? readEntries5(cursor, is64Bit, strings) : readEntries2(cursor);
  if (lineRange === 0) return;
  cursor.seek(programStart);
  const header = {
    version,
    minimumInstructionLength,
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts,
    files,
  };
  runProgram(cursor, header, rows);
}

function readEntries2(cursor: ByteCursor): string[] {
  const folders = [''];
  for (let text = cursor.text(); text !== ''; text = cursor.text()) folders.push(text);
  // Files count from 1 before version 5.
  const files = [''];
  for (let name = cursor.text(); name !== ''; name = cursor.text()) {
    const folder = folders[cursor.uleb()] ?? '';
    cursor.uleb();
    cursor.uleb();
    files.push(joined(folder, name));
  }
  return files;
}

const DW_LNCT_PATH = 1;
const DW_LNCT_DIRECTORY_INDEX = 2;

function readEntries5(cursor: ByteCursor, is64Bit: boolean, strings: LineStrings): string[] {
  const folders = readEntryTable(cursor, is64Bit, strings).map((entry) => entry.path);
  const base = folders[0] ?? '';
  return readEntryTable(cursor, is64Bit, strings).map((entry) =>
    joined(joined(base, folders[entry.folder] ?? ''), entry.path),
  );
}

function readEntryTable(
  cursor: ByteCursor,
  is64Bit: boolean,
  strings: LineStrings,
): { path: string; folder: number }[] {
  const formats: { content: number; form: number }[] = [];
  const formatCount = cursor.u8();
  for (let i = 0; i < formatCount; i++) formats.push({ content: cursor.uleb(), form: cursor.uleb() });
  const count = cursor.uleb();
  const entries: { path: string; folder: number }[] = [];
  for (let i = 0; i < count; i++) {
    const entry = { path: '', folder: 0 };
    for (const { content, form } of formats) {
      const value = readForm(cursor, form, is64Bit, strings);
      if (content === DW_LNCT_PATH && typeof value === 'string') entry.path = value;
      if (content === DW_LNCT_DIRECTORY_INDEX && typeof value === 'number') entry.folder = value;
    }
    entries.push(entry);
    if (formats.length === 0) break;
  }
  return entries;
}

function readForm(
  cursor: ByteCursor,
  form: number,
  is64Bit: boolean,
  strings: LineStrings,
): string | number | undefined {
  const offset = (): number => (is64Bit ? Number(cursor.u64()) : cursor.u32());
  switch (form) {
    case 0x08: // DW_FORM_string
      return cursor.text();
    case 0x0e: // DW_FORM_strp
      return textOf(strings.strings, offset());
    case 0x1f: // DW_FORM_line_strp
      return textOf(strings.lineStrings, offset());
    case 0x0b: // DW_FORM_data1
      return cursor.u8();
    case 0x05: // DW_FORM_data2
      return cursor.u16();
    case 0x06: // DW_FORM_data4
      return cursor.u32();
    case 0x07: // DW_FORM_data8
      cursor.skip(8);
      return undefined;
    case 0x1e: // DW_FORM_data16
      cursor.skip(16);
      return undefined;
    case 0x0f: // DW_FORM_udata
      return cursor.uleb();
    case 0x09: // DW_FORM_block
      cursor.skip(cursor.uleb());
      return undefined;
    default:
      // The length of an unknown form is unknown: the rest of this unit cannot be read.
      throw new EndOfBytes();
  }
}

function textOf(section: Uint8Array | undefined, offset: number): string {
  if (section === undefined || offset >= section.length) return '';
  const cursor = new ByteCursor(section);
  cursor.seek(offset);
  return cursor.text();
}

function joined(folder: string, name: string): string {
  if (path.posix.isAbsolute(name)) return path.posix.normalize(name);
  return folder === '' ? name : path.posix.join(folder, name);
}

function runProgram(cursor: ByteCursor, header: UnitHeader, rows: LineRow[]): void {
  let address = 0n;
  let file = 1;
  let line = 1;
  const emit = (endsSequence: boolean): void => {
    rows.push({ address, file: header.files[file] ?? '', line, endsSequence });
  };
  const advance = (operation: number): void => {
    address += BigInt(operation * header.minimumInstructionLength);
  };
  const reset = (): void => {
    address = 0n;
    file = 1;
    line = 1;
  };
  while (cursor.remaining > 0 && rows.length < MAX_ROWS) {
    const opcode = cursor.u8();
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      advance(Math.floor(adjusted / header.lineRange));
      line += header.lineBase + (adjusted % header.lineRange);
      emit(false);
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = cursor.uleb();
        const extended = cursor.take(length);
        if (length === 0) break;
        const kind = extended.u8();
        if (kind === 1) {
          emit(true);
          reset();
        } else if (kind === 2) {
          address = extended.remaining >= 8 ? extended.u64() : BigInt(extended.u32());
        }
        break;
      }
      case 1: // DW_LNS_copy
        emit(false);
        break;
      case 2: // DW_LNS_advance_pc
        advance(cursor.uleb());
        break;
      case 3: // DW_LNS_advance_line
        line += cursor.sleb();
        break;
      case 4: // DW_LNS_set_file
        file = cursor.uleb();
        break;
      case 8: // DW_LNS_const_add_pc
        advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        break;
      case 9: // DW_LNS_fixed_advance_pc
        address += BigInt(cursor.u16());
        break;
      default:
        for (let i = 0; i < (header.operandCounts[opcode] ?? 0); i++) cursor.uleb();
    }
  }
}
