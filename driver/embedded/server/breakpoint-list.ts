/** The int3 breakpoints of the debugger (driver-protocol 7.6, 8.4): records here, bytes in the machine. */

import { DEBUGGER_ERROR, SDK } from '../../sdk/tables.generated';
import type { Breakpoint, Machine } from './machine';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES;

export class BreakpointList {
  readonly #machine: Machine;
  readonly #breakpoints = new Map<bigint, Breakpoint>();
  #lastId = 0n;
  /** No breakpoint stops the machine meanwhile. */
  isMuted = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get all(): readonly Breakpoint[] {
    return [...this.#breakpoints.values()];
  }

  /** The answer is an SDK status. */
  set(wanted: Omit<Breakpoint, 'id' | 'isEnabled'>): number {
    const { coreId, processId } = wanted;
    if (coreId !== ALL && coreId >= this.#machine.coreCount)
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID;
    if (processId !== ALL && !this.#machine.hasProcess(processId))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID;
    if (this.all.some((breakpoint) => breakpoint.address === wanted.address))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS;
    if (!this.#machine.plantBreakpoint(wanted.address))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS;
    const id = ++this.#lastId;
    this.#breakpoints.set(id, { ...wanted, id, isEnabled: true });
    return OK;
  }

  setEnabled(id: bigint, isEnabled: boolean): number {
    const breakpoint = this.#breakpoints.get(id);
    if (breakpoint === undefined) return DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ID_NOT_FOUND;
    if (breakpoint.isEnabled === isEnabled)
      return isEnabled
        ? DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ALREADY_ENABLED
        : DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ALREADY_DISABLED;
    if (isEnabled) {
      if (!this.#machine.plantBreakpoint(breakpoint.address))
        return DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS;
    } else {
      this.#machine.removeBreakpoint(breakpoint.address);
    }
    this.#breakpoints.set(id, { ...breakpoint, isEnabled });
    return OK;
  }

  clear(id: bigint): number {
    const breakpoint = this.#breakpoints.get(id);
    if (breakpoint === undefined) return DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ID_NOT_FOUND;
    this.#breakpoints.delete(id);
    if (breakpoint.isEnabled) this.#machine.removeBreakpoint(breakpoint.address);
    return OK;
  }

  clearAll(): void {
    for (const { id } of this.all) this.clear(id);
  }

  /** Makes the list what it was before the first debugger came: ids count from 1 again. */
  reset(): void {
    this.clearAll();
    this.#lastId = 0n;
    this.isMuted = false;
  }

  /** The id of the breakpoint at `address` that applies to the present process, thread and core. Removes one-shot ones. */
  hit(address: bigint): bigint | undefined {
    const breakpoint = this.all.find((candidate) => candidate.address === address && candidate.isEnabled);
    if (breakpoint === undefined || this.isMuted) return undefined;
    const { processId, threadId } = this.#machine.currentProcess();
    const isHere =
      (breakpoint.processId === ALL || breakpoint.processId === processId) &&
      (breakpoint.threadId === ALL || breakpoint.threadId === threadId) &&
      (breakpoint.coreId === ALL || breakpoint.coreId === this.#machine.currentCore);
    if (!isHere) return undefined;
    if (breakpoint.removeAfterHit) this.clear(breakpoint.id);
    return breakpoint.id;
  }
}
