/** RAM of the embedded machine: one block that the CPU engines map and every thread of the process can see. */

import { addressOf } from '../../native/unicorn';

export const PAGE_BYTES = 4096;
/** Low memory is nobody's: who tries a physical address out writes there, and not over page tables. */
const FIRST_FREE_FRAME = 0x1_0000;

/** No page frame is left. The guest sees it as ENOMEM. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

export class PhysicalMemory {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Address of physical address 0 in this process; page aligned, as the engine demands. */
  readonly hostAddress: bigint;
  readonly #freed: number[] = [];
  /** Of pages with more than one. */
  readonly #owners = new Map<number, number>();
  #next: number;

  /** `sizeBytes` is a multiple of the page size. Pages are given from `firstFreePage` on; what lies below is the guest's. */
  constructor(sizeBytes: number, firstFreePage = FIRST_FREE_FRAME) {
    this.#next = firstFreePage;
    // Array buffers are not page aligned, so one page more is taken and the odd part left out.
    const buffer = new SharedArrayBuffer(sizeBytes + PAGE_BYTES);
    const start = addressOf(new Uint8Array(buffer));
    const skip = Number(-start & BigInt(PAGE_BYTES - 1));
    this.sizeBytes = sizeBytes;
    this.bytes = new Uint8Array(buffer, skip, sizeBytes);
    this.view = new DataView(buffer, skip, sizeBytes);
    this.hostAddress = start + BigInt(skip);
  }

  /** Physical address of a zeroed page. */
  allocatePage(): number {
    const reused = this.#freed.pop();
    if (reused !== undefined) {
      this.bytes.fill(0, reused, reused + PAGE_BYTES);
      return reused;
    }
    if (this.#next + PAGE_BYTES > this.sizeBytes) {
      throw new OutOfMemoryError(`all ${this.sizeBytes >>> 20} MiB of the machine's memory are in use`);
    }
    const page = this.#next;
    this.#next += PAGE_BYTES;
    return page;
  }

  /** One more owner for a page; each of them frees it. */
  sharePage(physical: number): void {
    this.#owners.set(physical, (this.#owners.get(physical) ?? 1) + 1);
  }

  freePage(physical: number): void {
    const owners = this.#owners.get(physical) ?? 1;
    if (owners > 2) this.#owners.set(physical, owners - 1);
    else this.#owners.delete(physical);
    if (owners === 1) this.#freed.push(physical);
  }

  contains(physical: bigint, sizeBytes: number): boolean {
    return physical >= 0n && physical + BigInt(sizeBytes) <= BigInt(this.sizeBytes);
  }
}
