/** Headers of 64-bit PE files (Microsoft's "PE Format"): sections, data directories and the identity of the PDB. */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { type ByteSource, SymbolFileError } from '../byte-source';

export interface PeSection {
  readonly name: string;
  readonly rva: number;
  readonly sizeBytes: number;
  readonly fileOffset: number;
  readonly fileSizeBytes: number;
  readonly isExecutable: boolean;
}

/** What the CodeView record of an image says about its PDB. */
export interface PdbIdentity {
  /** 32 upper-case hex digits, in the order in which a GUID is spelled. */
  readonly guid: string;
  readonly age: number;
  /** The path that the linker wrote. */
  readonly path: string;
}

export interface PeImage {
  readonly timestamp: number;
  readonly imageBase: bigint;
  readonly imageSizeBytes: number;
  readonly entryRva: number;
  readonly sections: readonly PeSection[];
  directory(index: number): { readonly rva: number; readonly sizeBytes: number };
  /** Bytes of the loaded image. Throws EndOfBytes where the file has none. */
  bytesAt(rva: number, sizeBytes: number): Uint8Array;
  /** Bytes of the file from `rva` to the end of its section, not more than asked. */
  bytesUpTo(rva: number, limitBytes: number): Uint8Array;
  sectionAt(rva: number): PeSection | undefined;
}

/** Indexes of the data directories. */
export const PeDirectory = { export: 0, exception: 3, debug: 6 } as const;

const MACHINE_AMD64 = 0x8664;
const PE32_PLUS = 0x20b;
const SECTION_HEADER_SIZE = 40;
const MAX_SECTIONS = 96;
const SCN_MEM_EXECUTE = 0x20000000;
const DEBUG_ENTRY_SIZE = 28;
const DEBUG_TYPE_CODEVIEW = 2;
const RSDS = 0x53445352;
const MAX_CODEVIEW_BYTES = 4096;

/**
 * Reads the headers. `memory` is an image as the loader lays it out, where a file offset means nothing.
 * Throws SymbolFileError.
 */
export function readPe(source: ByteSource, layout: 'file' | 'memory' = 'file'): PeImage {
  try {
    return readHeaders(source, layout);
  } catch (error) {
    if (error instanceof EndOfBytes) throw new SymbolFileError('ends within its PE headers; it is cut off.');
    throw error;
  }
}

function readHeaders(source: ByteSource, layout: 'file' | 'memory'): PeImage {
  const dos = new ByteCursor(source.read(0, 64));
  if (dos.u16() !== 0x5a4d) throw new SymbolFileError('is not a PE file: it does not start with "MZ".');
  dos.seek(0x3c);
  const start = dos.u32();
  const coff = new ByteCursor(source.read(start, 24));
  if (coff.u32() !== 0x4550) throw new SymbolFileError('is not a PE file: the PE signature is missing.');
  const machine = coff.u16();
  if (machine !== MACHINE_AMD64) {
    throw new SymbolFileError(`is for machine 0x${machine.toString(16)}; only x64 images are read.`);
  }
  const sectionCount = coff.u16();
  if (sectionCount > MAX_SECTIONS) {
    throw new SymbolFileError(`claims ${sectionCount} sections; an image has at most ${MAX_SECTIONS}.`);
  }
  const timestamp = coff.u32();
  coff.skip(8);
  const optionalSize = coff.u16();
  const optional = new ByteCursor(source.read(start + 24, optionalSize));
  if (optional.u16() !== PE32_PLUS) throw new SymbolFileError('is not a 64-bit (PE32+) image.');
  optional.seek(16);
  const entryRva = optional.u32();
  optional.seek(24);
  const imageBase = optional.u64();
  optional.seek(56);
  const imageSizeBytes = optional.u32();
  const headerSizeBytes = optional.u32();
  optional.seek(108);
  const directoryCount = Math.min(optional.u32(), 16);
  const directories = Array.from({ length: directoryCount }, () => ({
    rva: optional.u32(),
    sizeBytes: optional.u32(),
  }));
  const table = new ByteCursor(source.read(start + 24 + optionalSize, sectionCount * SECTION_HEADER_SIZE));
  const sections = Array.from({ length: sectionCount }, () => readSection(table));
  const sectionAt = (rva: number): PeSection | undefined =>
    sections.find((section) => rva >= section.rva && rva < section.rva + section.sizeBytes);
  /** Place in the source and how many bytes it has there. */
  const placeOf = (rva: number): { offset: number; available: number } => {
    if (layout === 'memory') return { offset: rva, available: source.sizeBytes - rva };
    if (rva < headerSizeBytes) return { offset: rva, available: headerSizeBytes - rva };
    const section = sectionAt(rva);
    if (section === undefined) throw new EndOfBytes();
    const within = rva - section.rva;
    return { offset: section.fileOffset + within, available: section.fileSizeBytes - within };
  };
  return {
    timestamp,
    imageBase,
    imageSizeBytes,
    entryRva,
    sections,
    directory: (index) => directories[index] ?? { rva: 0, sizeBytes: 0 },
    bytesAt(rva, sizeBytes) {
      const { offset, available } = placeOf(rva);
      if (sizeBytes > available) throw new EndOfBytes();
      return source.read(offset, sizeBytes);
    },
    bytesUpTo(rva, limitBytes) {
      const { offset, available } = placeOf(rva);
      const size = Math.min(limitBytes, available, source.sizeBytes - offset);
      if (size <= 0) throw new EndOfBytes();
      return source.read(offset, size);
    },
    sectionAt,
  };
}

