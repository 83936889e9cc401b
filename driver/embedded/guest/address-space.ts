/**
 * User half of a process's address space: regions as mmap makes them, pages given on first touch, and safe access for
 * system calls. Addresses of user space are below 2^47 and therefore plain numbers here.
 */

import type { PageTables } from '../memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import { fail } from './errno';

export interface RegionRights {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface Region extends RegionRights {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** What `/proc/self/maps` calls it: a path, `[heap]`, `[stack]` or nothing. */
  readonly name: string;
  /** A child process gets the same memory, not a copy (MAP_SHARED). */
  readonly isShared: boolean;
}

export const USER_END = 0x7fff_ffff_f000;
const MMAP_TOP = 0x7fff_f7ff_f000;

export const pageStart = (address: number): number => address - (address % PAGE_BYTES);
export const pageEnd = (address: number): number => pageStart(address + PAGE_BYTES - 1);

export class AddressSpace {
  readonly tables: PageTables;
  readonly #memory: PhysicalMemory;
  /** Sorted, disjoint. */
  #regions: Region[] = [];
  /** Pages of regions without any right (PROT_NONE): their contents are kept, the CPU does not see them. */
  readonly #hidden = new Map<number, number>();
  /** Told of pages that became executable or stopped being so, and of executable pages that were written from outside. */
  onCodeChanged: (start: number, end: number) => void = () => undefined;

  constructor(memory: PhysicalMemory, tables: PageTables) {
    this.#memory = memory;
    this.tables = tables;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  regionAt(address: number): Region | undefined {
    return this.#regions.find((region) => address >= region.start && address < region.end);
  }

  /** Replaces whatever is mapped in the range. Both ends are page aligned. */
  map(start: number, end: number, rights: RegionRights, name = '', isShared = false): void {
    if (start < 0 || end > USER_END || start >= end) fail('ENOMEM');
    this.unmap(start, end);
    const { read, write, execute } = rights;
    this.#insert({ start, end, read, write, execute, name, isShared });
    if (execute) this.onCodeChanged(start, end);
  }

  unmap(start: number, end: number): void {
    const cut = this.#cut(start, end);
    for (const region of cut) this.#freePages(region.start, region.end);
    if (cut.some((region) => region.execute)) this.onCodeChanged(start, end);
  }

  /**
   * The address space of a child process: the same regions, shared ones with the same pages, the others with copies. Throws
   * OutOfMemoryError when there is no room; then nothing is kept.
   */
  copyTo(child: AddressSpace): void {
    try {
      for (const region of this.#regions) {
        child.#insert(region);
        this.#eachPage(region.start, region.end, (address) => this.#copyPage(address, region, child));
      }
    } catch (error) {
      child.dispose();
      throw error;
    }
  }

  #copyPage(address: number, region: Region, child: AddressSpace): void {
    if (region.isShared) this.#pageFor(address, undefined);
    const present = this.tables.translate(BigInt(address));
    const physical = present === undefined ? this.#hidden.get(address) : Number(present);
    if (physical === undefined) return;
    const page = region.isShared ? physical : this.#memory.allocatePage();
    if (region.isShared) this.#memory.sharePage(page);
    else this.#memory.bytes.copyWithin(page, physical, physical + PAGE_BYTES);
    if (present === undefined) child.#hidden.set(address, page);
    else child.#setPage(address, page, region);
  }

  /** Nobody runs here any more. `keepsTables` for those whose kernel half others were made from. */
  dispose(keepsTables = false): void {
    this.onCodeChanged = () => undefined;
    for (const { start, end } of [...this.#regions]) this.unmap(start, end);
    if (!keepsTables) this.tables.dispose();
  }

  /** Private memory without a file reads as zeros from now on (MADV_DONTNEED). */
  forget(start: number, end: number): void {
    for (const region of this.#regions) {
      if (region.isShared || region.name.startsWith('/')) continue;
      const [from, to] = [Math.max(start, region.start), Math.min(end, region.end)];
      if (from < to) this.#freePages(from, to);
    }
  }

  #freePages(start: number, end: number): void {
    this.#eachPage(start, end, (address) => {
      const page = this.tables.unmap(BigInt(address)) ?? this.#hidden.get(address);
      if (page === undefined) return;
      this.#hidden.delete(address);
      this.#memory.freePage(page);
    });
  }

