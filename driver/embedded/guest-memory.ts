/** The machine's memory as scripts and the debugger see it: never an exception, pages of the guest given on demand. */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import { isCanonical } from './memory/page-entry';
import { PAGE_BYTES, type PhysicalMemory } from './memory/physical-memory';

/** One access moves at most this much; a script cannot ask for more by accident. */
const MAX_ACCESS_BYTES = 64 << 20;

export interface AddressMap {
  /** Physical address; the page is given first when the guest has a right to it. */
  translate(address: bigint): bigint | undefined;
  findVirtual(physical: bigint): bigint | undefined;
  /** Bytes that the CPU may have translated have been written. undefined: at a physical address. */
  written(address: bigint | undefined): void;
}

export class GuestMemory implements ScriptMemory {
  readonly #memory: PhysicalMemory;
  readonly #map: AddressMap;

  constructor(memory: PhysicalMemory, map: AddressMap) {
    this.#memory = memory;
    this.#map = map;
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
    this.#map.written(address);
    return true;
  }

  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined {
    if (!this.#memory.contains(address, sizeBytes)) return undefined;
    return this.#memory.bytes.slice(Number(address), Number(address) + sizeBytes);
  }

  writePhysical(address: bigint, bytes: Uint8Array): boolean {
    if (!this.#memory.contains(address, bytes.length)) return false;
    this.#memory.bytes.set(bytes, Number(address));
    this.#map.written(undefined);
    return true;
  }

  virtualToPhysical(address: bigint): bigint | undefined {
    return this.#translate(address);
  }

  physicalToVirtual(address: bigint): bigint | undefined {
    return this.#memory.contains(address, 1) ? this.#map.findVirtual(address) : undefined;
  }

  #translate(address: bigint): bigint | undefined {
    return isCanonical(address) ? this.#map.translate(address) : undefined;
  }

  #pieces(
    address: bigint,
    sizeBytes: number,
  ): { physical: number; offset: number; length: number }[] | undefined {
    if (sizeBytes > MAX_ACCESS_BYTES) return undefined;
    const pieces = [];
    for (let offset = 0; offset < sizeBytes;) {
      const at = BigInt.asUintN(64, address + BigInt(offset));
      const physical = this.#translate(at);
      if (physical === undefined) return undefined;
      const length = Math.min(PAGE_BYTES - Number(at % BigInt(PAGE_BYTES)), sizeBytes - offset);
      pieces.push({ physical: Number(physical), offset, length });
      offset += length;
    }
    return pieces;
  }
}
