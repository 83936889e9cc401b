/** Finds the callers of a stopped function. */

import { type CallFrameRules, DwarfRegister } from '../symbols/call-frame-table';
import type { SymbolTable } from '../symbols/symbol-table';
import { SerialQueue } from './serial-queue';

export interface WalkedFrame {
  readonly instructionPointer: bigint;
  /** Stack pointer in this frame. */
  readonly stackPointer: bigint;
  /** `scan`: found by looking through the stack, so it may be a leftover of an earlier call. */
  readonly origin: 'registers' | 'chain' | 'scan';
  /** By DWARF number, as they are in this frame; those that are not known are missing. */
  readonly registers: ReadonlyMap<number, bigint>;
}

export interface WalkStart {
  readonly rip: bigint;
  /** GUEST_REGS order. */
  readonly general: BigUint64Array;
}

export type ReadMemory = (address: bigint, sizeBytes: number) => Promise<Uint8Array>;

/** Place of RSP in GUEST_REGS order. */
export const RSP_INDEX = 4;

const NO_REGISTERS: ReadonlyMap<number, bigint> = new Map();
const MAX_FRAMES = 20_000;
const STACK_WINDOW_BYTES = 4096;
/** Slots looked through when the chain of frame pointers does not start. */
const MAX_SCAN_SLOTS = 256;

/** DWARF numbers of the registers in GUEST_REGS order. */
export const DWARF_NUMBERS = [0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/**
 * Walks from the innermost frame outwards, by the call frame tables of the modules and, where those say nothing, by the chain of
 * RBP values. A step is believed only when the stack shrinks and the return address follows a call instruction in code; so it ends,
 * and what cannot be known yields few frames rather than wrong ones. Frames are found when they are asked for: a client shows
 * twenty, a recursion can have thousands.
 */
export class StackWalk {
  readonly #frames: WalkedFrame[];
  readonly #stack: StackReader;
  readonly #walker: Walker;
  readonly #isReturnAddress: ReturnAddressTest;
  readonly #queue = new SerialQueue();
  #state: WalkState;
  #isComplete = false;

  constructor(
    start: WalkStart,
    readMemory: ReadMemory,
    symbols: SymbolTable,
    isReturnAddress: ReturnAddressTest,
  ) {
    const stackPointer = start.general[RSP_INDEX] ?? 0n;
    this.#stack = new StackReader(stackPointer, readMemory);
    this.#isReturnAddress = isReturnAddress;
    this.#walker = new Walker(this.#stack, this.#isReturnAddress, readMemory, symbols);
    this.#state = {
      rip: start.rip,
      registers: new Map(DWARF_NUMBERS.map((number, i) => [number, start.general[i] ?? 0n])),
    };
    this.#frames = [
      {
        instructionPointer: start.rip,
        stackPointer,
        origin: 'registers',
        registers: this.#state.registers,
      },
    ];
  }

  /** Whether all frames have been found. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The frames found so far, at least `count` of them if the stack is that deep. */
  frames(count: number): Promise<readonly WalkedFrame[]> {
    return this.#queue.run(async () => {
      while (!this.#isComplete && this.#frames.length < count) await this.#advance();
      return this.#frames;
    });
  }

  async #advance(): Promise<void> {
    const isInnermost = this.#frames.length === 1;
    const next = await this.#walker.callerOf(this.#state, isInnermost);
    if (next !== undefined && next !== 'outermost') {
      this.#state = next;
      this.#frames.push({
        instructionPointer: next.rip,
        stackPointer: stackPointerOf(next),
        origin: 'chain',
        registers: next.registers,
      });
      this.#isComplete = this.#frames.length >= MAX_FRAMES;
      return;
    }
    this.#isComplete = true;
    const [innermost] = this.#frames;
    if (next === undefined && isInnermost && innermost !== undefined) {
      this.#frames.push(...(await scanStack(innermost.stackPointer, this.#stack, this.#isReturnAddress)));
    }
  }
}