  /** Changes rights. Fails with ENOMEM, and changes nothing, unless the whole range is mapped. */
  protect(start: number, end: number, rights: RegionRights): void {
    for (let at = start; at < end;) {
      const region = this.regionAt(at);
      if (region === undefined) return fail('ENOMEM');
      at = region.end;
    }
    const { read, write, execute } = rights;
    const cut = this.#cut(start, end);
    for (const part of cut) this.#insert({ ...part, read, write, execute });
    this.#eachPage(start, end, (address) => {
      const physical = this.tables.translate(BigInt(address));
      if (physical === undefined) return;
      if (read || write || execute) this.#setPage(address, Number(physical), rights);
      else this.#hidePage(address, Number(physical));
    });
    if (execute || cut.some((region) => region.execute)) this.onCodeChanged(start, end);
  }

  /** Free room of `sizeBytes` below the other mappings, or at `hint` when that is free. */
  findFree(sizeBytes: number, hint = 0): number {
    if (hint > 0 && hint + sizeBytes <= USER_END && this.#isFree(hint, hint + sizeBytes)) return hint;
    let top = MMAP_TOP;
    for (const region of [...this.#regions].reverse()) {
      if (region.start >= top) continue;
      if (top - region.end >= sizeBytes) break;
      top = region.start;
    }
    const start = top - sizeBytes;
    if (start < PAGE_BYTES || !this.#isFree(start, top)) fail('ENOMEM');
    return start;
  }

  /**
   * Gives the page of `address` when its region allows the access and it is not there yet. False when the guest has no
   * right to it: then it is a true fault.
   */
  touch(address: number, access: 'read' | 'write' | 'execute'): boolean {
    const region = this.regionAt(address);
    if (region === undefined || !region[access]) return false;
    const page = pageStart(address);
    const physical = this.tables.translate(BigInt(page));
    if (physical === undefined)
      this.#setPage(page, this.#hidden.get(page) ?? this.#memory.allocatePage(), region);
    else if (access === 'write' && !this.tables.isWritable(BigInt(page))) return false;
    this.#hidden.delete(page);
    return true;
  }

  /** Bytes of user space as the guest itself could read them; EFAULT otherwise. */
  read(address: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    this.#eachPiece(address, sizeBytes, 'read', (physical, offset, length) => {
      bytes.set(this.#memory.bytes.subarray(physical, physical + length), offset);
    });
    return bytes;
  }

  /** As `read`, whatever the rights. */
  peek(address: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    this.#eachPiece(address, sizeBytes, undefined, (physical, offset, length) => {
      bytes.set(this.#memory.bytes.subarray(physical, physical + length), offset);
    });
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    this.#eachPiece(address, bytes.length, 'write', (physical, offset, length) => {
      this.#memory.bytes.set(bytes.subarray(offset, offset + length), physical);
    });
  }

  /** As `write`, but for the loader and the debugger: rights do not matter, only that something is mapped there. */
  poke(address: number, bytes: Uint8Array): void {
    this.#eachPiece(address, bytes.length, undefined, (physical, offset, length) => {
      this.#memory.bytes.set(bytes.subarray(offset, offset + length), physical);
    });
    if (this.regionAt(address)?.execute === true) this.onCodeChanged(address, address + bytes.length);
  }

  /** Where the byte lies in the machine's memory; the same for all who share the page. EFAULT where the guest cannot read. */
  physical(address: number): number {
    return this.#pageFor(address, 'read') + (address % PAGE_BYTES);
  }

  readU32(address: number): number {
    return view(this.read(address, 4)).getUint32(0, true);
  }
  readU64(address: number): bigint {
    return view(this.read(address, 8)).getBigUint64(0, true);
  }
  writeU32(address: number, value: number): void {
    this.write(address, new Uint8Array(Uint32Array.of(value).buffer));
  }
  writeU64(address: number, value: bigint): void {
    this.write(address, new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer));
  }

  /** NUL-terminated text; ENAMETOOLONG when no NUL comes within `limit` bytes. */
  readString(address: number, limit = PAGE_BYTES): string {
    const parts: Uint8Array[] = [];
    for (let at = address; at < address + limit;) {
      const piece = this.read(at, Math.min(PAGE_BYTES - (at % PAGE_BYTES), address + limit - at));
      const end = piece.indexOf(0);
      if (end >= 0) return Buffer.concat([...parts, piece.subarray(0, end)]).toString('utf8');
      parts.push(piece);
      at += piece.length;
    }
    return fail('ENAMETOOLONG');
  }

  #eachPiece(
    address: number,
    sizeBytes: number,
    access: 'read' | 'write' | undefined,
    use: (physical: number, offset: number, length: number) => void,
  ): void {
    if (address < 0 || address + sizeBytes > USER_END) fail('EFAULT');
    for (let offset = 0; offset < sizeBytes;) {
      const at = address + offset;
      const length = Math.min(PAGE_BYTES - (at % PAGE_BYTES), sizeBytes - offset);
      use(this.#pageFor(at, access) + (at % PAGE_BYTES), offset, length);
      offset += length;
    }
  }

  #pageFor(address: number, access: 'read' | 'write' | undefined): number {
    const region = this.regionAt(address);
    if (region === undefined || (access !== undefined && !region[access])) return fail('EFAULT');
    const page = pageStart(address);
    const present = this.tables.translate(BigInt(page));
    if (present !== undefined) return Number(present);
    const physical = this.#hidden.get(page) ?? this.#memory.allocatePage();
    if (region.read || region.write || region.execute) {
      this.#hidden.delete(page);
      this.#setPage(page, physical, region);
    } else {
      this.#hidden.set(page, physical);
    }
    return physical;
  }

  #hidePage(address: number, physical: number): void {
    this.tables.unmap(BigInt(address));
    this.#hidden.set(address, physical);
  }

  #setPage(address: number, physical: number, rights: RegionRights): void {
    const { write, execute } = rights;
    this.tables.map(BigInt(address), physical, { write, execute, user: true });
  }

  #isFree(start: number, end: number): boolean {
    return this.#regions.every((region) => region.end <= start || region.start >= end);
  }

  #insert(region: Region): void {
    this.#regions.push(region);
    this.#regions.sort((a, b) => a.start - b.start);
  }

  /** Takes the range out of the regions and returns what was in it. */
  #cut(start: number, end: number): Region[] {
    const inside: Region[] = [];
    const outside: Region[] = [];
    for (const region of this.#regions) {
      if (region.end <= start || region.start >= end) {
        outside.push(region);
        continue;
      }
      if (region.start < start) outside.push({ ...region, end: start });
      if (region.end > end) outside.push({ ...region, start: end });
      inside.push({ ...region, start: Math.max(start, region.start), end: Math.min(end, region.end) });
    }
    this.#regions = outside;
    return inside;
  }

  #eachPage(start: number, end: number, use: (address: number) => void): void {
    for (let address = pageStart(start); address < end; address += PAGE_BYTES) use(address);
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
