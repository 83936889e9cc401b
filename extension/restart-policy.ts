/** When a process that ended by itself is started again. No editor API: tests run it bare. */

/** Waiting times before the first, second … new start; after the last one it is left alone. */
const DELAYS_MS = [500, 1000, 2000, 5000, 15_000] as const;
/** A process that lived this long was well: the count begins anew. */
const HEALTHY_MS = 60_000;

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly attempt: number }
  | { readonly kind: 'giveUp'; readonly attempts: number };

export class RestartPolicy {
  #attempts = 0;
  #startedMs: number;

  constructor(private readonly now: () => number = Date.now) {
    this.#startedMs = now();
  }

  /** The process runs. */
  started(): void {
    this.#startedMs = this.now();
  }

  /** The process ended by itself. */
  ended(): RestartDecision {
    if (this.now() - this.#startedMs >= HEALTHY_MS) this.#attempts = 0;
    const afterMs = DELAYS_MS[this.#attempts];
    if (afterMs === undefined) return { kind: 'giveUp', attempts: this.#attempts };
    this.#attempts++;
    return { kind: 'restart', afterMs, attempt: this.#attempts };
  }

  /** The user asked for it: all attempts are there again. */
  reset(): void {
    this.#attempts = 0;
  }
}
