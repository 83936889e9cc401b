/**
 * The hardware effect of armed events (driver-protocol 5.6, "side effects"): which addresses the CPU must stop at and which
 * pages it must watch. The tables below are the one place to add an event kind that the embedded CPU can serve.
 */

import type { EventRequest } from '../debuggee';
import { DEBUGGER_ERROR, VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';
import type { Cpu } from './cpu/cpu';
import type { AddressSpace } from './guest/address-space';
import type { PageTables, WatchKind } from './memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from './memory/physical-memory';
import { findOpcodes, type Opcode } from './opcode-sites';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** Events that fire at an instruction wherever it stands. */
const OPCODES_OF_TYPE: Readonly<Record<number, readonly Opcode[]>> = {
  [TYPE.CPUID_INSTRUCTION_EXECUTION]: [{ bytes: [0x0f, 0xa2], eventType: TYPE.CPUID_INSTRUCTION_EXECUTION }],
  [TYPE.TSC_INSTRUCTION_EXECUTION]: [
    { bytes: [0x0f, 0x31], eventType: TYPE.TSC_INSTRUCTION_EXECUTION },
    { bytes: [0x0f, 0x01, 0xf9], eventType: TYPE.TSC_INSTRUCTION_EXECUTION },
  ],
};
export const RDTSCP_BYTES = 3;

/** Events that fire when the first option's address is executed. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.HIDDEN_HOOK_EXEC_CC, TYPE.HIDDEN_HOOK_EXEC_DETOURS]);
/** Events that the machine's loop serves without any preparation of the CPU. */
const ALWAYS_SEEN: ReadonlySet<number> = new Set([TYPE.SYSCALL_HOOK_EFER_SYSCALL, TYPE.EXCEPTION_OCCURRED]);

/** Accesses that a monitor event is for, by its type (`!monitor` rwx, rw, rx, wx, r, w, x). */
const MONITORED: Readonly<Record<number, { readonly data?: WatchKind; readonly execute?: boolean }>> = {
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE]: { data: 'read and write', execute: true },
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE]: { data: 'read and write' },
  [TYPE.HIDDEN_HOOK_READ_AND_EXECUTE]: { data: 'read and write', execute: true },
  [TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE]: { data: 'write', execute: true },
  [TYPE.HIDDEN_HOOK_READ]: { data: 'read and write' },
  [TYPE.HIDDEN_HOOK_WRITE]: { data: 'write' },
  [TYPE.HIDDEN_HOOK_EXECUTE]: { execute: true },
};

/** Larger ranges would cost one exit address for each byte. */
const MAX_EXECUTE_RANGE_BYTES = 64 << 10;

export class Intercepts {
  readonly #cpu: Cpu;
  readonly #space: AddressSpace;
  readonly #tables: PageTables;
  readonly #memory: PhysicalMemory;
  readonly #events = new Map<bigint, EventRequest>();
  readonly #breakpoints = new Set<bigint>();
  /** Watched pages by virtual address. */
  #watched = new Map<bigint, WatchKind>();
  #sites = new Map<bigint, Opcode>();
  /** One more address, for a step over a call. */
  #temporary: bigint | undefined;
  #stale = false;

  constructor(cpu: Cpu, space: AddressSpace, tables: PageTables, memory: PhysicalMemory) {
    this.#cpu = cpu;
    this.#space = space;
    this.#tables = tables;
    this.#memory = memory;
  }

