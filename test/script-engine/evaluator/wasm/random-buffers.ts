/** Random symbol buffers: instructions with their operands, most of them such as can be executed. */

import { opcodes, ScalarType, SymbolKind } from '../../../../script-engine/catalog/opcodes';
import { SYMBOL_BYTES } from '../../../../script-engine/evaluator/prepare';
import type { Random } from '../../../random';

interface Slot {
  kind: number;
  value: bigint;
  length: bigint;
  /** The value is the slot of an instruction that is yet to be chosen. */
  isTarget?: boolean;
}

const FRAME_SLOTS = 8;
/** RDTSC tells another time to each tier. */
const excluded = new Set(['FUNC_RDTSC', 'FUNC_RDTSCP']);
const usable = opcodes.filter(({ name, operands }) => operands !== undefined && !excluded.has(name));
const control = usable.filter(({ name }) => /^FUNC_(JMP|JZ|JNZ|CALL|RET|PUSH|POP)$/.test(name));
const arithmetic = usable.filter(({ name }) =>
  /TYPED|FLOAT|CAST|^FUNC_(ADD|SUB|MUL|DIV|MOD|INC|DEC|MOV|E?[GL]T|N?EQ|EQUAL|ASR|ASL|X?OR|AND|NEG|NOT|REFERENCE|POINTER_DIFF)$/.test(
    name,
  ),
);

const numbers = [
  0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x8000n, 248n, 254n, 255n, 256n, 0x7fff_ffffn, 0x8000_0000n,
  0xffff_ffffn, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0x5000n, 0x5008n, 0x1000_0000n,
  0xffff_d5c0_2000_0000n, 0xffff_d5c0_2000_07f8n, 0xffff_d5c0_2000_07fcn, 0x2000_07fbn, 0xffff_d5c0_3000_0000n, 0xffff_d5c0_4000_0010n, 0x2000_0010n,
]; // prettier-ignore
const singles = [0n, 0x3fc0_0000n, 0xc010_0000n, 0x7f7f_ffffn, 0x8000_0000n, 1n, 0x7f80_0000n];
const doubles = [
  0n, 0x3ff8_0000_0000_0000n, 0xc002_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 1n,
  0x3fb9_9999_9999_999an, 0x7ff8_0000_0000_0000n, 0x7ff0_0000_0000_0000n,
]; // prettier-ignore
const typeIds = [...Object.values(ScalarType)];
const likelyTypes = typeIds.filter((id) => id >= ScalarType.BOOL && id <= ScalarType.U64);

/** Bytes of a buffer of a few instructions, and its slots. */
export function randomBuffer(random: Random): { bytes: Uint8Array; symbolCount: number } {
  const slots: Slot[] = [];
  const starts: number[] = [];
  const add = (kind: number, value: bigint, length = 0n): void => {
    slots.push({ kind, value, length });
  };
  const count = 1 + random.below(random.below(3) === 0 ? 60 : 14);
  const wild = random.below(4) === 0;
  if (random.below(2) === 0) {
    starts.push(0);
    add(SymbolKind.SEMANTIC_RULE, opcodeOf('FUNC_ADD'));
    add(SymbolKind.NUM, BigInt(random.below(12)));
    add(SymbolKind.STACK_INDEX, 0n);
    add(SymbolKind.STACK_INDEX, 0n);
  }
  for (let index = 0; index < count; index++) {
    starts.push(slots.length);
    if (wild && random.below(20) === 0) {
      add(random.below(22), BigInt(random.below(200)));
      continue;
    }
    const choice = random.below(10);
    const opcode = random.pick(choice < 3 ? control : choice < 8 ? arithmetic : usable);
    add(SymbolKind.SEMANTIC_RULE, BigInt(opcode.value));
    if (/CAST_SCALAR|LOGICAL_NOT/.test(opcode.name) && random.below(4) > 0) {
      slots.push(...conversion(random, opcode.name, wild));
      continue;
    }
    const floatKind = /FLOAT/.test(opcode.name) ? 1 + random.below(2) : 0;
    const comparesFloats = /(GT|LT|EQUAL|NEQ)_FLOAT/.test(opcode.name);
    for (const name of opcode.operands ?? [])
      slots.push(...operand(random, name, floatKind, comparesFloats, wild));
  }
  const end = slots.length;
  // What the frame holds at the end is part of the answer.
  for (let index = 0; index < FRAME_SLOTS; index++) {
    add(SymbolKind.SEMANTIC_RULE, opcodeOf('FUNC_PRINT'));
    add(SymbolKind.TEMP, BigInt(index));
  }
  slots.forEach((slot, at) => {
    if (slot.isTarget) slot.value = BigInt(target(random, starts, at, end));
  });
  return { bytes: bytesOf(slots), symbolCount: slots.length };
}

function opcodeOf(name: string): bigint {
  return BigInt(opcodes.findIndex((opcode) => opcode.name === name));
}

/** Mostly forward: most loops of random instructions never end. */
function target(random: Random, starts: readonly number[], from: number, end: number): number {
  const choice = random.below(30);
  if (choice === 0) return random.below(end + 3);
  if (choice < 4) return end;
  const later = starts.filter((start) => start > from);
  return random.pick(choice < 20 && later.length > 0 ? later : starts);
}

