/** Reads 64-bit little-endian x86-64 ELF files: what a debugger needs of them, and a sentence for everything else. */

export interface ElfSegment {
  readonly virtualAddress: bigint;
  readonly fileOffset: number;
  readonly fileSizeBytes: number;
  readonly memorySizeBytes: bigint;
  readonly isExecutable: boolean;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
  readonly entrySizeBytes: number;
}

export interface ElfSymbol {
  readonly name: string;
  /** As linked; add the module's bias for the address in the target. */
  readonly address: bigint;
  readonly sizeBytes: bigint;
  readonly kind: 'function' | 'data';
  readonly isGlobal: boolean;
}

export interface ElfImage {
  readonly isPositionIndependent: boolean;
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** Page of the lowest load segment, as linked. */
  readonly linkedBase: bigint;
  /** Contents of a section of the file; undefined when it is missing, empty or cut off. */
  sectionBytes(name: string): Uint8Array | undefined;
  sectionNamed(name: string): ElfSection | undefined;
}

export type ElfReading =
  | { readonly kind: 'image'; readonly image: ElfImage }
  /** `reason` ends a sentence that starts with the name of the file. */
  | { readonly kind: 'refused'; readonly reason: string };

const HEADER_SIZE = 64;
const PAGE_MASK = 0xfffn;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STT_NOTYPE = 0;

const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: '32-bit x86',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC',
  40: '32-bit ARM',
  183: '64-bit ARM',
  243: 'RISC-V',
};

const WANTED = 'the embedded machine runs 64-bit x86-64 ELF programs of Linux';

/** Why `bytes` are no program for the embedded machine, by their first bytes; undefined when they are one. */
function refusalOf(bytes: Uint8Array, view: DataView): string | undefined {
  if (bytes.length === 0) return `is empty; ${WANTED}.`;
  if (bytes[0] === 0x4d && bytes[1] === 0x5a) return `is a Windows program (PE); ${WANTED}.`;
  if (bytes[0] === 0x23 && bytes[1] === 0x21) {
    return `is a script for an interpreter, not a program; ${WANTED}.`;
  }
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
  if (!isElf) return `is not an ELF file; ${WANTED}.`;
  if (bytes[4] === 1) return `is a 32-bit ELF file; ${WANTED}. Build it without -m32.`;
  if (bytes.length < HEADER_SIZE)
    return 'is cut off: the file ends inside its ELF header. Build or copy it again.';
  if (bytes[5] !== 1) return `is a big-endian ELF file; ${WANTED}.`;
  const machine = view.getUint16(18, true);
  if (machine !== EM_X86_64) {
    return `is an ELF file for ${MACHINE_NAMES[machine] ?? `machine number ${machine}`}; ${WANTED}.`;
  }
  const type = view.getUint16(16, true);
  if (type === 1) return `is an object file; link it first (${WANTED}).`;
  if (type === 4) return `is a core dump; ${WANTED}.`;
  if (type !== ET_EXEC && type !== ET_DYN) return `is an ELF file of type ${type}; ${WANTED}.`;
  return undefined;
}

/** Reads the tables of an ELF file. Never throws: a damaged table is left out, a damaged header refused. */
export function readElf(bytes: Uint8Array): ElfReading {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reason = refusalOf(bytes, view);
  if (reason !== undefined) return { kind: 'refused', reason };
  const segments = readSegments(view);
  if (segments.length === 0) {
    return { kind: 'refused', reason: `has no loadable segment; ${WANTED}. Build or copy it again.` };
  }
  const sections = readSections(view, bytes);
  const lowest = segments.reduce(
    (least, segment) => (segment.virtualAddress < least ? segment.virtualAddress : least),
    segments[0]?.virtualAddress ?? 0n,
  );
  const sectionNamed = (name: string): ElfSection | undefined =>
    sections.find((section) => section.name === name);
  return {
    kind: 'image',
    image: {
      isPositionIndependent: view.getUint16(16, true) === ET_DYN,
      entry: view.getBigUint64(24, true),
      segments,
      sections,
      symbols: readSymbols(view, bytes, sections),
      linkedBase: lowest & ~PAGE_MASK,
      sectionNamed,
      sectionBytes(name) {
        const section = sectionNamed(name);
        return section === undefined ? undefined : contentsOf(section, bytes);
      },
    },
  };
}

function contentsOf(section: ElfSection, bytes: Uint8Array): Uint8Array | undefined {
  if (section.type === SHT_NOBITS || section.sizeBytes === 0) return undefined;
  const end = section.offset + section.sizeBytes;
  return end > bytes.length ? undefined : bytes.subarray(section.offset, end);
}

/** A file offset or size. Damaged files hold absurd ones; those become values past the end, which every reader refuses. */
function fileNumber(value: bigint): number {
  return Number(value > 0xffff_ffff_ffffn ? 0xffff_ffff_ffffn : value);
}

