import type { ScriptAddresses } from './script-addresses';
import { fault } from './script-fault';

const CHUNK_BYTES = 256;

/** Reads memory unit by unit, in as few requests as it can. */
export class TextReader {
  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(
    readonly addresses: ScriptAddresses,
    private address: bigint,
    readonly unitBytes: 1 | 2,
  ) {}

  /** The next unit, or undefined where memory ends. */
  next(): number | undefined {
    const low = this.#nextByte();
    if (this.unitBytes === 1 || low === undefined) return low;
    const high = this.#nextByte();
    return high === undefined ? undefined : low | (high << 8);
  }

  #nextByte(): number | undefined {
    if (this.#offset === this.#chunk.length) {
      this.#chunk = this.addresses.readSome(this.address, CHUNK_BYTES);
      if (!this.addresses.spend(this.#chunk.length)) fault('the script reads more memory than one run may');
      this.address = BigInt.asUintN(64, this.address + BigInt(this.#chunk.length));
      this.#offset = 0;
    }
    return this.#chunk[this.#offset++];
  }
}

/** The units up to a terminator, at most `limit` of them; undefined when memory ends before. */
export function readUnits(reader: TextReader, limit: number): number[] | undefined {
  const units: number[] = [];
  while (units.length < limit) {
    const unit = reader.next();
    if (unit === undefined) return undefined;
    if (unit === 0) return units;
    units.push(unit);
  }
  return units;
}
