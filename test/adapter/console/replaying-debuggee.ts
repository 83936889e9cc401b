/**
 * A debuggee that plays the recorded original's part: it says the recorded answers, in the recorded order, and holds what it is
 * asked against the recorded requests.
 */

import assert from 'node:assert/strict';
import type { ByteStream } from '../../../driver/byte-stream';
import { REQUEST } from '../../../driver/kd/packets';
import { bytesOf, maskedHex, type RecordedCommand, type RecordedFrame } from './recorded-commands';

export class ReplayingDebuggee implements ByteStream {
  readonly description = 'a recording';
  #onBytes: ((bytes: Uint8Array) => void) | undefined;
  #frames: readonly RecordedFrame[] = [];
  #at = 0;
  readonly #unexpected: string[] = [];
  #changed: (() => void) | undefined;
  isClosed = false;

  /** Plays the frames of a command from here on. */
  expect({ frames }: RecordedCommand): void {
    this.#frames = frames;
    this.#at = 0;
    this.#unexpected.length = 0;
    this.#answer();
  }

  /** What was not asked, or was asked and is not in the recording. */
  get problems(): readonly string[] {
    const missing = this.#frames.slice(this.#at).map(({ summary }) => `missing: ${summary.actionName}`);
    return [...this.#unexpected, ...missing];
  }

  /** The recording goes on with the break key. */
  get wantsBreak(): boolean {
    const next = this.#frames[this.#at];
    return next?.dir === 'to-debuggee' && next.summary.action === REQUEST.pause.action;
  }

  /** Resolves when something has been asked or answered. */
  changed(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  send(bytes: Uint8Array): void {
    const expected = this.#frames[this.#at];
    const given = Buffer.from(bytes).toString('hex');
    if (expected?.dir !== 'to-debuggee') {
      this.#unexpected.push(`not in the recording: ${given}`);
    } else {
      this.#at++;
      const wanted = maskedHex(bytesOf(expected), expected);
      const found = maskedHex(Uint8Array.from(bytes), expected);
      if (found !== wanted)
        this.#unexpected.push(`${expected.summary.actionName}\n  recorded ${wanted}\n  sent     ${found}`);
    }
    this.#answer();
  }

  #answer(): void {
    for (let next = this.#frames[this.#at]; next?.dir === 'to-debugger'; next = this.#frames[this.#at]) {
      const bytes = bytesOf(next);
      this.#at++;
      setImmediate(() => this.#onBytes?.(bytes));
    }
    setImmediate(() => this.#changed?.());
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#onBytes = listener;
  }
  onClosed(): void {
    // It never leaves by itself.
  }
  close(): void {
    this.isClosed = true;
  }

  assertPlayed(command: string): void {
    assert.deepEqual(this.problems, [], command);
  }
}