function readSegments(view: DataView): ElfSegment[] {
  const offset = fileNumber(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  const segments: ElfSegment[] = [];
  if (entrySize < 56) return segments;
  for (let i = 0; i < count; i++) {
    const at = offset + i * entrySize;
    if (at + 56 > view.byteLength) break;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    segments.push({
      isExecutable: (view.getUint32(at + 4, true) & 1) !== 0,
      fileOffset: fileNumber(view.getBigUint64(at + 8, true)),
      virtualAddress: view.getBigUint64(at + 16, true),
      fileSizeBytes: fileNumber(view.getBigUint64(at + 32, true)),
      memorySizeBytes: view.getBigUint64(at + 40, true),
    });
  }
  return segments;
}

function readSections(view: DataView, bytes: Uint8Array): ElfSection[] {
  const offset = fileNumber(view.getBigUint64(40, true));
  const entrySize = view.getUint16(58, true);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (offset === 0 || entrySize < 64) return [];
  const raw: (Omit<ElfSection, 'name'> & { nameOffset: number })[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * entrySize;
    if (at + 64 > view.byteLength) break;
    raw.push({
      nameOffset: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags: view.getBigUint64(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      offset: fileNumber(view.getBigUint64(at + 24, true)),
      sizeBytes: fileNumber(view.getBigUint64(at + 32, true)),
      link: view.getUint32(at + 40, true),
      entrySizeBytes: fileNumber(view.getBigUint64(at + 56, true)),
    });
  }
  const names = raw[namesIndex];
  return raw.map(({ nameOffset, ...section }) => ({
    ...section,
    name: names === undefined ? '' : textAt(bytes, names.offset, names.sizeBytes, nameOffset),
  }));
}

/** NUL-terminated text at `offset` of a string table; empty where the table is too short. */
function textAt(bytes: Uint8Array, tableOffset: number, tableSize: number, offset: number): string {
  const start = tableOffset + offset;
  const limit = Math.min(tableOffset + tableSize, bytes.length);
  if (start >= limit) return '';
  const end = bytes.indexOf(0, start);
  return new TextDecoder().decode(bytes.subarray(start, end < 0 || end > limit ? limit : end));
}

function readSymbols(view: DataView, bytes: Uint8Array, sections: readonly ElfSection[]): ElfSymbol[] {
  const seen = new Set<string>();
  const symbols: ElfSymbol[] = [];
  // .symtab first: it is the complete table, .dynsym the part of it that stripped files keep.
  for (const type of [SHT_SYMTAB, SHT_DYNSYM]) {
    for (const table of sections.filter((section) => section.type === type)) {
      for (const symbol of readSymbolTable(view, bytes, table, sections[table.link])) {
        const key = `${symbol.name} ${symbol.address}`;
        if (seen.has(key)) continue;
        seen.add(key);
        symbols.push(symbol);
      }
    }
  }
  return symbols;
}

function* readSymbolTable(
  view: DataView,
  bytes: Uint8Array,
  table: ElfSection,
  names: ElfSection | undefined,
): Generator<ElfSymbol> {
  if (names === undefined || table.entrySizeBytes < 24) return;
  const count = Math.floor(table.sizeBytes / table.entrySizeBytes);
  for (let i = 1; i < count; i++) {
    const at = table.offset + i * table.entrySizeBytes;
    if (at + 24 > view.byteLength) return;
    const info = view.getUint8(at + 4);
    const kind = kindOf(info & 0xf);
    // Section 0 means "defined elsewhere", 0xfff1 and above are no addresses.
    const section = view.getUint16(at + 6, true);
    if (kind === undefined || section === 0 || section >= 0xff00) continue;
    const fullName = textAt(bytes, names.offset, names.sizeBytes, view.getUint32(at, true));
    const version = fullName.indexOf('@');
    const name = version > 0 ? fullName.slice(0, version) : fullName;
    if (name === '') continue;
    const isCode = kind === 'label' ? (sectionFlagsOf(view, section) & 4n) !== 0n : kind === 'function';
    yield {
      name,
      address: view.getBigUint64(at + 8, true),
      sizeBytes: view.getBigUint64(at + 16, true),
      kind: isCode ? 'function' : 'data',
      isGlobal: info >> 4 !== 0,
    };
  }
}

function kindOf(type: number): 'function' | 'data' | 'label' | undefined {
  if (type === STT_FUNC || type === STT_GNU_IFUNC) return 'function';
  if (type === STT_OBJECT) return 'data';
  // Assembler labels such as `_start` have no type; what they are follows from their section.
  return type === STT_NOTYPE ? 'label' : undefined;
}

function sectionFlagsOf(view: DataView, index: number): bigint {
  const at = fileNumber(view.getBigUint64(40, true)) + index * view.getUint16(58, true);
  return at + 16 > view.byteLength ? 0n : view.getBigUint64(at + 8, true);
}
