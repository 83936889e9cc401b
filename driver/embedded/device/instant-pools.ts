/**
 * Blocks that the driver keeps ready for events that come while it is halted and cannot allocate memory (driver-protocol
 * 5.8).
 */

import { DEBUGGER_ERROR, DEBUGGER_PREALLOC_COMMAND_TYPE as TYPE, SDK } from '../../sdk/tables.generated';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** What a block holds behind its record. */
const ROOM_BYTES = {
  regularEvent: 100,
  regularAction: 8192,
  /** The big blocks are as large as a frame of the wire, which nothing that comes while halted can exceed. */
  bigEvent: SDK.MaxSerialPacketSize,
  bigAction: SDK.MaxSerialPacketSize,
  regularBuffer: SDK.REGULAR_INSTANT_EVENT_REQUESTED_SAFE_BUFFER,
  bigBuffer: SDK.BIG_INSTANT_EVENT_REQUESTED_SAFE_BUFFER,
} as const;

/** The kinds of blocks; hooks and threads are kept by count alone. */
type Block = 'thread' | 'monitor' | 'epthook' | 'epthook2' | keyof typeof ROOM_BYTES;

/** What one unit of a reserve request adds (types 0 to 7). */
const RESERVED_BY_TYPE: Readonly<Record<number, readonly Block[]>> = {
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_THREAD_INTERCEPTION]: ['thread'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_MONITOR]: ['monitor'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_EPTHOOK]: ['epthook'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_EPTHOOK2]: ['epthook2'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_REGULAR_EVENT]: ['regularEvent', 'regularAction'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_BIG_EVENT]: ['bigEvent', 'bigAction'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_REGULAR_SAFE_BUFFER]: ['regularBuffer'],
  [TYPE.DEBUGGER_PREALLOC_COMMAND_TYPE_BIG_SAFE_BUFFER]: ['bigBuffer'],
};

/** A reserve request for more than this is a mistake, and memory that nobody gets back. */
const MAX_RESERVED = 0x10000;

interface Choice {
  readonly regular: Block & keyof typeof ROOM_BYTES;
  readonly big: Block & keyof typeof ROOM_BYTES;
  readonly regularEmpty: number;
  readonly bigEmpty: number;
  readonly tooLarge: number;
}

const EVENT: Choice = {
  regular: 'regularEvent',
  big: 'bigEvent',
  regularEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND,
  bigEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_BIG_PREALLOCATED_BUFFER_NOT_FOUND,
  tooLarge:
    DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_EVENT_AND_CONDITIONALS,
};
const ACTION: Choice = {
  regular: 'regularAction',
  big: 'bigAction',
  regularEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_ACTION_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND,
  bigEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_ACTION_BIG_PREALLOCATED_BUFFER_NOT_FOUND,
  tooLarge: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_ACTION_BUFFER,
};
const SAFE_BUFFER: Choice = {
  regular: 'regularBuffer',
  big: 'bigBuffer',
  regularEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_REQUESTED_SAFE_BUFFER_NOT_FOUND,
  bigEmpty: DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_BIG_REQUESTED_SAFE_BUFFER_NOT_FOUND,
  tooLarge:
    DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_REQUESTED_SAFE_BUFFER,
};

/** Blocks that were taken and can be given back. */
export interface Taken {
  readonly blocks: readonly Block[];
}

export class InstantPools {
  readonly #free: Record<Block, number> = {
    thread: SDK.MAXIMUM_NUMBER_OF_THREAD_INFORMATION_FOR_TRAPS / SDK.MAX_THREADS_IN_A_PROCESS_HOLDER,
    monitor: SDK.MAXIMUM_NUMBER_OF_INITIAL_PREALLOCATED_EPT_HOOKS,
    epthook: SDK.MAXIMUM_NUMBER_OF_INITIAL_PREALLOCATED_EPT_HOOKS,
    epthook2: SDK.MAXIMUM_NUMBER_OF_INITIAL_PREALLOCATED_EPT_HOOKS,
    regularEvent: SDK.MAXIMUM_REGULAR_INSTANT_EVENTS,
    regularAction: SDK.MAXIMUM_REGULAR_INSTANT_EVENTS,
    bigEvent: SDK.MAXIMUM_BIG_INSTANT_EVENTS,
    bigAction: SDK.MAXIMUM_BIG_INSTANT_EVENTS,
    regularBuffer: 0,
    bigBuffer: 0,
  };

  /** IOCTL_RESERVE_PRE_ALLOCATED_POOLS, to be asked while running. The answer is an SDK status. */
  reserve(type: number, count: number): number {
    const blocks = RESERVED_BY_TYPE[type];
    if (blocks === undefined || count > MAX_RESERVED)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_COULD_NOT_FIND_ALLOCATION_TYPE;
    for (const block of blocks) this.#free[block] += count;
    return OK;
  }

  /** The blocks for an event with a condition of this size, or the SDK status of the refusal. */
  takeEvent(conditionBytes: number): Taken | number {
    return this.#take([[EVENT, conditionBytes]]);
  }

  /** The blocks for an action with code or a script of this size and a safe buffer; 0 is none. */
  takeAction(payloadBytes: number, bufferBytes: number): Taken | number {
    const wanted: [Choice, number][] = [[ACTION, payloadBytes]];
    if (bufferBytes > 0) wanted.push([SAFE_BUFFER, bufferBytes]);
    return this.#take(wanted);
  }

  /** A hook takes a block of its own kind; without one the answer is PRE_ALLOCATED_BUFFER_IS_EMPTY. */
  takeHook(kind: 'monitor' | 'epthook' | 'epthook2'): Taken | number {
    if (this.#free[kind] === 0) return DEBUGGER_ERROR.DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY;
    this.#free[kind]--;
    return { blocks: [kind] };
  }

  #take(wanted: readonly (readonly [Choice, number])[]): Taken | number {
    const blocks: Block[] = [];
    for (const [choice, sizeBytes] of wanted) {
      const block = this.#choose(choice, sizeBytes);
      if (typeof block === 'number') return block;
      blocks.push(block);
    }
    for (const block of blocks) this.#free[block]--;
    return { blocks };
  }

  #choose({ regular, big, regularEmpty, bigEmpty, tooLarge }: Choice, sizeBytes: number): Block | number {
    if (sizeBytes <= ROOM_BYTES[regular]) return this.#free[regular] > 0 ? regular : regularEmpty;
    if (sizeBytes > ROOM_BYTES[big]) return tooLarge;
    return this.#free[big] > 0 ? big : bigEmpty;
  }

  release({ blocks }: Taken): void {
    for (const block of blocks) this.#free[block]++;
  }

  /** Blocks that are left, by kind. */
  get free(): Readonly<Record<Block, number>> {
    return { ...this.#free };
  }
}
