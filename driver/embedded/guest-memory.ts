/** The machine's memory as scripts and the debugger see it: never an exception, pages of the guest given on demand. */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import type { AddressSpace } from './guest/address-space';
import { isCanonical, type PageTables } from './memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from './memory/physical-memory';

const USER_LIMIT = 1n << 47n;
/** One access moves at most this much; a script cannot ask for more by accident. */
const MAX_ACCESS_BYTES = 64 << 20;

export class GuestMemory implements ScriptMemory {
  readonly #memory: PhysicalMemory;
  readonly #tables: PageTables;
  readonly #space: AddressSpace;
  readonly #codeWritten: () => void;

  constructor(memory: PhysicalMemory, tables: PageTables, space: AddressSpace, codeWritten: () => void) {
    this.#memory = memory;
    this.#tables = tables;
    this.#space = space;
    this.#codeWritten = codeWritten;
  }

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    const pieces = this.#pieces(address, sizeBytes);
    if (pieces === undefined) return undefined;
    const bytes = new Uint8Array(sizeBytes);
    for (const { physical, offset, length } of pieces) {
      bytes.set(this.#memory.bytes.subarray(physical, physical + length), offset);
    }
    return bytes;
  }

  /** The debugger may write where the guest may not, as through the real driver. */
  write(address: bigint, bytes: Uint8Array): boolean {
    const pieces = this.#pieces(address, bytes.length);
    if (pieces === undefined) return false;
    for (const { physical, offset, length } of pieces) {
      this.#memory.bytes.set(bytes.subarray(offset, offset + length), physical);
    }
    if (address < USER_LIMIT && this.#space.regionAt(Number(address))?.execute === true) this.#codeWritten();
    return true;
  }

  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined {
    if (!this.#memory.contains(address, sizeBytes)) return undefined;
    return this.#memory.bytes.slice(Number(address), Number(address) + sizeBytes);
  }

  writePhysical(address: bigint, bytes: Uint8Array): boolean {
    if (!this.#memory.contains(address, bytes.length)) return false;
    this.#memory.bytes.set(bytes, Number(address));
    // Which code lies there is not known, and looking it up costs more than translating anew.
    this.#codeWritten();
    return true;
  }

  virtualToPhysical(address: bigint): bigint | undefined {
    return this.#page(address);
  }

  physicalToVirtual(address: bigint): bigint | undefined {
    return this.#memory.contains(address, 1) ? this.#tables.findVirtual(address) : undefined;
  }

  /** Physical address, after giving the page when the guest has a right to it. */
  #page(address: bigint): bigint | undefined {
    if (!isCanonical(address)) return undefined;
    const present = this.#tables.translate(address);
    if (present !== undefined || address >= USER_LIMIT) return present;
    return this.#space.touch(Number(address), 'read') ? this.#tables.translate(address) : undefined;
  }

  #pieces(
    address: bigint,
    sizeBytes: number,
  ): { physical: number; offset: number; length: number }[] | undefined {
    if (sizeBytes > MAX_ACCESS_BYTES) return undefined;
    const pieces = [];
    for (let offset = 0; offset < sizeBytes;) {
      const at = BigInt.asUintN(64, address + BigInt(offset));
      const physical = this.#page(at);
      if (physical === undefined) return undefined;
      const length = Math.min(PAGE_BYTES - Number(at % BigInt(PAGE_BYTES)), sizeBytes - offset);
      pieces.push({ physical: Number(physical), offset, length });
      offset += length;
    }
    return pieces;
  }
}
