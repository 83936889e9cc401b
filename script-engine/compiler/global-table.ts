import { scriptLimits } from '../catalog/keywords';
import type { ScriptType } from '../semantics/types';

export interface GlobalVariable {
  /** With its dot. */
  readonly name: string;
  readonly index: number;
  readonly type: ScriptType;
  /** Made by an assignment without a type. */
  readonly implicit: boolean;
}

/**
 * Global variables of one debugger's life. Upstream's parser owns this table and never shrinks it, so the index of a
 * global depends on all scripts parsed before, accepted or not (script-language 11).
 */
export class GlobalTable {
  readonly #variables = new Map<string, GlobalVariable>();

  get size(): number {
    return this.#variables.size;
  }

  /** Index of a global by its name with the dot, or undefined when no script has defined it yet. */
  indexOf(name: string): number | undefined {
    return this.#variables.get(name)?.index;
  }

  get(name: string): GlobalVariable | undefined {
    return this.#variables.get(name);
  }

  /** All globals in order of their indexes. */
  names(): IterableIterator<string> {
    return this.#variables.keys();
  }

  /**
   * Defines a global or gives it another type; undefined when all slots are taken, where upstream would write out of
   * bounds.
   */
  define(name: string, type: ScriptType, implicit: boolean): GlobalVariable | undefined {
    const known = this.#variables.get(name);
    if (known === undefined && this.#variables.size >= scriptLimits.maxGlobalVariables) return undefined;
    const variable = { name, index: known?.index ?? this.#variables.size, type, implicit };
    this.#variables.set(name, variable);
    return variable;
  }
}
