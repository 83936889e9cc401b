/** Timers of a process: interval timers, POSIX timers and those behind descriptors. Times are of `performance.now()`. */

export interface TimerSetting {
  /** Milliseconds from now; undefined is off. */
  readonly leftMs: number | undefined;
  /** 0 for a timer that goes off once. */
  readonly intervalMs: number;
}

export class GuestTimer {
  #dueMs: number | undefined;
  #intervalMs = 0;
  readonly #expired: (times: number) => void;

  constructor(expired: (times: number) => void) {
    this.#expired = expired;
  }

  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  get setting(): TimerSetting {
    const due = this.#dueMs;
    const leftMs = due === undefined ? undefined : Math.max(0, due - performance.now());
    return { leftMs, intervalMs: this.#intervalMs };
  }

  set({ leftMs, intervalMs }: TimerSetting): void {
    this.#dueMs = leftMs === undefined ? undefined : performance.now() + leftMs;
    this.#intervalMs = intervalMs;
  }

  /** Goes off as often as its time has come by `nowMs`. */
  expire(nowMs: number): void {
    const due = this.#dueMs;
    if (due === undefined || due > nowMs) return;
    const times = this.#intervalMs > 0 ? 1 + Math.floor((nowMs - due) / this.#intervalMs) : 1;
    this.#dueMs = this.#intervalMs > 0 ? due + times * this.#intervalMs : undefined;
    this.#expired(times);
  }
}

export class Timers {
  readonly #timers = new Set<GuestTimer>();

  add(expired: (times: number) => void): GuestTimer {
    const timer = new GuestTimer(expired);
    this.#timers.add(timer);
    return timer;
  }

  remove(timer: GuestTimer): void {
    this.#timers.delete(timer);
  }

  expire(nowMs: number): void {
    for (const timer of this.#timers) timer.expire(nowMs);
  }

  /** When the next one goes off; Infinity for never. */
  get nextMs(): number {
    return Math.min(Infinity, ...[...this.#timers].map(({ dueMs }) => dueMs ?? Infinity));
  }
}
