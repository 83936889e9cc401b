/** Memory as a script sees it: the machine's, and the script's own stack, globals and code at their addresses. */

import type { ScriptMemory } from './script-machine';
import type { ScriptSession } from './session';

/** More than this many bytes touched by strings, copies and compares in one run is a script that never ends. */
const BULK_BUDGET_BYTES = 1 << 26;
const PAGE = 4096;
const NO_BYTES = new Uint8Array(0);

interface Window {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly writable: boolean;
}

export class ScriptAddresses {
  readonly #windows: readonly Window[];
  #budget = BULK_BUDGET_BYTES;

  constructor(
    readonly memory: ScriptMemory,
    session: ScriptSession,
    code: Uint8Array,
  ) {
    const { stack, globals, code: codeBase } = session.bases;
    this.#windows = [
      { base: stack, bytes: session.stackBytes, writable: true },
      { base: globals, bytes: session.globalBytes, writable: true },
      { base: codeBase, bytes: code, writable: false },
    ];
  }

  /** The bytes, or undefined unless all of them are readable. */
  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    const own = this.#own(address, sizeBytes);
    if (own !== undefined) return own.bytes.subarray(own.offset, own.offset + sizeBytes);
    return this.memory.read(address, sizeBytes);
  }

  /** False, and nothing written, unless the whole range is writable. */
  write(address: bigint, bytes: Uint8Array): boolean {
    const own = this.#own(address, bytes.length);
    if (own === undefined) return this.memory.write(address, bytes);
    if (!own.writable) return false;
    own.bytes.set(bytes, own.offset);
    return true;
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

  #own(
    address: bigint,
    sizeBytes: number,
  ): { bytes: Uint8Array; offset: number; writable: boolean } | undefined {
    for (const window of this.#windows) {
      const offset = address - window.base;
      if (offset >= 0n && offset <= BigInt(window.bytes.length - sizeBytes)) {
        return { bytes: window.bytes, offset: Number(offset), writable: window.writable };
      }
    }
    return undefined;
  }
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
