/** The kernel-debugger client once it is connected (driver-protocol 8.3, 8.4). */

import type { ByteStream } from '../byte-stream';
import type {
  ActionRequest,
  AddressSpace,
  Debuggee,
  DebuggeeListener,
  EventRequest,
  EventVerb,
  ProcessDetails,
  RegisterFile,
  ScriptResult,
  StepKind,
  Stop,
  TargetModule,
} from '../debuggee';
import { DriverError, refusal, requireSuccess } from '../driver-error';
import {
  DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST as BREAKPOINT_VERB,
  DEBUGGER_ERROR,
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  REGS_ENUM,
  SDK,
} from '../sdk/tables.generated';
import { callSizeBytes } from './call-instruction';
import { ALL_EVENTS, recordOfAction, recordOfEvent, VERB_NUMBER } from './event-records';
import { KdMemory, type Ask } from './kd-memory';
import { askCurrentProcess } from './kd-process';
import { KdRequests } from './kd-requests';
import type { KdSession } from './kd-session';
import { registerFileOf } from './machine-records';
import { ANSWER, REQUEST } from './packets';
import { ALL_REGISTERS } from './special-payloads';

/** `close` takes a second at most: this is what it spends on halting a running target. */
const CLOSE_PAUSE_TIMEOUT_MS = 700;
/** Cores are not always locked at once (8.4). */
const EVENT_ATTEMPTS = 3;
const NO_BYTES = new Uint8Array(0);
const ALL = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES;

const STEP_NUMBER: Readonly<Record<StepKind, number>> = {
  in: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_IN,
  over: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER,
  instrumentation: STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN,
};

export class KdClient implements Debuggee {
  readonly description: string;
  /** See ByteStream. */
  readonly bytesPerSecond: number | undefined;
  /** The same target without the conveniences: for a command line, which sends what the original sends. */
  readonly requests: KdRequests;
  readonly #session: KdSession;
  readonly #timeoutMs: number;
  readonly #memory: KdMemory;
  /** Breakpoint ids are not told; they count from 1 up (8.4). */
  #lastBreakpoint = 0n;
  /** Something was changed since the stop, so its instruction bytes may be wrong. */
  #isStopStale = false;
  /** The stop that `#isStopStale` is about. */
  #knownStop: Stop | undefined;
  #closing: Promise<void> | undefined;

