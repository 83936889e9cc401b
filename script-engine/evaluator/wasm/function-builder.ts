/** Operands of instructions in WebAssembly: where they live, and how they are read and written. */

import { SymbolKind } from '../../catalog/opcodes';
import { scriptLimits } from '../../catalog/keywords';
import type { PreparedScript } from '../prepare';
import { SYMBOL_BYTES } from '../prepare';
import { layout, REGISTER_COUNT, STACK_BYTES, STACK_WORDS } from './arena';
import { CodeWriter, type Label, type WasmAccess } from './code-writer';
import { generalPart } from '../register-access';

/** Parameters and locals of the function. `entry` is, after the start, the block that dispatchers lead to, plus 1. */
export const Local = {
  limit: 0,
  entry: 1,
  stackIndex: 2,
  baseIndex: 3,
  frame: 4,
  completed: 5,
  slot: 6,
  offset: 7,
  a: 8,
  b: 9,
  c: 10,
  address: 11,
  x: 12,
  y: 13,
} as const;

export const localCounts = { i32: 6, i64: 4, f64: 2 };

/** What changes the meaning of a buffer. */
export interface Variant {
  readonly upstreamFaults: boolean;
  readonly registersArePins: boolean;
  readonly isUserMode: boolean;
}

const WORD_SHIFT = 3;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const RETURN_WORDS = 3;

export class FunctionBuilder {
  readonly code = new CodeWriter();
  /** General registers and globals that the code reads or writes, and those it writes. */
  readonly registers = new Set<number>();
  readonly writtenRegisters = new Set<number>();
  readonly globals = new Set<number>();
  readonly writtenGlobals = new Set<number>();
  /** Frame slots are words of the stack from its start; false when SB never changes. */
  readonly movesFrame: boolean;
  /** Whether code writes to the stack beyond the frame slots it names. */
  reachesStack = false;
  largestFrameSlot = -1;

  constructor(
    readonly script: PreparedScript,
    readonly variant: Variant,
    movesFrame: boolean,
  ) {
    this.movesFrame = movesFrame;
  }

  kind(slot: number): number {
    return this.script.kinds[slot] ?? SymbolKind.INVALID;
  }

  index(slot: number): number {
    return this.script.indexes[slot] ?? 0;
  }

  valueKind(slot: number): number {
    return this.script.lengths[slot] ?? 0;
  }

  /** Whether reading and writing the operand is possible without the interpreter. */
  canAccess(slot: number): boolean {
    const index = this.index(slot);
    switch (this.kind(slot)) {
      case SymbolKind.TEMP:
      case SymbolKind.DEREFERENCE_TEMP:
        return index < STACK_WORDS;
      case SymbolKind.FUNCTION_PARAMETER_ID:
        return index < STACK_WORDS - RETURN_WORDS;
      case SymbolKind.GLOBAL_ID:
        return index < scriptLimits.maxGlobalVariables;
      case SymbolKind.REGISTER:
        return this.#registerPart(index) !== undefined;
      case SymbolKind.PSEUDO_REG:
        return false;
      default:
        return true;
    }
  }

  /** The SB for which a block's frame slots and parameters all lie inside the stack. */
  frameRange(slots: readonly number[]): { readonly least: number; readonly most: number } {
    let least = 0;
    let most = STACK_WORDS - 1;
    for (const slot of slots) {
      if (!this.canAccess(slot)) continue;
      const index = this.index(slot);
      const kind = this.kind(slot);
      if (kind === SymbolKind.TEMP || kind === SymbolKind.DEREFERENCE_TEMP) {
        most = Math.min(most, STACK_WORDS - 1 - index);
        this.largestFrameSlot = Math.max(this.largestFrameSlot, index);
      }
      if (kind === SymbolKind.FUNCTION_PARAMETER_ID) least = Math.max(least, RETURN_WORDS + index);
    }
    return { least, most };
  }

