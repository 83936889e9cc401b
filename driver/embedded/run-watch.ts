/**
 * Runs of an engine that must end in time, and that the worker cannot watch: it is inside of the engine meanwhile, so its owner
 * looks at the clock. Custom code has an instruction budget, which takes for ever where the engine is busy with code that turns
 * paging off or rewrites itself. A slice of the guest has a time limit that the engine keeps, but on a busy computer the stop can
 * come before the run has begun, and is lost (seen with 50 us at eight busy processes on two cores).
 */

/** Where a run is begun and ended, for whoever watches it. */
export interface RunMarks {
  begin(): void;
  end(): void;
}

/** Run numbers are odd during a run and even in between; they wrap around below the mark of the owner. */
const STOPPING = 1 << 30;
const RUN_MASK = STOPPING - 1;
const END_WAIT_MS = 50;

/**
 * How long custom code may take, in milliseconds: well above what its instruction budget and the translation of a large block
 * take on a busy computer, and below what a user notices as a hang.
 */
export const CODE_TIME_MS = 400;
/** When a slice of the guest, which takes some milliseconds, must have lost its stop. */
export const SLICE_TIME_MS = 50;
const LOOK_INTERVAL_MS = 25;

/** The worker's side. */
export class WatchedRuns implements RunMarks {
  readonly #words: Int32Array;
  readonly #word: number;
  readonly #onFirst: () => void;
  #run = 0;
  #hasRun = false;

  /** `word`: index of the number of the run. `onFirst` is called once, before the first run. */
  constructor(words: Int32Array, word: number, onFirst: () => void) {
    this.#words = words;
    this.#word = word;
    this.#onFirst = onFirst;
  }

  begin(): void {
    if (!this.#hasRun) this.#onFirst();
    this.#hasRun = true;
    this.#run = (this.#run + 1) & RUN_MASK;
    Atomics.store(this.#words, this.#word, this.#run);
  }

  end(): void {
    const ended = (this.#run + 1) & RUN_MASK;
    for (;;) {
      const found = Atomics.compareExchange(this.#words, this.#word, this.#run, ended);
      if (found === this.#run) break;
      // The owner is about to stop this run; its stop must not come to the next one.
      Atomics.wait(this.#words, this.#word, found, END_WAIT_MS);
    }
    this.#run = ended;
  }
}

/** The owner's side. */
export class RunWatchdog {
  readonly #words: Int32Array;
  readonly #word: number;
  readonly #limitMs: number;
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #run = 0;
  #sinceMs = 0;

  /** `stop` asks the engine of these runs to stop. */
  constructor(words: Int32Array, word: number, limitMs: number, stop: () => void) {
    this.#words = words;
    this.#word = word;
    this.#limitMs = limitMs;
    this.#stop = stop;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(performance.now()), LOOK_INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Stops the run that was seen `limitMs` ago; again at the next look, since a stop can be lost. */
  look(nowMs: number): void {
    const run = Atomics.load(this.#words, this.#word);
    if (run !== this.#run) {
      this.#run = run;
      this.#sinceMs = nowMs;
    }
    if (run % 2 === 0 || nowMs - this.#sinceMs < this.#limitMs) return;
    if (Atomics.compareExchange(this.#words, this.#word, run, run | STOPPING) !== run) return;
    try {
      this.#stop();
    } finally {
      Atomics.store(this.#words, this.#word, run);
      Atomics.notify(this.#words, this.#word);
    }
  }
}
