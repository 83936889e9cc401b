import { type GlobalVariable, GlobalTable } from '../compiler/global-table';
import type { ScriptType } from '../semantics/types';

/** What the check of one command took from the globals of the commands before it, and what it gave them. */
export interface GlobalUse {
  /** By name; undefined for one that did not exist. */
  readonly reads: ReadonlyMap<string, GlobalVariable | undefined>;
  /** All names, when a message looked for a similar one. */
  readonly allNames: readonly string[] | undefined;
  /** In order. */
  readonly definitions: readonly GlobalVariable[];
  /** The table had no room for one: that depends on everything before. */
  readonly wasFull: boolean;
}

/** A table of globals that notes what a command does with it. */
export class ObservedGlobals extends GlobalTable {
  #reads = new Map<string, GlobalVariable | undefined>();
  #allNames: readonly string[] | undefined;
  #definitions: GlobalVariable[] = [];
  #wasFull = false;

  override get(name: string): GlobalVariable | undefined {
    const variable = super.get(name);
    const isOwn = this.#definitions.some((definition) => definition.name === name);
    if (!isOwn && !this.#reads.has(name)) this.#reads.set(name, variable);
    return variable;
  }

  override indexOf(name: string): number | undefined {
    return this.get(name)?.index;
  }

  override names(): IterableIterator<string> {
    this.#allNames ??= [...super.names()];
    return super.names();
  }

  override define(name: string, type: ScriptType, implicit: boolean): GlobalVariable | undefined {
    this.get(name);
    const variable = super.define(name, type, implicit);
    if (variable === undefined) this.#wasFull = true;
    else this.#definitions.push(variable);
    return variable;
  }

  /** What was noted since the last call. */
  takeUse(): GlobalUse {
    const use = {
      reads: this.#reads,
      allNames: this.#allNames,
      definitions: this.#definitions,
      wasFull: this.#wasFull,
    };
    this.#reads = new Map();
    this.#allNames = undefined;
    this.#definitions = [];
    this.#wasFull = false;
    return use;
  }

  /** Whether a command would find here what it found when it was checked. */
  wouldServe(use: GlobalUse): boolean {
    if (use.wasFull) return false;
    for (const [name, variable] of use.reads) if (!isAlike(super.get(name), variable)) return false;
    const { allNames } = use;
    if (allNames === undefined) return true;
    const names = [...super.names()];
    // A message names what it found, so its own definitions are among the names.
    return (
      names.length <= allNames.length && allNames.every((name, index) => isNamed(name, index, names, use))
    );
  }

  /** Defines what a command defined; false when there is no room for it. */
  repeat(use: GlobalUse): boolean {
    return use.definitions.every(
      ({ name, type, implicit }) => super.define(name, type, implicit) !== undefined,
    );
  }
}

/** Types are compared by identity; the index of a global changes no message. */
function isAlike(one: GlobalVariable | undefined, other: GlobalVariable | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.type === other.type && one.implicit === other.implicit;
}

function isNamed(name: string, index: number, names: readonly string[], use: GlobalUse): boolean {
  if (index < names.length) return names[index] === name;
  return use.definitions.some((definition) => definition.name === name);
}

/** Whether what follows finds the same globals after the one as after the other. */
export function defineAlike(some: readonly GlobalUse[], others: readonly GlobalUse[]): boolean {
  const one = some.flatMap(({ definitions }) => definitions);
  const other = others.flatMap(({ definitions }) => definitions);
  return (
    one.length === other.length &&
    one.every((variable, index) => variable.name === other[index]?.name && isAlike(variable, other[index]))
  );
}
