import type { Debuggee, Stop } from '../../driver/debuggee';
import type { CompileMode } from '../../script-engine/compiler/compile';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import { ArmedEvents } from '../arming/armed-events';
import type { SymbolTable } from '../symbols/symbol-table';
import { SerialQueue } from '../target/serial-queue';
import { type ReadMemory, type ReturnAddressTest, returnAddressTest } from '../target/stack-walk';
import type { Target } from '../target/target';
import { CoreView } from './core-view';
import { HitCounters } from './hit-counters';
import { notStopped } from './request-error';

/** Why the target stands still, in the adapter's words. */
export type StopCause = 'entry' | 'step' | 'pause' | 'itself';

export interface StopListener {
  /** The target has halted and the client does not know yet. */
  stopped(stop: Stop, cause: StopCause): void;
}

/** Takes a stop that an operation of the adapter itself waits for; true when it was that. */
type StopInterceptor = (stop: Stop) => boolean;

/** The target of a session: who may talk to it and when, and what the present stop shows. */
export class LiveTarget {
  readonly events = new ArmedEvents();
  /** What the target said last about its events; one that is not here is as it was armed. */
  readonly eventStates = new Map<bigint, 'enabled' | 'disabled' | 'cleared'>();
  readonly hitCounters = new HitCounters();
  countsHits = false;
  /** Script variables live as long as the debugger (script-language 11). */
  readonly globals = new GlobalTable();
  /** The module list has been asked for since the loader ran. */
  hasSeenLibraries = false;
  readonly #queue = new SerialQueue();
  #listener: StopListener | undefined;
  #interceptor: StopInterceptor | undefined;
  #isReported = false;
  #views = new Map<number, CoreView>();
  #selectedCore = 0;
  #knownCores = new Set([0]);
  /** Grows whenever the target runs: answers about an older stop are void. */
  #generation = 0;

  readonly readMemory: ReadMemory;
  readonly isReturnAddress: ReturnAddressTest;

  constructor(readonly target: Target) {
    this.readMemory = (address, sizeBytes) => target.debuggee.readMemory(address, sizeBytes);
    this.isReturnAddress = returnAddressTest(this.readMemory, target.symbols);
  }

  get debuggee(): Debuggee {
    return this.target.debuggee;
  }

  get symbols(): SymbolTable {
    return this.target.symbols;
  }

  get scriptMode(): CompileMode {
    return this.target.scriptMode ?? 'safe';
  }

  get generation(): number {
    return this.#generation;
  }

  get cores(): readonly number[] {
    return [...this.#knownCores].sort((a, b) => a - b);
  }

  /** Whether the client has been told of the present stop. */
  get isStopped(): boolean {
    return this.#isReported;
  }

  onStopped(listener: StopListener): void {
    this.#listener = listener;
  }

  /** A stop came from the target, or an operation ended in one. Told to the client once. */
  arrive(stop: Stop, cause: StopCause): void {
    this.#knownCores.add(stop.core);
    if (this.#isReported || this.#interceptor?.(stop) === true) return;
    this.#isReported = true;
    this.#selectedCore = stop.core;
    this.#views = new Map([[stop.core, new CoreView(this.debuggee, stop)]]);
    this.#listener?.stopped(stop, cause);
  }

  /** Lets `interceptor` see stops before the client does; undefined ends that. */
  intercept(interceptor: StopInterceptor | undefined): void {
    this.#interceptor = interceptor;
  }

  /** Must be called before the target runs on the client's behalf. */
  leaveStop(): void {
    this.#isReported = false;
    this.#generation++;
    this.hitCounters.leaveStop();
    this.#views = new Map();
  }

  /**
   * Runs `work` while the target stands still and lets it run on afterwards, if it ran before. The client sees nothing of it, unless
   * the target stopped for a reason of its own meanwhile.
   */
  whileHalted<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.debuggee.halted !== undefined) return work();
      const stop = await this.debuggee.pause();
      try {
        return await work();
      } finally {
        if (isOwnPause(stop)) await this.debuggee.resume();
        else this.arrive(stop, 'itself');
      }
    });
  }

  /** Runs `work` in its turn, with the target as it is. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /** The present stop as `core` sees it. Throws when the target runs. */
  async view(core = this.#selectedCore): Promise<CoreView> {
    if (!this.#isReported) throw notStopped();
    const present = this.#views.get(core);
    if (present !== undefined && core === this.#selectedCore) return present;
    return this.#queue.run(async () => {
      if (!this.#isReported) throw notStopped();
      if (core !== this.#selectedCore) {
        const stop = await this.debuggee.selectCore(core);
        this.#selectedCore = core;
        if (!this.#views.has(core)) this.#views.set(core, new CoreView(this.debuggee, stop));
      }
      const view = this.#views.get(core);
      if (view === undefined) throw notStopped();
      return view;
    });
  }

  /** The target's registers or memory were written: read them again. */
  invalidateViews(): void {
    for (const view of this.#views.values()) view.invalidate();
  }
}

/** A stop that only our `pause` explains. */
export function isOwnPause(stop: Stop): boolean {
  return stop.reason === 'pause' || stop.reason === 'requested';
}
