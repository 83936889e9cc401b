/** Memory as a script sees it: the machine's, and the script's own stack, globals and code at their addresses. */

import type { ScriptMemory } from './script-machine';
import type { ScriptSession } from './session';

/** More than this many bytes touched by strings, copies and compares in one run is a script that never ends. */
const BULK_BUDGET_BYTES = 1 << 26;
const PAGE = 4096;
const NO_BYTES = new Uint8Array(0);

export class ScriptAddresses {
  #budget = BULK_BUDGET_BYTES;
  stackBytes: Uint8Array;

  constructor(
    readonly memory: ScriptMemory,
    readonly session: ScriptSession,
    readonly code: Uint8Array,
  ) {
    this.stackBytes = session.stackBytes;
  }

  /** The bytes, or undefined unless all of them are readable. */
  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    return this.#own(address, sizeBytes, true) ?? this.memory.read(address, sizeBytes);
  }

  /** False, and nothing written, unless the whole range is writable. */
  write(address: bigint, bytes: Uint8Array): boolean {
    const own = this.#own(address, bytes.length, false);
    own?.set(bytes);
    return own !== undefined || this.memory.write(address, bytes);
  }

  /** A little-endian number of up to 8 bytes, or undefined where it cannot be read. */
  readNumber(address: bigint, sizeBytes: number): bigint | undefined {
    const bytes = this.read(address, sizeBytes);
    return bytes === undefined ? undefined : numberOf(bytes);
  }

  writeNumber(address: bigint, value: bigint, sizeBytes: number): boolean {
    return this.write(address, bytesOf(value, sizeBytes));
  }

  /** A stretch as long as can be read at once, at most `sizeBytes`; empty at an unreadable address. */
  readSome(address: bigint, sizeBytes: number): Uint8Array {
    const toPageEnd = PAGE - Number(address & 0xfffn);
    const most = Math.min(sizeBytes, toPageEnd);
    const whole = this.read(address, most);
    if (whole !== undefined) return whole;
    // Memory may end anywhere, not only at a page: halve until something can be read.
    for (let size = most >> 1; size > 0; size >>= 1) {
      const part = this.read(address, size);
      if (part !== undefined) return part;
    }
    return NO_BYTES;
  }

  /** Takes `sizeBytes` from what one run may touch in bulk; false when it is used up. */
  spend(sizeBytes: number): boolean {
    this.#budget -= sizeBytes;
    return this.#budget >= 0;
  }

  /** Where the address lies in the script's own memory; its code is for reading only. */
  #own(address: bigint, sizeBytes: number, forReading: boolean): Uint8Array | undefined {
    const { bases, globalBytes } = this.session;
    return (
      part(this.stackBytes, bases.stack, address, sizeBytes) ??
      part(globalBytes, bases.globals, address, sizeBytes) ??
      (forReading ? part(this.code, bases.code, address, sizeBytes) : undefined)
    );
  }
}

function part(bytes: Uint8Array, base: bigint, address: bigint, sizeBytes: number): Uint8Array | undefined {
  if (address < base) return undefined;
  const offset = address - base;
  if (offset > BigInt(bytes.length - sizeBytes)) return undefined;
  const start = Number(offset);
  return bytes.subarray(start, start + sizeBytes);
}

/** Little-endian value of up to 8 bytes. */
export function numberOf(bytes: Uint8Array): bigint {
  let low = 0;
  let high = 0;
  for (let index = Math.min(bytes.length, 4) - 1; index >= 0; index--) low = low * 256 + (bytes[index] ?? 0);
  for (let index = Math.min(bytes.length, 8) - 1; index >= 4; index--)
    high = high * 256 + (bytes[index] ?? 0);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** The low `sizeBytes` bytes of a value, little-endian. */
export function bytesOf(value: bigint, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes.subarray(0, sizeBytes);
}