  /** Pushes the value of an operand; jumps to `slow`, with nothing done, where only the interpreter knows it. */
  read(slot: number, slow: Label): void {
    const { code } = this;
    const index = this.index(slot);
    switch (this.kind(slot)) {
      case SymbolKind.NUM:
        code.i64(this.script.values[slot] ?? 0n);
        return;
      case SymbolKind.TEMP:
        this.#frameWord(index, 'i64.load');
        return;
      case SymbolKind.FUNCTION_PARAMETER_ID:
        this.#parameterAddress(index);
        code.access('i64.load', 0);
        return;
      case SymbolKind.GLOBAL_ID:
        this.globals.add(index);
        code.i32(0).access('i64.load', layout.globals + index * 8);
        return;
      case SymbolKind.REGISTER:
        this.#readRegister(index);
        return;
      case SymbolKind.STACK_INDEX:
        code.get(Local.stackIndex).op('i64.extend_i32_u');
        return;
      case SymbolKind.STACK_BASE_INDEX:
        code.get(Local.baseIndex).op('i64.extend_i32_u');
        return;
      case SymbolKind.RETURN_VALUE:
        code.i32(0).access('i64.load', layout.returnValue);
        return;
      case SymbolKind.REFERENCE_TEMP:
        this.pushStackAddress(index);
        return;
      case SymbolKind.DEREFERENCE_TEMP:
        this.#frameWord(index, 'i64.load');
        code.set(Local.address);
        this.ownStackOffset(8, slow);
        code.get(Local.offset).access('i64.load', layout.stack);
        return;
      default:
        code.i64(0n);
    }
  }

  /** Writes a local to an operand; jumps to `slow` before anything is written. */
  write(slot: number, value: number, slow: Label): void {
    const { code } = this;
    const index = this.index(slot);
    switch (this.kind(slot)) {
      case SymbolKind.TEMP:
        this.#frameWord(index, 'i64.store', value);
        return;
      case SymbolKind.FUNCTION_PARAMETER_ID:
        this.#parameterAddress(index);
        code.get(value).access('i64.store', 0);
        this.reachesStack = true;
        return;
      case SymbolKind.GLOBAL_ID:
        this.globals.add(index);
        this.writtenGlobals.add(index);
        code
          .i32(0)
          .get(value)
          .access('i64.store', layout.globals + index * 8);
        return;
      case SymbolKind.REGISTER:
        this.#writeRegister(index, value);
        return;
      case SymbolKind.STACK_INDEX:
        this.#smallNumber(value, slow);
        code.get(value).op('i32.wrap_i64').set(Local.stackIndex);
        return;
      case SymbolKind.STACK_BASE_INDEX:
        this.#smallNumber(value, slow);
        code.get(value).op('i32.wrap_i64').set(Local.baseIndex);
        this.setFrame();
        return;
      case SymbolKind.RETURN_VALUE:
        code.i32(0).get(value).access('i64.store', layout.returnValue);
        return;
      case SymbolKind.DEREFERENCE_TEMP:
        this.#frameWord(index, 'i64.load');
        code.set(Local.address);
        this.ownStackOffset(8, slow);
        code.get(Local.offset).get(value).access('i64.store', layout.stack);
        return;
      default:
        return;
    }
  }

  /** Address of the frame, from SB. */
  setFrame(): void {
    this.code.get(Local.baseIndex).i32(WORD_SHIFT).op('i32.shl').i32(layout.stack).op('i32.add');
    this.code.set(Local.frame);
  }

  /** The address that scripts see of `SB + index`, as `Execution.stackAddress` makes it. */
  pushStackAddress(index: number): void {
    const { code } = this;
    code.i32(0).access('i64.load', layout.stackBase);
    code.get(Local.baseIndex).op('i64.extend_i32_u').i64(BigInt(index)).op('i64.add');
    code.i64(BigInt(WORD_SHIFT)).op('i64.shl', 'i64.add');
  }

