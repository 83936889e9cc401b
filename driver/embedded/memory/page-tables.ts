/** Four-level page tables of the x86-64, in guest memory where the CPU walks them (Intel SDM volume 3, 4.5). */

import {
  FRAME,
  isCanonical,
  LEVEL_SHIFTS,
  NO_EXECUTE,
  offsetInTable,
  PRESENT,
  USER,
  WRITABLE,
} from './page-entry';
import { PageWalker } from './page-walker';
import { PAGE_BYTES, type PhysicalMemory } from './physical-memory';

const BOTTOM = LEVEL_SHIFTS.length - 1;

export interface PageRights {
  readonly write: boolean;
  readonly execute: boolean;
  /** Reachable from ring 3. */
  readonly user: boolean;
}

/** Which accesses to a page fault although the guest has a right to them. */
export type WatchKind = 'write' | 'read and write';

interface Watch {
  readonly kind: WatchKind;
  /** The entry as it would be without the watch. */
  entry: bigint;
}

const pageOf = (address: bigint): bigint => address - (address & BigInt(PAGE_BYTES - 1));

const watchedEntry = ({ kind, entry }: Watch): bigint => entry & ~(kind === 'write' ? WRITABLE : PRESENT);

export class PageTables {
  /** Physical address of the PML4: the value of CR3. */
  readonly root: number;
  readonly #memory: PhysicalMemory;
  readonly #walker: PageWalker;
  readonly #watches = new Map<bigint, Watch>();
  #version = 0;

