/**
 * What is particular about each type of event (driver-protocol 5.6): the check of its options when it is registered, and the filter
 * that decides whether an occurrence is for it. The one place to add a type. Whether addresses are mapped is the host's to
 * say, in `arm`.
 */

import type { EventRequest } from '../../debuggee';
import {
  DEBUGGER_ERROR,
  DEBUGGER_EVENT_MODE_TYPE as MODE,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../sdk/tables.generated';

export type Access = 'r' | 'w' | 'x';

export interface OccurrenceDetails {
  /** Of writes to control registers: the bits that would change. */
  readonly changedBits?: bigint;
  /** Of memory accesses. */
  readonly physical?: bigint;
}

export interface EventKind {
  /** SDK status of a refusal; undefined when the options are fine. */
  refuse?(options: readonly bigint[]): number | undefined;
  /** Whether an occurrence with this context is for an event with these options. */
  matches(options: readonly bigint[], context: bigint, details: OccurrenceDetails): boolean;
  /** Of `!monitor` only: the accesses it is for. */
  readonly accesses?: string;
}

const ALL = 0xffffffffn;
const PAGE_BITS = 12n;
const HIGHEST_EXCEPTION = 30n;
const FIRST_INTERRUPT = 0x20n;
const LAST_INTERRUPT = 0xffn;
/** MaximumHiddenBreakpointsOnPage. */
const MAX_HIDDEN_BREAKPOINTS_PER_PAGE = 40;

const option = (options: readonly bigint[], index: number) => options[index] ?? 0n;

const always: EventKind = { matches: () => true };

/** P1 is the value to look for. */
const exact: EventKind = { matches: (options, context) => context === option(options, 0) };

/** P1 is the value to look for, or 0xffffffff for any; values are 32 bits wide. */
const exactOrAll: EventKind = {
  matches: (options, context) =>
    option(options, 0) === ALL || BigInt.asUintN(32, context) === BigInt.asUintN(32, option(options, 0)),
};

/** P1 = 1 switches the filter on, P2 is the value to look for. */
const filtered: EventKind = {
  matches: (options, context) =>
    option(options, 0) !== 1n || BigInt.asUintN(32, context) === BigInt.asUintN(32, option(options, 1)),
};

/** Never registered by the driver. */
const refused: EventKind = {
  refuse: () => DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID,
  matches: () => false,
};

/**
 * P1 and P2 are the first and the last byte. The letters mean what they say; that the real driver lets `wx` miss executions
 * and `rx` see writes (5.6, QUIRK) is no use to anyone here.
 */
function monitor(accesses: string): EventKind {
  return {
    accesses,
    refuse: (options) =>
      option(options, 0) < option(options, 1) ? undefined : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS,
    // P3 = 1: the range is physical.
    matches: (options, virtual, { physical = virtual }) => {
      const address = option(options, 2) === 1n ? physical : virtual;
      return address >= option(options, 0) && address <= option(options, 1);
    },
  };
}

const KINDS: Readonly<Record<number, EventKind>> = {
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE]: monitor('rwx'),
  [TYPE.HIDDEN_HOOK_READ_AND_WRITE]: monitor('rw'),
  [TYPE.HIDDEN_HOOK_READ_AND_EXECUTE]: monitor('rx'),
  [TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE]: monitor('wx'),
  [TYPE.HIDDEN_HOOK_READ]: monitor('r'),
  [TYPE.HIDDEN_HOOK_WRITE]: monitor('w'),
  [TYPE.HIDDEN_HOOK_EXECUTE]: monitor('x'),
  [TYPE.HIDDEN_HOOK_EXEC_DETOURS]: exact,
  [TYPE.HIDDEN_HOOK_EXEC_CC]: exact,
  [TYPE.SYSCALL_HOOK_EFER_SYSCALL]: exactOrAll,
  [TYPE.SYSCALL_HOOK_EFER_SYSRET]: always,
  [TYPE.CPUID_INSTRUCTION_EXECUTION]: filtered,
  [TYPE.RDMSR_INSTRUCTION_EXECUTION]: exactOrAll,
  [TYPE.WRMSR_INSTRUCTION_EXECUTION]: exactOrAll,
  [TYPE.IN_INSTRUCTION_EXECUTION]: exactOrAll,
  [TYPE.OUT_INSTRUCTION_EXECUTION]: exactOrAll,
  [TYPE.EXCEPTION_OCCURRED]: {
    ...exactOrAll,
    refuse: (options) =>
      option(options, 0) <= HIGHEST_EXCEPTION || option(options, 0) === ALL
        ? undefined
        : DEBUGGER_ERROR.DEBUGGER_ERROR_EXCEPTION_INDEX_EXCEED_FIRST_32_ENTRIES,
  },
  [TYPE.EXTERNAL_INTERRUPT_OCCURRED]: {
    ...exact,
    refuse: (options) =>
      option(options, 0) >= FIRST_INTERRUPT && option(options, 0) <= LAST_INTERRUPT
        ? undefined
        : DEBUGGER_ERROR.DEBUGGER_ERROR_INTERRUPT_INDEX_IS_NOT_VALID,
  },
  [TYPE.DEBUG_REGISTERS_ACCESSED]: always,
  [TYPE.TSC_INSTRUCTION_EXECUTION]: always,
  [TYPE.PMC_INSTRUCTION_EXECUTION]: always,
  [TYPE.VMCALL_INSTRUCTION_EXECUTION]: always,
  // P2 is the mask of the bits whose change is of interest.
  [TYPE.CONTROL_REGISTER_MODIFIED]: {
    matches: (options, context, { changedBits }) =>
      context === option(options, 0) &&
      (changedBits === undefined || (changedBits & option(options, 1)) !== 0n),
  },
  [TYPE.CONTROL_REGISTER_READ]: refused,
  [TYPE.CONTROL_REGISTER_3_MODIFIED]: refused,
  [TYPE.TRAP_EXECUTION_MODE_CHANGED]: {
    refuse: (options) =>
      [
        MODE.DEBUGGER_EVENT_MODE_TYPE_USER_MODE,
        MODE.DEBUGGER_EVENT_MODE_TYPE_KERNEL_MODE,
        MODE.DEBUGGER_EVENT_MODE_TYPE_USER_MODE_AND_KERNEL_MODE,
      ].some((mode) => BigInt(mode) === option(options, 0))
        ? undefined
        : DEBUGGER_ERROR.DEBUGGER_ERROR_MODE_EXECUTION_IS_INVALID,
    matches: (options, context) =>
      option(options, 0) === BigInt(MODE.DEBUGGER_EVENT_MODE_TYPE_USER_MODE_AND_KERNEL_MODE) ||
      option(options, 0) === context,
  },
  [TYPE.TRAP_EXECUTION_INSTRUCTION_TRACE]: always,
  // The real driver forgets the filter (5.6, QUIRK); a script that works here with it would be flooded there, not broken.
  [TYPE.XSETBV_INSTRUCTION_EXECUTION]: filtered,
};

