/**
 * Requests to a halted debuggee as they stand on the wire, one by one: what a command line wants, whose frames are those of
 * the original's client (driver-protocol 8.4). `KdClient` makes the same requests safe and convenient.
 */

import type { Stop } from '../debuggee';
import { DriverError, requireSuccess } from '../driver-error';
import {
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  DEBUGGER_TEST_QUERY_STATE as TEST,
} from '../sdk/tables.generated';
import type { Ask } from './kd-memory';
import type { KdSession } from './kd-session';
import { concatBytes, type Packet } from './packet';
import { ANSWER, REQUEST } from './packets';
import { textToBytes } from './text-bytes';

/** DEBUGGER_REMOTE_STEPPING_REQUEST. */
export const STEP_TYPE = {
  in: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_IN,
  instrumentation: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN,
  tracking: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN_FOR_TRACKING,
  over: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER,
  out: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER_FOR_GU,
  outLast: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER_FOR_GU_LAST_INSTRUCTION,
} as const;
export type StepType = keyof typeof STEP_TYPE;

/** A shipped command runs in a program of the other side, which may have to load or list much. */
const SHIPPED_LIMIT_MS = 60_000;

export class KdRequests {
  readonly #session: KdSession;
  readonly #timeoutMs: number;
  readonly #changed: () => void;

  /** `changed` is told before a request that can change registers or memory. */
  constructor(session: KdSession, timeoutMs: number, changed: () => void) {
    this.#session = session;
    this.#timeoutMs = timeoutMs;
    this.#changed = changed;
  }

  /** It is an embedded machine and not a real HyperDbg debuggee. */
  get isOwn(): boolean {
    return this.#session.isOwn;
  }

  /** Why no request can succeed any more; undefined while the connection stands. */
  get closedReason(): string | undefined {
    return this.#session.connection.closedReason;
  }

  /** Sends a request to the halted debuggee and resolves with its answer. */
  readonly ask: Ask = (packet, value, operation, answer, isMine) =>
    this.#inHalt(operation, () => this.#ask(packet, value, operation, answer, isMine));

  /** One step; resolves with the stop that ends it. A call that is stepped over may take as long as it likes. */
  async step(type: StepType, callSizeBytes?: number): Promise<Stop> {
    const operation = 'Stepping';
    const limit = callSizeBytes === undefined ? this.#timeoutMs : undefined;
    const { stopped } = await this.#inHalt(operation, () => {
      const stopped = this.#leaveHalt(operation, limit);
      this.#send(operation, REQUEST.step, {
        StepType: STEP_TYPE[type],
        IsCurrentInstructionACall: callSizeBytes !== undefined,
        CallLength: callSizeBytes ?? 0,
      });
      return Promise.resolve({ stopped });
    });
    return stopped;
  }

  /** Lets the target run and resolves with its next stop, however long that takes. */
  async continueToStop(): Promise<Stop> {
    const operation = 'Continuing the target';
    const { stopped } = await this.#inHalt(operation, () => {
      const stopped = this.#leaveHalt(operation, undefined);
      this.#send(operation, REQUEST.continue, undefined);
      return Promise.resolve({ stopped });
    });
    return stopped;
  }

  /** The next stop of a target that runs. */
  nextStop(): Promise<Stop> {
    return this.#session.nextStop('Waiting for the target to halt', undefined);
  }

  /** Switches to another core, and resolves with its stop; the answer comes first (8.4). */
  selectCore(core: number): Promise<Stop> {
    const operation = `Selecting core ${core}`;
    return this.#inHalt(operation, async () => {
      const switched = this.#session.nextStop(operation, this.#timeoutMs);
      switched.catch(() => undefined);
      const answer = await this.#ask(
        REQUEST.changeCore,
        { NewCore: core, Result: 0 },
        operation,
        ANSWER.changeCore,
      );
      requireSuccess(operation, answer.Result);
      return switched;
    });
  }

  /**
   * Has a command line run by the debuggee's own client program, whose text comes as messages. Breakpoints and events are
   * mute meanwhile (8.4).
   */
  ship(line: string): Promise<void> {
    const operation = `Running "${line}" in the target`;
    return this.#inHalt(operation, async () => {
      await this.#testQuery(
        operation,
        TEST.TEST_BREAKPOINT_TURN_OFF_BPS_AND_EVENTS_FOR_COMMANDS_IN_REMOTE_COMPUTER,
      );
      const finished = this.#leaveHalt(operation, SHIPPED_LIMIT_MS);
      this.#sendLine(operation, line, false);
      await finished;
      await this.#testQuery(
        operation,
        TEST.TEST_BREAKPOINT_TURN_ON_BPS_AND_EVENTS_FOR_COMMANDS_IN_REMOTE_COMPUTER,
      );
    });
  }

  /** The same for commands that leave the target running: nobody tells that they have finished. */
  shipAndRun(line: string): Promise<void> {
    const operation = `Running "${line}" in the target`;
    return this.#inHalt(operation, () => {
      this.#changed();
      this.#session.leaveHalt();
      this.#sendLine(operation, line, true);
      return Promise.resolve();
    });
  }

  /** Makes the debuggee tell its modules again, which it halts behind; gives the status back. */
  reloadSymbols(processId: number): Promise<void> {
    const operation = 'Reading the module list';
    return this.#inHalt(operation, async () => {
      const halted = this.#leaveHalt(operation, this.#timeoutMs);
      halted.catch(() => undefined);
      const answer = await this.#ask(
        REQUEST.reloadSymbols,
        { ProcessId: processId },
        operation,
        ANSWER.modulesFinished,
      );
      this.#session.takeModules();
      await halted;
      requireSuccess(operation, answer.KernelStatus);
    });
  }

  async #testQuery(operation: string, query: number): Promise<void> {
    const record = { RequestType: query, Context: 0n, KernelStatus: 0 };
    const isMine = (answer: { RequestType: number }) => answer.RequestType === query;
    const answer = await this.#ask(REQUEST.testQuery, record, operation, ANSWER.testQuery, isMine);
    requireSuccess(operation, answer.KernelStatus);
  }

  #sendLine(operation: string, line: string, isSilentAtEnd: boolean): void {
    const tail = concatBytes([textToBytes(line), Uint8Array.of(0)]);
    const record = { CommandLen: tail.length, IgnoreFinishedSignal: isSilentAtEnd, Result: 0 };
    this.#send(operation, REQUEST.userInput, { record, tail });
  }

  /** The target is about to run; the promise is that of its next stop, and may be left alone. */
  #leaveHalt(operation: string, limitMs: number | undefined): Promise<Stop> {
    this.#changed();
    this.#session.leaveHalt();
    const stopped = this.#session.nextStop(operation, limitMs);
    stopped.catch(() => undefined);
    return stopped;
  }

  #send<V>(operation: string, packet: Packet<V>, value: V): void {
    this.#session.connection.send(operation, packet, value);
  }

  readonly #ask: Ask = (packet, value, operation, answer, isMine) => {
    this.#changed();
    const question = { operation, answer, timeoutMs: this.#timeoutMs, ...(isMine && { isMine }) };
    return this.#session.connection.ask(packet, value, question);
  };

  #inHalt<T>(operation: string, task: () => Promise<T>): Promise<T> {
    const { connection } = this.#session;
    return connection.inTurn(async () => {
      const { closedReason } = connection;
      if (closedReason !== undefined) throw new DriverError(operation, undefined, closedReason);
      if (this.#session.halted === undefined)
        throw new DriverError(operation, undefined, 'the target runs; pause it first');
      return task();
    });
  }
}
