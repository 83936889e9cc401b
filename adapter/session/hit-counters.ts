/**
 * Counts the hits of events inside the target. No packet of the wire tells how often an event fired (driver-protocol 5), so each
 * event gets a script action that counts in a script variable of its own, before the actions of the script.
 */

import type { ActionRequest } from '../../driver/debuggee';
import { compileInSession, runStatements } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

function hitsVariable(number: number): string {
  return `.hyperdbg_hits_${number}`;
}

export class HitCounters {
  readonly #numbers = new Map<bigint, number>();
  readonly #known = new Map<bigint, bigint>();
  /** The event that stopped the target by an action before the one that counts. */
  #uncounted: bigint | undefined;

  /** The action that counts hits of an event, or undefined where the target cannot take it. The target must stand still. */
  async actionFor(live: LiveTarget, tag: bigint, number: number): Promise<ActionRequest | undefined> {
    const variable = hitsVariable(number);
    try {
      // A script can only read variables that an earlier one has assigned.
      await runStatements(live, `${variable} = 0;`);
    } catch (error) {
      // There are only so many script variables; an event without a counter is still an event.
      if (!(error instanceof RequestError)) throw error;
      return undefined;
    }
    const compiled = compileInSession(live, `${variable} = ${variable} + 1;`);
    if (!compiled.ok) return undefined;
    this.#numbers.set(tag, number);
    this.#known.set(tag, 0n);
    const { bytes, symbolCount } = compiled.script;
    return { kind: 'script', bytes, symbolCount, bufferSizeBytes: 0 };
  }

  /** Hits when they were read last; undefined for events that are not counted. */
  hitsOf(tag: bigint): bigint | undefined {
    const known = this.#known.get(tag);
    return known !== undefined && tag === this.#uncounted ? known + 1n : known;
  }

  /** The target stands inside a hit of this event that is not counted yet. */
  stoppedBefore(tag: bigint): void {
    this.#uncounted = tag;
  }

  /** The target runs on: what was not counted will be. */
  leaveStop(): void {
    this.#uncounted = undefined;
  }

  /** Reads all counters. The target must stand still. */
  async read(live: LiveTarget): Promise<void> {
    const counted = [...this.#numbers];
    if (counted.length === 0) return;
    const source = counted.map(([, number]) => `printf("%llx\\n", ${hitsVariable(number)});`).join(' ');
    const { text } = await runStatements(live, source);
    for (const [i, line] of text.trim().split('\n').entries()) {
      const tag = counted[i]?.[0];
      if (tag !== undefined && /^[0-9a-f]+$/i.test(line.trim()))
        this.#known.set(tag, BigInt(`0x${line.trim()}`));
    }
  }
}
