/** How a Linux process's accesses and instructions become visible: by marks in its page tables, which it cannot see. */

import type { MemoryAccess } from '../../native/unicorn';
import type { Cpu } from '../cpu/cpu';
import type { Exposure, WatchedRange } from '../guest';
import { findInstructions } from '../instructions';
import type { PageTables, WatchKind } from '../memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import type { AddressSpace, Region } from './address-space';

const PAGE = BigInt(PAGE_BYTES);

export class ProcessExposure implements Exposure {
  onSitesChanged: () => void = () => undefined;
  /** Watched pages by virtual address. */
  #watched = new Map<bigint, WatchKind>();
  #eventTypes: ReadonlySet<number> = new Set();
  #tlbVersion = 0;

  constructor(
    readonly cpu: Cpu,
    readonly space: AddressSpace,
    readonly tables: PageTables,
    readonly memory: PhysicalMemory,
  ) {
    space.onCodeChanged = () => {
      cpu.flushCode();
      if (this.#eventTypes.size > 0) this.onSitesChanged();
    };
  }

  watch(ranges: readonly WatchedRange[]): void {
    const wanted = new Map<bigint, WatchKind>();
    for (const range of ranges) this.#addPages(range, wanted);
    for (const page of this.#watched.keys()) if (!wanted.has(page)) this.tables.watch(page, undefined);
    for (const [page, kind] of wanted) this.tables.watch(page, kind);
    this.#watched = wanted;
  }

  #addPages({ first, last, isPhysical, kind }: WatchedRange, wanted: Map<bigint, WatchKind>): void {
    for (let address = first - (first % PAGE); address <= last; address += PAGE) {
      // The page must exist to be watched, as a debugger brings it in on a real machine.
      if (!isPhysical) this.space.touch(Number(address), 'read');
      const page = isPhysical ? this.tables.findVirtual(address) : address;
      if (page === undefined) continue;
      const before = wanted.get(page);
      wanted.set(page, before === undefined || before === kind ? kind : 'read and write');
    }
  }

  isWatched(address: bigint, access: MemoryAccess): boolean {
    return access !== 'execute' && this.tables.isWatched(address, access);
  }

  unwatched<T>(address: bigint, body: () => T): T {
    return this.tables.unwatched(address, () => {
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
    for (const region of this.space.regions) {
      if (!region.execute) continue;
      for (const offset of findInstructions(this.#bytesOf(region), this.#eventTypes))
        yield BigInt(region.start + offset);
    }
  }

  /** The whole region in one piece, so that an instruction across two pages is found; absent pages read as zeros. */
  #bytesOf(region: Region): Buffer {
    const bytes = Buffer.alloc(region.end - region.start);
    for (let at = region.start; at < region.end; at += PAGE_BYTES) {
      const physical = this.tables.translate(BigInt(at));
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
    if (this.tables.version === this.#tlbVersion) return;
    this.#tlbVersion = this.tables.version;
    this.cpu.flushTlb();
  }
}
