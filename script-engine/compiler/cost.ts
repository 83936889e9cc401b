/** What a compiled script costs when it runs once from its beginning to its end, each loop one round, without running it. */

import { opcodes, SymbolKind } from '../catalog/opcodes';
import { functions } from '../catalog/functions';
import { Op } from './instruction-opcodes';

export interface ScriptCost {
  /** Instructions of the evaluator, each counted once. */
  readonly operations: number;
  /** Reads of the target's memory. */
  readonly memoryReads: number;
  readonly memoryWrites: number;
  /** Text of its prints; a number counts for 8 letters and a string for 16. */
  readonly outputBytes: number;
}

const SLOT_BYTES = 24;
const NUMBER_LETTERS = 8;
const STRING_LETTERS = 16;
const PRINT = functions.find(({ name }) => name === 'print')?.opcode;

const byCategory = (category: string): ReadonlySet<number> =>
  new Set(functions.filter((entry) => entry.category === category).map(({ opcode }) => opcode));
const readers: ReadonlySet<number> = new Set([...byCategory('memory-read'), Op.TYPED_LOAD]);
const writers: ReadonlySet<number> = new Set([...byCategory('memory-write'), Op.TYPED_STORE]);

/** Of a symbol buffer that the compiler made (script-language 5). */
export function costOf(bytes: Uint8Array): ScriptCost {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.length / SLOT_BYTES);
  const kindAt = (slot: number): number => (slot < count ? view.getUint32(slot * SLOT_BYTES, true) : 0);
  const valueAt = (slot: number): number => (slot < count ? view.getUint32(slot * SLOT_BYTES + 16, true) : 0);
  let operations = 0;
  let memoryReads = 0;
  let memoryWrites = 0;
  let outputBytes = 0;
  for (let slot = 0; slot < count;) {
    const kind = kindAt(slot);
    if (kind === SymbolKind.STRING || kind === SymbolKind.WSTRING) {
      const lengthBytes = view.getUint32(slot * SLOT_BYTES + 8, true);
      if (valueAt(slot - 1) === Op.PRINTF && kindAt(slot - 1) === SymbolKind.SEMANTIC_RULE)
        outputBytes += printedLetters(
          bytes.subarray(slot * SLOT_BYTES + 16, slot * SLOT_BYTES + 16 + lengthBytes),
        );
      slot += Math.floor((16 + lengthBytes) / SLOT_BYTES) + 1;
      continue;
    }
    if (kind === SymbolKind.SEMANTIC_RULE && opcodes[valueAt(slot)] !== undefined) {
      const opcode = valueAt(slot);
      operations++;
      if (readers.has(opcode)) memoryReads++;
      if (writers.has(opcode)) memoryWrites++;
      if (opcode === PRINT) outputBytes += NUMBER_LETTERS + 1;
    }
    slot++;
  }
  return { operations, memoryReads, memoryWrites, outputBytes };
}

function printedLetters(format: Uint8Array): number {
  const text = String.fromCharCode(...format).replace(/\0+$/, '');
  let letters = text.length;
  for (const [conversion] of text.matchAll(/%[^a-zA-Z%]*(?:l{0,2}|w)[a-zA-Z]/g))
    letters += (/s$/i.test(conversion) ? STRING_LETTERS : NUMBER_LETTERS) - conversion.length;
  return letters;
}
