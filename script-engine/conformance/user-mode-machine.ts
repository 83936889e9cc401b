import { pseudoRegisterById } from '../catalog/pseudo-registers';
import { generalRegisterOrder } from '../catalog/registers';
import type { ScriptMachine, ScriptServices } from '../evaluator/script-machine';
import { UserModeMap, userModePseudoRegister } from './user-mode-map';

/** Output beyond this is dropped: a script that prints in a loop must not fill the memory. */
const LONGEST_OUTPUT = 1 << 24;

/** User mode never gets to the services: the evaluator prints the refusals (script-language 9). */
const noServices: ScriptServices = {
  pause: () => undefined,
  flush: () => undefined,
  shortCircuit: () => undefined,
  enableEvent: () => undefined,
  disableEvent: () => undefined,
  clearEvent: () => undefined,
  injectInterrupt: () => undefined,
  unavailable: (name) => `${name} does not exist in user mode`,
};

/** A machine without a target: sixteen registers and the fixed memory map. */
export class UserModeMachine implements ScriptMachine {
  readonly mode = 'user';
  readonly generalRegisters = new BigUint64Array(generalRegisterOrder.length);
  readonly memory = new UserModeMap();
  readonly services = noServices;
  readonly #before: BigUint64Array;
  readonly #output: string[] = [];
  #outputLength = 0;

  constructor(registers: ReadonlyMap<string, bigint> = new Map()) {
    generalRegisterOrder.forEach((name, index) => {
      this.generalRegisters[index] = registers.get(name) ?? 0n;
    });
    this.#before = this.generalRegisters.slice();
  }

  get output(): string {
    return this.#output.join('');
  }

  /** General registers that differ from the start. */
  changedRegisters(): ReadonlyMap<string, bigint> {
    const changed = new Map<string, bigint>();
    generalRegisterOrder.forEach((name, index) => {
      const value = this.generalRegisters[index] ?? 0n;
      if (value !== this.#before[index]) changed.set(name, value);
    });
    return changed;
  }

  readRegister(): bigint {
    return 0n;
  }

  writeRegister(): void {
    // Only general registers exist in user mode (script-language 10).
  }

  readPseudoRegister(id: number): bigint {
    return userModePseudoRegister(pseudoRegisterById(id)?.name ?? '');
  }

  print(text: string): void {
    if (this.#outputLength + text.length > LONGEST_OUTPUT) return;
    this.#outputLength += text.length;
    this.#output.push(text);
  }

  /** Drops what was printed so far. */
  clearOutput(): void {
    this.#output.length = 0;
    this.#outputLength = 0;
  }
}
