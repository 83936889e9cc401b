/**
 * The message queues of the driver (driver-protocol 4): two pools, each with a ring of regular and a ring of priority slots and
 * an accumulator. Beyond the original it counts what was overwritten and tells the reader, and can let a partial batch go
 * after a time.
 */

import { textToBytes } from '../../kd/text-bytes';
import { OPERATION, SDK } from '../../sdk/tables.generated';
import { msUntilDue, type BatchTiming } from './batch-deadline';
import { MAX_MESSAGE_BYTES, MessageBatch } from './message-batch';
import { MessageRing, type QueuedMessage } from './message-ring';

/** Where a message was made: in ordinary kernel mode (pool 0) or in VMX root (pool 1). */
export type PoolName = 'nonRoot' | 'root';

export interface OutgoingMessage extends QueuedMessage {
  readonly pool: PoolName;
  /** Warnings, errors and notifications overtake info and script output. */
  readonly priority?: boolean;
  /** False: the message waits in the accumulator for others. */
  readonly immediate?: boolean;
}

class Pool {
  readonly regular = new MessageRing(SDK.MaximumPacketsCapacity);
  readonly priority = new MessageRing(SDK.MaximumPacketsCapacityPriority);
  readonly batch = new MessageBatch();
}

export class MessageQueues {
  readonly #pools: Readonly<Record<PoolName, Pool>> = { nonRoot: new Pool(), root: new Pool() };
  /** What is read first (4, "On arming, the driver looks at"). */
  readonly #readingOrder: readonly MessageRing[] = [
    this.#pools.nonRoot.priority,
    this.#pools.root.priority,
    this.#pools.nonRoot.regular,
    this.#pools.root.regular,
  ];
  readonly #timing: BatchTiming;
  #lost = 0;
  #unreportedLost = 0;

  constructor(timing: BatchTiming) {
    this.#timing = timing;
  }

  /** False when the message is empty or too long for a slot, and was dropped. */
  push(message: OutgoingMessage): boolean {
    const { operation, bytes, priority = false, immediate = true } = message;
    if (bytes.length === 0 || bytes.length > MAX_MESSAGE_BYTES) return false;
    const pool = this.#pools[message.pool];
    // The caller may use its buffer again.
    const own = bytes.slice();
    if (immediate) {
      this.#store(priority ? pool.priority : pool.regular, operation, own);
      return true;
    }
    this.#storeBatch(pool, pool.batch.add(own, this.#timing.nowMs()));
    return true;
  }

  #storeBatch(pool: Pool, batch: Uint8Array | undefined): void {
    if (batch !== undefined) this.#store(pool.regular, OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE, batch);
  }

  #store(ring: MessageRing, operation: number, bytes: Uint8Array): void {
    if (!ring.push({ operation, bytes })) return;
    this.#lost++;
    this.#unreportedLost++;
  }

  /** The next message for the reader; undefined when there is none. */
  take(): QueuedMessage | undefined {
    this.flushOverdue();
    // What is lost stood before everything that is still there.
    if (this.#unreportedLost > 0) return this.#lossReport();
    for (const ring of this.#readingOrder) if (ring.count > 0) return ring.take();
    return undefined;
  }

  #lossReport(): QueuedMessage {
    const text = lossText(this.#unreportedLost);
    this.#unreportedLost = 0;
    return { operation: OPERATION.OPERATION_LOG_WARNING_MESSAGE, bytes: textToBytes(text) };
  }

  /** How many messages (a batch is one) were overwritten unread since the start. */
  get lostMessages(): number {
    return this.#lost;
  }

  /** Marks the regular messages of both pools read. Priority slots and accumulators are untouched. */
  flush(): Readonly<Record<PoolName, number>> {
    const { nonRoot, root } = this.#pools;
    return { nonRoot: nonRoot.regular.clear(), root: root.regular.clear() };
  }

  /** Lets the batches go whose time is up. */
  flushOverdue(): void {
    for (const pool of Object.values(this.#pools))
      if (msUntilDue(pool.batch.sinceMs, this.#timing) === 0) this.#storeBatch(pool, pool.batch.take());
  }

  /** Lets all batches go, full or not. */
  flushBatches(): void {
    for (const pool of Object.values(this.#pools)) this.#storeBatch(pool, pool.batch.take());
  }

  /** Milliseconds until `flushOverdue` has something to do; undefined when nothing waits for it. */
  get msUntilDue(): number | undefined {
    const due = Object.values(this.#pools)
      .map((pool) => msUntilDue(pool.batch.sinceMs, this.#timing))
      .filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }
}

/** What the reader is told; the count is decimal, as counts of a person are. */
export function lossText(count: number): string {
  const what = count === 1 ? '1 message was lost' : `${count} messages were lost`;
  return `${what}: the target wrote faster than they were read; print less, or use "imm no"\n`;
}
