import { debugSection } from './debug-section';
import type { ElfImage } from './elf-image';
import { readLineProgram, type LineRow } from './dwarf-line-program';

export interface SourceLine {
  /** Absolute where the compiler said so. */
  readonly file: string;
  readonly line: number;
}

export interface LineTable {
  /** The line of an address as linked; undefined where the compiler recorded none. */
  lineOf(linkedAddress: bigint): SourceLine | undefined;
  /** Where the first line at or below `line` that has code starts; undefined when the file has none. */
  codeOf(file: string, line: number): { readonly linkedAddress: bigint; readonly line: number } | undefined;
}

/** Reads `.debug_line` (DWARF 2 to 5) of a file. Units that cannot be understood are left out. */
export function readLineTable(image: ElfImage): LineTable {
  const program = debugSection(image, '.debug_line');
  if (program === undefined) return { lineOf: () => undefined, codeOf: () => undefined };
  const rows = readLineProgram(program, {
    lineStrings: debugSection(image, '.debug_line_str'),
    strings: debugSection(image, '.debug_str'),
  });
  rows.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : endsFirst(a, b)));
  return {
    lineOf: (address) => findLine(rows, address),
    codeOf: (file, line) => findCode(rows, file, line),
  };
}

/** At one address the end of a sequence sorts before the start of the next. */
function endsFirst(a: LineRow, b: LineRow): number {
  return Number(b.endsSequence) - Number(a.endsSequence);
}

function findLine(rows: readonly LineRow[], address: bigint): SourceLine | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.address ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  const row = rows[low - 1];
  if (row === undefined || row.endsSequence || row.line === 0) return undefined;
  return { file: row.file, line: row.line };
}

function findCode(
  rows: readonly LineRow[],
  file: string,
  line: number,
): { linkedAddress: bigint; line: number } | undefined {
  let best: LineRow | undefined;
  // Rows are sorted by address, so of several pieces of a line the first one stays.
  for (const row of rows) {
    if (row.endsSequence || row.line < line || row.file !== file) continue;
    if (best === undefined || row.line < best.line) best = row;
  }
  return best === undefined ? undefined : { linkedAddress: best.address, line: best.line };
}
