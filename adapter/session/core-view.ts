import type { Debuggee, ProcessDetails, RegisterFile, Stop } from '../../driver/debuggee';

/**
 * What one stop shows, read once and kept until the target runs or is written to: a stop must not cost a packet for each
 * question of the client.
 */
export class CoreView {
  #registers: Promise<RegisterFile> | undefined;
  #process: Promise<ProcessDetails> | undefined;

  constructor(
    readonly debuggee: Debuggee,
    readonly stop: Stop,
  ) {}

  get core(): number {
    return this.stop.core;
  }

  registers(): Promise<RegisterFile> {
    return (this.#registers ??= this.debuggee.readRegisters());
  }

  process(): Promise<ProcessDetails> {
    return (this.#process ??= this.debuggee.currentProcess());
  }

  /** Forgets the registers: they were written. */
  invalidate(): void {
    this.#registers = undefined;
  }
}
