/** The small tables of a PDB: its identity, the names of streams, the list of modules (LLVM's "PDB" and "DBI" pages). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { SymbolFileError } from '../byte-source';
import { guidText } from '../pe/pe-image';
import type { MsfFile, MsfStream } from './msf';

export interface PdbInfo {
  readonly guid: string;
  /** The age in this stream grows with every write; the one of the DBI stream is the image's. */
  readonly age: number;
  readonly namedStreams: ReadonlyMap<string, number>;
}

export interface PdbModule {
  readonly name: string;
  /** Undefined where the module has no symbols of its own. */
  readonly stream: number | undefined;
  readonly symbolBytes: number;
  readonly c11Bytes: number;
  readonly c13Bytes: number;
}

export interface Contribution {
  readonly rva: number;
  readonly sizeBytes: number;
  readonly module: number;
}

export interface DbiHeader {
  readonly age: number;
  readonly publicStream: number;
  readonly recordStream: number;
  readonly moduleBytes: ByteCursor;
  readonly contributionBytes: ByteCursor;
  readonly fileBytes: ByteCursor;
  readonly sectionStream: number;
  /** Stream that leads from addresses before a reordering to those after it. */
  readonly omapStream: number;
}

export const NO_STREAM_INDEX = 0xffff;
const DBI_HEADER_SIZE = 64;
const MODULE_HEADER_SIZE = 64;
const CONTRIBUTIONS_V60 = 0xf12eba2d;
const CONTRIBUTIONS_V2 = 0xf13151e4;

export function readPdbInfo(msf: MsfFile): PdbInfo {
  const stream = msf.stream(1);
  if (stream === undefined) throw new SymbolFileError('has no PDB information stream; it is damaged.');
  const cursor = new ByteCursor(stream.read(0, stream.sizeBytes));
  cursor.skip(8);
  const age = cursor.u32();
  const guid = guidText(cursor.take(16).bytes);
  return { guid, age, namedStreams: readNamedStreams(cursor) };
}

function readNamedStreams(cursor: ByteCursor): Map<string, number> {
  const names = new ByteCursor(cursor.take(cursor.u32()).bytes);
  const count = cursor.u32();
  cursor.skip(4);
  for (const _ of ['present', 'deleted']) cursor.skip(cursor.u32() * 4);
  const streams = new Map<string, number>();
  if (count * 8 > cursor.remaining) throw new EndOfBytes();
  for (let i = 0; i < count; i++) {
    names.seek(cursor.u32());
    streams.set(names.text(), cursor.u32());
  }
  return streams;
}

export function readDbi(msf: MsfFile): DbiHeader {
  const stream = msf.stream(3);
  if (stream === undefined || stream.sizeBytes < DBI_HEADER_SIZE) {
    throw new SymbolFileError('has no debug information stream; it holds types only, or is damaged.');
  }
  const head = new ByteCursor(stream.read(0, DBI_HEADER_SIZE));
  if (head.u32() !== 0xffffffff) throw new SymbolFileError('has an unknown debug information stream.');
  head.skip(4);
  const age = head.u32();
  head.skip(4);
  const publicStream = head.u16();
  head.skip(2);
  const recordStream = head.u16();
  head.skip(2);
  const sizes = Array.from({ length: 5 }, () => head.u32());
  head.skip(4);
  const optionalSize = head.u32();
  const editSize = head.u32();
  let offset = DBI_HEADER_SIZE;
  const part = (sizeBytes: number): ByteCursor => {
    const bytes = stream.read(offset, sizeBytes);
    offset += sizeBytes;
    return new ByteCursor(bytes);
  };
  const [modules = 0, contributions = 0, map = 0, files = 0, typeServers = 0] = sizes;
  const moduleBytes = part(modules);
  const contributionBytes = part(contributions);
  offset += map;
  const fileBytes = part(files);
  offset += typeServers + editSize;
  const optional = part(optionalSize);
  const debugStream = (index: number): number => {
    if (index * 2 + 2 > optionalSize) return NO_STREAM_INDEX;
    optional.seek(index * 2);
    return optional.u16();
  };
  const omapStream = debugStream(4);
  // After a reordering, symbols still name the sections of before.
  const sectionStream = debugStream(omapStream === NO_STREAM_INDEX ? 5 : 10);
  return {
    age,
    publicStream,
    recordStream,
    moduleBytes,
    contributionBytes,
    fileBytes,
    sectionStream,
    omapStream,
  };
}

