/** Reads page tables that belong to the guest: those that any CR3 leads to, large pages included (Intel SDM volume 3, 4.5). */

import {
  ACCESSED,
  DIRTY,
  FRAME,
  isCanonical,
  LARGE,
  LEVEL_SHIFTS,
  NO_EXECUTE,
  offsetInTable,
  PRESENT,
  USER,
  WRITABLE,
} from './page-entry';
import { PAGE_BYTES, type PhysicalMemory } from './physical-memory';

export interface WalkedPage {
  /** Physical address of the 4 KiB page. */
  readonly page: bigint;
  /** What all entries on the way allow together. */
  readonly isWritable: boolean;
  readonly isUser: boolean;
  readonly isExecutable: boolean;
  /** Physical addresses of the entries on the way, the leaf last. */
  readonly path: readonly number[];
}

const ADDRESS_BITS = 48;
const PAGE_MASK = BigInt(PAGE_BYTES - 1);

export class PageWalker {
  readonly #memory: PhysicalMemory;
  /** Tables behind the end of the guest's memory are as good as absent. */
  readonly #limit: number;

  constructor(memory: PhysicalMemory, guestBytes: number) {
    this.#memory = memory;
    this.#limit = guestBytes;
  }

  /** The page of `address` under the tables at `root`; undefined when none is present. */
  walk(root: bigint, address: bigint): WalkedPage | undefined {
    if (!isCanonical(address)) return undefined;
    let table = Number(root & FRAME);
    let rights = WRITABLE | USER;
    let isExecutable = true;
    const path: number[] = [];
    for (const shift of LEVEL_SHIFTS) {
      if (table + PAGE_BYTES > this.#limit) return undefined;
      const at = table + offsetInTable(address, shift);
      const entry = this.#memory.view.getBigUint64(at, true);
      if ((entry & PRESENT) === 0n) return undefined;
      path.push(at);
      rights &= entry;
      isExecutable &&= (entry & NO_EXECUTE) === 0n;
      if (isLeaf(entry, shift)) {
        const inside = (1n << shift) - 1n;
        const page = (entry & FRAME & ~inside) | (address & inside & ~PAGE_MASK);
        const [isWritable, isUser] = [(rights & WRITABLE) !== 0n, (rights & USER) !== 0n];
        return { page, isWritable, isUser, isExecutable, path };
      }
      table = Number(entry & FRAME);
    }
    return undefined;
  }

  translate(root: bigint, address: bigint): bigint | undefined {
    const found = this.walk(root, address);
    return found === undefined ? undefined : found.page | (address & PAGE_MASK);
  }

  /** Sets the bits that the CPU would set on an access. */
  markUsed({ path }: WalkedPage, isWrite: boolean): void {
    const { view } = this.#memory;
    for (const [index, at] of path.entries()) {
      const bits = isWrite && index === path.length - 1 ? ACCESSED | DIRTY : ACCESSED;
      const entry = view.getBigUint64(at, true);
      if ((entry & bits) !== bits) view.setBigUint64(at, entry | bits, true);
    }
  }

  /** A virtual address that leads to the physical one, the lowest first; undefined when there is none. */
  findVirtual(root: bigint, physical: bigint): bigint | undefined {
    const search = (table: number, level: number, prefix: bigint): bigint | undefined => {
      const shift = LEVEL_SHIFTS[level];
      if (shift === undefined || table + PAGE_BYTES > this.#limit) return undefined;
      for (let index = 0; index < 512; index++) {
        const entry = this.#memory.view.getBigUint64(table + 8 * index, true);
        if ((entry & PRESENT) === 0n) continue;
        const address = prefix | (BigInt(index) << shift);
        if (!isLeaf(entry, shift)) {
          const found = search(Number(entry & FRAME), level + 1, address);
          if (found !== undefined) return found;
          continue;
        }
        const inside = (1n << shift) - 1n;
        if ((entry & FRAME & ~inside) === (physical & ~inside)) return address | (physical & inside);
      }
      return undefined;
    };
    const found = search(Number(root & FRAME), 0, 0n);
    return found === undefined ? undefined : BigInt.asUintN(64, BigInt.asIntN(ADDRESS_BITS, found));
  }
}

function isLeaf(entry: bigint, shift: bigint): boolean {
  return shift === 12n || (shift < 39n && (entry & LARGE) !== 0n);
}
