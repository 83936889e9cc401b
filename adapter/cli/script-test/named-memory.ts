import type { ScriptMemory } from '../../../script-engine/evaluator/script-machine';

const PAGE_BYTES = 4096;

/** Where the bytes live: plain pages, or pages that the CPU's engine sees as well. */
export interface PageStore {
  /** The 4096 bytes of the page at this page-aligned address; zeroed at the first call. */
  page(address: bigint): Uint8Array;
}

/** Pages that nobody but scripts can see. */
export function plainPages(): PageStore {
  const pages = new Map<bigint, Uint8Array>();
  return {
    page(address) {
      const known = pages.get(address);
      if (known !== undefined) return known;
      const fresh = new Uint8Array(PAGE_BYTES);
      pages.set(address, fresh);
      return fresh;
    },
  };
}

interface NamedRange {
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
}

/**
 * The memory of a script test: what `mem:` lines named, byte for byte, and the debugger's own buffers; everything else is
 * unmapped (script-tests.md). Physical addresses equal virtual ones.
 */
export class NamedMemory implements ScriptMemory {
  /** Disjoint, not touching, in order. */
  #ranges: NamedRange[] = [];

  constructor(private readonly pages: PageStore) {}

  /** Names the bytes at `address` from here on. */
  define(address: bigint, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#name(address, address + BigInt(bytes.length));
    this.#copyIn(address, bytes);
  }

  /** Unnames bytes; their place may be named again. */
  undefine(address: bigint, sizeBytes: number): void {
    const end = address + BigInt(sizeBytes);
    this.#ranges = this.#ranges.flatMap((range) => [
      ...(range.start < address
        ? [{ start: range.start, end: range.end < address ? range.end : address }]
        : []),
      ...(range.end > end ? [{ start: range.start > end ? range.start : end, end: range.end }] : []),
    ]);
  }

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    if (!this.#isNamed(address, sizeBytes)) return undefined;
    const bytes = new Uint8Array(sizeBytes);
    this.#eachPiece(address, sizeBytes, (page, pageOffset, done, length) => {
      bytes.set(page.subarray(pageOffset, pageOffset + length), done);
    });
    return bytes;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    if (!this.#isNamed(address, bytes.length)) return false;
    this.#copyIn(address, bytes);
    return true;
  }

  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined {
    return this.read(address, sizeBytes);
  }

  writePhysical(address: bigint, bytes: Uint8Array): boolean {
    return this.write(address, bytes);
  }

  virtualToPhysical(address: bigint): bigint | undefined {
    return this.#isNamed(address, 1) ? address : undefined;
  }

  physicalToVirtual(address: bigint): bigint | undefined {
    return this.virtualToPhysical(address);
  }

  #name(start: bigint, end: bigint): void {
    const apart = this.#ranges.filter((range) => range.end < start || range.start > end);
    for (const range of this.#ranges) {
      if (range.end < start || range.start > end) continue;
      if (range.start < start) start = range.start;
      if (range.end > end) end = range.end;
    }
    this.#ranges = [...apart, { start, end }].sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  #isNamed(address: bigint, sizeBytes: number): boolean {
    const end = address + BigInt(sizeBytes);
    return this.#ranges.some((range) => range.start <= address && end <= range.end);
  }

  #copyIn(address: bigint, bytes: Uint8Array): void {
    this.#eachPiece(address, bytes.length, (page, pageOffset, done, length) => {
      page.set(bytes.subarray(done, done + length), pageOffset);
    });
  }

  #eachPiece(
    address: bigint,
    sizeBytes: number,
    use: (page: Uint8Array, pageOffset: number, done: number, length: number) => void,
  ): void {
    for (let done = 0; done < sizeBytes;) {
      const at = address + BigInt(done);
      const pageOffset = Number(at & BigInt(PAGE_BYTES - 1));
      const length = Math.min(PAGE_BYTES - pageOffset, sizeBytes - done);
      use(this.pages.page(at - BigInt(pageOffset)), pageOffset, done, length);
      done += length;
    }
  }
}