  /** SDK status: success, or why the event cannot be served here. */
  arm(event: EventRequest): number {
    const monitored = MONITORED[event.type];
    if (monitored !== undefined) {
      const status = this.#checkRange(event, monitored.execute === true);
      if (status !== OK) return status;
    } else if (ADDRESS_TYPES.has(event.type)) {
      if (!this.#isMapped(event.options[0] ?? 0n)) return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
    } else if (!ALWAYS_SEEN.has(event.type) && OPCODES_OF_TYPE[event.type] === undefined) {
      return DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID;
    }
    this.#events.set(event.tag, event);
    this.#rebuild();
    return OK;
  }

  disarm(event: EventRequest): void {
    this.#events.delete(event.tag);
    this.#rebuild();
  }

  addBreakpoint(address: bigint): boolean {
    if (!this.#isMapped(address)) return false;
    this.#breakpoints.add(address);
    this.#stale = true;
    return true;
  }

  removeBreakpoint(address: bigint): void {
    this.#breakpoints.delete(address);
    this.#stale = true;
  }

  setTemporary(address: bigint | undefined): void {
    this.#temporary = address;
    this.#stale = true;
  }

  /** Executable memory has changed: opcode sites may have come or gone. */
  codeChanged(): void {
    if (this.#opcodes().length > 0) this.#stale = true;
  }

  /** Brings the CPU up to date; called before it runs. */
  apply(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#sites = findOpcodes(this.#space.regions, this.#memory, this.#tables, this.#opcodes());
    this.#cpu.setExits(this.#exitAddresses());
  }

  opcodeAt(address: bigint): Opcode | undefined {
    return this.#sites.get(address);
  }

  isBreakpoint(address: bigint): boolean {
    return this.#breakpoints.has(address);
  }

  isTemporary(address: bigint): boolean {
    return this.#temporary === address;
  }

  #isMapped(address: bigint): boolean {
    const user = address < 1n << 47n && this.#space.regionAt(Number(address)) !== undefined;
    return user || this.#tables.translate(address) !== undefined;
  }

  #checkRange(event: EventRequest, execute: boolean): number {
    const [first = 0n, last = 0n, isPhysical = 0n] = event.options;
    if (isPhysical !== 0n) {
      const inside = this.#memory.contains(first, 1) && this.#memory.contains(last, 1);
      return inside ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PHYSICAL_ADDRESS;
    }
    if (execute && last - first >= BigInt(MAX_EXECUTE_RANGE_BYTES))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
    return this.#isMapped(first) && this.#isMapped(last) ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
  }

  #opcodes(): Opcode[] {
    const types = new Set([...this.#events.values()].map((event) => event.type));
    return [...types].flatMap((type) => OPCODES_OF_TYPE[type] ?? []);
  }

  #exitAddresses(): Set<bigint> {
    const addresses = new Set<bigint>([...this.#breakpoints, ...this.#sites.keys()]);
    if (this.#temporary !== undefined) addresses.add(this.#temporary);
    for (const event of this.#events.values()) {
      const [first = 0n, last = 0n] = event.options;
      if (ADDRESS_TYPES.has(event.type)) addresses.add(first);
      if (MONITORED[event.type]?.execute !== true) continue;
      for (let address = first; address <= last; address++) addresses.add(address);
    }
    return addresses;
  }

  #rebuild(): void {
    this.#stale = true;
    const wanted = new Map<bigint, WatchKind>();
    for (const event of this.#events.values()) this.#watchPagesOf(event, wanted);
    for (const page of this.#watched.keys()) if (!wanted.has(page)) this.#tables.watch(page, undefined);
    for (const [page, kind] of wanted) this.#tables.watch(page, kind);
    this.#watched = wanted;
  }

  #watchPagesOf(event: EventRequest, wanted: Map<bigint, WatchKind>): void {
    const kind = MONITORED[event.type]?.data;
    if (kind === undefined) return;
    const [first = 0n, last = 0n, isPhysical = 0n] = event.options;
    const pageBytes = BigInt(PAGE_BYTES);
    for (let address = first - (first % pageBytes); address <= last; address += pageBytes) {
      // The page must exist to be watched, as a debugger brings it in on a real machine.
      if (isPhysical === 0n) this.#space.touch(Number(address), 'read');
      const page = isPhysical === 0n ? address : this.#tables.findVirtual(address);
      if (page === undefined) continue;
      const before = wanted.get(page);
      wanted.set(page, before === undefined || before === kind ? kind : 'read and write');
    }
  }
}
