/** One run of a script: its registers, and the operands of its instructions (script-language 7). */

import { SymbolKind } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import type { PreparedScript } from './prepare';
import { readRegister, writeRegister } from './register-access';
import { ScriptAddresses } from './script-addresses';
import { fault, hex } from './script-fault';
import type { ScriptMachine } from './script-machine';
import type { ScriptSession } from './session';

const LARGEST_INDEX = 0xffffffff;

export class Execution {
  /** Slot of the next symbol. */
  slot = 0;
  /** SI, SB and RV. */
  stackIndex = 0;
  baseIndex = 0;
  returnValue = 0n;
  result: bigint | undefined;
  stack: BigUint64Array;
  readonly globals: BigUint64Array;
  readonly addresses: ScriptAddresses;
  readonly isUserMode: boolean;

  constructor(
    readonly script: PreparedScript,
    readonly machine: ScriptMachine,
    readonly session: ScriptSession,
    /** Do what upstream's evaluator does wrong, so that its golden answers can be compared (script-language 13). */
    readonly upstreamFaults: boolean,
    /** Register ids are pins and ports of a hardware debugger, which live in the general registers in order. */
    readonly registersArePins: boolean,
  ) {
    this.stack = session.stack;
    this.globals = session.globals;
    this.addresses = new ScriptAddresses(machine.memory, session, script.bytes);
    this.isUserMode = machine.mode === 'user';
  }

  /** From here on the script's stack is elsewhere; its contents are the caller's to keep. */
  useStack(words: BigUint64Array, bytes: Uint8Array): void {
    this.stack = words;
    this.addresses.stackBytes = bytes;
  }

  /** Takes the slot of the next operand. */
  operand(): number {
    const { slot } = this;
    const width = this.script.widths[slot];
    if (width === undefined || width === 0) fault('the instruction runs over the end of the script buffer');
    this.slot = slot + width;
    return slot;
  }

  read(slot: number): bigint {
    const { kinds, indexes } = this.script;
    const index = indexes[slot] ?? 0;
    switch (kinds[slot]) {
      case SymbolKind.NUM:
        return this.script.values[slot] ?? 0n;
      case SymbolKind.TEMP:
        return this.stack[this.baseIndex + index] ?? outsideStack(index);
      case SymbolKind.GLOBAL_ID:
        return this.globals[index] ?? outsideGlobals(index);
      case SymbolKind.REGISTER:
        return this.registersArePins
          ? (this.machine.generalRegisters[index] ?? 0n)
          : readRegister(this.machine, index);
      case SymbolKind.PSEUDO_REG:
        return BigInt.asUintN(64, this.machine.readPseudoRegister(index));
      case SymbolKind.FUNCTION_PARAMETER_ID:
        return this.stack[this.baseIndex - 3 - index] ?? outsideStack(index);
      case SymbolKind.STACK_INDEX:
        return BigInt(this.stackIndex);
      case SymbolKind.STACK_BASE_INDEX:
        return BigInt(this.baseIndex);
      case SymbolKind.RETURN_VALUE:
        return this.returnValue;
      case SymbolKind.REFERENCE_TEMP:
        return this.stackAddress(this.baseIndex + index);
      case SymbolKind.DEREFERENCE_TEMP: {
        const address = this.stack[this.baseIndex + index] ?? outsideStack(index);
        return (
          this.addresses.readNumber(address, 8) ?? fault(`the 8 bytes at ${hex(address)} cannot be read`)
        );
      }
      default:
        return 0n;
    }
  }