  /** Grows with every change that a CPU's TLB can hold the old state of. */
  get version(): number {
    return this.#version;
  }

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    this.#walker = new PageWalker(memory, memory.sizeBytes);
    this.root = memory.allocatePage();
  }

  /** Takes over the kernel's half of another address space, whose tables both then use. */
  shareKernelHalf(other: PageTables): void {
    const half = PAGE_BYTES / 2;
    const { bytes } = this.#memory;
    bytes.copyWithin(this.root + half, other.root + half, other.root + PAGE_BYTES);
  }

  /** Gives the tables of the user half back; their pages must have gone before. */
  dispose(): void {
    this.#watches.clear();
    this.#freeTable(this.root, 0);
  }

  #freeTable(table: number, level: number): void {
    // Of the root, only the lower half is this address space's own.
    const sizeBytes = level === 0 ? PAGE_BYTES / 2 : PAGE_BYTES;
    for (let offset = 0; level < BOTTOM && offset < sizeBytes; offset += 8) {
      const entry = this.#memory.view.getBigUint64(table + offset, true);
      if ((entry & PRESENT) !== 0n) this.#freeTable(Number(entry & FRAME), level + 1);
    }
    this.#memory.freePage(table);
  }

  /** Puts the page of `address` at the physical page `page`, whatever was there. */
  map(address: bigint, page: number, rights: PageRights): void {
    const view = this.#memory.view;
    let table = this.root;
    for (const shift of LEVEL_SHIFTS.slice(0, BOTTOM)) {
      const at = table + offsetInTable(address, shift);
      let entry = view.getBigUint64(at, true);
      if ((entry & PRESENT) === 0n) {
        entry = BigInt(this.#memory.allocatePage()) | PRESENT | WRITABLE | USER;
        view.setBigUint64(at, entry, true);
      }
      table = Number(entry & FRAME);
    }
    const bits =
      PRESENT |
      (rights.write ? WRITABLE : 0n) |
      (rights.user ? USER : 0n) |
      (rights.execute ? 0n : NO_EXECUTE);
    const at = table + offsetInTable(address, 12n);
    // A CPU never keeps what is not present, so the first mapping of a page needs no flush.
    if ((view.getBigUint64(at, true) & PRESENT) !== 0n) this.#version++;
    const watch = this.#watches.get(pageOf(address));
    if (watch !== undefined) watch.entry = BigInt(page) | bits;
    view.setBigUint64(at, watch === undefined ? BigInt(page) | bits : watchedEntry(watch), true);
  }

  /**
   * Lets accesses of a mapped page fault, or no longer for `undefined`. Everything but the CPU goes on seeing the true
   * entry. A page has one watch; unmapping ends it.
   */
  watch(address: bigint, kind: WatchKind | undefined): void {
    const page = pageOf(address);
    const entry = this.#leaf(page);
    if (entry === undefined) return;
    if (kind === undefined) this.#watches.delete(page);
    else this.#watches.set(page, { kind, entry });
    this.#writeLeaf(page, kind === undefined ? entry : watchedEntry({ kind, entry }));
  }

  /** The watch that an access of this kind runs into, when the guest has a right to the access. */
  isWatched(address: bigint, access: 'read' | 'write'): boolean {
    const watch = this.#watches.get(pageOf(address));
    if (watch === undefined) return false;
    return access === 'write' ? (watch.entry & WRITABLE) !== 0n : watch.kind === 'read and write';
  }

  /** Runs `body` with the true entry of one page, or of all, in force. */
  unwatched<T>(address: bigint | 'all', body: () => T): T {
    const pages = address === 'all' ? [...this.#watches.keys()] : [pageOf(address)];
    for (const page of pages) this.#setInForce(page, false);
    try {
      return body();
    } finally {
      for (const page of pages) this.#setInForce(page, true);
    }
  }

  #setInForce(page: bigint, isWatched: boolean): void {
    const watch = this.#watches.get(page);
    if (watch !== undefined) this.#writeLeaf(page, isWatched ? watchedEntry(watch) : watch.entry);
  }

  #writeLeaf(page: bigint, entry: bigint): void {
    const at = this.#findEntry(page);
    if (at === undefined) return;
    this.#memory.view.setBigUint64(at, entry, true);
    this.#version++;
  }

  /** Removes the page and returns its physical address, or undefined when none was mapped. */
  unmap(address: bigint): number | undefined {
    const at = this.#findEntry(address);
    const entry = this.#leaf(address);
    if (at === undefined || entry === undefined) return undefined;
    this.#watches.delete(pageOf(address));
    this.#memory.view.setBigUint64(at, 0n, true);
    this.#version++;
    return Number(entry & FRAME);
  }

  /** Physical address, or undefined where no page is mapped. */
  translate(address: bigint): bigint | undefined {
    const entry = this.#leaf(address);
    return entry === undefined ? undefined : (entry & FRAME) | (address & BigInt(PAGE_BYTES - 1));
  }

  isWritable(address: bigint): boolean {
    const entry = this.#leaf(address);
    return entry !== undefined && (entry & WRITABLE) !== 0n;
  }

  /** A virtual address at which the physical page is mapped, or undefined. Walks every present entry. */
  findVirtual(physical: bigint): bigint | undefined {
    return this.#walker.findVirtual(BigInt(this.root), physical);
  }

  #findEntry(address: bigint): number | undefined {
    if (!isCanonical(address)) return undefined;
    let table = this.root;
    for (const shift of LEVEL_SHIFTS.slice(0, BOTTOM)) {
      const entry = this.#memory.view.getBigUint64(table + offsetInTable(address, shift), true);
      if ((entry & PRESENT) === 0n) return undefined;
      table = Number(entry & FRAME);
      // Custom code can write anything into the tables, and to a CPU there is nothing behind the memory.
      if (table >= this.#memory.sizeBytes) return undefined;
    }
    return table + offsetInTable(address, 12n);
  }

  #leaf(address: bigint): bigint | undefined {
    const watch = this.#watches.size === 0 ? undefined : this.#watches.get(pageOf(address));
    if (watch !== undefined) return watch.entry;
    const at = this.#findEntry(address);
    if (at === undefined) return undefined;
    const entry = this.#memory.view.getBigUint64(at, true);
    return (entry & PRESENT) === 0n ? undefined : entry;
  }
}
