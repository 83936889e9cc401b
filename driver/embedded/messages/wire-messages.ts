/**
 * Messages on their way to the kernel debugger's wire (driver-protocol 4): those of actions with `imm no` are held together
 * as the accumulator of the driver does it, all others leave at once. The wire has room for everything, so no ring is needed
 * and nothing is lost.
 */

import { textToBytes } from '../../kd/text-bytes';
import { OPERATION } from '../../sdk/tables.generated';
import { msUntilDue, type BatchTiming } from './batch-deadline';
import { MAX_MESSAGE_BYTES, MessageBatch } from './message-batch';

const LOCAL_BIT = 0x8000_0000;

export class WireMessages {
  readonly #send: (operation: number, text: string) => void;
  readonly #timing: BatchTiming;
  readonly #batch = new MessageBatch();

  constructor(send: (operation: number, text: string) => void, timing: BatchTiming) {
    this.#send = send;
    this.#timing = timing;
  }

  message(operation: number, text: string, immediate: boolean): void {
    if (immediate || operation >= LOCAL_BIT) {
      this.#send(operation, text);
      return;
    }
    const bytes = textToBytes(text);
    for (let start = 0; start < bytes.length; start += MAX_MESSAGE_BYTES)
      this.#sendBatch(
        this.#batch.add(bytes.subarray(start, start + MAX_MESSAGE_BYTES), this.#timing.nowMs()),
      );
  }

  /** Lets the batch go, full or not: before a stop, because text behind it is dropped by the debugger (8.3, TRAP). */
  flush(): void {
    this.#sendBatch(this.#batch.take());
  }

  /** Forgets what has not left: the debugger that it was for is gone. */
  drop(): void {
    this.#batch.take();
  }

  flushOverdue(): void {
    if (this.msUntilDue === 0) this.flush();
  }

  get msUntilDue(): number | undefined {
    return msUntilDue(this.#batch.sinceMs, this.#timing);
  }

  #sendBatch(batch: Uint8Array | undefined): void {
    if (batch === undefined) return;
    // One character a byte, which becomes the same bytes again.
    const text = Buffer.from(batch).toString('latin1');
    this.#send(OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE, text);
  }
}
