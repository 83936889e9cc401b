/**
 * The hardware effect of armed events (driver-protocol 5.6, "side effects"): which addresses the CPU must stop at, which
 * pages are watched and which instructions are looked for. The tables below are the one place to add an event kind that the
 * embedded machine can serve.
 */

import type { EventRequest } from '../debuggee';
import { DEBUGGER_ERROR, VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';
import type { Guest, WatchedRange } from './guest';
import { INSTRUCTION_EVENTS } from './instructions';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** Events that fire when the first option's address is executed. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.HIDDEN_HOOK_EXEC_CC, TYPE.HIDDEN_HOOK_EXEC_DETOURS]);
/** Events that the machine sees without any preparation of the CPU. */
const ALWAYS_SEEN: ReadonlySet<number> = new Set([
  TYPE.SYSCALL_HOOK_EFER_SYSCALL,
  TYPE.EXCEPTION_OCCURRED,
  TYPE.EXTERNAL_INTERRUPT_OCCURRED,
  TYPE.TRAP_EXECUTION_INSTRUCTION_TRACE,
]);

/** Accesses that a monitor event is for, by its type (`!monitor` rwx, rw, rx, wx, r, w, x). */
const MONITORED: Readonly<
  Record<number, { readonly data?: WatchedRange['kind']; readonly execute?: boolean }>
> = {
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE]: { data: 'read and write', execute: true },
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE]: { data: 'read and write' },
  [TYPE.HIDDEN_HOOK_READ_AND_EXECUTE]: { data: 'read and write', execute: true },
  [TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE]: { data: 'write', execute: true },
  [TYPE.HIDDEN_HOOK_READ]: { data: 'read and write' },
  [TYPE.HIDDEN_HOOK_WRITE]: { data: 'write' },
  [TYPE.HIDDEN_HOOK_EXECUTE]: { execute: true },
};

/** From so many hits on an address is hot (see Cpu.setExits); making it so costs what some hits do. */
const HOT_HITS = 16;
/** The engine compares each instruction that it translates with all of them. */
const MAX_HOT_ADDRESSES = 64;
/** Larger ranges would cost one exit address for each byte. */
const MAX_EXECUTE_RANGE_BYTES = 64 << 10;

interface Armed {
  readonly event: EventRequest;
  /** Where the hooked page lay: a hook is on the page, and another process has another one there (5.6, notes of 0 to 8). */
  readonly physical: bigint | undefined;
}

export class Intercepts {
  readonly #guest: Guest;
  readonly #armed = new Map<bigint, Armed>();
  readonly #breakpoints = new Set<bigint>();
  readonly #hooks = new Map<bigint, bigint | undefined>();
  /** One more address, for a step over a call. */
  #temporary: bigint | undefined;
  #stale = false;
  /** How often the guest has come to hooked addresses, up to HOT_HITS. */
  readonly #hits = new Map<bigint, number>();

  constructor(guest: Guest) {
    this.#guest = guest;
    guest.exposure.onSitesChanged = () => (this.#stale = true);
  }

  /** SDK status: success, or why the event cannot be served here. */
  arm(event: EventRequest): number {
    const [address = 0n] = event.options;
    const monitored = MONITORED[event.type];
    const isHook = ADDRESS_TYPES.has(event.type);
    if (monitored !== undefined) {
      const status = this.#checkRange(event, monitored.execute === true);
      if (status !== OK) return status;
    } else if (isHook) {
      if (!this.#isMapped(address)) return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
    } else if (!ALWAYS_SEEN.has(event.type) && !INSTRUCTION_EVENTS.has(event.type)) {
      return DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID;
    }
    this.#armed.set(event.tag, { event, physical: isHook ? this.#guest.translate(address) : undefined });
    this.#rebuild();
    return OK;
  }

  disarm(event: EventRequest): void {
    this.#armed.delete(event.tag);
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

  /** Brings the CPU up to date; called before it runs. */
  apply(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const hot = [...this.#hits].filter(([address, count]) => count >= HOT_HITS && this.#hooks.has(address));
    const addresses = hot.slice(0, MAX_HOT_ADDRESSES).map(([address]) => address);
    this.#guest.cpu.setExits(this.#exitAddresses(), new Set(addresses));
  }

  get isStale(): boolean {
    return this.#stale;
  }

  /** The guest has come to a hooked address, and the CPU has stopped for it. */
  noteHit(address: bigint): void {
    const count = (this.#hits.get(address) ?? 0) + 1;
    if (count <= HOT_HITS) this.#hits.set(address, count);
    if (count === HOT_HITS) this.#stale = true;
  }

  isBreakpoint(address: bigint): boolean {
    return this.#breakpoints.has(address);
  }

  isTemporary(address: bigint): boolean {
    return this.#temporary === address;
  }

  /** Whether `!epthook` or `!epthook2` events are for this address of the present process. */
  isHooked(address: bigint): boolean {
    if (!this.#hooks.has(address)) return false;
    const hooked = this.#hooks.get(address);
    return hooked === undefined || hooked === this.#guest.translate(address);
  }

  #isMapped(address: bigint): boolean {
    return this.#guest.translate(address) !== undefined;
  }

  #checkRange(event: EventRequest, execute: boolean): number {
    const [first = 0n, last = 0n, isPhysical = 0n] = event.options;
    if (isPhysical !== 0n) {
      const { physical } = this.#guest;
      const inside = physical.contains(first, 1) && physical.contains(last, 1);
      return inside ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PHYSICAL_ADDRESS;
    }
    if (execute && last - first >= BigInt(MAX_EXECUTE_RANGE_BYTES))
      return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
    return this.#isMapped(first) && this.#isMapped(last) ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
  }

  #exitAddresses(): Set<bigint> {
    const addresses = new Set<bigint>([...this.#breakpoints, ...this.#guest.exposure.sites()]);
    if (this.#temporary !== undefined) addresses.add(this.#temporary);
    for (const { event } of this.#armed.values()) {
      const [first = 0n, last = 0n] = event.options;
      if (ADDRESS_TYPES.has(event.type)) addresses.add(first);
      if (MONITORED[event.type]?.execute !== true) continue;
      for (let address = first; address <= last; address++) addresses.add(address);
    }
    return addresses;
  }

  #rebuild(): void {
    this.#stale = true;
    const events = [...this.#armed.values()];
    this.#hooks.clear();
    for (const { event, physical } of events)
      if (ADDRESS_TYPES.has(event.type)) this.#hooks.set(event.options[0] ?? 0n, physical);
    const types = events.map(({ event }) => event.type).filter((type) => INSTRUCTION_EVENTS.has(type));
    this.#guest.exposure.expose(new Set(types));
    this.#guest.exposure.watch(events.flatMap(({ event }) => watchedRange(event)));
  }
}

function watchedRange({ type, options }: EventRequest): WatchedRange[] {
  const kind = MONITORED[type]?.data;
  const [first = 0n, last = 0n, isPhysical = 0n] = options;
  return kind === undefined ? [] : [{ first, last, isPhysical: isPhysical !== 0n, kind }];
}
