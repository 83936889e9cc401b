/** A script under a debugger: runs in slices, so that the adapter hears its client whatever the script does. */

import type { Arrival, DebugRun } from '../../script-engine/debugger/debug-run';
import type { FrameContext } from '../../script-engine/debugger/frame-expression';
import type { ScriptError, ScriptOutcome } from '../../script-engine/evaluator/interpretation';
import type { ScriptBlock } from './script-block';
import type { ScriptLineBreakpoints } from './script-breakpoints';

export type ScriptStop =
  | { readonly reason: 'entry' | 'step' | 'pause' }
  | { readonly reason: 'breakpoint'; readonly hitIds: readonly number[] }
  | { readonly reason: 'exception'; readonly error: ScriptError };

export type StepKind = 'over' | 'in' | 'out';

export interface ScriptListener {
  stopped(stop: ScriptStop): void;
  ended(outcome: ScriptOutcome): void;
  message(text: string, line: number): void;
}

/** Short enough that a pause or a cancel feels immediate; long enough that the pauses between cost nothing. */
const SLICE_MS = 8;
const INSTRUCTIONS_BETWEEN_CLOCKS = 500;

export class ScriptDebuggee {
  #isRunning = false;
  #isPauseWanted = false;
  #isDisposed = false;
  #stop: ScriptStop | undefined;
  /** Calls that had not returned when the step began; what it ends at depends on it. */
  #step: { readonly kind: StepKind; readonly depth: number } | undefined;
  #isFirst = true;

  constructor(
    readonly run: DebugRun,
    readonly block: ScriptBlock,
    readonly breakpoints: ScriptLineBreakpoints,
    private readonly listener: ScriptListener,
  ) {}

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Why it stands still; undefined while it runs and before it has begun. */
  get stop(): ScriptStop | undefined {
    return this.#stop;
  }

  /** Begins the run, up to its first statement when `stopOnEntry`. */
  begin(stopOnEntry: boolean): void {
    this.#isFirst = stopOnEntry;
    this.resume();
  }

  /** Goes on after a stop. A script that has failed ends. */
  resume(step?: StepKind): void {
    if (this.#isRunning || this.#isDisposed) return;
    this.#isRunning = true;
    this.#isPauseWanted = false;
    const failure = this.#stop?.reason === 'exception' ? this.#stop.error : undefined;
    this.#stop = undefined;
    this.#step = step === undefined ? undefined : { kind: step, depth: this.run.depth };
    if (failure === undefined) this.#slice();
    else this.#end({ ok: false, error: failure, result: undefined, instructions: this.run.instructions });
  }

  pause(): void {
    this.#isPauseWanted = true;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#isRunning = false;
  }

  /** A frame of the stopped script, for expressions in it; 0 is the innermost. */
  context(index: number): FrameContext | undefined {
    const frame = this.run.frames[index];
    const { globals, symbols } = this.block;
    return frame && { execution: this.run.execution, frame, globals, symbols, mode: 'exact' };
  }

  #slice(): void {
    if (this.#isDisposed) return;
    const until = performance.now() + SLICE_MS;
    do {
      const advance = this.run.advance(INSTRUCTIONS_BETWEEN_CLOCKS, (arrival) => this.#decide(arrival));
      if (advance.kind === 'stopped') return this.#halt();
      if (advance.kind === 'ended') return this.#finish(advance.outcome);
    } while (performance.now() < until);
    setImmediate(() => this.#slice());
  }

  #decide(arrival: Arrival): boolean {
    const { line, isNewVisit } = arrival;
    if (isNewVisit && this.breakpoints.covers(line)) {
      const context = this.context(0);
      const { hitIds, messages } = context
        ? this.breakpoints.visit(line, context)
        : { hitIds: [], messages: [] };
      for (const message of messages) this.listener.message(message, line);
      if (hitIds.length > 0) this.#stop = { reason: 'breakpoint', hitIds };
    }
    if (this.#stop === undefined && this.#isFirst) this.#stop = { reason: 'entry' };
    if (this.#stop === undefined && this.#endsStep(arrival)) this.#stop = { reason: 'step' };
    if (this.#stop === undefined && this.#isPauseWanted) this.#stop = { reason: 'pause' };
    this.#isFirst = false;
    return this.#stop !== undefined;
  }

  #endsStep({ depth, isNewVisit }: Arrival): boolean {
    if (this.#step === undefined) return false;
    const { kind, depth: from } = this.#step;
    if (depth < from) return true;
    if (kind === 'out') return false;
    return isNewVisit && (kind === 'in' || depth === from);
  }

  #halt(): void {
    this.#isRunning = false;
    this.#isPauseWanted = false;
    if (this.#stop !== undefined) this.listener.stopped(this.#stop);
  }

  #finish(outcome: ScriptOutcome): void {
    if (outcome.error === undefined) return this.#end(outcome);
    this.#stop = { reason: 'exception', error: outcome.error };
    this.#halt();
  }

  #end(outcome: ScriptOutcome): void {
    this.#isRunning = false;
    this.listener.ended(outcome);
  }
}
