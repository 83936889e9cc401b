/**
 * Page tables for one look: a copy of the guest's in which a single 4 KiB page does not allow an access. The CPU's own fault
 * under them says which address an instruction accesses, which the engine does not tell our paging (it asks by the page).
 */

import { FRAME, LARGE, LEVEL_SHIFTS, offsetInTable, PRESENT, WRITABLE } from '../memory/page-entry';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';

const ENTRIES = 512;
const INDEX_BITS = 9n;
const LAST_SHIFT = 12n;

export class ProbeTables {
  readonly #memory: PhysicalMemory;
  /** One table for each level. */
  readonly #tables: readonly number[];

  /** Takes the next free pages of `memory`, which the CPU must be able to reach. */
  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    this.#tables = LEVEL_SHIFTS.map(() => memory.allocatePage());
  }

  /** Physical address behind the last table, when they were the first pages to be given from `start` on. */
  static endBehind(start: number): number {
    return start + LEVEL_SHIFTS.length * PAGE_BYTES;
  }

  /** CR3 of a copy of the tables at `root` in which the page of `address`, which is mapped, forbids the access. */
  without(root: bigint, address: bigint, access: 'read' | 'write'): bigint {
    const { view, bytes } = this.#memory;
    /** Where the copied entries of a level come from: a table, or the large page that stands for one. */
    let source: { readonly table: number } | { readonly large: bigint } = { table: Number(root & FRAME) };
    for (const [level, shift] of LEVEL_SHIFTS.entries()) {
      const table = this.#tables[level] ?? 0;
      if ('table' in source) bytes.copyWithin(table, source.table, source.table + PAGE_BYTES);
      else this.#split(source.large, table, shift);
      const at = table + offsetInTable(address, shift);
      const entry = view.getBigUint64(at, true);
      if (shift === LAST_SHIFT) {
        view.setBigUint64(at, entry & ~(access === 'read' ? PRESENT : WRITABLE), true);
        continue;
      }
      source = (entry & LARGE) !== 0n ? { large: entry } : { table: Number(entry & FRAME) };
      const next = BigInt(this.#tables[level + 1] ?? 0);
      view.setBigUint64(at, (entry & ~(FRAME | LARGE)) | next, true);
    }
    return BigInt(this.#tables[0] ?? 0);
  }

  /** Writes the entries of a table that maps what the large page maps, in pages of 2^shift bytes. */
  #split(large: bigint, table: number, shift: bigint): void {
    const start = large & FRAME & ~((1n << (shift + INDEX_BITS)) - 1n);
    const flags = large & ~FRAME & ~LARGE;
    const kind = shift === LAST_SHIFT ? 0n : LARGE;
    for (let index = 0; index < ENTRIES; index++) {
      const page = start + (BigInt(index) << shift);
      this.#memory.view.setBigUint64(table + 8 * index, page | flags | kind, true);
    }
  }
}
