/** Compiled code in an arena: what goes in before it runs, what comes out, and the interpreter's part in between. */

import { Execution } from '../execution';
import { executeInstruction } from '../instructions';
import { faulted, interpretToEnd, type ScriptOutcome } from '../interpretation';
import type { PreparedScript } from '../prepare';
import type { ScriptMachine } from '../script-machine';
import type { ScriptSession } from '../session';
import type { Arena } from './arena';
import type { Variant } from './function-builder';
import type { Translation } from './translate';
import type { WasmModule, WebAssemblyApi } from './web-assembly';

type RunFunction = (limit: number, entry: number) => number;

export class CodeBinding {
  readonly #code: RunFunction;
  #machine: ScriptMachine | undefined;
  #session: ScriptSession | undefined;
  /** Made when the interpreter is needed: most runs end without it. */
  #execution: Execution | undefined;
  /** The step under way, for its error. */
  #slot = 0;
  #completed = 0;

  constructor(
    api: WebAssemblyApi,
    module: WasmModule,
    readonly arena: Arena,
    readonly script: PreparedScript,
    readonly variant: Variant,
    readonly translation: Translation,
  ) {
    const step = (slot: number, completed: number, baseIndex: number): number =>
      this.#step(slot, completed, baseIndex);
    const { exports } = new api.Instance(module, { host: { memory: arena.memory, step } });
    this.#code = exports.run as RunFunction;
  }

  /** A run from the start, in an arena that is ready for it. */
  run(machine: ScriptMachine, session: ScriptSession, limit: number): ScriptOutcome {
    this.#machine = machine;
    this.#session = session;
    this.#execution = undefined;
    return this.#execute(machine, session, limit, 0);
  }

  /** The rest of a run that began in the interpreter. */
  goOn(run: Execution, limit: number, entry: number): ScriptOutcome {
    this.#machine = run.machine;
    this.#session = run.session;
    this.#execution = run;
    run.useStack(this.arena.stack, this.arena.stackBytes);
    return this.#execute(run.machine, run.session, limit, entry);
  }

  #execute(machine: ScriptMachine, session: ScriptSession, limit: number, entry: number): ScriptOutcome {
    const { arena, script } = this;
    arena.useBases(session.bases);
    this.#fetch(machine, session);
    let slot: number;
    try {
      slot = this.#code(limit, entry) >>> 0;
    } catch (error) {
      return faulted(error, script, this.#slot, this.#completed);
    }
    this.#hand(machine, session);
    const { completed } = arena;
    if (slot >= script.symbolCount)
      return { ok: true, result: this.#execution?.result, instructions: completed };
    const run = this.#runFor(machine, session);
    run.slot = slot;
    run.stackIndex = arena.stackIndex;
    run.baseIndex = arena.baseIndex;
    run.returnValue = arena.returnValue;
    return interpretToEnd(run, limit, completed);
  }

  /** Executes one instruction in the interpreter, for the compiled code. */
  #step(slot: number, completed: number, baseIndex: number): number {
    const machine = this.#machine;
    const session = this.#session;
    if (machine === undefined || session === undefined) throw new Error('a step outside of a run');
    this.#slot = slot;
    this.#completed = completed;
    this.#hand(machine, session);
    const run = this.#runFor(machine, session);
    run.baseIndex = baseIndex >>> 0;
    executeInstruction(run, slot);
    this.#fetch(machine, session);
    return run.slot;
  }

  #runFor(machine: ScriptMachine, session: ScriptSession): Execution {
    if (this.#execution !== undefined) return this.#execution;
    const { upstreamFaults, registersArePins } = this.variant;
    const run = new Execution(this.script, machine, session, upstreamFaults, registersArePins);
    run.useStack(this.arena.stack, this.arena.stackBytes);
    // The code has cleared only what it reaches; the interpreter reaches everything.
    this.arena.stack.fill(0n, this.translation.clearedWords);
    this.#execution = run;
    return run;
  }

  /** Copies the registers and globals that the code names into the arena. */
  #fetch({ generalRegisters }: ScriptMachine, { globals }: ScriptSession): void {
    const { arena, translation } = this;
    for (const index of translation.registers) arena.registers[index] = generalRegisters[index] ?? 0n;
    for (const index of translation.globals) arena.globals[index] = globals[index] ?? 0n;
  }

  /** Copies those that the code may have changed back to where everybody sees them. */
  #hand({ generalRegisters }: ScriptMachine, { globals }: ScriptSession): void {
    const { arena, translation } = this;
    for (const index of translation.writtenRegisters) generalRegisters[index] = arena.registers[index] ?? 0n;
    for (const index of translation.writtenGlobals) globals[index] = arena.globals[index] ?? 0n;
  }
}
