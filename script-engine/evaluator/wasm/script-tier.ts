/** When a script is compiled, and what came of it. */

import type { Execution } from '../execution';
import type { PreparedScript } from '../prepare';
import { CompiledScript } from './compiled-script';
import type { Variant } from './function-builder';

/** Compiling takes about as long as interpreting so many instructions, and so many more for each symbol. */
const COMPILATION_HEAT = 20_000;
const SYMBOL_HEAT = 80;
/** A shorter run is left alone: the code to go on with has no use in the next one. */
const LONG_RUN = 5000;
/** What a run costs beside its instructions. */
const RUN_HEAT = 10;

type Code = CompiledScript | 'refused';

export class ScriptTier {
  /** By variant. */
  readonly #codes: (Code | undefined)[] = [];
  #heat = 0;

  /** Code to start the script with, when it is hot or `compileAfter` is 0. */
  codeFor(
    script: PreparedScript,
    variant: Variant,
    compileAfter: number | undefined,
  ): CompiledScript | undefined {
    const isWanted = compileAfter === undefined ? this.#heat >= heatToCompile(script) : compileAfter === 0;
    if (!isWanted) return undefined;
    const key = keyOf(variant);
    const code = (this.#codes[key] ??= CompiledScript.of(script, variant, 0) ?? 'refused');
    return code === 'refused' ? undefined : code;
  }

  /** Code to go on with in the middle of a run. */
  codeInside({ script, slot }: Execution, variant: Variant): CompiledScript | undefined {
    return this.#codes[keyOf(variant)] === 'refused' ? undefined : CompiledScript.of(script, variant, slot);
  }

  /** Instructions that a run may be interpreted from now on. */
  patience(script: PreparedScript, compileAfter: number | undefined): number {
    return compileAfter ?? Math.max(heatToCompile(script) - this.#heat, LONG_RUN);
  }

  /** Counts a run that was interpreted. */
  warm(instructions: number): void {
    this.#heat += instructions + RUN_HEAT;
  }
}

/** A script that was worth as much interpreting as its compilation takes will most likely go on. */
function heatToCompile({ symbolCount }: PreparedScript): number {
  return COMPILATION_HEAT + symbolCount * SYMBOL_HEAT;
}

function keyOf({ upstreamFaults, registersArePins, isUserMode }: Variant): number {
  return (upstreamFaults ? 1 : 0) | (registersArePins ? 2 : 0) | (isUserMode ? 4 : 0);
}
