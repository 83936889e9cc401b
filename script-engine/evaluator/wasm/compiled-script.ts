/** A script as WebAssembly, and its runs. */

import type { Execution } from '../execution';
import { interpretToEnd, type ScriptOutcome } from '../interpretation';
import type { PreparedScript } from '../prepare';
import type { ScriptMachine } from '../script-machine';
import type { ScriptSession } from '../session';
import { giveBack, takeArena, type Arena } from './arena';
import { CodeBinding } from './code-binding';
import type { Variant } from './function-builder';
import { translate, type Translation } from './translate';
import { isRefusal, webAssembly, type WasmModule, type WebAssemblyApi } from './web-assembly';

export class CompiledScript {
  /** One for each arena that the script has run in. */
  readonly #bindings: CodeBinding[] = [];

  private constructor(
    readonly api: WebAssemblyApi,
    readonly module: WasmModule,
    readonly script: PreparedScript,
    readonly variant: Variant,
    readonly translation: Translation,
  ) {}

  /**
   * Compiles a script to be started at `entry`. undefined where it stays in the interpreter: without WebAssembly, when the
   * script is empty or very long, or when the runtime refuses to make code (by policy or for lack of memory).
   */
  static of(script: PreparedScript, variant: Variant, entry: number): CompiledScript | undefined {
    const api = webAssembly();
    const translation = api && translate(script, variant, entry);
    if (api === undefined || translation === undefined) return undefined;
    const module = moduleOrUndefined(api, translation.module);
    return module && new CompiledScript(api, module, script, variant, translation);
  }

  /** Runs the script from its start; undefined, and nothing done, when there is no memory for it. */
  run(machine: ScriptMachine, session: ScriptSession, limit: number): ScriptOutcome | undefined {
    const arena = takeArena(this.api);
    if (arena === undefined) return undefined;
    try {
      const binding = this.#bindingTo(arena);
      arena.clearStack(this.translation.clearedWords);
      arena.enter(0, 0, 0n, 0);
      return binding.run(machine, session, limit);
    } finally {
      giveBack(arena);
    }
  }

  /** Takes over a run that was interpreted so far, at the slot that the code was compiled for. */
  goOn(run: Execution, limit: number, completed: number): ScriptOutcome {
    // Code that never changes SB, and frame slots beyond the stack, are the interpreter's.
    const isFrameKnown =
      run.baseIndex < run.stack.length && (run.baseIndex === 0 || this.translation.movesFrame);
    const arena = isFrameKnown ? takeArena(this.api) : undefined;
    if (arena === undefined) return interpretToEnd(run, limit, completed);
    try {
      const binding = this.#bindingTo(arena);
      arena.stack.set(run.stack);
      arena.enter(run.stackIndex, run.baseIndex, run.returnValue, completed);
      return binding.goOn(run, limit, this.translation.entry);
    } finally {
      giveBack(arena);
    }
  }

  #bindingTo(arena: Arena): CodeBinding {
    const known = this.#bindings.find((binding) => binding.arena === arena);
    if (known !== undefined) return known;
    const { api, module, script, variant, translation } = this;
    const binding = new CodeBinding(api, module, arena, script, variant, translation);
    this.#bindings.push(binding);
    return binding;
  }
}

function moduleOrUndefined(api: WebAssemblyApi, bytes: Uint8Array): WasmModule | undefined {
  try {
    return new api.Module(bytes);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
