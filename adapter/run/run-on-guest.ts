/** The loop of `hds run`: arm, let the guest run, tell of every stop and continue, until the guest exits. */

import type { Readable } from 'node:stream';
import type { Debuggee, Stop, TargetMessage } from '../../driver/debuggee';
import { DriverError } from '../../driver/driver-error';
import type { ConsoleEvent } from '../../driver/embedded/embedded-machine';
import { generalRegisterOrder } from '../../script-engine/catalog/registers';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import { armScript } from '../arming/arm-script';
import { ArmedEvents } from '../arming/armed-events';
import { locateRunError } from '../arming/run-error';
import type { ScriptProblem } from '../arming/script-problem';
import { Deferred } from '../target/deferred';
import { launchTarget, type OpenTarget } from '../target/launch-target';
import { type Target, TargetError } from '../target/target';
import { LineSplitter } from './line-splitter';
import { hexNumber, type RunRecord } from './run-record';

export interface RunOptions {
  /** Shown in messages, `$arg0` of the script. */
  readonly scriptPath: string;
  readonly scriptText: string;
  readonly scriptArgs?: readonly string[];
  /** Processor cores of the embedded machine. */
  readonly cores?: number;
  /** Standard input of the program. */
  readonly input?: Readable;
  /** Not for a target that `openTarget` connects to. */
  readonly program?: string;
  readonly programArgs?: readonly string[];
  /** Ends the run at this stop; undefined for no limit. */
  readonly maxStops?: number;
  readonly timeoutMs?: number;
  /** Ends the run at once, e.g. on Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Text of a file that a command names; undefined when it cannot be read. */
  readonly readFile?: (path: string) => string | undefined;
  readonly openTarget?: OpenTarget;
}

export type RunOutcome =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'maxStops' | 'timeout' | 'cancelled' }
  /** The script has errors; nothing ran. They were not emitted. */
  | { readonly kind: 'script'; readonly problems: readonly ScriptProblem[] }
  /** The machine or the program is unfit (`origin` as in TargetError), or the target was lost on the way. */
  | { readonly kind: 'failed'; readonly reason: string; readonly origin: 'program' | 'machine' | 'target' };

/** Runs a script on a guest. Calls `emit` for each line of `hds run --json`, in order. Never rejects for faults of the user's. */
export async function runOnGuest(
  options: RunOptions,
  emit: (record: RunRecord) => void,
): Promise<RunOutcome> {
  const limit = endOfRun(options);
  try {
    const opened = openTarget(options);
    const target = await Promise.race([opened, limit.ended]);
    if ('kind' in target) {
      // The machine may still come up after the limit; it must not outlive this run.
      void opened.then(
        (late) => late.dispose(),
        () => undefined,
      );
      return target;
    }
    const run = new GuestRun(target, options, emit);
    try {
      return await Promise.race([run.run(), limit.ended]);
    } finally {
      run.finish();
      await target.dispose();
    }
  } catch (error) {
    if (error instanceof TargetError) return { kind: 'failed', reason: error.message, origin: error.origin };
    if (error instanceof DriverError) return { kind: 'failed', reason: error.message, origin: 'target' };
    throw error;
  } finally {
    limit.cancel();
  }
}