  write(slot: number, value: bigint): void {
    const { kinds, indexes } = this.script;
    const index = indexes[slot] ?? 0;
    switch (kinds[slot]) {
      case SymbolKind.TEMP:
        this.#writeStack(this.baseIndex + index, value);
        return;
      case SymbolKind.GLOBAL_ID:
        if (index >= this.globals.length) outsideGlobals(index);
        this.globals[index] = value;
        return;
      case SymbolKind.REGISTER:
        if (this.registersArePins) this.machine.generalRegisters[index] = value;
        else writeRegister(this.machine, index, BigInt.asUintN(64, value), this.upstreamFaults);
        return;
      case SymbolKind.FUNCTION_PARAMETER_ID:
        this.#writeStack(this.baseIndex - 3 - index, value);
        return;
      case SymbolKind.STACK_INDEX:
        this.stackIndex = indexOf(value);
        return;
      case SymbolKind.STACK_BASE_INDEX:
        this.baseIndex = indexOf(value);
        return;
      case SymbolKind.RETURN_VALUE:
        this.returnValue = BigInt.asUintN(64, value);
        return;
      case SymbolKind.DEREFERENCE_TEMP: {
        const address = this.stack[this.baseIndex + index] ?? outsideStack(index);
        if (!this.addresses.writeNumber(address, value, 8))
          fault(`the 8 bytes at ${hex(address)} cannot be written`);
        return;
      }
      default:
        return;
    }
  }

  /** `write(to, read(from))`; from cell to cell the value never becomes an object. */
  move(from: number, to: number): void {
    const { kinds, indexes } = this.script;
    if (kinds[to] === SymbolKind.TEMP) {
      const target = this.baseIndex + (indexes[to] ?? 0);
      const source = this.baseIndex + (indexes[from] ?? 0);
      const { stack } = this;
      if (kinds[from] === SymbolKind.TEMP && target < stack.length && source < stack.length) {
        stack[target] = stack[source] ?? 0n;
        return;
      }
      if (kinds[from] === SymbolKind.NUM && target < stack.length) {
        stack[target] = this.script.words[from] ?? 0n;
        return;
      }
    }
    this.write(to, this.read(from));
  }

  isZero(slot: number): boolean {
    if (this.script.kinds[slot] === SymbolKind.TEMP) {
      const word = this.stack[this.baseIndex + (this.script.indexes[slot] ?? 0)];
      if (word !== undefined) return word === 0n;
    }
    return this.read(slot) === 0n;
  }

  /** Value of the next operand. */
  take(): bigint {
    return this.read(this.operand());
  }

  /** The next operand as a small number: type ids and sizes, which are constants in all buffers that a compiler makes. */
  immediate(): number {
    const slot = this.operand();
    if (this.script.kinds[slot] === SymbolKind.NUM) return this.script.indexes[slot] ?? 0;
    return indexOf(this.read(slot));
  }

  /** What `&operand` gives: an address for variables and constants, 0 for registers. */
  addressOf(slot: number): bigint {
    const index = this.script.indexes[slot] ?? 0;
    switch (this.script.kinds[slot]) {
      case SymbolKind.TEMP:
      // A struct or array variable stands for its address already.
      case SymbolKind.REFERENCE_TEMP:
        return this.stackAddress(this.baseIndex + index);
      case SymbolKind.FUNCTION_PARAMETER_ID:
        return this.stackAddress(this.baseIndex - 3 - index);
      case SymbolKind.GLOBAL_ID:
        return this.session.bases.globals + BigInt(index) * 8n;
      case SymbolKind.NUM:
        return this.session.bases.code + BigInt(slot * 24 + 16);
      default:
        return 0n;
    }
  }

  stackAddress(index: number): bigint {
    return BigInt.asUintN(64, this.session.bases.stack + BigInt(index) * 8n);
  }

  push(value: bigint): void {
    this.#writeStack(this.stackIndex, value);
    this.stackIndex++;
  }

  pop(): bigint {
    if (this.stackIndex === 0) fault('the script stack is empty');
    this.stackIndex--;
    return this.stack[this.stackIndex] ?? outsideStack(this.stackIndex);
  }

  #writeStack(index: number, value: bigint): void {
    if (index < 0 || index >= scriptLimits.maxStackSlots) outsideStack(index);
    this.stack[index] = value;
  }
}

function indexOf(value: bigint): number {
  const index = BigInt.asUintN(64, value);
  return index > LARGEST_INDEX ? LARGEST_INDEX : Number(index);
}

function outsideStack(index: number): never {
  return fault(`frame slot ${index} lies outside the script stack of ${scriptLimits.maxStackSlots} words`);
}

function outsideGlobals(index: number): never {
  return fault(`global ${index} does not exist, there are ${scriptLimits.maxGlobalVariables}`);
}
