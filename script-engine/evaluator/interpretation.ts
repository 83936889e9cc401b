/** The loop of the interpreter, and how runs of scripts end (script-language 7). */

import { opcodes } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import type { Execution } from './execution';
import { executeInstruction } from './instructions';
import type { PreparedScript } from './prepare';
import { ScriptFault } from './script-fault';

export interface ScriptError {
  /** Upstream's text without its newline. */
  readonly text: string;
  /** Opcode slot of the instruction that failed; `CompiledScript.sourceOffsets` leads to the source. */
  readonly slot: number;
  /** Why, half a sentence; only where the text does not say it. */
  readonly detail?: string;
}

export interface ScriptOutcome {
  readonly ok: boolean;
  readonly error?: ScriptError;
  /** Value of the last `formats` (and, in user mode, `test_statement`); undefined after an error. */
  readonly result: bigint | undefined;
  /** Instructions that were completed. */
  readonly instructions: number;
}

export interface RunOptions {
  /**
   * Instructions that a script is interpreted before it is compiled to WebAssembly: 0 compiles at once, Infinity never. The
   * result is the same.
   */
  readonly compileAfter?: number;
  /** At most the language's limit, which is the default. */
  readonly maxInstructions?: number;
  /** Do what upstream's evaluator does wrong (script-language 13), to compare with its golden answers. */
  readonly upstreamFaults?: boolean;
  /** The script was compiled for a hardware debugger: its registers are pins and ports (script-language 10). */
  readonly registersArePins?: boolean;
}

/**
 * Goes on at `run.slot`, where `completed` instructions have been executed, to the end of the script, its first failure or its
 * limit; undefined when it got to `until` instructions before.
 */
export function interpret(
  run: Execution,
  limit: number,
  completed: number,
  until = Infinity,
): ScriptOutcome | undefined {
  const { maxStackSlots } = scriptLimits;
  const { symbolCount } = run.script;
  let instructions = completed;
  let { slot } = run;
  try {
    while (run.slot < symbolCount) {
      if (instructions >= until) return undefined;
      slot = run.slot;
      executeInstruction(run, slot);
      if (run.stackIndex >= maxStackSlots) return failed('err, stack buffer overflow', slot, instructions);
      if (instructions >= limit) return failed('err, exceeding the max execution count', slot, instructions);
      instructions++;
    }
  } catch (error) {
    return faulted(error, run.script, slot, instructions);
  }
  return { ok: true, result: run.result, instructions };
}

/** The same without a stop on the way. */
export function interpretToEnd(run: Execution, limit: number, completed: number): ScriptOutcome {
  const outcome = interpret(run, limit, completed);
  if (outcome === undefined) throw new Error('the interpreter stopped before the end of the script');
  return outcome;
}

/** The end of a run whose instruction at `slot` threw; what is not the script's fault is thrown on. */
export function faulted(
  error: unknown,
  script: PreparedScript,
  slot: number,
  instructions: number,
): ScriptOutcome {
  if (!(error instanceof ScriptFault)) throw error;
  const index = script.indexes[slot] ?? 0;
  const name = opcodes[index]?.name ?? `${index}`;
  return failed(`err, ScriptEngineExecute, function = ${name}`, slot, instructions, error.detail);
}

/** The end of a run that went wrong. */
export function failed(text: string, slot: number, instructions: number, detail?: string): ScriptOutcome {
  const error = detail === undefined ? { text, slot } : { text, slot, detail };
  return { ok: false, error, result: undefined, instructions };
}
