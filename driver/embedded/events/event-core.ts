/**
 * Events, actions and the trigger algorithm of the driver (driver-protocol 5). Synchronous: it runs inside CPU hooks, and
 * without any CPU in `hds test`.
 */

import { opcodeValue, SymbolKind } from '../../../script-engine/catalog/opcodes';
import { runScript, type ScriptError } from '../../../script-engine/evaluator/interpreter';
import {
  MalformedScriptError,
  prepareScript,
  type PreparedScript,
} from '../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import type { ActionRequest, EventRequest, EventVerb } from '../../debuggee';
import { errorText } from '../../kd/log-message';
import { DEBUGGER_ERROR, OPERATION, SDK } from '../../sdk/tables.generated';
import type { CodeRunner, EventHost, SafeBuffer } from './event-host';
import { EventScriptMachine, type ScriptOccasion } from './event-script-machine';
import { EventStore, type StoredAction, type StoredEvent } from './event-store';

import type { CodeRun, Delivery, Occurrence, RunError, ScriptRun } from './delivery';

export type { CodeRun, Delivery, Occurrence, RunError, ScriptRun } from './delivery';

const NO_ACTIONS: readonly StoredAction[] = [];
const PAUSE = BigInt(opcodeValue('FUNC_PAUSE'));
const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const LOW_32_BITS = 0xffffffffn;
/** The real driver compares the size with the number of slots of its message queue (5.3). */
const BUFFER_LIMIT_BYTES = SDK.MaximumPacketsCapacity;

/** One pass of the trigger algorithm under way: it stands before an action of `event`, or before the event `next`. */
export interface Pass {
  readonly occurrence: Occurrence;
  readonly events: readonly StoredEvent[];
  next: number;
  event: StoredEvent | undefined;
  actions: readonly StoredAction[];
  nextAction: number;
  /** What the action that runs is for. */
  occasion: ScriptOccasion | undefined;
  shortCircuit: boolean;
  postNeeded: boolean;
  readonly hits: bigint[];
  readonly errors: RunError[];
  readonly codeRuns: CodeRun[];
}

export interface EventCoreOptions {
  /**
   * Whether a pointer into its buffer that custom code returns hands the buffer to the debugger, as the documentation of
   * actions says. HyperDbg 0.23 ignores what the code returns (5.3, TRAP).
   */
  readonly deliversReturnedBuffer: boolean;
}

export class EventCore {
  readonly #store: EventStore;
  readonly #session = new ScriptSession();
  /** Scripts of the halted debugger run while an event's script waits in `pause()`: same globals, own stack. */
  readonly #haltedSession = new ScriptSession({ globals: this.#session.globals });
  #pass: Pass | undefined;
  /** No event fires meanwhile. */
  isMuted = false;

  constructor(
    readonly host: EventHost,
    readonly codeRunner: CodeRunner,
    readonly options: EventCoreOptions = { deliversReturnedBuffer: true },
  ) {
    this.#store = new EventStore(host);
  }

  /** Registers an event, disabled (5.1). The answer is an SDK status. */
  register(event: EventRequest): number {
    return this.#store.register(event);
  }

  /**
   * Adds an action; the first one enables the event (5.3). `immediate` is ImmediateMessagePassing: whether its text leaves at
   * once. The answer is an SDK status.
   */
  addAction(tag: bigint, action: ActionRequest, immediate = true): number {
    const event = this.#store.find(tag);
    if (event === undefined) return DEBUGGER_ERROR.DEBUGGER_ERROR_TAG_NOT_EXISTS;
    const prepared = this.#prepare(event, action, immediate);
    if (typeof prepared === 'number') return prepared;
    this.#store.addAction(event, prepared);
    return OK;
  }

