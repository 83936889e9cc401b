/** C13 line tables of a module (LLVM's "The Module Information Stream", line number subsections). */

import type { ByteCursor } from '../byte-cursor';
import { ByteCursor as Cursor, EndOfBytes } from '../byte-cursor';
import type { RvaOf } from './symbol-index';

export interface PdbLine {
  readonly rva: number;
  readonly file: string;
  /** 0 for code that belongs to no line. */
  readonly line: number;
}

const SUBSECTION_LINES = 0xf2;
const SUBSECTION_CHECKSUMS = 0xf4;
/** Lines that mean "never step into this" and "always step over this". */
const HIDDEN_LINES = new Set([0xfeefee, 0xf00f00]);

/** All lines, sorted by address. A row of line 0 ends every function. */
export function readModuleLines(bytes: Uint8Array, names: ByteCursor, rvaOf: RvaOf): PdbLine[] {
  const parts = subsections(bytes);
  const checksums = parts.find((part) => part.kind === SUBSECTION_CHECKSUMS)?.body;
  const lines: PdbLine[] = [];
  for (const part of parts) {
    if (part.kind !== SUBSECTION_LINES) continue;
    try {
      readLines(part.body, (offset) => fileName(checksums, names, offset), rvaOf, lines);
    } catch (error) {
      // The other functions of the module are independent of a damaged one.
      if (!(error instanceof EndOfBytes)) throw error;
    }
  }
  // At one address the end of a function sorts before the start of the next.
  return lines.sort((a, b) => a.rva - b.rva || Number(a.line !== 0) - Number(b.line !== 0));
}

function subsections(bytes: Uint8Array): { kind: number; body: ByteCursor }[] {
  const cursor = new Cursor(bytes);
  const parts = [];
  while (cursor.remaining >= 8) {
    const kind = cursor.u32();
    const sizeBytes = cursor.u32();
    if (sizeBytes > cursor.remaining) break;
    parts.push({ kind, body: cursor.take(sizeBytes) });
    cursor.seek(Math.min((cursor.offset + 3) & ~3, bytes.length));
  }
  return parts;
}

function readLines(
  body: ByteCursor,
  nameOf: (offset: number) => string,
  rvaOf: RvaOf,
  lines: PdbLine[],
): void {
  const offset = body.u32();
  const start = rvaOf(body.u16(), offset);
  body.skip(2);
  const codeSize = body.u32();
  if (start === undefined) return;
  while (body.remaining >= 12) {
    const file = nameOf(body.u32());
    const count = body.u32();
    const block = body.take(body.u32() - 12);
    for (let i = 0; i < count; i++) {
      const rva = start + block.u32();
      const line = block.u32() & 0xffffff;
      lines.push({ rva, file, line: HIDDEN_LINES.has(line) ? 0 : line });
    }
  }
  lines.push({ rva: start + codeSize, file: '', line: 0 });
}

function fileName(checksums: ByteCursor | undefined, names: ByteCursor, offset: number): string {
  if (checksums === undefined) return '';
  checksums.seek(offset);
  names.seek(checksums.u32());
  return names.text();
}
