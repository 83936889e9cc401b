/** Makes small ELF64 files for tests. */

export interface ElfOptions {
  readonly type?: number;
  readonly machine?: number;
  readonly elfClass?: number;
  readonly data?: number;
  readonly segments?: readonly { address: bigint; size: bigint; executable?: boolean }[];
  readonly symbols?: readonly {
    name: string;
    address: bigint;
    size?: bigint;
    /** 0 no type, 1 object, 2 function. */
    kind?: number;
    global?: boolean;
    section?: number;
  }[];
}

const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;

/** An ELF file with load segments and a symbol table, and section 1 `.text`. */
export function elfBytes(options: ElfOptions = {}): Uint8Array {
  const segments = options.segments ?? [{ address: 0x400000n, size: 0x1000n, executable: true }];
  const symbols = options.symbols ?? [];
  const names = ['', '.text', '.symtab', '.strtab', '.shstrtab'];
  const sectionNames = stringTable(names);
  const symbolNames = stringTable(['', ...symbols.map((symbol) => symbol.name)]);
  const symbolTable = new Uint8Array((symbols.length + 1) * 24);
  const symbolView = new DataView(symbolTable.buffer);
  for (const [i, symbol] of symbols.entries()) {
    const at = (i + 1) * 24;
    symbolView.setUint32(at, symbolNames.offsets[i + 1] ?? 0, true);
    symbolView.setUint8(at + 4, ((symbol.global ?? true) ? 0x10 : 0) | (symbol.kind ?? 2));
    symbolView.setUint16(at + 6, symbol.section ?? 1, true);
    symbolView.setBigUint64(at + 8, symbol.address, true);
    symbolView.setBigUint64(at + 16, symbol.size ?? 0n, true);
  }
  const parts = [symbolTable, symbolNames.bytes, sectionNames.bytes];
  let offset = HEADER + segments.length * PROGRAM_HEADER;
  const offsets = parts.map((part) => {
    const at = offset;
    offset += part.length;
    return at;
  });
  const sectionsAt = offset;
  const bytes = new Uint8Array(sectionsAt + names.length * SECTION_HEADER);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, options.elfClass ?? 2, options.data ?? 1, 1]);
  view.setUint16(16, options.type ?? 2, true);
  view.setUint16(18, options.machine ?? 62, true);
  view.setBigUint64(24, segments[0]?.address ?? 0n, true);
  view.setBigUint64(32, BigInt(HEADER), true);
  view.setBigUint64(40, BigInt(sectionsAt), true);
  view.setUint16(54, PROGRAM_HEADER, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, SECTION_HEADER, true);
  view.setUint16(60, names.length, true);
  view.setUint16(62, 4, true);
  for (const [i, segment] of segments.entries()) {
    const at = HEADER + i * PROGRAM_HEADER;
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, (segment.executable ?? true) ? 5 : 6, true);
    view.setBigUint64(at + 16, segment.address, true);
    view.setBigUint64(at + 40, segment.size, true);
  }
  for (const [i, part] of parts.entries()) bytes.set(part, offsets[i]);
  const section = (
    index: number,
    type: number,
    flags: bigint,
    part: number,
    link: number,
    entry: bigint,
  ): void => {
    const at = sectionsAt + index * SECTION_HEADER;
    view.setUint32(at, sectionNames.offsets[index] ?? 0, true);
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 8, flags, true);
    view.setBigUint64(at + 24, BigInt(offsets[part] ?? 0), true);
    view.setBigUint64(at + 32, BigInt(parts[part]?.length ?? 0), true);
    view.setUint32(at + 40, link, true);
    view.setBigUint64(at + 56, entry, true);
  };
  section(1, 1, 6n, -1, 0, 0n);
  section(2, 2, 0n, 0, 3, 24n);
  section(3, 3, 0n, 1, 0, 0n);
  section(4, 3, 0n, 2, 0, 0n);
  return bytes;
}

function stringTable(texts: readonly string[]): { bytes: Uint8Array; offsets: number[] } {
  const chunks: number[] = [];
  const offsets = texts.map((text) => {
    const at = chunks.length;
    chunks.push(...new TextEncoder().encode(text), 0);
    return at;
  });
  return { bytes: Uint8Array.from(chunks), offsets };
}
