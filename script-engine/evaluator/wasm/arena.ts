/** The memory that compiled code works on: a script's stack, and copies of the registers and globals it names. */

import { scriptLimits } from '../../catalog/keywords';
import type { SessionBases } from '../session';
import { isRefusal, type WebAssemblyApi, type WasmMemory } from './web-assembly';

const WORD_BYTES = 8;

/** Byte offsets in the memory. */
export const layout = {
  stackIndex: 0,
  baseIndex: 4,
  completed: 8,
  returnValue: 16,
  /** Addresses that scripts see: of the stack, the globals and the code. */
  stackBase: 24,
  globalsBase: 32,
  codeBase: 40,
  registers: 64,
  stack: 256,
  globals: 4096,
} as const;

export const REGISTER_COUNT = 16;
export const STACK_WORDS = scriptLimits.maxStackSlots;
export const STACK_BYTES = STACK_WORDS * WORD_BYTES;

const INT_BYTES = 4;

export class Arena {
  readonly memory: WasmMemory;
  readonly #integers: Int32Array;
  readonly #words: BigUint64Array;
  readonly registers: BigUint64Array;
  readonly globals: BigUint64Array;
  readonly stack: BigUint64Array;
  readonly stackBytes: Uint8Array;
  #bases: SessionBases | undefined;

  constructor(api: WebAssemblyApi) {
    this.memory = new api.Memory({ initial: 1, maximum: 1 });
    const { buffer } = this.memory;
    this.#integers = new Int32Array(buffer, 0, layout.registers / INT_BYTES);
    this.#words = new BigUint64Array(buffer, 0, layout.registers / WORD_BYTES);
    this.registers = new BigUint64Array(buffer, layout.registers, REGISTER_COUNT);
    this.globals = new BigUint64Array(buffer, layout.globals, scriptLimits.maxGlobalVariables);
    this.stack = new BigUint64Array(buffer, layout.stack, STACK_WORDS);
    this.stackBytes = new Uint8Array(buffer, layout.stack, STACK_BYTES);
  }

  get stackIndex(): number {
    return (this.#integers[layout.stackIndex / INT_BYTES] ?? 0) >>> 0;
  }
  get baseIndex(): number {
    return (this.#integers[layout.baseIndex / INT_BYTES] ?? 0) >>> 0;
  }
  get completed(): number {
    return this.#integers[layout.completed / INT_BYTES] ?? 0;
  }
  get returnValue(): bigint {
    return this.#words[layout.returnValue / WORD_BYTES] ?? 0n;
  }

  /** SI, SB, RV and the number of completed instructions, as a run begins or goes on. */
  enter(stackIndex: number, baseIndex: number, returnValue: bigint, completed: number): void {
    this.#integers[layout.stackIndex / INT_BYTES] = stackIndex;
    this.#integers[layout.baseIndex / INT_BYTES] = baseIndex;
    this.#integers[layout.completed / INT_BYTES] = completed;
    this.#words[layout.returnValue / WORD_BYTES] = returnValue;
  }

  useBases(bases: SessionBases): void {
    if (bases === this.#bases) return;
    this.#bases = bases;
    this.#words[layout.stackBase / WORD_BYTES] = bases.stack;
    this.#words[layout.globalsBase / WORD_BYTES] = bases.globals;
    this.#words[layout.codeBase / WORD_BYTES] = bases.code;
  }

  clearStack(words: number): void {
    this.stackBytes.fill(0, 0, words * WORD_BYTES);
  }
}

const free: Arena[] = [];

/**
 * An arena for one run; undefined when there is no memory for it. More than one exists only while a script waits for another
 * one, in `pause()`.
 */
export function takeArena(api: WebAssemblyApi): Arena | undefined {
  const known = free.pop();
  if (known !== undefined) return known;
  try {
    return new Arena(api);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

export function giveBack(arena: Arena): void {
  free.push(arena);
}