function readSection(cursor: ByteCursor): PeSection {
  const nameBytes = cursor.take(8).bytes;
  const end = nameBytes.indexOf(0);
  const name = new TextDecoder().decode(end < 0 ? nameBytes : nameBytes.subarray(0, end));
  const virtualSize = cursor.u32();
  const rva = cursor.u32();
  const fileSizeBytes = cursor.u32();
  const fileOffset = cursor.u32();
  cursor.skip(12);
  const characteristics = cursor.u32();
  return {
    name,
    rva,
    sizeBytes: virtualSize === 0 ? fileSizeBytes : virtualSize,
    fileOffset,
    fileSizeBytes,
    isExecutable: (characteristics & SCN_MEM_EXECUTE) !== 0,
  };
}

/** The PDB that belongs to an image; undefined where its debug directory names none. */
export function pdbIdentityOf(image: PeImage): PdbIdentity | undefined {
  for (const record of codeViewRecords(image)) {
    try {
      const identity = readCodeView(image.bytesUpTo(record.rva, record.sizeBytes));
      if (identity !== undefined) return identity;
    } catch (error) {
      // Another entry may be whole.
      if (!(error instanceof EndOfBytes)) throw error;
    }
  }
  return undefined;
}

/** Where the CodeView records of an image lie. */
export function codeViewRecords(image: PeImage): { readonly rva: number; readonly sizeBytes: number }[] {
  const { rva, sizeBytes } = image.directory(PeDirectory.debug);
  if (rva === 0) return [];
  const records: { rva: number; sizeBytes: number }[] = [];
  try {
    const count = Math.min(Math.floor(sizeBytes / DEBUG_ENTRY_SIZE), 64);
    const cursor = new ByteCursor(image.bytesAt(rva, count * DEBUG_ENTRY_SIZE));
    for (let i = 0; i < count; i++) {
      const entry = cursor.take(DEBUG_ENTRY_SIZE);
      entry.seek(12);
      const type = entry.u32();
      const size = Math.min(entry.u32(), MAX_CODEVIEW_BYTES);
      const at = entry.u32();
      if (type === DEBUG_TYPE_CODEVIEW && at !== 0) records.push({ rva: at, sizeBytes: size });
    }
  } catch (error) {
    // An image without a readable debug directory has no PDB, and is good for the rest.
    if (!(error instanceof EndOfBytes)) throw error;
  }
  return records;
}

function readCodeView(bytes: Uint8Array): PdbIdentity | undefined {
  const cursor = new ByteCursor(bytes);
  if (cursor.u32() !== RSDS) return undefined;
  const guid = guidText(cursor.take(16).bytes);
  return { guid, age: cursor.u32(), path: cursor.text() };
}

/** The first three fields of a GUID are little-endian numbers. */
export function guidText(bytes: Uint8Array): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return order.map((at) => (bytes[at] ?? 0).toString(16).padStart(2, '0').toUpperCase()).join('');
}
