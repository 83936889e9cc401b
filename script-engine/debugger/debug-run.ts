/** A run of a script that can be stopped before any of its statements. The interpreter proper knows nothing of it. */

import { SymbolKind } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { Op } from '../compiler/instruction-opcodes';
import { Execution } from '../evaluator/execution';
import { executeInstruction } from '../evaluator/instructions';
import { failed, faulted, type ScriptError, type ScriptOutcome } from '../evaluator/interpretation';
import type { ScriptMachine } from '../evaluator/script-machine';
import type { ScriptSession } from '../evaluator/session';
import type { DebugFunction, DebugInfo } from './debug-info';

/** One call that has not returned. */
export interface CallFrame {
  readonly owner: DebugFunction;
  /** Slot of the frame's first word in the script's stack; of the innermost frame see `DebugRun.baseOf`. */
  base: number;
  /** Slot that the frame is at: of the next instruction, or of the call that it waits for. */
  slot: number;
}

/** The run is about to begin a statement, or goes on in the middle of one after a call. */
export interface Arrival {
  readonly slot: number;
  readonly line: number;
  /** Calls that have not returned; 1 in the main program. */
  readonly depth: number;
  /** False in the middle of a line that the run has been at already: after a call, or in a loop's other half. */
  readonly isNewVisit: boolean;
}

export type Advance =
  | { readonly kind: 'stopped' }
  /** As many instructions as were allowed are done. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'ended'; readonly outcome: ScriptOutcome };

export class DebugRun {
  readonly execution: Execution;
  instructions = 0;
  /** Set when the script has failed: the run can be looked at, but not go on. */
  error: ScriptError | undefined;
  readonly #frames: CallFrame[];
  readonly #lines: Int32Array;
  #line = 0;
  /** Slot where the present visit to the line began: when the run is there again, it is a new visit. */
  #visitSlot = -1;
  #visitDepth = 0;
  #isDecided = false;

  constructor(
    readonly info: DebugInfo,
    /** Line of an offset in the source. */
    lineOf: (offset: number) => number,
    machine: ScriptMachine,
    session: ScriptSession,
    private readonly maxInstructions: number = scriptLimits.maxExecutedInstructions,
  ) {
    session.stack.fill(0n);
    this.execution = new Execution(info.prepared, machine, session, false, false);
    this.#lines = info.stopOffsets.map((offset) => (offset < 0 ? 0 : lineOf(offset)));
    const [main] = info.functions;
    if (main === undefined) throw new Error('a script without a main program');
    this.#frames = [{ owner: main, base: 0, slot: 0 }];
  }

  /** Innermost first. */
  get frames(): readonly CallFrame[] {
    const innermost = this.#frames.at(-1);
    if (innermost !== undefined) {
      innermost.base = this.execution.baseIndex;
      innermost.slot = this.error?.slot ?? this.execution.slot;
    }
    return this.#frames.toReversed();
  }

  get depth(): number {
    return this.#frames.length;
  }

  /** Line of the statement that a slot belongs to; 0 when there is none. */
  lineOf(slot: number): number {
    for (let at = Math.min(slot, this.#lines.length - 1); at >= 0; at--) {
      const line = this.#lines[at] ?? 0;
      if (line > 0) return line;
    }
    return 0;
  }

  /** Lines that have a statement to stop at. */
  stopLines(): ReadonlySet<number> {
    return new Set([...this.#lines].filter((line) => line > 0));
  }

  /** Runs until `decide` wants to stop, the script ends, or so many instructions are done. */
  advance(mostInstructions: number, decide: (arrival: Arrival) => boolean): Advance {
    const { execution } = this;
    const { symbolCount, kinds, indexes } = execution.script;
    if (this.error !== undefined) return { kind: 'ended', outcome: this.#failure(this.error) };
    for (let done = 0; done < mostInstructions; done++) {
      const { slot } = execution;
      if (slot >= symbolCount) return { kind: 'ended', outcome: this.#success() };
      const line = this.#lines[slot] ?? 0;
      if (line > 0 && !this.#isDecided) {
        this.#isDecided = true;
        if (decide(this.#arrive(slot, line))) return { kind: 'stopped' };
      }
      this.#isDecided = false;
      const opcode = kinds[slot] === SymbolKind.SEMANTIC_RULE ? indexes[slot] : undefined;
      const base = execution.baseIndex;
      const outcome = this.#execute(slot);
      if (outcome !== undefined) return { kind: 'ended', outcome };
      if (opcode === Op.CALL) this.#called(slot, base);
      else if (opcode === Op.RET && this.#frames.length > 1) this.#frames.pop();
    }
    return { kind: 'interrupted' };
  }

  #arrive(slot: number, line: number): Arrival {
    const depth = this.#frames.length;
    const isDeeper = depth > this.#visitDepth;
    const hasReturned = depth < this.#visitDepth;
    const isNewVisit = isDeeper || (!hasReturned && (line !== this.#line || slot === this.#visitSlot));
    if (isNewVisit) this.#visitSlot = slot;
    this.#visitDepth = depth;
    this.#line = line;
    return { slot, line, depth, isNewVisit };
  }

  #called(slot: number, base: number): void {
    const caller = this.#frames.at(-1);
    if (caller !== undefined) {
      caller.base = base;
      caller.slot = slot;
    }
    const target = this.execution.slot;
    const owner = this.info.functions.find(({ start }, index) => index > 0 && start === target);
    if (owner !== undefined) this.#frames.push({ owner, base: 0, slot: target });
  }

  /** The same steps as the interpreter's loop (script-language 7), for one instruction. */
  #execute(slot: number): ScriptOutcome | undefined {
    const { execution } = this;
    try {
      executeInstruction(execution, slot);
    } catch (error) {
      return this.#failedBy(faulted(error, execution.script, slot, this.instructions));
    }
    if (execution.stackIndex >= scriptLimits.maxStackSlots)
      return this.#failedBy(failed('err, stack buffer overflow', slot, this.instructions));
    if (this.instructions >= this.maxInstructions)
      return this.#failedBy(failed('err, exceeding the max execution count', slot, this.instructions));
    this.instructions++;
    return undefined;
  }

  #failedBy(outcome: ScriptOutcome): ScriptOutcome {
    this.error = outcome.error;
    return outcome;
  }

  #failure(error: ScriptError): ScriptOutcome {
    return { ok: false, error, result: undefined, instructions: this.instructions };
  }

  #success(): ScriptOutcome {
    return { ok: true, result: this.execution.result, instructions: this.instructions };
  }
}