export function readModules(cursor: ByteCursor): PdbModule[] {
  const modules: PdbModule[] = [];
  cursor.seek(0);
  while (cursor.remaining >= MODULE_HEADER_SIZE) {
    const head = cursor.take(MODULE_HEADER_SIZE);
    head.seek(34);
    const stream = head.u16();
    const symbolBytes = head.u32();
    const c11Bytes = head.u32();
    const c13Bytes = head.u32();
    const name = cursor.text();
    cursor.text();
    cursor.seek(Math.min((cursor.offset + 3) & ~3, cursor.bytes.length));
    modules.push({
      name,
      stream: stream === NO_STREAM_INDEX ? undefined : stream,
      symbolBytes,
      c11Bytes,
      c13Bytes,
    });
  }
  return modules;
}

/** Which module made which bytes of the image, sorted by address. */
export function readContributions(
  cursor: ByteCursor,
  rvaOf: (section: number, offset: number) => number | undefined,
): Contribution[] {
  cursor.seek(0);
  if (cursor.remaining < 4) return [];
  const version = cursor.u32();
  const entrySize = version === CONTRIBUTIONS_V60 ? 28 : version === CONTRIBUTIONS_V2 ? 32 : undefined;
  const contributions: Contribution[] = [];
  if (entrySize === undefined) return contributions;
  while (cursor.remaining >= entrySize) {
    const entry = cursor.take(entrySize);
    const section = entry.u16();
    entry.skip(2);
    const offset = entry.u32();
    const sizeBytes = entry.u32();
    entry.skip(4);
    const module = entry.u16();
    const rva = rvaOf(section, offset);
    if (rva !== undefined && sizeBytes > 0) contributions.push({ rva, sizeBytes, module });
  }
  return contributions.sort((a, b) => a.rva - b.rva);
}

/** Source files and the modules that were made from them. */
export function readSourceFiles(cursor: ByteCursor): Map<string, number[]> {
  const files = new Map<string, number[]>();
  cursor.seek(0);
  if (cursor.remaining < 4) return files;
  const moduleCount = cursor.u16();
  cursor.skip(2 + moduleCount * 2);
  const counts = Array.from({ length: moduleCount }, () => cursor.u16());
  // The number in the header has 16 bits and overflows in large files.
  const total = counts.reduce((sum, count) => sum + count, 0);
  const offsets = cursor.take(total * 4);
  const names = cursor.take(cursor.remaining);
  for (const [module, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      names.seek(offsets.u32());
      const key = fileKey(names.text());
      const known = files.get(key);
      if (known === undefined) files.set(key, [module]);
      else known.push(module);
    }
  }
  return files;
}

/** Windows takes both slashes, and letters of either case. */
export function fileKey(file: string): string {
  return file.replaceAll('\\', '/').toLowerCase();
}

/** Starts of the sections, in order. */
export function readSectionStarts(stream: MsfStream | undefined): { rva: number; sizeBytes: number }[] {
  if (stream === undefined) return [];
  const cursor = new ByteCursor(stream.read(0, stream.sizeBytes));
  const sections = [];
  while (cursor.remaining >= 40) {
    const header = cursor.take(40);
    header.seek(8);
    const sizeBytes = header.u32();
    sections.push({ rva: header.u32(), sizeBytes });
  }
  return sections;
}

/** The text table that line tables refer to. */
export function readNames(stream: MsfStream | undefined): ByteCursor {
  if (stream === undefined) return new ByteCursor(new Uint8Array());
  const head = new ByteCursor(stream.read(0, 12));
  if (head.u32() !== 0xeffeeffe) return new ByteCursor(new Uint8Array());
  head.skip(4);
  return new ByteCursor(stream.read(12, head.u32()));
}