  constructor(stream: ByteStream, session: KdSession, timeoutMs: number) {
    this.description = stream.description;
    this.bytesPerSecond = stream.bytesPerSecond;
    this.#session = session;
    this.#timeoutMs = timeoutMs;
    this.#memory = new KdMemory(this.#ask, session.isOwn);
    this.requests = new KdRequests(session, timeoutMs, () => (this.#isStopStale = true));
  }

  get halted(): Stop | undefined {
    return this.#session.halted;
  }
  get modules(): readonly TargetModule[] {
    return this.#session.modules;
  }
  listen(listener: DebuggeeListener): void {
    this.#session.listen(listener);
  }

  pause(): Promise<Stop> {
    const { halted, connection } = this.#session;
    if (halted !== undefined) return Promise.resolve(halted);
    return this.#pauseWithin(this.#timeoutMs, connection);
  }

  // Not in turn with requests: a step over a long call is one, and pause is what ends it.
  #pauseWithin(timeoutMs: number, connection: KdSession['connection']): Promise<Stop> {
    const stop = this.#session.nextStop('Pausing the target', timeoutMs);
    if (connection.closedReason === undefined)
      connection.send('Pausing the target', REQUEST.pause, undefined);
    return stop;
  }

  resume(): Promise<void> {
    return this.#inHalt('Continuing the target', () => {
      this.#session.leaveHalt();
      this.#session.connection.send('Continuing the target', REQUEST.continue, undefined);
      return Promise.resolve();
    });
  }

  async step(kind: StepKind): Promise<Stop> {
    const operation = 'Stepping';
    // The turn ends with the request, so that the next one can already wait for the stop.
    const { stopped } = await this.#inHalt(operation, async (stop) => {
      const callSize = kind === 'over' ? await this.#callAt(stop) : undefined;
      this.#session.leaveHalt();
      // A call may take as long as it likes; `pause` ends the step.
      const limit = callSize === undefined ? this.#timeoutMs : undefined;
      const waiting = this.#session.nextStop(operation, limit);
      waiting.catch(() => undefined);
      this.#session.connection.send(operation, REQUEST.step, {
        StepType: STEP_NUMBER[kind],
        IsCurrentInstructionACall: callSize !== undefined,
        CallLength: callSize ?? 0,
      });
      return { stopped: waiting };
    });
    return stopped;
  }

  async #callAt(stop: Stop): Promise<number | undefined> {
    if (!this.#isStopStale) return callSizeBytes(stop.instructionBytes, stop.is32Bit);
    const rip = await this.#registerValue(REGS_ENUM.REGISTER_RIP);
    return callSizeBytes(await this.#memory.read(rip, SDK.MAXIMUM_INSTR_SIZE, 'virtual'), stop.is32Bit);
  }

  readRegisters(): Promise<RegisterFile> {
    const operation = 'Reading the registers';
    return this.#inHalt(operation, async () => {
      const question = { registerId: ALL_REGISTERS, unused: NO_BYTES };
      const isMine = (answer: { record: { RegisterId: number } }) =>
        answer.record.RegisterId === ALL_REGISTERS;
      const { record, all } = await this.#ask(
        REQUEST.readRegisters,
        question,
        operation,
        ANSWER.readRegisters,
        isMine,
      );
      requireSuccess(operation, record.KernelStatus);
      if (all === undefined)
        throw new DriverError(operation, undefined, 'the answer does not hold all registers');
      return registerFileOf(all.general, all.extra);
    });
  }

  readRegister(registerId: number): Promise<bigint> {
    return this.#inHalt('Reading a register', () => this.#registerValue(registerId));
  }

  async #registerValue(registerId: number): Promise<bigint> {
    const operation = 'Reading a register';
    const question = { registerId, unused: NO_BYTES };
    const isMine = (answer: { record: { RegisterId: number } }) => answer.record.RegisterId === registerId;
    const { record } = await this.#ask(
      REQUEST.readRegisters,
      question,
      operation,
      ANSWER.readRegisters,
      isMine,
    );
    requireSuccess(operation, record.KernelStatus);
    return record.Value;
  }

  writeRegister(registerId: number, value: bigint): Promise<void> {
    const operation = 'Writing a register';
    return this.#inHalt(operation, async () => {
      this.#isStopStale = true;
      const record = { RegisterId: registerId, Value: value, KernelStatus: 0 };
      const answer = await this.#ask(REQUEST.writeRegister, record, operation, ANSWER.writeRegister);
      requireSuccess(operation, answer.KernelStatus);
    });
  }

  readMemory(address: bigint, sizeBytes: number, space: AddressSpace = 'virtual'): Promise<Uint8Array> {
    return this.#inHalt('Reading memory', () => this.#memory.read(address, sizeBytes, space));
  }

  writeMemory(address: bigint, bytes: Uint8Array, space: AddressSpace = 'virtual'): Promise<void> {
    return this.#inHalt('Writing memory', () => {
      this.#isStopStale = true;
      return this.#memory.write(address, bytes, space);
    });
  }

  translate(virtualAddress: bigint): Promise<bigint | undefined> {
    return this.#inHalt('Translating an address', () => this.#memory.translate(virtualAddress));
  }

  currentProcess(): Promise<ProcessDetails> {
    return this.#inHalt('Asking for the current process', () => askCurrentProcess(this.#ask));
  }

  selectCore(core: number): Promise<Stop> {
    const operation = `Selecting core ${core}`;
    return this.#inHalt(operation, async (stop) => {
      // The answer comes first, the stop of the new core behind it (8.4).
      const switched = core === stop.core ? undefined : this.#session.nextStop(operation, this.#timeoutMs);
      switched?.catch(() => undefined);
      const record = { NewCore: core, Result: 0 };
      const answer = await this.#ask(REQUEST.changeCore, record, operation, ANSWER.changeCore);
      requireSuccess(operation, answer.Result);
      return switched ?? stop;
    });
  }

  registerEvent(event: EventRequest): Promise<void> {
    const operation = 'Registering the event';
    return this.#inHalt(operation, () =>
      this.#retried(operation, () =>
        this.#ask(REQUEST.registerEvent, recordOfEvent(event), operation, ANSWER.registerEvent),
      ),
    );
  }

  addAction(tag: bigint, action: ActionRequest, immediate: boolean): Promise<void> {
    const operation = 'Adding the action';
    return this.#inHalt(operation, () =>
      this.#retried(operation, () =>
        this.#ask(REQUEST.addAction, recordOfAction(tag, action, immediate), operation, ANSWER.addAction),
      ),
    );
  }

  async #retried(
    operation: string,
    attempt: () => Promise<{ readonly IsSuccessful: boolean; readonly Error: number }>,
  ): Promise<void> {
    for (let attemptsLeft = EVENT_ATTEMPTS; ; attemptsLeft--) {
      const result = await attempt();
      if (result.IsSuccessful) return;
      const isBusy =
        result.Error === DEBUGGER_ERROR.DEBUGGER_ERROR_NOT_ALL_CORES_ARE_LOCKED_FOR_APPLYING_INSTANT_EVENT;
      if (!isBusy || attemptsLeft <= 1) throw refusal(operation, result.Error);
    }
  }

  modifyEvent(tag: bigint | 'all', verb: EventVerb): Promise<boolean> {
    const operation = `The request to ${verb} ${tag === 'all' ? 'all events' : 'the event'}`;
    return this.#inHalt(operation, async () => {
      const Tag = tag === 'all' ? ALL_EVENTS : tag;
      const record = { Tag, KernelStatus: 0n, TypeOfAction: VERB_NUMBER[verb], IsEnabled: false };
      const isMine = (answer: { Tag: bigint }) => answer.Tag === Tag;
      const answer = await this.#ask(REQUEST.modifyEvent, record, operation, ANSWER.modifyEvent, isMine);
      requireSuccess(operation, answer.KernelStatus);
      return verb === 'query' ? answer.IsEnabled : verb === 'enable';
    });
  }

  setBreakpoint(address: bigint): Promise<bigint> {
    const operation = 'Setting the breakpoint';
    return this.#inHalt(operation, async () => {
      const record = {
        Address: address,
        Pid: ALL,
        Tid: ALL,
        Core: ALL,
        RemoveAfterHit: false,
        CheckForCallbacks: false,
        Result: 0,
      };
      const isMine = (answer: { Address: bigint }) => answer.Address === address;
      const answer = await this.#ask(REQUEST.setBreakpoint, record, operation, ANSWER.setBreakpoint, isMine);
      requireSuccess(operation, answer.Result);
      return ++this.#lastBreakpoint;
    });
  }

  clearBreakpoint(id: bigint): Promise<void> {
    const operation = 'Clearing the breakpoint';
    return this.#inHalt(operation, async () => {
      const verb = BREAKPOINT_VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_CLEAR;
      const record = { BreakpointId: id, Request: verb, Result: 0 };
      const isMine = (answer: { BreakpointId: bigint }) => answer.BreakpointId === id;
      const answer = await this.#ask(
        REQUEST.modifyBreakpoints,
        record,
        operation,
        ANSWER.modifyBreakpoints,
        isMine,
      );
      requireSuccess(operation, answer.Result);
    });
  }

  runScript(bytes: Uint8Array, symbolCount: number, expectValue: boolean): Promise<ScriptResult> {
    const operation = 'Running the script';
    return this.#inHalt(operation, async () => {
      this.#isStopStale = true;
      const record = {
        ScriptBufferSize: bytes.length,
        ScriptBufferPointer: symbolCount,
        IsFormat: expectValue,
        FormatValue: 0n,
        Result: 0,
      };
      const run = () => this.#ask(REQUEST.runScript, { record, tail: bytes }, operation, ANSWER.runScript);
      const { value, text, formats, error } = await this.#session.collectScript(run);
      if (error !== undefined) throw new DriverError(operation, value.Result, error);
      requireSuccess(operation, value.Result);
      return { text, value: formats };
    });
  }

  reloadModules(): Promise<readonly TargetModule[]> {
    const operation = 'Reading the module list';
    return this.#inHalt(operation, async () => {
      // The debuggee runs on to make the list and halts again when it is done (8.4).
      const halted = this.#session.nextStop(operation, this.#timeoutMs);
      halted.catch(() => undefined);
      const answer = await this.#ask(
        REQUEST.reloadSymbols,
        { ProcessId: ALL },
        operation,
        ANSWER.modulesFinished,
      );
      this.#session.takeModules();
      requireSuccess(operation, answer.KernelStatus);
      await halted;
      return this.#session.modules;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { connection } = this.#session;
    const operation = 'Closing the session';
    try {
      // A running debuggee takes no order to clear up; without a halt it only stops listening.
      if (this.#session.halted === undefined) await this.#pauseWithin(CLOSE_PAUSE_TIMEOUT_MS, connection);
      connection.send(operation, REQUEST.close, undefined);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
    }
    if (connection.closedReason === undefined) connection.send(operation, REQUEST.stopListening, undefined);
    this.#session.close('the session was closed');
  }

  /** Runs `task` in turn, once the target is known to be halted. */
  #inHalt<T>(operation: string, task: (stop: Stop) => Promise<T>): Promise<T> {
    const { connection } = this.#session;
    return connection.inTurn(async () => {
      const { closedReason } = connection;
      if (closedReason !== undefined) throw new DriverError(operation, undefined, closedReason);
      const stop = this.#session.halted;
      if (stop === undefined) throw new DriverError(operation, undefined, 'the target runs; pause it first');
      if (stop !== this.#knownStop) this.#isStopStale = false;
      this.#knownStop = stop;
      return task(stop);
    });
  }
  readonly #ask: Ask = (packet, value, operation, answer, isMine) => {
    const question = { operation, answer, timeoutMs: this.#timeoutMs, ...(isMine && { isMine }) };
    return this.#session.connection.ask(packet, value, question);
  };
}
