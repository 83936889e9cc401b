import { SymbolKind } from '../catalog/opcodes';
import { widened } from '../syntax/tree';
import type { Operand } from './operand';

const wordsPerSlot = 6;
const slotSizeBytes = 24;

/** The symbol buffer while it grows: slots of 24 bytes (script-language 5.1). */
export class SymbolBuffer {
  #words: Uint32Array;
  #offsets: Int32Array;
  #count = 0;
  /** Offset in the text that the next slots come from. */
  sourceOffset = -1;

  /** With room for so many slots; it grows. */
  constructor(room: number) {
    this.#words = new Uint32Array(Math.max(64, room) * wordsPerSlot);
    this.#offsets = new Int32Array(Math.max(64, room));
  }

  /** Slots used. */
  get count(): number {
    return this.#count;
  }

  /** Forgets everything from a slot on: what `sizeof` was asked about leaves no code. */
  truncate(count: number): void {
    this.#words.fill(0, count * wordsPerSlot, this.#count * wordsPerSlot);
    this.#count = count;
  }

  #reserve(slots: number): void {
    const need = this.#count + slots;
    if (need <= this.#offsets.length) return;
    let room = this.#offsets.length * 2;
    while (room < need) room *= 2;
    const words = new Uint32Array(room * wordsPerSlot);
    words.set(this.#words);
    this.#words = words;
    this.#offsets = widened(this.#offsets, room);
  }

  #push(kind: number, high: number, len: number, low: number, valueHigh: number): void {
    this.#reserve(1);
    const at = this.#count * wordsPerSlot;
    this.#words[at] = kind;
    this.#words[at + 1] = high;
    this.#words[at + 2] = len;
    this.#words[at + 4] = low;
    this.#words[at + 5] = valueHigh;
    this.#offsets[this.#count] = this.sourceOffset;
    this.#count++;
  }

  opcode(value: number): void {
    this.#push(SymbolKind.SEMANTIC_RULE, 0, 0, value, 0);
  }

  number(value: number): void {
    this.#push(SymbolKind.NUM, 0, 0, value, 0);
  }

  argumentCount(value: number): void {
    this.#push(SymbolKind.VARIABLE_COUNT, 0, 0, value, 0);
  }

  /** A jump target of −16, which is never a slot: it ends the main program (script-language 5.4). */
  returnPlaceholder(): void {
    this.#push(SymbolKind.NUM, 0, 0, 0xfffffff0, 0xffffffff);
  }

  /** An operand; `position` is the place of a printf argument in the high half of its type (script-language 8). */
  operand(operand: Operand, position = 0): void {
    this.#push(operand.kind, position >>> 0, operand.len, operand.low, operand.high);
  }

  string(kind: number, bytes: Uint8Array): void {
    const slots = stringSlots(bytes.length);
    this.#reserve(slots);
    const start = this.#count * wordsPerSlot;
    this.#words.fill(0, start, start + slots * wordsPerSlot);
    this.#words[start] = kind;
    this.#words[start + 2] = bytes.length;
    new Uint8Array(this.#words.buffer).set(bytes, this.#count * slotSizeBytes + 16);
    this.#offsets.fill(this.sourceOffset, this.#count, this.#count + slots);
    this.#count += slots;
  }

  patchNumber(slot: number, value: number): void {
    this.#words[slot * wordsPerSlot + 4] = value;
    this.#words[slot * wordsPerSlot + 5] = 0;
  }

  /** Turns locals into frame slots behind the temps, from a slot on (script-language 5.4). */
  rebaseLocals(from: number, temps: number, withAddresses: boolean): void {
    const words = this.#words;
    for (let slot = from; slot < this.#count; slot++) {
      const at = slot * wordsPerSlot;
      const kind = words[at] ?? 0;
      if (kind === SymbolKind.STRING || kind === SymbolKind.WSTRING) {
        slot += stringSlots(words[at + 2] ?? 0) - 1;
        continue;
      }
      if (kind === SymbolKind.LOCAL_ID) words[at] = SymbolKind.TEMP;
      // Addresses of locals are rebased at the end of the program only, with its count of temps, even inside
      // functions, which the safe mode does not do after it; as a printf argument they keep their kind (script-language 13, 8).
      else if (withAddresses && kind === SymbolKind.REFERENCE_LOCAL_ID) {
        if (words[at + 1] === 0) words[at] = SymbolKind.REFERENCE_TEMP;
      } else if (withAddresses && kind === SymbolKind.DEREFERENCE_LOCAL_ID)
        words[at] = SymbolKind.DEREFERENCE_TEMP;
      else continue;
      words[at + 4] = (words[at + 4] ?? 0) + temps;
    }
  }

  finish(): { bytes: Uint8Array; sourceOffsets: Int32Array } {
    const bytes = new Uint8Array(this.#count * slotSizeBytes);
    bytes.set(new Uint8Array(this.#words.buffer, 0, bytes.length));
    return { bytes, sourceOffsets: this.#offsets.slice(0, this.#count) };
  }
}

function stringSlots(lengthBytes: number): number {
  return Math.floor((16 + lengthBytes) / slotSizeBytes) + 1;
}
