/** Location expressions (DWARF 5, 2.5 and 2.6): where a variable is in a frame. */

import { ByteCursor, EndOfBytes } from '../byte-cursor';

export type Place =
  | { readonly kind: 'memory'; readonly address: bigint }
  /** DWARF number of the register that holds it. */
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'value'; readonly bytes: Uint8Array };

/** What an expression may ask about its frame. A value is undefined when the frame does not tell it. */
export interface FrameContext {
  /** By DWARF number. */
  readonly registers: ReadonlyMap<number, bigint>;
  /** What the module is moved by. */
  readonly bias: bigint;
  /** Entry of the unit's table of addresses, as linked. */
  indexedAddress(index: number): bigint;
  /** Canonical frame address. */
  frameAddress(): bigint | undefined;
  /** DW_AT_frame_base of the function. */
  frameBase(): Promise<bigint | undefined>;
  readMemory(address: bigint, sizeBytes: number): Promise<Uint8Array>;
}

/** The frame does not tell what the expression needs, or it uses something that we do not know. */
class Unknowable extends Error {}

const MAX_OPERATIONS = 1000;
const bytesOf = (value: bigint): Uint8Array =>
  new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer);

/** Evaluates an expression; undefined when the variable has no place, or none that can be known. */
export async function placeOf(expression: Uint8Array, frame: FrameContext): Promise<Place | undefined> {
  if (expression.length === 0) return undefined;
  try {
    return await evaluate(new ByteCursor(expression), frame);
  } catch (error) {
    if (error instanceof Unknowable || error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

async function evaluate(cursor: ByteCursor, frame: FrameContext): Promise<Place> {
  const stack: bigint[] = [];
  const pop = (): bigint => {
    const value = stack.pop();
    if (value === undefined) throw new Unknowable();
    return value;
  };
  const push = (value: bigint | undefined): void => {
    if (value === undefined) throw new Unknowable();
    stack.push(BigInt.asUintN(64, value));
  };
  const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
  const binary = (operate: (a: bigint, b: bigint) => bigint): void => {
    const b = pop();
    push(operate(pop(), b));
  };
  const read = async (sizeBytes: number): Promise<void> => {
    const bytes = await frame.readMemory(pop(), sizeBytes);
    if (bytes.length < sizeBytes) throw new Unknowable();
    push(bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n));
  };
  for (let count = 0; cursor.remaining > 0; count++) {
    if (count > MAX_OPERATIONS) throw new Unknowable();
    const code = cursor.u8();
    if (code >= 0x30 && code <= 0x4f) {
      push(BigInt(code - 0x30)); // DW_OP_lit
      continue;
    }
    if (code >= 0x50 && code <= 0x6f) return { kind: 'register', register: code - 0x50 };
    if (code >= 0x70 && code <= 0x8f) {
      push(sum(frame.registers.get(code - 0x70), cursor.sleb())); // DW_OP_breg
      continue;
    }
    switch (code) {
      case 0x03: // DW_OP_addr
        push(cursor.u64() + frame.bias);
        break;
      case 0x06: // DW_OP_deref
        await read(8);
        break;
      case 0x94: // DW_OP_deref_size
        await read(cursor.u8());
        break;
      case 0x08:
        push(BigInt(cursor.u8()));
        break;
      case 0x09:
        push(BigInt(cursor.i8()));
        break;
      case 0x0a:
        push(BigInt(cursor.u16()));
        break;
      case 0x0b:
        push(BigInt.asIntN(16, BigInt(cursor.u16())));
        break;
      case 0x0c:
        push(BigInt(cursor.u32()));
        break;
      case 0x0d:
        push(BigInt.asIntN(32, BigInt(cursor.u32())));
        break;
      case 0x0e:
      case 0x0f:
        push(cursor.u64());
        break;
      case 0x10: // DW_OP_constu
        push(BigInt(cursor.uleb()));
        break;
      case 0x11: // DW_OP_consts
        push(BigInt(cursor.sleb()));
        break;
      case 0x12: // DW_OP_dup
        push(stack.at(-1));
        break;
      case 0x13: // DW_OP_drop
        pop();
        break;
      case 0x14: // DW_OP_over
        push(stack.at(-2));
        break;
      case 0x16: {
        // DW_OP_swap
        const [b, a] = [pop(), pop()];
        push(b);
        push(a);
        break;
      }
      case 0x19: {
        // DW_OP_abs
        const value = signed(pop());
        push(value < 0n ? -value : value);
        break;
      }
      case 0x1a:
        binary((a, b) => a & b);
        break;
      case 0x1b: // DW_OP_div
        binary((a, b) => {
          if (b === 0n) throw new Unknowable();
          return signed(a) / signed(b);
        });
        break;
      case 0x1c:
        binary((a, b) => a - b);
        break;
      case 0x1d: // DW_OP_mod
        binary((a, b) => {
          if (b === 0n) throw new Unknowable();
          return a % b;
        });
        break;
      case 0x1e:
        binary((a, b) => a * b);
        break;
      case 0x1f:
        push(-signed(pop()));
        break;
      case 0x20:
        push(~pop());
        break;
      case 0x21:
        binary((a, b) => a | b);
        break;
      case 0x22:
        binary((a, b) => a + b);
        break;
      case 0x23: // DW_OP_plus_uconst
        push(pop() + BigInt(cursor.uleb()));
        break;
      case 0x24:
        binary((a, b) => (b > 63n ? 0n : a << b));
        break;
      case 0x25:
        binary((a, b) => (b > 63n ? 0n : a >> b));
        break;
      case 0x26:
        binary((a, b) => signed(a) >> (b > 63n ? 63n : b));
        break;
      case 0x27:
        binary((a, b) => a ^ b);
        break;
      case 0x90: // DW_OP_regx
        return { kind: 'register', register: cursor.uleb() };
      case 0x91: // DW_OP_fbreg
        push(sum(await frame.frameBase(), cursor.sleb()));
        break;
      case 0x92: {
        // DW_OP_bregx
        const register = cursor.uleb();
        push(sum(frame.registers.get(register), cursor.sleb()));
        break;
      }
      case 0x96: // DW_OP_nop
        break;
      case 0x9c: // DW_OP_call_frame_cfa
        push(frame.frameAddress());
        break;
      case 0xa1: // DW_OP_addrx
        push(frame.indexedAddress(cursor.uleb()) + frame.bias);
        break;
      case 0x9e: // DW_OP_implicit_value
        return { kind: 'value', bytes: cursor.take(cursor.uleb()).bytes };
      case 0x9f: // DW_OP_stack_value
        return { kind: 'value', bytes: bytesOf(pop()) };
      default:
        // Pieces, entry values, thread-local storage and branches: not told rather than told wrong.
        throw new Unknowable();
    }
  }
  return { kind: 'memory', address: pop() };
}

function sum(base: bigint | undefined, offset: number): bigint | undefined {
  return base === undefined ? undefined : base + BigInt(offset);
}
