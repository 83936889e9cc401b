/**
 * The events of hooked addresses (`!epthook`, `!epthook2`), before the instruction there runs. For addresses that the guest
 * comes by often this happens in the middle of the engine's run.
 */

import { VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';
import type { EventCore, Pass } from './events/event-core';
import type { GuestMachine } from './guest-machine';

const ADDRESS_EVENTS: readonly number[] = [TYPE.HIDDEN_HOOK_EXEC_DETOURS, TYPE.HIDDEN_HOOK_EXEC_CC];

/** What is left to do at an address. */
interface Hit {
  readonly address: bigint;
  /** Of the next event type in ADDRESS_EVENTS. */
  next: number;
  pass: Pass | undefined;
}

export class AddressHits {
  readonly #machine: GuestMachine;
  readonly #events: EventCore;
  /** The last one that began during a run. */
  #begun: Hit | undefined;

  constructor(machine: GuestMachine, events: EventCore) {
    this.#machine = machine;
    this.#events = events;
  }

  /** All events of the address at RIP, with the CPU stopped. */
  deliver(): void {
    const { cpu, intercepts } = this.#machine;
    const address = cpu.rip;
    if (!intercepts.isHooked(address)) return;
    intercepts.noteHit(address);
    this.#advance({ address, next: 0, pass: undefined }, 'stopped');
  }

  /** The same while the CPU runs. True when nothing is left to do; the rest is for `finish`. */
  begin(address: bigint): boolean {
    if (!this.#machine.intercepts.isHooked(address)) return true;
    const hit: Hit = { address, next: 0, pass: undefined };
    this.#begun = hit;
    return this.#advance(hit, 'running');
  }

  /** What `begin` has left, with the CPU stopped. True when the instruction is still to run. */
  finish(): boolean {
    const hit = this.#begun;
    this.#begun = undefined;
    if (hit !== undefined) this.#advance(hit, 'stopped');
    return hit === undefined || this.#machine.cpu.rip === hit.address;
  }

  #advance(hit: Hit, state: 'running' | 'stopped'): boolean {
    const { cpu } = this.#machine;
    for (;;) {
      if (hit.pass !== undefined && !this.#events.advance(hit.pass, state)) return false;
      const type = ADDRESS_EVENTS[hit.next++];
      // Who has moved RIP goes on there.
      if (type === undefined || cpu.rip !== hit.address) return true;
      hit.pass = this.#events.isWanted(type)
        ? this.#events.begin({ kind: 'instruction', type, stage: 'pre', context: hit.address })
        : undefined;
    }
  }
}