  #prepare(event: StoredEvent, action: ActionRequest, immediate: boolean): StoredAction | number {
    if (action.kind === 'break') return { kind: 'break' };
    if (action.bytes.length === 0) return DEBUGGER_ERROR.DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO;
    if (action.bufferSizeBytes >= BUFFER_LIMIT_BYTES)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK;
    const script = action.kind === 'script' ? this.#prepareScript(event, action) : undefined;
    if (action.kind === 'script' && script === undefined)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_PREPARING_DEBUGGEE_TO_RUN_SCRIPT;
    const buffer = action.bufferSizeBytes > 0 ? this.host.allocateBuffer(action.bufferSizeBytes) : undefined;
    if (action.bufferSizeBytes > 0 && buffer === undefined)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_ALLOCATE_REQUESTED_SAFE_BUFFER;
    if (script === undefined) return { kind: 'code', bytes: action.bytes, buffer };
    const operation = Number(event.request.tag & LOW_32_BITS);
    const print = (text: string) => this.host.message(operation, text, immediate);
    const machine = new EventScriptMachine(this.host, this, print);
    return { kind: 'script', script, mayHalt: usesPause(script), machine, buffer };
  }

  #prepareScript(event: StoredEvent, action: ActionRequest & { kind: 'script' }) {
    try {
      return prepareScript(action.bytes, action.symbolCount);
    } catch (error) {
      if (!(error instanceof MalformedScriptError)) throw error;
      this.#reportError({
        eventTag: event.request.tag,
        part: 'script',
        reason: error.message,
        slot: error.slot,
      });
      return undefined;
    }
  }

  /** Applies the verb to one event or all (5.4). `isEnabled` answers `query`. */
  modify(tag: bigint | 'all', verb: EventVerb): { readonly status: number; readonly isEnabled: boolean } {
    const events = tag === 'all' ? [...this.#store.events] : [this.#store.find(tag)];
    if (events.includes(undefined) || (tag === 'all' && verb === 'query'))
      return { status: DEBUGGER_ERROR.DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG, isEnabled: false };
    let isEnabled = false;
    for (const event of events) {
      if (event === undefined) continue;
      if (verb === 'clear') this.#store.clear(event);
      else if (verb !== 'query') this.#store.setEnabled(event, verb === 'enable');
      isEnabled = event.isEnabled;
    }
    return { status: OK, isEnabled };
  }

  /** Forgets events and the variables of scripts: the next debugger finds what the first one found. */
  reset(): void {
    this.modify('all', 'clear');
    this.#session.globals.fill(0n);
    this.isMuted = false;
  }

  /** Every registered event, newest first. */
  events(): readonly (EventRequest & { readonly isEnabled: boolean })[] {
    return this.#store.events.map((event) => ({ ...event.request, isEnabled: event.isEnabled }));
  }

  /** Whether an enabled event of this type exists: what a CPU asks before it makes an occurrence. */
  isWanted(type: number): boolean {
    return !this.isMuted && this.#store.isWanted(type);
  }

  /**
   * Runs one pass of the trigger algorithm (5.5). `onlyTag` looks at that event alone, as `hds test` does; its stage is then
   * a filter in the post pass too. Never throws for anything a script or code does.
   */
  deliver(occurrence: Occurrence, onlyTag?: bigint): Delivery {
    const pass = this.begin(occurrence, onlyTag);
    this.advance(pass, 'stopped');
    const { postNeeded, hits, errors, codeRuns } = pass;
    return { hits, shortCircuited: pass.shortCircuit, postNeeded, errors, codeRuns };
  }

  /** A pass of `deliver` before its first event, for `advance`. */
  begin(occurrence: Occurrence, onlyTag?: bigint): Pass {
    const candidates = this.isMuted ? [] : this.#store.candidates(occurrence);
    const isAsked = (event: StoredEvent): boolean =>
      event.request.tag === onlyTag && !missesPost(event, occurrence);
    return {
      occurrence,
      events: onlyTag === undefined ? candidates : candidates.filter(isAsked),
      next: 0,
      event: undefined,
      actions: NO_ACTIONS,
      nextAction: 0,
      occasion: undefined,
      shortCircuit: false,
      postNeeded: false,
      hits: [],
      errors: [],
      codeRuns: [],
    };
  }

  /** Takes a pass to its end; with a CPU that is `running`, to the first action that can halt the machine. True at the end. */
  advance(pass: Pass, cpu: 'running' | 'stopped'): boolean {
    const outer = this.#pass;
    this.#pass = pass;
    try {
      for (;;) {
        if (!this.#act(pass, cpu)) return false;
        const event = pass.events[pass.next++];
        if (event === undefined) return true;
        this.#visit(event, pass);
      }
    } finally {
      this.#pass = outer;
    }
  }

  /** The actions of the pass's event that are left. */
  #act(pass: Pass, cpu: 'running' | 'stopped'): boolean {
    const { event, actions } = pass;
    if (event === undefined) return true;
    for (; pass.nextAction < actions.length; pass.nextAction++) {
      const action = actions[pass.nextAction];
      // A script or the debugger can clear the event while it runs.
      if (action === undefined || event.isCleared) break;
      if (cpu === 'running' && mayHalt(action)) return false;
      this.#run(event, action, pass);
    }
    pass.event = undefined;
    return true;
  }

  #visit(event: StoredEvent, pass: Pass): void {
    const { request } = event;
    const { occurrence } = pass;
    if (
      !event.isEnabled ||
      !this.#isHere(request) ||
      !event.kind.matches(request.options, occurrence.context, occurrence)
    )
      return;
    if (occurrence.stage === 'pre' && request.stage !== 1) {
      // Stays set when the condition fails: upstream asks for the post pass all the same (5.5).
      pass.postNeeded = true;
      if (request.stage === 2) return;
    }
    if (request.condition !== undefined && !this.#conditionHolds(request.tag, request.condition, pass))
      return;
    pass.hits.push(request.tag);
    // Every matching event overwrites it, so the oldest one decides (5.5).
    pass.shortCircuit = request.shortCircuit;
    pass.event = event;
    pass.actions = [...event.actions];
    pass.nextAction = 0;
  }

  #isHere({ coreId, processId }: EventRequest): boolean {
    const { place } = this.host;
    return (
      (coreId === SDK.DEBUGGER_EVENT_APPLY_TO_ALL_CORES || coreId === place.coreId) &&
      (processId === SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES || processId === place.processId)
    );
  }

  #conditionHolds(eventTag: bigint, code: Uint8Array, pass: Pass): boolean {
    const { context } = pass.occurrence;
    const result = this.codeRunner.run(code, 'condition', this.host.generalRegisters, context, undefined);
    if (result.ok) return result.rax !== 0n;
    this.#fail(pass, { eventTag, part: 'condition', reason: result.error, slot: undefined });
    return false;
  }

  #run(event: StoredEvent, action: StoredAction, pass: Pass): void {
    const eventTag = event.request.tag;
    const { stage, context } = pass.occurrence;
    const buffer = action.kind === 'break' ? this.bufferOf(eventTag) : action.buffer;
    pass.occasion = { eventTag, stage, context, buffer };
    switch (action.kind) {
      case 'break':
        this.host.halt({ eventTag, stage });
        return;
      case 'script': {
        action.machine.occasion = pass.occasion;
        const outcome = runScript(action.script, action.machine, this.#session);
        if (outcome.error === undefined) return;
        const { slot } = outcome.error;
        this.#fail(pass, { eventTag, part: 'script', reason: reasonOf(outcome.error), slot });
        return;
      }
      case 'code': {
        const result = this.codeRunner.run(
          action.bytes,
          'action',
          this.host.generalRegisters,
          context,
          buffer,
        );
        if (!result.ok) {
          this.#fail(pass, { eventTag, part: 'code', reason: result.error, slot: undefined });
          return;
        }
        pass.codeRuns.push({ eventTag, rax: result.rax, buffer });
        this.#handOver(eventTag, result.rax, buffer);
        return;
      }
    }
  }

  /** Code that returns a pointer into its buffer hands the buffer to the debugger from there on (actions-page). */
  #handOver(eventTag: bigint, pointer: bigint, buffer: SafeBuffer | undefined): void {
    if (!this.options.deliversReturnedBuffer) return;
    if (buffer === undefined || pointer < buffer.address) return;
    const byteOffset = pointer - buffer.address;
    if (byteOffset >= BigInt(buffer.sizeBytes)) return;
    this.host.sendBuffer(eventTag, buffer.read().subarray(Number(byteOffset)));
  }

  #fail(pass: Pass, error: RunError): void {
    pass.errors.push(error);
    this.#reportError(error);
  }

  #reportError({ eventTag, slot, part, reason }: RunError): void {
    const what = part === 'script' ? 'the script ended with an error' : `the ${part} failed`;
    this.host.message(OPERATION.OPERATION_LOG_ERROR_MESSAGE, errorText(eventTag, slot, `${what}: ${reason}`));
  }

  /** Sets the short-circuit state of the delivery under way (8.4, SET_SHORT_CIRCUITING_STATE). False when there is none. */
  setShortCircuit(on: boolean): boolean {
    if (this.#pass === undefined || this.#pass.occurrence.stage === 'post') return false;
    this.#pass.shortCircuit = on;
    return true;
  }

  /** Runs a script once outside of any event: RUN_SCRIPT of the debugger, `eval:` of a test. */
  runScript(bytes: Uint8Array, symbolCount: number, print: (text: string) => void): ScriptRun {
    try {
      const machine = new EventScriptMachine(this.host, this, print);
      // A debugger that is halted by an event sees what the event's own script would see.
      machine.occasion = this.#pass?.occasion;
      const { error, result } = runScript(prepareScript(bytes, symbolCount), machine, this.#haltedSession);
      return { ok: error === undefined, error: error && { text: reasonOf(error), slot: error.slot }, result };
    } catch (error) {
      if (!(error instanceof MalformedScriptError)) throw error;
      return { ok: false, error: { text: error.message, slot: error.slot }, result: undefined };
    }
  }

  /** The safe buffer of the newest action of an event that asked for one. */
  bufferOf(tag: bigint): SafeBuffer | undefined {
    for (const action of this.#store.find(tag)?.actions ?? [])
      if (action.kind !== 'break' && action.buffer !== undefined) return action.buffer;
    return undefined;
  }
}

function reasonOf({ text, detail }: ScriptError): string {
  return detail === undefined ? text.trim() : `${text.trim()} (${detail})`;
}

function mayHalt(action: StoredAction): boolean {
  return action.kind === 'break' || (action.kind === 'script' && action.mayHalt);
}

/** Anywhere in the buffer: jumps lead to any slot. */
function usesPause({ kinds, values }: PreparedScript): boolean {
  return values.some((value, slot) => value === PAUSE && kinds[slot] === SymbolKind.SEMANTIC_RULE);
}

function missesPost(event: StoredEvent, occurrence: Occurrence): boolean {
  return occurrence.stage === 'post' && event.request.stage === 1;
}