interface WalkState {
  readonly rip: bigint;
  /** By DWARF number; those a caller's frame does not tell are missing. */
  readonly registers: ReadonlyMap<number, bigint>;
}

function stackPointerOf(state: WalkState): bigint {
  return state.registers.get(DwarfRegister.rsp) ?? 0n;
}

class Walker {
  constructor(
    private readonly stack: StackReader,
    private readonly isReturnAddress: ReturnAddressTest,
    private readonly readMemory: ReadMemory,
    private readonly symbols: SymbolTable,
  ) {}

  async callerOf(state: WalkState, isInnermost: boolean): Promise<WalkState | 'outermost' | undefined> {
    // A return address can lie behind the end of a function that ends in a call.
    const rules = this.symbols.callFrameAt(isInnermost ? state.rip : state.rip - 1n);
    if (rules !== undefined) {
      if (rules.isOutermost) return 'outermost';
      return this.#byRules(state, rules);
    }
    const rsp = stackPointerOf(state);
    const rbp = state.registers.get(DwarfRegister.rbp) ?? 0n;
    const leaf = isInnermost
      ? await leafReturnSlot(state.rip, rsp, this.readMemory, this.symbols)
      : undefined;
    if (leaf !== undefined) {
      const frame = leaf.frameSlot === undefined ? rbp : await this.stack.read(leaf.frameSlot);
      const caller = await this.#callerAt(leaf.returnSlot, frame);
      if (caller !== undefined) return caller;
    }
    if (rbp < rsp || rbp % 8n !== 0n) return undefined;
    return this.#callerAt(rbp + 8n, await this.stack.read(rbp));
  }

  async #byRules(state: WalkState, rules: CallFrameRules): Promise<WalkState | undefined> {
    const base = state.registers.get(rules.cfaRegister);
    const returnOffset = rules.saved.get(DwarfRegister.returnAddress);
    if (base === undefined || returnOffset === undefined) return undefined;
    const frameAddress = base + rules.cfaOffset;
    if (frameAddress <= stackPointerOf(state)) return undefined;
    const rip = await this.stack.read(frameAddress + returnOffset);
    if (rip === undefined || !(await this.isReturnAddress(rip))) return undefined;
    const registers = new Map(state.registers);
    for (const [register, offset] of rules.saved) {
      const value = await this.stack.read(frameAddress + offset);
      if (value === undefined) registers.delete(register);
      else registers.set(register, value);
    }
    registers.set(DwarfRegister.rsp, frameAddress);
    return { rip, registers };
  }

  async #callerAt(returnSlot: bigint, framePointer: bigint | undefined): Promise<WalkState | undefined> {
    const rip = await this.stack.read(returnSlot);
    if (rip === undefined || framePointer === undefined || !(await this.isReturnAddress(rip)))
      return undefined;
    const registers = new Map([
      [DwarfRegister.rsp as number, returnSlot + 8n],
      [DwarfRegister.rbp as number, framePointer],
    ]);
    return { rip, registers };
  }
}

/** Where the return address lies while the function has no frame of its own yet, or no longer. */
async function leafReturnSlot(
  rip: bigint,
  rsp: bigint,
  readMemory: ReadMemory,
  symbols: SymbolTable,
): Promise<{ returnSlot: bigint; frameSlot: bigint | undefined } | undefined> {
  const code = await readMemory(rip, 1);
  // ret, ret n
  if (code[0] === 0xc3 || code[0] === 0xc2) return { returnSlot: rsp, frameSlot: undefined };
  const current = symbols.functionAt(rip);
  if (current === undefined) return undefined;
  const distance = Number(rip - current.start);
  if (distance === 0) return { returnSlot: rsp, frameSlot: undefined };
  if (distance > 5) return undefined;
  const prologue = await readMemory(current.start, 8);
  const pushAt = prologueLength(prologue);
  if (pushAt === undefined) return undefined;
  if (distance <= pushAt) return { returnSlot: rsp, frameSlot: undefined };
  // Between `push rbp` and `mov rbp, rsp` the caller's RBP lies on top of the stack.
  return distance === pushAt + 1 ? { returnSlot: rsp + 8n, frameSlot: rsp } : undefined;
}