function openTarget(options: RunOptions): Promise<Target> {
  return (options.openTarget ?? launchTarget)({
    program: options.program ?? '',
    arguments: options.programArgs ?? [],
    ...(options.cores === undefined ? {} : { cores: options.cores }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Settles when the time is over or the caller has had enough. */
function endOfRun(options: RunOptions): { ended: Promise<RunOutcome>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<RunOutcome>((resolve) => {
    if (options.timeoutMs !== undefined) {
      timer = setTimeout(() => resolve({ kind: 'timeout' }), options.timeoutMs);
    }
    onAbort = () => resolve({ kind: 'cancelled' });
    if (options.signal?.aborted === true) onAbort();
    else options.signal?.addEventListener('abort', onAbort, { once: true });
  });
  return {
    ended,
    cancel() {
      clearTimeout(timer);
      if (onAbort !== undefined) options.signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** The console's exit code and the last messages of the wire travel apart; the later one waits this long for the other. */
const DRAIN_LIMIT_MS = 500;

class GuestRun {
  readonly #events = new ArmedEvents();
  readonly #scriptLines = new LineSplitter<bigint | undefined>((tag, line) => this.#scriptLine(tag, line));
  readonly #guestLines = new LineSplitter<'stdout' | 'stderr'>((stream, text) =>
    this.#emit({ type: 'guestOutput', stream, text }),
  );
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  readonly #outcome = new Deferred<RunOutcome>();
  #exitCode: number | undefined;
  #isWireClosed = false;
  #drainTimer: NodeJS.Timeout | undefined;
  #stopCount = 0;
  #isFinished = false;

  constructor(
    private readonly target: Target,
    private readonly options: RunOptions,
    private readonly emit: (record: RunRecord) => void,
  ) {}

  async run(): Promise<RunOutcome> {
    const { debuggee } = this.target;
    debuggee.listen({
      stopped: (stop) => void this.#stopped(stop).catch((error: unknown) => this.#outcome.reject(error)),
      message: (message) => this.#message(message),
      buffer: ({ eventTag, bytes }) =>
        this.#emit({
          type: 'buffer',
          ...this.#eventField(eventTag),
          hex: Buffer.from(bytes).toString('hex'),
        }),
      lost: (count) => this.#emit({ type: 'lost', messages: count }),
      ended: (reason) => this.#ended(reason),
    });
    this.target.onConsole((event) => this.#console(event));
    const problems = await this.#arm(debuggee);
    if (problems !== undefined) return { kind: 'script', problems };
    await debuggee.resume();
    return this.#outcome.promise;
  }

  /** Emits nothing any more; what is pending without a line end goes out now. */
  finish(): void {
    clearTimeout(this.#drainTimer);
    this.#scriptLines.flush();
    this.#guestLines.flush();
    this.#isFinished = true;
  }

  async #arm(debuggee: Debuggee): Promise<readonly ScriptProblem[] | undefined> {
    const { options } = this;
    const result = await armScript({
      text: options.scriptText,
      fileName: options.scriptPath,
      args: options.scriptArgs ?? [],
      debuggee,
      symbols: this.target.symbols,
      mode: this.target.scriptMode ?? 'safe',
      globals: new GlobalTable(),
      events: this.#events,
      ...(options.readFile === undefined ? {} : { readFile: options.readFile }),
    });
    if (!result.ok) return result.problems;
    for (const problem of result.problems) {
      this.#emit({ type: 'error', line: problem.line, text: problem.message });
    }
    for (const output of result.outputs) this.#scriptLines.push(undefined, output.text);
    this.#scriptLines.flush();
    for (const { number, tag, plan, line } of result.armed) {
      this.#emit({ type: 'armed', event: number, tag: hexNumber(tag), command: plan.command, line });
    }
    return undefined;
  }

  #emit(record: RunRecord): void {
    if (!this.#isFinished) this.emit(record);
  }

  #eventField(tag: bigint | undefined): { event?: number } {
    const event = this.#events.byTag(tag);
    return event === undefined ? {} : { event: event.number };
  }

  #scriptLine(tag: bigint | undefined, text: string): void {
    this.#emit({ type: 'message', ...this.#eventField(tag), text });
  }

  #message(message: TargetMessage): void {
    if (message.kind === 'script') {
      this.#scriptLines.push(message.eventTag, message.text);
      return;
    }
    const text = message.text.replace(/\n+$/, '');
    if (message.kind !== 'error') {
      this.#emit({ type: 'message', ...this.#eventField(message.eventTag), text });
      return;
    }
    const place = locateRunError(message, this.#events);
    this.#emit({
      type: 'error',
      ...(place.event === undefined ? {} : { event: place.event.number }),
      ...(place.line === undefined ? {} : { line: place.line }),
      text: place.text,
    });
  }

  async #stopped(stop: Stop): Promise<void> {
    const { debuggee } = this.target;
    const registers = await debuggee.readRegisters();
    const process = await debuggee.currentProcess();
    this.#scriptLines.flush();
    this.#emit({
      type: 'stopped',
      reason: stop.reason,
      ...this.#eventField(stop.reason === 'event' ? stop.eventTag : undefined),
      core: stop.core,
      process: process.processId,
      thread: process.threadId,
      rip: hexNumber(stop.rip),
      registers: Object.fromEntries(
        generalRegisterOrder.map((name, i) => [name, hexNumber(registers.general[i] ?? 0n)]),
      ),
      rflags: hexNumber(stop.rflags),
    });
    this.#stopCount++;
    if (this.options.maxStops !== undefined && this.#stopCount >= this.options.maxStops) {
      this.#outcome.resolve({ kind: 'maxStops' });
      return;
    }
    if (!this.#isFinished) await debuggee.resume();
  }

  #console(event: ConsoleEvent): void {
    switch (event.kind) {
      case 'output':
        this.#guestLines.push(
          event.stream,
          this.#decoders[event.stream].decode(event.bytes, { stream: true }),
        );
        return;
      case 'exited':
        this.#exitCode = event.code;
        clearTimeout(this.#drainTimer);
        if (this.#isWireClosed) this.#exited(event.code);
        else this.#drainTimer = setTimeout(() => this.#exited(event.code), DRAIN_LIMIT_MS);
        return;
      case 'failed':
        this.#outcome.resolve({ kind: 'failed', reason: event.reason, origin: 'target' });
    }
  }

  #ended(reason: string): void {
    this.#isWireClosed = true;
    if (this.#exitCode !== undefined) {
      this.#exited(this.#exitCode);
      return;
    }
    // The exit code can be on its way still.
    this.#drainTimer = setTimeout(
      () => this.#outcome.resolve({ kind: 'failed', reason, origin: 'target' }),
      DRAIN_LIMIT_MS,
    );
  }

  #exited(code: number): void {
    if (this.#isFinished) return;
    clearTimeout(this.#drainTimer);
    this.#scriptLines.flush();
    this.#guestLines.flush();
    this.#emit({ type: 'exited', code });
    this.#outcome.resolve({ kind: 'exited', code });
  }
}
