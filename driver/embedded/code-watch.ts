/**
 * Custom code has an instruction budget, but the engine can be so busy with code that turns paging off or rewrites itself that
 * the budget takes for ever. The worker cannot look at a clock meanwhile, so its owner does.
 */

import { WORD } from './link';

/** Where custom code is begun and ended, for whoever watches it. */
export interface CodeMarks {
  begin(): void;
  end(): void;
}

/** Run numbers are odd while code runs and even in between; they wrap around below the mark of the owner. */
const STOPPING = 1 << 30;
const RUN_MASK = STOPPING - 1;
const END_WAIT_MS = 50;

/**
 * How long custom code may take, in milliseconds: well above what its instruction budget and the translation of a large block
 * take on a busy computer, and below what a user notices as a hang.
 */
export const CODE_TIME_MS = 400;
const LOOK_INTERVAL_MS = 25;

/** The worker's side. */
export class WatchedCode implements CodeMarks {
  readonly #words: Int32Array;
  readonly #onFirst: () => void;
  #run = 0;
  #hasRun = false;

  /** `onFirst` is called once, before any code runs. */
  constructor(words: Int32Array, onFirst: () => void) {
    this.#words = words;
    this.#onFirst = onFirst;
  }

  begin(): void {
    if (!this.#hasRun) this.#onFirst();
    this.#hasRun = true;
    this.#run = (this.#run + 1) & RUN_MASK;
    Atomics.store(this.#words, WORD.code, this.#run);
  }

  end(): void {
    const ended = (this.#run + 1) & RUN_MASK;
    for (;;) {
      const found = Atomics.compareExchange(this.#words, WORD.code, this.#run, ended);
      if (found === this.#run) break;
      // The owner is about to stop this run; its stop must not come to the next one.
      Atomics.wait(this.#words, WORD.code, found, END_WAIT_MS);
    }
    this.#run = ended;
  }
}

/** The owner's side. */
export class CodeWatchdog {
  readonly #words: Int32Array;
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #run = 0;
  #sinceMs = 0;

  /** `stop` asks the engine of custom code to stop. */
  constructor(words: Int32Array, stop: () => void) {
    this.#words = words;
    this.#stop = stop;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(performance.now()), LOOK_INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Stops the run that was seen `CODE_TIME_MS` ago; again at the next look, since a stop can be lost. */
  look(nowMs: number): void {
    const run = Atomics.load(this.#words, WORD.code);
    if (run !== this.#run) {
      this.#run = run;
      this.#sinceMs = nowMs;
    }
    if (run % 2 === 0 || nowMs - this.#sinceMs < CODE_TIME_MS) return;
    if (Atomics.compareExchange(this.#words, WORD.code, run, run | STOPPING) !== run) return;
    try {
      this.#stop();
    } finally {
      Atomics.store(this.#words, WORD.code, run);
      Atomics.notify(this.#words, WORD.code);
    }
  }
}
