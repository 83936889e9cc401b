/** Addresses that the guest comes by often: their handler is asked in the middle of the engine's run, which then goes on. */

import { generalRegisterOrder } from '../../../script-engine/catalog/registers';
import type { RegisterBatch, Unicorn } from '../../native/unicorn';
import type { EngineLayout } from './engine-layout';
import { HiddenBreakpoints } from './hidden-breakpoints';
import { RFLAGS, RIP, TRAP_FLAG } from './cpu-state';

/**
 * Asked when RIP has reached a hot address; registers may be changed. `pass`: the instruction is to run and the CPU to go on.
 * `leave`: nothing has been done, and the run ends with `exit address`. `begun`: it ends with `hit`.
 */
export type HitHandler = (address: bigint) => 'pass' | 'leave' | 'begun';

/** Keeps the next instruction from meeting a breakpoint (SDM volume 3, 17.3.1.1). */
export const RESUME_FLAG = 1n << 16n;

export class HotAddresses {
  onHit: HitHandler = () => 'leave';
  readonly #state: RegisterBatch;
  readonly #flags: RegisterBatch;
  readonly #general: RegisterBatch;
  readonly #breakpoints: HiddenBreakpoints;
  /** Where an instruction is under way, which the trap flag ends. */
  #passing: bigint | undefined;

  /** `state`: the registers of cpu-state, which the handler sees. */
  constructor(engine: Unicorn, layout: EngineLayout, state: RegisterBatch) {
    this.#state = state;
    this.#flags = engine.batch(['rflags']);
    this.#general = engine.batch(generalRegisterOrder);
    this.#breakpoints = new HiddenBreakpoints(engine, layout);
  }

  has(address: bigint): boolean {
    return this.#breakpoints.has(address);
  }

  /** Replaces all of them, between two runs. */
  set(addresses: ReadonlySet<bigint>): void {
    this.#breakpoints.plant(addresses);
  }

  /**
   * To be called for each debug exception of a run. `go on`: it was for a hot address, and the run may continue; `guest`: it is
   * the guest's own. Otherwise the run must end, and `state` holds what the handler has made of the registers.
   */
  meet(): 'go on' | 'guest' | 'exit address' | 'hit' {
    if (this.#passing !== undefined) {
      this.#passing = undefined;
      this.#flags.read();
      this.#setFlags((this.#flags.values[0] ?? 0n) & ~(TRAP_FLAG | RESUME_FLAG));
      return 'go on';
    }
    const { values } = this.#state;
    this.#state.read();
    const rip = values[RIP] ?? 0n;
    const flags = values[RFLAGS] ?? 0n;
    // With the guest's own trap flag set, the exception is the one that the flag has raised.
    if ((flags & TRAP_FLAG) !== 0n || !this.has(rip)) return 'guest';
    const general = this.#general.values;
    general.set(values.subarray(0, general.length));
    const answer = this.onHit(rip);
    if (answer !== 'pass' || values[RIP] !== rip) return answer === 'leave' ? 'exit address' : 'hit';
    this.#passing = rip;
    // RIP must not be written: that would end the engine's run.
    if (general.some((value, index) => value !== values[index])) {
      general.set(values.subarray(0, general.length));
      this.#general.write();
    }
    this.#setFlags((values[RFLAGS] ?? 0n) | TRAP_FLAG | RESUME_FLAG);
    return 'go on';
  }

  #setFlags(flags: bigint): void {
    this.#flags.values[0] = flags;
    this.#flags.write();
  }

  /** After a run: the hot address whose instruction has not come to its end, because of a stop or a fault. */
  takeUnfinished(): bigint | undefined {
    const address = this.#passing;
    this.#passing = undefined;
    return address;
  }

  dispose(): void {
    this.#breakpoints.dispose();
  }
}
