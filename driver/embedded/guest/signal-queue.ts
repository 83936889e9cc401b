/** Signals that have been sent to a thread or a process and not been taken yet. */

/** From here on every sending counts; below it a signal that is pending already is not sent again. */
const FIRST_REAL_TIME_SIGNAL = 32;

export const signalBit = (signal: number): bigint => 1n << BigInt(signal - 1);

export interface SignalInfo {
  readonly signal: number;
  /** si_code: who sent it, or what a fault was. */
  readonly code: number;
  /** si_addr of a fault, si_value of a queued signal. */
  readonly value: bigint;
  /** si_pid, or the identifier of a POSIX timer. */
  readonly sender: number;
  /** si_status of SIGCHLD. */
  readonly status?: number;
}

/** si_code values (asm-generic/siginfo.h). */
export const SIGNAL_CODE = {
  fromProcess: 0,
  fromKernel: 0x80,
  queued: -1,
  fromTimer: -2,
  fromThread: -6,
  childExited: 1,
  childKilled: 2,
} as const;

export class SignalQueue {
  #infos: SignalInfo[] = [];

  /** The signals that wait, bit `signal - 1`. */
  get bits(): bigint {
    return this.#infos.reduce((bits, { signal }) => bits | signalBit(signal), 0n);
  }

  add(info: SignalInfo): void {
    const isHere = this.#infos.some(({ signal }) => signal === info.signal);
    if (isHere && info.signal < FIRST_REAL_TIME_SIGNAL) return;
    this.#infos.push(info);
  }

  /** Takes the lowest signal of `allowed`, of several the oldest. */
  take(allowed: bigint): SignalInfo | undefined {
    let best: SignalInfo | undefined;
    for (const info of this.#infos) {
      const isAllowed = (allowed & signalBit(info.signal)) !== 0n;
      if (isAllowed && (best === undefined || info.signal < best.signal)) best = info;
    }
    if (best !== undefined) this.#infos.splice(this.#infos.indexOf(best), 1);
    return best;
  }

  drop(signal: number): void {
    this.#infos = this.#infos.filter((info) => info.signal !== signal);
  }
}
