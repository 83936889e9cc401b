/**
 * The supervisor half of the machine's address space: descriptor table, the stub that enters ring 3, and the pages that
 * the driver itself needs (safe buffers, custom code, process records). A guest in ring 3 cannot reach any of it.
 */

import type { PageTables } from './page-tables';
import { PAGE_BYTES, type PhysicalMemory } from './physical-memory';

export const KERNEL_BASE = 0xffff_8000_0000_0000n;

/** Selectors as Linux has them; a debugger shows them. */
export const SELECTOR = { kernelCode: 0x10, kernelData: 0x18, userData: 0x2b, userCode: 0x33 } as const;

/** null, 32-bit kernel code, kernel code and data, 32-bit user code, user data and code (SDM volume 3, 3.4.5). */
const DESCRIPTORS = [
  0n,
  0x00cf_9b00_0000_ffffn,
  0x00af_9b00_0000_ffffn,
  0x00cf_9300_0000_ffffn,
  0x00cf_fb00_0000_ffffn,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
];
const IRETQ = [0x48, 0xcf];

export class KernelArea {
  readonly #memory: PhysicalMemory;
  readonly #tables: PageTables;
  #next: bigint;
  readonly descriptorTable: { readonly address: bigint; readonly limit: number };
  /** Address of an `iretq`. */
  readonly enterUserStub: bigint;
  /** Top of the stack for `enterUserStub`. */
  readonly stackTop: bigint;

  constructor(
    memory: PhysicalMemory,
    tables: PageTables,
    /** Where it begins; nothing else may be mapped from there on. */
    base = KERNEL_BASE,
  ) {
    this.#next = base;
    this.#memory = memory;
    this.#tables = tables;
    const table = new Uint8Array(BigUint64Array.from(DESCRIPTORS).buffer);
    this.descriptorTable = { address: this.place(table), limit: table.length - 1 };
    this.enterUserStub = this.place(Uint8Array.from(IRETQ), { execute: true });
    this.stackTop = this.reserve(PAGE_BYTES) + BigInt(PAGE_BYTES);
  }

  /** Maps zeroed pages for `sizeBytes` and returns their address. An unmapped page follows them, so that overruns fault. */
  reserve(sizeBytes: number, rights: { execute?: boolean } = {}): bigint {
    const address = this.#next;
    const pages = Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES));
    for (let index = 0; index < pages; index++) {
      const execute = rights.execute === true;
      this.#tables.map(address + BigInt(index * PAGE_BYTES), this.#memory.allocatePage(), {
        write: true,
        execute,
        user: false,
      });
    }
    this.#next += BigInt((pages + 1) * PAGE_BYTES);
    return address;
  }

  /** Reserves room for `bytes` and puts them there. */
  place(bytes: Uint8Array, rights: { execute?: boolean } = {}): bigint {
    const address = this.reserve(bytes.length, rights);
    this.write(address, bytes);
    return address;
  }

  /** Gives pages of `reserve` back. The address is not used again. */
  release(address: bigint, sizeBytes: number): void {
    const pages = Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES));
    for (let index = 0; index < pages; index++) {
      const page = this.#tables.unmap(address + BigInt(index * PAGE_BYTES));
      if (page !== undefined) this.#memory.freePage(page);
    }
  }

  /** Writes to reserved pages. Throws for others. */
  write(address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const physical = this.physical(address + BigInt(done));
      const room = PAGE_BYTES - (physical % PAGE_BYTES);
      this.#memory.bytes.set(bytes.subarray(done, done + room), physical);
      done += room;
    }
  }

  read(address: bigint, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    for (let done = 0; done < sizeBytes;) {
      const physical = this.physical(address + BigInt(done));
      const room = Math.min(PAGE_BYTES - (physical % PAGE_BYTES), sizeBytes - done);
      bytes.set(this.#memory.bytes.subarray(physical, physical + room), done);
      done += room;
    }
    return bytes;
  }

  /** Physical address of a reserved byte. Throws for others. */
  physical(address: bigint): number {
    const physical = this.#tables.translate(address);
    if (physical === undefined) throw new RangeError(`0x${address.toString(16)} is not in the kernel area`);
    return Number(physical);
  }
}
