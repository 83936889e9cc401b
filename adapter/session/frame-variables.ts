/** Parameters, locals and globals of the program in a frame, from its debug information. */

import { generalRegisterOrder, registerByName } from '../../script-engine/catalog/registers';
import type { Variable } from '../symbols/dwarf/debug-info';
import { placeOf, type FrameContext } from '../symbols/dwarf/location';
import { DWARF_NUMBERS, type WalkedFrame } from '../target/stack-walk';
import { parseValue, readValue, type CValue, type ValueReader } from './c-value';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** A variable that the compiler has left without a place here has no value. */
export interface FoundVariable {
  readonly name: string;
  readonly isParameter: boolean;
  readonly value: CValue | undefined;
  readonly typeName: string | undefined;
}

/** All but what belongs to the unit of each variable. */
type ScopeContext = Omit<FrameContext, 'indexedAddress'>;

const WORD_BYTES = 8;
const NO_BYTES = new Uint8Array(0);

export class FrameVariables implements ValueReader {
  readonly #live: LiveTarget;
  readonly #frame: WalkedFrame;
  /** A return address belongs to the call before it. */
  readonly #address: bigint;

  constructor(live: LiveTarget, frame: WalkedFrame) {
    this.#live = live;
    this.#frame = frame;
    this.#address = frame.origin === 'registers' ? frame.instructionPointer : frame.instructionPointer - 1n;
  }

  readMemory(address: bigint, sizeBytes: number): Promise<Uint8Array> {
    return this.#live.readMemory(address, sizeBytes);
  }

  register(number: number): bigint | undefined {
    return this.#frame.registers.get(number);
  }

  /** Whether the frame's function has debug information. */
  get isKnown(): boolean {
    return this.#live.symbols.scopeAt(this.#address) !== undefined;
  }

  /** All that is visible in the frame, parameters first. */
  async all(): Promise<FoundVariable[]> {
    const found = this.#live.symbols.scopeAt(this.#address);
    if (found === undefined) return [];
    const context = this.#context(found.bias, found.scope.frameBase);
    return Promise.all(found.scope.variables.map((variable) => this.#locate(variable, context)));
  }

  /** The variable that a name means in this frame: a visible one, or a global. */
  async find(name: string): Promise<FoundVariable | undefined> {
    const found = this.#live.symbols.scopeAt(this.#address);
    const named = found?.scope.variables.filter((variable) => variable.name === name) ?? [];
    const local = named.find(({ isParameter }) => !isParameter) ?? named[0];
    if (found !== undefined && local !== undefined)
      return this.#locate(local, this.#context(found.bias, found.scope.frameBase));
    const global = this.#live.symbols.globalVariable(name);
    return global && this.#locate(global.variable, this.#context(global.bias, undefined));
  }

  #context(bias: bigint, frameBase: Uint8Array | undefined): ScopeContext {
    const { registers } = this.#frame;
    const context: ScopeContext = {
      registers,
      bias,
      frameAddress: () => {
        const rules = this.#live.symbols.callFrameAt(this.#address);
        const base = rules === undefined ? undefined : registers.get(rules.cfaRegister);
        return base === undefined ? undefined : base + (rules?.cfaOffset ?? 0n);
      },
      frameBase: async () => {
        if (frameBase === undefined) return undefined;
        const place = await placeOf(frameBase, {
          ...context,
          // An expression for the frame's own base cannot rest on it.
          frameBase: () => Promise.resolve(undefined),
          indexedAddress: () => 0n,
        });
        if (place?.kind === 'memory') return place.address;
        return place?.kind === 'register' ? registers.get(place.register) : undefined;
      },
      readMemory: (address, sizeBytes) => this.readMemory(address, sizeBytes),
    };
    return context;
  }

  async #locate(variable: Variable, context: ScopeContext): Promise<FoundVariable> {
    const { name, type, isParameter, constant } = variable;
    const none = { name, isParameter, typeName: type?.name, value: undefined };
    if (type === undefined) return none;
    const expression = variable.locationAt(this.#address - context.bias);
    const place =
      expression === undefined
        ? constant === undefined
          ? undefined
          : { kind: 'value' as const, bytes: wordOf(constant) }
        : await placeOf(expression, {
            ...context,
            indexedAddress: (index) => variable.indexedAddress(index),
          });
    return place === undefined
      ? none
      : { ...none, value: { expression: name, type, place, bits: undefined } };
  }

  /** The bytes that `text` stands for as a value of the type. Throws RequestError. */
  parsed(value: CValue, text: string): Uint8Array {
    return parseValue(text, value, NO_BYTES);
  }

  /** Writes what `text` stands for. Rejects with RequestError where that cannot be. */
  async write(value: CValue, text: string): Promise<void> {
    const present = await readValue(this, value);
    const bytes = parseValue(text, value, present);
    const { place } = value;
    switch (place.kind) {
      case 'memory':
        await this.#live.debuggee.writeMemory(place.address, bytes);
        return;
      case 'value':
        throw new RequestError(`"${value.expression}" has no place in memory: the compiler computes it.`);
      case 'register':
        return this.#writeRegister(value.expression, place.register, bytes);
    }
  }

  async #writeRegister(expression: string, number: number, bytes: Uint8Array): Promise<void> {
    if (this.#frame.origin !== 'registers')
      throw new RequestError(
        `"${expression}" is in a register of a caller, which cannot be changed from here.`,
      );
    const name = generalRegisterOrder[DWARF_NUMBERS.findIndex((candidate) => candidate === number)];
    const register = name === undefined ? undefined : registerByName(name);
    if (register === undefined)
      throw new RequestError(`"${expression}" is in a register that cannot be changed.`);
    // The compiler may use the rest of the register for nothing; it stays as it is.
    const whole = wordOf(this.register(number) ?? 0n);
    whole.set(bytes.subarray(0, WORD_BYTES));
    await this.#live.debuggee.writeRegister(register.id, new DataView(whole.buffer).getBigUint64(0, true));
  }
}

function wordOf(value: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer);
}