export function eventKind(type: number): EventKind | undefined {
  return KINDS[type];
}

/** What stands against one more hook beside `others`, which are registered: one page takes one hook (5.6, 0 to 8). */
export function refuseSharedPage(event: EventRequest, others: readonly EventRequest[]): number | undefined {
  const pages = hookedPages(event);
  if (pages === undefined) return undefined;
  if (event.type === TYPE.HIDDEN_HOOK_EXEC_CC) {
    const onPage = others.filter(
      (other) => other.type === event.type && hookedPages(other)?.first === pages.first,
    );
    return onPage.length >= MAX_HIDDEN_BREAKPOINTS_PER_PAGE
      ? DEBUGGER_ERROR.DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_FOR_A_SINGLE_PAGE_IS_HIT
      : undefined;
  }
  const shared = others.some((other) => {
    const theirs = other.type === TYPE.HIDDEN_HOOK_EXEC_CC ? undefined : hookedPages(other);
    return theirs !== undefined && theirs.first <= pages.last && pages.first <= theirs.last;
  });
  return shared ? DEBUGGER_ERROR.DEBUGGER_ERROR_EPT_MULTIPLE_HOOKS_IN_A_SINGLE_PAGE : undefined;
}

function hookedPages(event: EventRequest): { readonly first: bigint; readonly last: bigint } | undefined {
  const isMonitor = eventKind(event.type)?.accesses !== undefined;
  const isHook = event.type === TYPE.HIDDEN_HOOK_EXEC_CC || event.type === TYPE.HIDDEN_HOOK_EXEC_DETOURS;
  if (!isMonitor && !isHook) return undefined;
  const first = option(event.options, 0);
  const last = isMonitor ? option(event.options, 1) : first;
  return { first: first >> PAGE_BITS, last: last >> PAGE_BITS };
}
