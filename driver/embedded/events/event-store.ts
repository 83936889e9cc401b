/** The registered events and the lists that make finding them cheap (driver-protocol 5.1, 5.3, 5.4). */

import type { PreparedScript } from '../../../script-engine/evaluator/prepare';
import type { EventRequest } from '../../debuggee';
import { DEBUGGER_ERROR, SDK } from '../../sdk/tables.generated';
import type { Occurrence } from './delivery';
import type { EventHost, SafeBuffer } from './event-host';
import { eventKind, refuseSharedPage, type Access, type EventKind } from './event-kinds';
import type { EventScriptMachine } from './event-script-machine';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

export type StoredAction =
  | { readonly kind: 'break' }
  | {
      readonly kind: 'script';
      readonly script: PreparedScript;
      /** It calls `pause()`. */
      readonly mayHalt: boolean;
      readonly machine: EventScriptMachine;
      readonly buffer: SafeBuffer | undefined;
    }
  | { readonly kind: 'code'; readonly bytes: Uint8Array; readonly buffer: SafeBuffer | undefined };

export interface StoredEvent {
  readonly request: EventRequest;
  readonly kind: EventKind;
  isEnabled: boolean;
  isCleared: boolean;
  /** Newest first, which is the order they run in. */
  readonly actions: StoredAction[];
}

const NONE: readonly StoredEvent[] = [];

export class EventStore {
  readonly #host: EventHost;
  /** Newest first. */
  #events: readonly StoredEvent[] = NONE;
  /** Enabled events, newest first; replaced and never changed, so that a pass under way keeps the list it began with. */
  #byType = new Map<number, readonly StoredEvent[]>();
  #byAccess = new Map<Access, readonly StoredEvent[]>();

  constructor(host: EventHost) {
    this.#host = host;
  }

  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  /** Duplicate tags are not detected; the newest event is found (5.1). */
  find(tag: bigint): StoredEvent | undefined {
    return this.#events.find((event) => event.request.tag === tag);
  }

  isWanted(type: number): boolean {
    return this.#byType.has(type);
  }

  candidates(occurrence: Occurrence): readonly StoredEvent[] {
    const list =
      occurrence.kind === 'access'
        ? this.#byAccess.get(occurrence.access)
        : this.#byType.get(occurrence.type);
    return list ?? NONE;
  }

  register(request: EventRequest): number {
    const kind = eventKind(request.type);
    const refusal = this.#refuse(request, kind);
    if (kind === undefined || refusal !== undefined)
      return refusal ?? DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID;
    const armed = this.#host.arm(request);
    if (armed !== OK) return armed;
    this.#events = [{ request, kind, isEnabled: false, isCleared: false, actions: [] }, ...this.#events];
    return OK;
  }

  #refuse(request: EventRequest, kind: EventKind | undefined): number | undefined {
    const { coreId, processId } = request;
    if (coreId !== SDK.DEBUGGER_EVENT_APPLY_TO_ALL_CORES && coreId >= this.#host.coreCount)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID;
    const isAnyProcess = processId === SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES || processId === 0;
    if (!isAnyProcess && !this.#host.hasProcess(processId))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID;
    if (request.shortCircuit && request.stage !== 1)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_USING_SHORT_CIRCUITING_EVENT_WITH_POST_EVENT_MODE_IS_FORBIDDEDN;
    return (
      kind?.refuse?.(request.options) ??
      refuseSharedPage(
        request,
        this.#events.map((event) => event.request),
      )
    );
  }

  addAction(event: StoredEvent, action: StoredAction): void {
    event.actions.unshift(action);
    if (event.actions.length === 1) this.setEnabled(event, true);
  }

  setEnabled(event: StoredEvent, isEnabled: boolean): void {
    event.isEnabled = isEnabled;
    this.#index();
  }

  clear(event: StoredEvent): void {
    event.isCleared = true;
    event.isEnabled = false;
    this.#events = this.#events.filter((other) => other !== event);
    this.#index();
    this.#host.disarm(event.request);
    for (const action of event.actions)
      if (action.kind !== 'break' && action.buffer !== undefined) this.#host.releaseBuffer(action.buffer);
  }

  #index(): void {
    const enabled = this.#events.filter((event) => event.isEnabled);
    const types = new Set(enabled.map((event) => event.request.type));
    this.#byType = new Map(
      [...types].map((type) => [type, enabled.filter((event) => event.request.type === type)]),
    );
    const accesses: readonly Access[] = ['r', 'w', 'x'];
    this.#byAccess = new Map(
      accesses.map((access) => [access, enabled.filter((event) => event.kind.accesses?.includes(access))]),
    );
  }
}
