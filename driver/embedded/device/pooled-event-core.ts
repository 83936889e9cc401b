/** Events of a halted target as the real driver takes them: in blocks reserved before (driver-protocol 5.8). */

import type { ActionRequest, EventRequest } from '../../debuggee';
import {
  DEBUGGER_ERROR,
  DEBUGGER_PREALLOC_COMMAND_TYPE as PREALLOC,
  SDK,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../sdk/tables.generated';
import { EventCore, type EventCoreOptions } from '../events/event-core';
import type { CodeRunner, EventHost } from '../events/event-host';
import { eventKind } from '../events/event-kinds';
import { InstantPools, type Taken } from './instant-pools';

const HOOK_TYPES = [
  PREALLOC.DEBUGGER_PREALLOC_COMMAND_TYPE_MONITOR,
  PREALLOC.DEBUGGER_PREALLOC_COMMAND_TYPE_EPTHOOK,
  PREALLOC.DEBUGGER_PREALLOC_COMMAND_TYPE_EPTHOOK2,
];
/** 20 in all. */
const MORE_HOOKS = 20 - SDK.MAXIMUM_NUMBER_OF_INITIAL_PREALLOCATED_EPT_HOOKS;
const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** For a door through which every event comes while the target is halted. */
export class PooledEventCore extends EventCore {
  readonly #taken: { readonly tag: bigint; readonly blocks: Taken }[] = [];

  constructor(
    host: EventHost,
    codeRunner: CodeRunner,
    options: EventCoreOptions,
    readonly pools: InstantPools = new InstantPools(),
  ) {
    super(host, codeRunner, options);
    // The kernel debugger's start raises the number of hooks (5.8).
    for (const type of HOOK_TYPES) pools.reserve(type, MORE_HOOKS);
  }

  override register(event: EventRequest): number {
    this.#releaseCleared();
    return this.#within(event.tag, () => super.register(event), [
      () => this.pools.takeEvent(event.condition?.length ?? 0),
      ...hookOf(event, this.pools),
    ]);
  }

  override addAction(tag: bigint, action: ActionRequest, immediate = true): number {
    this.#releaseCleared();
    const payloadBytes = action.kind === 'break' ? 0 : action.bytes.length;
    const bufferBytes = action.kind === 'break' ? 0 : action.bufferSizeBytes;
    return this.#within(tag, () => super.addAction(tag, action, immediate), [
      () => this.pools.takeAction(payloadBytes, bufferBytes),
    ]);
  }

  /** Takes the blocks, then does it; whoever is refused keeps none. */
  #within(tag: bigint, task: () => number, takes: readonly (() => Taken | number)[]): number {
    const taken: Taken[] = [];
    const giveBack = (status: number): number => {
      for (const blocks of taken) this.pools.release(blocks);
      return status;
    };
    for (const take of takes) {
      const blocks = take();
      if (typeof blocks === 'number') return giveBack(blocks);
      taken.push(blocks);
    }
    const status = task();
    if (status !== OK) return giveBack(status);
    for (const blocks of taken) this.#taken.push({ tag, blocks });
    return OK;
  }

  /** Events can be cleared by the debugger, by a script and by the end of a session; their blocks come back here. */
  #releaseCleared(): void {
    const alive = new Set(this.events().map(({ tag }) => tag));
    const gone = this.#taken.filter(({ tag }) => !alive.has(tag));
    for (const entry of gone) {
      this.pools.release(entry.blocks);
      this.#taken.splice(this.#taken.indexOf(entry), 1);
    }
  }
}

function hookOf({ type }: EventRequest, pools: InstantPools): (() => Taken | number)[] {
  if (type === TYPE.HIDDEN_HOOK_EXEC_CC) return [() => pools.takeHook('epthook')];
  if (type === TYPE.HIDDEN_HOOK_EXEC_DETOURS) return [() => pools.takeHook('epthook2')];
  return eventKind(type)?.accesses === undefined ? [] : [() => pools.takeHook('monitor')];
}
