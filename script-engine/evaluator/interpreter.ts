/** Runs prepared scripts (script-language 7). */

import { opcodes, SymbolKind } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { Execution } from './execution';
import { floatInstructions } from './float-instructions';
import { handlerTable, type HandlerGroup } from './instruction-table';
import { typedInstructions, untypedInstructions } from './integer-instructions';
import { memoryInstructions } from './memory-instructions';
import type { PreparedScript } from './prepare';
import { printInstructions } from './printf';
import { ScriptFault } from './script-fault';
import type { ScriptMachine } from './script-machine';
import { serviceInstructions } from './service-instructions';
import type { ScriptSession } from './session';
import { stringInstructions } from './string-instructions';

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
  /** At most the language's limit, which is the default. */
  readonly maxInstructions?: number;
  /** Do what upstream's evaluator does wrong (script-language 13), to compare with its golden answers. */
  readonly upstreamFaults?: boolean;
  /** The script was compiled for a hardware debugger: its registers are pins and ports (script-language 10). */
  readonly registersArePins?: boolean;
}

const jump = (run: Execution): void => {
  run.slot = target(run, run.operand());
};

/** Jumps lead to a slot; one past the end leaves the script, which is how `return` ends it. */
function target(run: Execution, slot: number): number {
  if (run.script.kinds[slot] === SymbolKind.NUM) return run.script.indexes[slot] ?? 0;
  const value = run.read(slot);
  return value > 0xffff_ffffn ? 0xffff_ffff : Number(value);
}

const controlInstructions: HandlerGroup = {
  JMP: jump,
  JZ: (run) => {
    const to = run.operand();
    if (run.isZero(run.operand())) run.slot = target(run, to);
  },
  JNZ: (run) => {
    const to = run.operand();
    if (!run.isZero(run.operand())) run.slot = target(run, to);
  },
  MOV: (run) => {
    const source = run.operand();
    run.move(source, run.operand());
  },
  REFERENCE: (run) => {
    const address = run.addressOf(run.operand());
    run.write(run.operand(), address);
  },
  PUSH: (run) => run.push(run.take()),
  POP: (run) => run.write(run.operand(), run.pop()),
  CALL: (run) => {
    const to = target(run, run.operand());
    run.push(BigInt(run.slot));
    run.slot = to;
  },
  RET: (run) => {
    const to = run.pop();
    run.slot = to > 0xffff_ffffn ? 0xffff_ffff : Number(to);
  },
};

const handlers = handlerTable([
  controlInstructions,
  untypedInstructions,
  typedInstructions,
  floatInstructions,
  memoryInstructions,
  stringInstructions,
  serviceInstructions,
  printInstructions,
]);

/** Runs a script to its end, its first failure or its limit. Globals stay in the session. */
export function runScript(
  prepared: PreparedScript,
  machine: ScriptMachine,
  session: ScriptSession,
  options: RunOptions = {},
): ScriptOutcome {
  const { maxExecutedInstructions, maxStackSlots } = scriptLimits;
  const limit = Math.min(options.maxInstructions ?? maxExecutedInstructions, maxExecutedInstructions);
  const { upstreamFaults = false, registersArePins = false } = options;
  const run = new Execution(prepared, machine, session, upstreamFaults, registersArePins);
  const { symbolCount, kinds, indexes } = prepared;
  let instructions = 0;
  let slot = 0;
  try {
    while (run.slot < symbolCount) {
      slot = run.slot;
      run.slot = slot + 1;
      const handler = kinds[slot] === SymbolKind.SEMANTIC_RULE ? handlers[indexes[slot] ?? 0] : undefined;
      if (handler === undefined) withoutHandler(run, slot);
      else handler(run);
      if (run.stackIndex >= maxStackSlots) return failed('err, stack buffer overflow', slot, instructions);
      if (instructions >= limit) return failed('err, exceeding the max execution count', slot, instructions);
      instructions++;
    }
  } catch (error) {
    if (!(error instanceof ScriptFault)) throw error;
    return failed(
      `err, ScriptEngineExecute, function = ${nameAt(prepared, slot)}`,
      slot,
      instructions,
      error.detail,
    );
  }
  return { ok: true, result: run.result, instructions };
}

function failed(text: string, slot: number, instructions: number, detail?: string): ScriptOutcome {
  const error = detail === undefined ? { text, slot } : { text, slot, detail };
  return { ok: false, error, result: undefined, instructions };
}

function nameAt(prepared: PreparedScript, slot: number): string {
  return opcodes[prepared.indexes[slot] ?? 0]?.name ?? `${prepared.indexes[slot]}`;
}

/** Upstream skips such slots in user mode, with a message; a kernel would run whatever number stands there. */
function withoutHandler(run: Execution, slot: number): void {
  if (run.script.kinds[slot] === SymbolKind.SEMANTIC_RULE) return;
  if (!run.isUserMode) throw new ScriptFault('there is no instruction at this place of the script buffer');
  run.machine.print('err, expecting operator type\n');
}
