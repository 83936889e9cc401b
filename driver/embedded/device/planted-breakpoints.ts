/**
 * The user debugger's int3 breakpoints as its client knows them (driver-protocol 7.6): bytes in memory that can be read, and
 * that a write takes away or puts back. The machine itself stops by other means and never has these bytes.
 */

import { DEBUGGER_ERROR, SDK } from '../../sdk/tables.generated';
import { BreakpointList } from '../server/breakpoint-list';
import type { Machine } from '../server/machine';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const INT3 = 0xcc;
const ALL = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES;

type Space = 'virtual' | 'physical';

export interface WantedBreakpoint {
  readonly address: bigint;
  readonly processId: number;
  readonly threadId: number;
  readonly coreId: number;
  readonly removeAfterHit: boolean;
}

export class PlantedBreakpoints {
  readonly #machine: Machine;
  readonly #list: BreakpointList;
  /** Blocks used since the program ran last; there are only so many (7.6). */
  #setSinceContinue = 0;
  /** Where the original byte is back until the program runs on. */
  #restored: bigint | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#list = new BreakpointList(machine);
  }

  /** The answer is an SDK status. */
  set(wanted: WantedBreakpoint): number {
    // "All" resolves an invalid address space in the real driver (7.6).
    if (wanted.processId === ALL) return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID;
    if (this.#setSinceContinue >= SDK.MAXIMUM_BREAKPOINTS_WITHOUT_CONTINUE)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_WITHOUT_CONTINUE;
    const status = this.#list.set(wanted);
    if (status === OK) this.#setSinceContinue++;
    return status;
  }

  /** The id of the breakpoint at `address` that applies to the present thread; one-shot ones are gone then. */
  hit(address: bigint): bigint | undefined {
    const id = this.#list.hit(address);
    if (id !== undefined) this.#restored = address;
    return id;
  }

  /** The program runs again. */
  continued(): void {
    this.#restored = undefined;
    this.#setSinceContinue = 0;
  }

  clearAll(): void {
    this.#list.clearAll();
    this.continued();
  }

  /** Shows the int3 bytes in what was read from `address` on (6.1, TRAP). */
  showIn(bytes: Uint8Array, address: bigint, space: Space): void {
    for (const { byteOffset } of this.#within(address, bytes.length, space, true)) bytes[byteOffset] = INT3;
  }

  /**
   * Does what a write over int3 bytes means: another byte there makes the breakpoint dormant, 0xCC puts it back. Returns the
   * bytes to be written.
   */
  takeFrom(bytes: Uint8Array, address: bigint, space: Space): Uint8Array {
    const written = bytes.slice();
    for (const { id, at, byteOffset, isEnabled } of this.#within(address, bytes.length, space, false)) {
      const wantsInt3 = bytes[byteOffset] === INT3;
      if (wantsInt3) written[byteOffset] = this.#machine.memory.read(at, 1)?.[0] ?? INT3;
      if (wantsInt3 !== isEnabled) this.#list.setEnabled(id, wantsInt3);
    }
    return written;
  }

  #within(
    address: bigint,
    sizeBytes: number,
    space: Space,
    visibleOnly: boolean,
  ): { id: bigint; at: bigint; byteOffset: number; isEnabled: boolean }[] {
    const found = [];
    for (const { id, address: at, isEnabled } of this.#list.all) {
      if (visibleOnly && (!isEnabled || at === this.#restored)) continue;
      const place = space === 'virtual' ? at : this.#machine.memory.virtualToPhysical(at);
      if (place === undefined || place < address || place >= address + BigInt(sizeBytes)) continue;
      found.push({ id, at, byteOffset: Number(place - address), isEnabled });
    }
    return found;
  }
}
