/** A transport that lets overdue batches go while the machine runs and while it waits. */

import type { Transport } from '../machine-loop';

export interface DueMessages {
  flushOverdue(): void;
  readonly msUntilDue: number | undefined;
}

const US_PER_MS = 1000;

export class DueTransport implements Transport {
  readonly #inner: Transport;
  readonly #messages: DueMessages;

  constructor(inner: Transport, messages: DueMessages) {
    this.#inner = inner;
    this.#messages = messages;
  }

  take(): Uint8Array | undefined {
    this.#messages.flushOverdue();
    return this.#inner.take();
  }

  wait(timeoutMs: number): void {
    this.#inner.wait(Math.min(timeoutMs, this.#messages.msUntilDue ?? Infinity));
  }

  get mustQuit(): boolean {
    return this.#inner.mustQuit;
  }

  get hasNews(): boolean {
    return this.#inner.hasNews;
  }

  whileInterruptible<T>(body: () => T, isLimited: boolean): T | undefined {
    return this.#inner.whileInterruptible(body, isLimited);
  }

  /** The CPU must come back in time for the batch; 0 is no limit. */
  get runLimitUs(): number {
    const { msUntilDue } = this.#messages;
    return msUntilDue === undefined ? 0 : Math.max(1, Math.ceil(msUntilDue * US_PER_MS));
  }
}
