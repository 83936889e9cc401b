/** Checks and decodes a symbol buffer once, so that each run starts at once (script-language 5). */

import { SymbolKind } from '../catalog/opcodes';
import type { FormatPart } from './printf-format';
import type { ScriptTier } from './wasm/script-tier';

/** Bytes of one symbol. */
export const SYMBOL_BYTES = 24;

/** A buffer that no compiler makes; the message says which slot and why. */
export class MalformedScriptError extends Error {
  constructor(
    reason: string,
    readonly slot: number,
  ) {
    super(`The script buffer is malformed at symbol ${slot}: ${reason}.`);
    this.name = 'MalformedScriptError';
  }
}

/** A decoded script. Each slot is decoded as if an operand began there: jumps may lead anywhere. */
export interface PreparedScript {
  readonly symbolCount: number;
  /** A copy of the buffer; scripts can take the address of a constant in it. */
  readonly bytes: Uint8Array;
  /** Kind of each slot, `SymbolKind.INVALID` for what is none. */
  readonly kinds: Uint8Array;
  readonly values: readonly bigint[];
  /** `values` as cells. */
  readonly words: BigUint64Array;
  /** `values`, as far as they fit; 0xffffffff for greater ones, which no index reaches. */
  readonly indexes: Uint32Array;
  /** Value kind of floating operands, or the byte length of strings. */
  readonly lengths: Uint32Array;
  /** Slots that the operand takes; 0 when a string runs over the end. */
  readonly widths: Uint32Array;
  /** printf formats by their slot, scanned at first use. */
  readonly formats: Map<number, readonly FormatPart[]>;
  /** How hot it is, and its compiled code; undefined before the first run. */
  tier: ScriptTier | undefined;
}

const LARGEST_INDEX = 0xffffffff;
const LARGEST_KIND: number = SymbolKind.DEREFERENCE_TEMP;

function isString(kind: number): boolean {
  return kind === SymbolKind.STRING || kind === SymbolKind.WSTRING;
}

/** Where the payload of a string symbol begins, in bytes. */
export function stringStart(slot: number): number {
  return slot * SYMBOL_BYTES + 16;
}

/**
 * Decodes a buffer of `symbolCount` slots. Throws MalformedScriptError when it is too short, holds a symbol of an unknown
 * kind, or a string that runs over its end; everything else that can be wrong ends the run with an error.
 */
export function prepareScript(bytes: Uint8Array, symbolCount: number): PreparedScript {
  if (!Number.isInteger(symbolCount) || symbolCount < 0) {
    throw new MalformedScriptError(`the number of symbols is ${symbolCount}`, 0);
  }
  const sizeBytes = symbolCount * SYMBOL_BYTES;
  if (bytes.length < sizeBytes) {
    const whole = Math.floor(bytes.length / SYMBOL_BYTES);
    throw new MalformedScriptError(
      `${symbolCount} symbols are promised, but only ${bytes.length} bytes came`,
      whole,
    );
  }
  const copy = bytes.slice(0, sizeBytes);
  const view = new DataView(copy.buffer, copy.byteOffset, sizeBytes);
  const kinds = new Uint8Array(symbolCount);
  const values: bigint[] = [];
  const indexes = new Uint32Array(symbolCount);
  const lengths = new Uint32Array(symbolCount);
  const widths = new Uint32Array(symbolCount);
  for (let slot = 0; slot < symbolCount; slot++) {
    const at = slot * SYMBOL_BYTES;
    const kind = view.getUint32(at, true);
    const length = view.getBigUint64(at + 8, true);
    const value = view.getBigUint64(at + 16, true);
    kinds[slot] = kind <= LARGEST_KIND ? kind : SymbolKind.INVALID;
    values.push(value);
    indexes[slot] = value > LARGEST_INDEX ? LARGEST_INDEX : Number(value);
    lengths[slot] = length > LARGEST_INDEX ? LARGEST_INDEX : Number(length);
    widths[slot] = isString(kind) ? stringWidth(slot, length, symbolCount) : 1;
  }
  const script: PreparedScript = {
    symbolCount,
    bytes: copy,
    kinds,
    values,
    words: BigUint64Array.from(values),
    indexes,
    lengths,
    widths,
    formats: new Map(),
    tier: undefined,
  };
  checkSymbols(script);
  return script;
}

function stringWidth(slot: number, length: bigint, symbolCount: number): number {
  const width = (16n + length) / 24n + 1n;
  return width > BigInt(symbolCount - slot) ? 0 : Number(width);
}

function checkSymbols(script: PreparedScript): void {
  let slot = 0;
  while (slot < script.symbolCount) {
    const width = script.widths[slot] ?? 0;
    if (width === 0) throw new MalformedScriptError('a string runs over the end of the buffer', slot);
    if (script.kinds[slot] === SymbolKind.INVALID) {
      throw new MalformedScriptError('no symbol has this kind', slot);
    }
    slot += width;
  }
}