/** Offset of `push rbp` in a prologue that may start with `endbr64`. */
function prologueLength(code: Uint8Array): number | undefined {
  const endbr = code[0] === 0xf3 && code[1] === 0x0f && code[2] === 0x1e && code[3] === 0xfa;
  const at = endbr ? 4 : 0;
  return code[at] === 0x55 ? at : undefined;
}

async function scanStack(
  rsp: bigint,
  stack: StackReader,
  isReturnAddress: ReturnAddressTest,
): Promise<WalkedFrame[]> {
  const frames: WalkedFrame[] = [];
  for (let slot = 0; slot < MAX_SCAN_SLOTS; slot++) {
    const at = rsp + BigInt(slot * 8);
    const value = await stack.read(at);
    if (value === undefined) break;
    if (await isReturnAddress(value)) {
      frames.push({
        instructionPointer: value,
        stackPointer: at + 8n,
        origin: 'scan',
        registers: NO_REGISTERS,
      });
    }
  }
  return frames;
}

/** Whether an address is in known code and directly after a call instruction. */
export type ReturnAddressTest = (address: bigint) => Promise<boolean>;

/** Answers are kept: code does not change, and a client walks the same stack at every stop. */
export function returnAddressTest(readMemory: ReadMemory, symbols: SymbolTable): ReturnAddressTest {
  const known = new Map<bigint, boolean>();
  return async (address) => {
    const seen = known.get(address);
    if (seen !== undefined) return seen;
    if (!symbols.isCode(address)) return false;
    const answer = endsInCall(await readMemory(address - 7n, 7));
    known.set(address, answer);
    return answer;
  };
}

/** Whether the last bytes are a call: `e8 rel32`, or `ff /2` with any of its address forms. */
function endsInCall(code: Uint8Array): boolean {
  if (code.length < 7) return false;
  if (code[2] === 0xe8) return true;
  for (const length of [2, 3, 4, 6, 7]) {
    const at = 7 - length;
    const modrm = code[at + 1] ?? 0;
    if (code[at] === 0xff && ((modrm >> 3) & 7) === 2 && callLength(modrm, code[at + 2] ?? 0) === length) {
      return true;
    }
  }
  return false;
}

/** Length of `ff /2` with this ModRM and SIB byte. */
function callLength(modrm: number, sib: number): number {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return 2;
  const withSib = rm === 4 ? 1 : 0;
  if (mod === 1) return 3 + withSib;
  if (mod === 2) return 6 + withSib;
  const hasDisplacement = rm === 5 || (rm === 4 && (sib & 7) === 5);
  return 2 + withSib + (hasDisplacement ? 4 : 0);
}

/** Reads the stack in windows: one packet serves many slots. */
class StackReader {
  readonly #windows = new Map<bigint, Promise<Uint8Array>>();

  constructor(
    private readonly base: bigint,
    private readonly readMemory: ReadMemory,
  ) {}

  async read(address: bigint): Promise<bigint | undefined> {
    const distance = address - this.base;
    if (distance < 0n) return undefined;
    const start = this.base + (distance / BigInt(STACK_WINDOW_BYTES)) * BigInt(STACK_WINDOW_BYTES);
    let window = this.#windows.get(start);
    if (window === undefined) {
      window = this.readMemory(start, STACK_WINDOW_BYTES);
      this.#windows.set(start, window);
    }
    const bytes = await window;
    const offset = Number(address - start);
    if (offset + 8 > bytes.length) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset, true);
  }
}
