/** How a Linux process's accesses and instructions become visible: by marks in its page tables, which it cannot see. */

import type { MemoryAccess } from '../../native/unicorn';
import type { Cpu } from '../cpu/cpu';
import type { Exposure, WatchedRange } from '../guest';
import { findInstructions } from '../instructions';
import type { PageTables, WatchKind } from '../memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import type { AddressSpace, Region } from './address-space';

const PAGE = BigInt(PAGE_BYTES);

/** By address space and virtual page. */
type WatchedPages = Map<AddressSpace, Map<bigint, WatchKind>>;

const keyOf = ({ first, last, isPhysical, kind }: WatchedRange): string =>
  `${first}-${last} ${isPhysical} ${kind}`;

export class ProcessExposure implements Exposure {
  onSitesChanged: () => void = () => undefined;
  #watched: WatchedPages = new Map();
  /**
   * Whose address space each watched range is about: the process that was on the CPU when it came. Watches are on pages, and
   * another process has other pages at the same addresses.
   */
  #owners = new Map<string, AddressSpace>();
  #eventTypes: ReadonlySet<number> = new Set();
  #tlbVersion = 0;
  #space: AddressSpace;
  #switches = 0;

  constructor(
    readonly cpu: Cpu,
    space: AddressSpace,
    readonly memory: PhysicalMemory,
  ) {
    this.#space = space;
    this.follow(space);
  }

  get space(): AddressSpace {
    return this.#space;
  }

  /** Changes with every change that a TLB can hold the old state of. */
  get version(): number {
    return this.#switches * 2 ** 32 + this.#tables.version;
  }

  get #tables(): PageTables {
    return this.#space.tables;
  }

  /** The CPU runs in this address space from now on. */
  follow(space: AddressSpace): void {
    this.#space = space;
    this.#switches++;
    space.onCodeChanged = () => {
      this.cpu.flushCode();
      if (this.#eventTypes.size > 0) this.onSitesChanged();
    };
    this.cpu.flushTlb();
    this.#tlbVersion = this.#tables.version;
    if (this.#eventTypes.size > 0) this.onSitesChanged();
  }

  /** The address space is no more. */
  forget(space: AddressSpace): void {
    this.#watched.delete(space);
    for (const [key, owner] of this.#owners) if (owner === space) this.#owners.delete(key);
  }

  watch(ranges: readonly WatchedRange[]): void {
    const owners = new Map(ranges.map((range) => [keyOf(range), this.#ownerOf(range)] as const));
    const wanted: WatchedPages = new Map();
    for (const range of ranges) {
      const space = owners.get(keyOf(range)) ?? this.#space;
      const pages = wanted.get(space) ?? new Map<bigint, WatchKind>();
      wanted.set(space, pages);
      this.#addPages(range, space, pages);
    }
    for (const [space, pages] of this.#watched)
      for (const page of pages.keys())
        if (wanted.get(space)?.has(page) !== true) space.tables.watch(page, undefined);
    for (const [space, pages] of wanted) for (const [page, kind] of pages) space.tables.watch(page, kind);
    this.#watched = wanted;
    this.#owners = owners;
  }

  #ownerOf(range: WatchedRange): AddressSpace {
    return this.#owners.get(keyOf(range)) ?? this.#space;
  }

  #addPages(
    { first, last, isPhysical, kind }: WatchedRange,
    space: AddressSpace,
    wanted: Map<bigint, WatchKind>,
  ): void {
    for (let address = first - (first % PAGE); address <= last; address += PAGE) {
      // The page must exist to be watched, as a debugger brings it in on a real machine.
      if (!isPhysical) space.touch(Number(address), 'read');
      const page = isPhysical ? space.tables.findVirtual(address) : address;
      if (page === undefined) continue;
      const before = wanted.get(page);
      wanted.set(page, before === undefined || before === kind ? kind : 'read and write');
    }
  }

  isWatched(address: bigint, access: MemoryAccess): boolean {
    return access !== 'execute' && this.#tables.isWatched(address, access);
  }

  unwatched<T>(address: bigint, body: () => T): T {
    return this.#tables.unwatched(address, () => {
      this.prepareRun();
      return body();
    });
  }

  expose(eventTypes: ReadonlySet<number>): void {
    this.#eventTypes = eventTypes;
  }

  /** Pages that are not there yet hold no instruction; they come as code changes. */
  *sites(): Iterable<bigint> {
    if (this.#eventTypes.size === 0) return;
    for (const region of this.#space.regions) {
      if (!region.execute) continue;
      for (const offset of findInstructions(this.#bytesOf(region), this.#eventTypes))
        yield BigInt(region.start + offset);
    }
  }

  /** The whole region in one piece, so that an instruction across two pages is found; absent pages read as zeros. */
  #bytesOf(region: Region): Buffer {
    const bytes = Buffer.alloc(region.end - region.start);
    for (let at = region.start; at < region.end; at += PAGE_BYTES) {
      const physical = this.#tables.translate(BigInt(at));
      if (physical === undefined) continue;
      bytes.set(
        this.memory.bytes.subarray(Number(physical), Number(physical) + PAGE_BYTES),
        at - region.start,
      );
    }
    return bytes;
  }

  /** A fault tells the exact address. */
  locate(address: bigint): bigint {
    return address;
  }

  /** Nothing is held up: marked pages fault. */
  admit(): boolean {
    return false;
  }

  prepareRun(): void {
    if (this.#tables.version === this.#tlbVersion) return;
    this.#tlbVersion = this.#tables.version;
    this.cpu.flushTlb();
  }
}
