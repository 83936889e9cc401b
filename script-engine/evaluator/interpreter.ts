/** Runs prepared scripts (script-language 7): interpreted first, compiled to WebAssembly once they have become hot. */

import { scriptLimits } from '../catalog/keywords';
import { Execution } from './execution';
import { interpret, interpretToEnd, type RunOptions, type ScriptOutcome } from './interpretation';
import type { PreparedScript } from './prepare';
import type { ScriptMachine } from './script-machine';
import type { ScriptSession } from './session';
import type { Variant } from './wasm/function-builder';
import { ScriptTier } from './wasm/script-tier';

export type { RunOptions, ScriptError, ScriptOutcome } from './interpretation';

const NO_OPTIONS: RunOptions = {};

/** Runs a script to its end, its first failure or its limit. Globals stay in the session. */
export function runScript(
  prepared: PreparedScript,
  machine: ScriptMachine,
  session: ScriptSession,
  options: RunOptions = NO_OPTIONS,
): ScriptOutcome {
  const { maxExecutedInstructions } = scriptLimits;
  const { maxInstructions = maxExecutedInstructions, compileAfter } = options;
  const limit = Math.min(maxInstructions, maxExecutedInstructions);
  const variant = {
    upstreamFaults: options.upstreamFaults === true,
    registersArePins: options.registersArePins === true,
    isUserMode: machine.mode === 'user',
  };
  const tier = (prepared.tier ??= new ScriptTier());
  const finished = tier.codeFor(prepared, variant, compileAfter)?.run(machine, session, limit);
  if (finished !== undefined) return finished;
  session.stackBytes.fill(0);
  const run = new Execution(prepared, machine, session, variant.upstreamFaults, variant.registersArePins);
  const patience = tier.patience(prepared, compileAfter);
  const outcome = interpret(run, limit, 0, patience) ?? becomeHot(tier, variant, run, limit, patience);
  tier.warm(outcome.instructions);
  return outcome;
}

/** Compiles a script in the middle of its run. */
function becomeHot(
  tier: ScriptTier,
  variant: Variant,
  run: Execution,
  limit: number,
  completed: number,
): ScriptOutcome {
  const compiled = tier.codeInside(run, variant);
  if (compiled === undefined) return interpretToEnd(run, limit, completed);
  return compiled.goOn(run, limit, completed);
}