function operand(
  random: Random,
  name: string,
  floatKind: number,
  comparesFloats: boolean,
  wild: boolean,
): Slot[] {
  const number = (value: bigint): Slot[] => [{ kind: SymbolKind.NUM, value, length: 0n }];
  if (wild && random.below(40) === 0) return [place(random, random.below(3), wild)];
  switch (name) {
    case 'target':
      return [{ kind: SymbolKind.NUM, value: 0n, length: 0n, isTarget: true }];
    case 'typeId':
    case 'sourceTypeId':
    case 'destTypeId':
      return number(BigInt(random.pick(random.below(5) === 0 ? typeIds : likelyTypes)));
    case 'elementSize':
      return number(random.below(3) === 0 ? random.pick(numbers) : BigInt(random.pick([1, 2, 4, 8])));
    case 'size':
      return number(BigInt(random.pick([1, 2, 4, 8, 8, 4, 0, 16])));
    case 'addressSpace':
    case 'destSpace':
    case 'srcSpace':
      return number(BigInt(random.pick([1, 2, 1, 2, 3])));
    case 'format-string':
      return text('%d \0');
    case 'count':
      return [...number(1n), place(random, 0, wild)];
    case 'arg1..argN':
      return [];
    case 'dest':
    case 'lvalue': {
      if (floatKind !== 0) return [frame(random, comparesFloats ? 0 : floatKind)];
      return [random.below(4) === 0 ? place(random, 0, wild) : frame(random, 0)];
    }
    default: {
      if (floatKind === 0 && random.below(40) === 0) return text('abc\0');
      return random.below(floatKind === 0 ? 3 : 2) === 0
        ? [constant(random, floatKind)]
        : [place(random, floatKind, wild)];
    }
  }
}

/** Operands of a cast or a logical not whose value kinds are those of their types. */
function conversion(random: Random, name: string, wild: boolean): Slot[] {
  const anyType = (): number =>
    random.pick([...likelyTypes, ScalarType.F32, ScalarType.F64, ScalarType.POINTER]);
  const kindOf = (type: number): number => (type === ScalarType.F32 ? 1 : type === ScalarType.F64 ? 2 : 0);
  const from = anyType();
  const to = anyType();
  const source = random.below(2) === 0 ? constant(random, kindOf(from)) : place(random, kindOf(from), wild);
  const typeSlot = (type: number): Slot => ({ kind: SymbolKind.NUM, value: BigInt(type), length: 0n });
  if (name.endsWith('NOT_TYPED')) return [source, frame(random, 0), typeSlot(from)];
  return [source, frame(random, kindOf(to)), typeSlot(from), typeSlot(to)];
}

function text(letters: string): Slot[] {
  let value = 0n;
  [...letters].forEach((letter, index) => (value |= BigInt(letter.charCodeAt(0)) << BigInt(index * 8)));
  return [{ kind: SymbolKind.STRING, value, length: BigInt(letters.length) }];
}

function constant(random: Random, floatKind: number): Slot {
  const value = random.pick(floatKind === 1 ? singles : floatKind === 2 ? doubles : numbers);
  return { kind: SymbolKind.NUM, value, length: BigInt(floatKind) };
}

function frame(random: Random, floatKind: number): Slot {
  return { kind: SymbolKind.TEMP, value: BigInt(random.below(FRAME_SLOTS)), length: BigInt(floatKind) };
}

function place(random: Random, floatKind: number, wild: boolean): Slot {
  const length = BigInt(floatKind);
  const small = BigInt(random.below(4));
  switch (random.below(wild ? 16 : 13)) {
    case 0:
      return { kind: SymbolKind.GLOBAL_ID, value: small, length };
    case 1:
      return { kind: SymbolKind.REGISTER, value: BigInt(random.below(wild ? 125 : 80)), length };
    case 2:
      return { kind: SymbolKind.FUNCTION_PARAMETER_ID, value: small, length };
    case 3:
      return { kind: SymbolKind.REFERENCE_TEMP, value: small, length };
    case 4:
      return { kind: SymbolKind.DEREFERENCE_TEMP, value: small, length };
    case 5:
      return { kind: random.pick([SymbolKind.STACK_INDEX, SymbolKind.STACK_BASE_INDEX]), value: 0n, length };
    case 6:
      return { kind: SymbolKind.RETURN_VALUE, value: 0n, length };
    case 7:
      return { kind: SymbolKind.PSEUDO_REG, value: small, length };
    case 13:
      return { kind: SymbolKind.TEMP, value: BigInt(random.pick([250, 255, 256, 300, 0xffffffff])), length };
    case 14:
      return { kind: SymbolKind.GLOBAL_ID, value: BigInt(random.pick([511, 512, 100000])), length };
    case 15:
      return { kind: random.below(22), value: BigInt(random.below(300)), length };
    default:
      return frame(random, floatKind);
  }
}

function bytesOf(slots: readonly Slot[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * SYMBOL_BYTES);
  const view = new DataView(bytes.buffer);
  slots.forEach(({ kind, value, length }, index) => {
    view.setBigUint64(index * SYMBOL_BYTES, BigInt(kind), true);
    view.setBigUint64(index * SYMBOL_BYTES + 8, length, true);
    view.setBigUint64(index * SYMBOL_BYTES + 16, value, true);
  });
  return bytes;
}
