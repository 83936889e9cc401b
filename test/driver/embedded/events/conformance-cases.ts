/** What each kind of event must do on the conformance kernel (driver-protocol 5.6), as data. */

import type { GuestProgram } from '../guest-programs';
import {
  DEBUGGER_ERROR as ERROR,
  DEBUGGER_EVENT_TRACE_TYPE as TRACE,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../../driver/sdk/tables.generated';

export interface ConformanceCase {
  readonly command: string;
  readonly type: number;
  /** Label of the instruction; RIP of the first hit. */
  readonly at: string;
  readonly context: bigint | ((kernel: GuestProgram) => bigint);
  readonly options?: (kernel: GuestProgram) => readonly bigint[];
  /** Options with which it must not fire; undefined for kinds without a filter. */
  readonly others?: (kernel: GuestProgram) => readonly bigint[];
  readonly hits?: number;
  readonly stages: 'pre' | 'all';
  /** A place behind the instruction, a register there, and its value when the instruction was skipped and when it was not. */
  readonly skipped?: {
    readonly at: string;
    readonly register: string;
    readonly value: bigint;
    readonly else?: bigint;
  };
  readonly refused?: readonly (readonly [
    options: (kernel: GuestProgram) => readonly bigint[],
    code: number,
  ])[];
}

const ALL = 0xffff_ffffn;
const LSTAR = 0xc000_0082n;
const fixed =
  (...values: readonly bigint[]) =>
  () =>
    values;
const cell =
  (last: bigint, first = 0n) =>
  (kernel: GuestProgram) => [kernel.symbol('cell') + first, kernel.symbol('cell') + last, 0n];
const label = (name: string) => (kernel: GuestProgram) => kernel.symbol(name);
const labels = (name: string) => (kernel: GuestProgram) => [kernel.symbol(name)];

const monitor = (
  letters: string,
  type: number,
  rest: Omit<ConformanceCase, 'command' | 'type' | 'stages'>,
) => ({
  command: `!monitor ${letters}`,
  type,
  stages: 'all' as const,
  options: cell(7n),
  others: cell(0x27n, 0x20n),
  refused: [
    [cell(0n), ERROR.DEBUGGER_ERROR_INVALID_ADDRESS],
    [fixed(0x7fff_0000_0000n, 0x7fff_0000_0007n, 0n), ERROR.DEBUGGER_ERROR_INVALID_ADDRESS],
    [fixed(1n << 51n, (1n << 51n) + 7n, 1n), ERROR.DEBUGGER_ERROR_INVALID_PHYSICAL_ADDRESS],
  ] as const,
  ...rest,
});

const write = { at: 'write_at', context: label('cell') };
const lost = { at: 'after_read', register: 'rbx', value: 0x1234n, else: 0x42n };

export const conformanceCases: readonly ConformanceCase[] = [
  monitor('rwx', TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE, { ...write, hits: 2 }),
  monitor('rw', TYPE.HIDDEN_HOOK_READ_AND_WRITE, { ...write, hits: 2 }),
  monitor('rx', TYPE.HIDDEN_HOOK_READ_AND_EXECUTE, { at: 'read_at', context: label('cell') }),
  monitor('wx', TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE, { ...write, skipped: lost }),
  monitor('r', TYPE.HIDDEN_HOOK_READ, {
    at: 'read_at',
    context: label('cell'),
    skipped: { at: 'after_read', register: 'rbx', value: 0n, else: 0x42n },
  }),
  monitor('w', TYPE.HIDDEN_HOOK_WRITE, { ...write, skipped: lost }),
  {
    command: '!monitor x',
    type: TYPE.HIDDEN_HOOK_EXECUTE,
    at: 'traced',
    context: label('traced'),
    options: (kernel) => [kernel.symbol('traced'), kernel.symbol('traced') + 1n, 0n],
    others: cell(7n),
    stages: 'all',
  },
  ...(
    [
      ['!epthook2', TYPE.HIDDEN_HOOK_EXEC_DETOURS],
      ['!epthook', TYPE.HIDDEN_HOOK_EXEC_CC],
    ] as const
  ).map(([command, type]): ConformanceCase => ({
    command,
    type,
    at: 'hooked',
    context: label('hooked'),
    options: labels('hooked'),
    others: labels('idtr'),
    stages: 'pre',
    refused: [[fixed(0x7fff_0000_0000n), ERROR.DEBUGGER_ERROR_INVALID_ADDRESS]],
  })),
  {
    command: '!cpuid',
    type: TYPE.CPUID_INSTRUCTION_EXECUTION,
    at: 'cpuid_at',
    context: 1n,
    options: fixed(1n, 1n),
    others: fixed(1n, 2n),
    stages: 'all',
    skipped: { at: 'after_cpuid', register: 'rax', value: 1n },
  },
  {
    command: '!msrread',
    type: TYPE.RDMSR_INSTRUCTION_EXECUTION,
    at: 'rdmsr_at',
    context: LSTAR,
    options: fixed(LSTAR),
    others: fixed(0x10n),
    stages: 'all',
    skipped: { at: 'after_rdmsr', register: 'rax', value: 5n, else: 0x1111n },
  },
  {
    command: '!msrwrite',
    type: TYPE.WRMSR_INSTRUCTION_EXECUTION,
    at: 'wrmsr_at',
    context: LSTAR,
    options: fixed(LSTAR),
    others: fixed(0x10n),
    stages: 'all',
    skipped: { at: 'after_wrmsr', register: 'rax', value: 0n, else: 0x1111n },
  },
  {
    command: '!ioin',
    type: TYPE.IN_INSTRUCTION_EXECUTION,
    at: 'in_at',
    context: 0x60n,
    options: fixed(0x60n),
    others: fixed(0x61n),
    stages: 'all',
    skipped: { at: 'after_in', register: 'rax', value: 0x77n, else: 0n },
  },
  {
    command: '!ioout',
    type: TYPE.OUT_INSTRUCTION_EXECUTION,
    at: 'out_at',
    context: 0x3f8n,
    options: fixed(0x3f8n),
    others: fixed(0x3f9n),
    stages: 'all',
  },
  {
    command: '!exception',
    type: TYPE.EXCEPTION_OCCURRED,
    at: 'after_int3',
    context: 3n,
    options: fixed(3n),
    others: fixed(0n),
    stages: 'all',
    skipped: { at: 'after_int3', register: 'r13', value: 0n, else: 1n },
    refused: [[fixed(0x1fn), ERROR.DEBUGGER_ERROR_EXCEPTION_INDEX_EXCEED_FIRST_32_ENTRIES]],
  },
  {
    command: '!dr',
    type: TYPE.DEBUG_REGISTERS_ACCESSED,
    at: 'dr_at',
    context: 0n,
    hits: 2,
    stages: 'all',
    skipped: { at: 'after_dr', register: 'rbx', value: 0n, else: 0x5555n },
  },
  {
    command: '!tsc',
    type: TYPE.TSC_INSTRUCTION_EXECUTION,
    at: 'rdtsc_at',
    context: 0n,
    hits: 2,
    stages: 'all',
    skipped: { at: 'after_rdtscp', register: 'rax', value: 0n },
  },
  {
    command: '!pmc',
    type: TYPE.PMC_INSTRUCTION_EXECUTION,
    at: 'rdpmc_at',
    context: 0n,
    stages: 'all',
    skipped: { at: 'after_rdpmc', register: 'r13', value: 0n, else: 1n },
  },
  {
    command: '!vmcall',
    type: TYPE.VMCALL_INSTRUCTION_EXECUTION,
    at: 'vmcall_at',
    context: 0n,
    stages: 'all',
    skipped: { at: 'after_vmcall', register: 'r13', value: 0n, else: 1n },
  },
  {
    command: '!crwrite',
    type: TYPE.CONTROL_REGISTER_MODIFIED,
    at: 'cr_at',
    context: 4n,
    options: fixed(4n, 0x80n),
    others: fixed(4n, 0x100n),
    stages: 'all',
    skipped: { at: 'after_cr', register: 'rbx', value: 0x620n, else: 0x6a0n },
  },
  {
    command: '!xsetbv',
    type: TYPE.XSETBV_INSTRUCTION_EXECUTION,
    at: 'xsetbv_at',
    context: 0n,
    options: fixed(1n, 0n),
    others: fixed(1n, 1n),
    stages: 'all',
    skipped: { at: 'after_xsetbv', register: 'r13', value: 0n, else: 1n },
  },
];

/** Types that the driver never registers. */
export const refusedTypes = [TYPE.CONTROL_REGISTER_READ, TYPE.CONTROL_REGISTER_3_MODIFIED];
export const EVERY = ALL;
export const STEP_IN = TRACE.DEBUGGER_EVENT_TRACE_TYPE_STEP_IN;
