/**
 * "Break when the event happens" without a second machine: the event's script prints a marker, and on its receipt the
 * attached process is paused (driver-protocol 1, 7.4). The thread that raised the event runs on until the request arrives.
 */

import { DriverError } from '../driver-error';
import { messageText } from './message-text';
import type { DeviceMessage } from './message-reader';
import type { UserDebuggerClient } from './user-debugger-client';

/** Not a text that a script would print by chance. */
const MARKER = 'hds:pause-by-marker:';

/** The script of an event that asks for a pause; compile it and add it with immediate = true, so that the tag comes along. */
export function markerScript(tag: bigint): string {
  return `printf("${MARKER}${tag.toString(16)}");`;
}

export class MarkerPauses {
  readonly #user: UserDebuggerClient;
  readonly #tokens = new Map<number, bigint>();
  readonly #onTheirWay = new Set<bigint>();
  readonly #failed: (error: DriverError) => void;

  /** `failed` is told when a pause is refused for a reason other than that the process is pausing already. */
  constructor(user: UserDebuggerClient, failed: (error: DriverError) => void) {
    this.#user = user;
    this.#failed = failed;
  }

  /** From now on the marker of the event pauses the process of `token`. */
  arm(tag: bigint, token: bigint): void {
    this.#tokens.set(Number(BigInt.asUintN(32, tag)), token);
  }

  disarm(tag: bigint): void {
    this.#tokens.delete(Number(BigInt.asUintN(32, tag)));
  }

  /** True for a marker: it is no output of the user's, and the pause is under way. */
  take({ operation, payload }: DeviceMessage): boolean {
    const token = this.#tokens.get(operation);
    if (token === undefined || messageText(payload) !== `${MARKER}${operation.toString(16)}`) return false;
    if (!this.#onTheirWay.has(token)) void this.#pause(token);
    return true;
  }

  async #pause(token: bigint): Promise<void> {
    this.#onTheirWay.add(token);
    try {
      await this.#user.verb('pause', { Token: token });
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      // Markers of hits on the way to the pause come after it.
      if (error.codeName !== 'DEBUGGER_ERROR_UNABLE_TO_PAUSE_THE_PROCESS_THREADS') this.#failed(error);
    } finally {
      this.#onTheirWay.delete(token);
    }
  }
}