  /** Leaves in `offset` where `address` lies in the script's stack; elsewhere memory is the interpreter's matter. */
  ownStackOffset(sizeBytes: number, slow: Label): void {
    const { code } = this;
    this.reachesStack = true;
    code.get(Local.address).i32(0).access('i64.load', layout.stackBase).op('i64.sub').tee(Local.address);
    code
      .i64(BigInt(STACK_BYTES - sizeBytes))
      .op('i64.gt_u')
      .jumpIf(slow);
    code.get(Local.address).op('i32.wrap_i64').set(Local.offset);
  }

  /** What `REFERENCE` gives for an operand. */
  pushAddressOf(slot: number): void {
    const { code } = this;
    const index = this.index(slot);
    switch (this.kind(slot)) {
      case SymbolKind.TEMP:
      case SymbolKind.REFERENCE_TEMP:
        this.pushStackAddress(index);
        return;
      case SymbolKind.FUNCTION_PARAMETER_ID:
        this.pushStackAddress(-RETURN_WORDS - index);
        return;
      case SymbolKind.GLOBAL_ID:
        code.i32(0).access('i64.load', layout.globalsBase);
        code.i64(BigInt(index * 8)).op('i64.add');
        return;
      case SymbolKind.NUM:
        code.i32(0).access('i64.load', layout.codeBase);
        code.i64(BigInt(slot * SYMBOL_BYTES + 16)).op('i64.add');
        return;
      default:
        code.i64(0n);
    }
  }

  /** SI and SB above the stack are rare: the interpreter goes on from there. */
  #smallNumber(value: number, slow: Label): void {
    this.code.get(value).i64(BigInt(STACK_WORDS)).op('i64.ge_u').jumpIf(slow);
  }

  #frameWord(index: number, access: WasmAccess, value?: number): void {
    const { code } = this;
    if (this.movesFrame) code.get(Local.frame);
    else code.i32(0);
    if (value !== undefined) code.get(value);
    code.access(access, index * 8 + (this.movesFrame ? 0 : layout.stack));
  }

  #parameterAddress(index: number): void {
    this.code
      .get(Local.frame)
      .i32((RETURN_WORDS + index) * 8)
      .op('i32.sub');
  }

  #registerPart(id: number) {
    const { registersArePins, upstreamFaults, isUserMode } = this.variant;
    if (registersArePins)
      return id < REGISTER_COUNT ? { generalIndex: id, shift: 0n, mask: ALL_ONES } : undefined;
    const part = generalPart(id);
    if (part === undefined) return undefined;
    // There a write to a part of rsp is not what it should be.
    return upstreamFaults && isUserMode && part.ofStackPointer && part.mask !== ALL_ONES ? undefined : part;
  }

  #readRegister(id: number): void {
    const part = this.#registerPart(id);
    if (part === undefined) throw new Error(`register ${id} cannot be compiled`);
    const { code } = this;
    this.registers.add(part.generalIndex);
    code.i32(0).access('i64.load', layout.registers + part.generalIndex * 8);
    if (part.shift !== 0n) code.i64(part.shift).op('i64.shr_u');
    if (part.mask !== ALL_ONES) code.i64(part.mask).op('i64.and');
  }

  /** Merges a part into its register (script-language 10). */
  #writeRegister(id: number, value: number): void {
    const part = this.#registerPart(id);
    if (part === undefined) throw new Error(`register ${id} cannot be compiled`);
    const { code } = this;
    const place = layout.registers + part.generalIndex * 8;
    this.registers.add(part.generalIndex);
    this.writtenRegisters.add(part.generalIndex);
    code.i32(0);
    if (part.mask === ALL_ONES) {
      code.get(value).access('i64.store', place);
      return;
    }
    code
      .i32(0)
      .access('i64.load', place)
      .i64(ALL_ONES ^ (part.mask << part.shift))
      .op('i64.and');
    code.get(value).i64(part.mask).op('i64.and').i64(part.shift).op('i64.shl', 'i64.or');
    code.access('i64.store', place);
  }
}
