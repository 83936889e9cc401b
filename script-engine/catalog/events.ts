/** Events: THE table of all kinds the driver knows (driver-protocol 5.6). */

import {
  address,
  ALL,
  kind,
  number,
  preOnly,
  U32,
  U64,
  type EventCommand,
  type EventKind,
} from './event-kind';

export type {
  AccessMode,
  EventCommand,
  EventKind,
  EventParameter,
  EventStage,
  EventType,
} from './event-kind';

export const eventKinds: readonly EventKind[] = [
  kind({
    commands: ['!monitor'],
    types: [
      [0, 'HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE', 'rwx'],
      [1, 'HIDDEN_HOOK_READ_AND_WRITE', 'rw'],
      [2, 'HIDDEN_HOOK_READ_AND_EXECUTE', 'rx'],
      [3, 'HIDDEN_HOOK_WRITE_AND_EXECUTE', 'wx'],
      [4, 'HIDDEN_HOOK_READ', 'r'],
      [5, 'HIDDEN_HOOK_WRITE', 'w'],
      [6, 'HIDDEN_HOOK_EXECUTE', 'x'],
    ],
    takes: '[va|pa] <Attributes> <From> <To>|l <Length>',
    summary: 'Fires on accesses to a memory range.',
    parameters: [
      { kind: 'access', name: 'Attributes', summary: 'Letters of r, w and x: which accesses fire.' },
      {
        kind: 'range',
        name: 'From To',
        summary: 'First and last byte, or first byte and `l` length; two bytes or more.',
      },
      { kind: 'space', name: 'va|pa', summary: 'Virtual (default) or physical addresses.', option: 2 },
    ],
    context: 'the virtual address that is accessed',
    shortCircuit:
      'A read or write is skipped: registers stay and a store is lost. Execution is blocked: the thread stays there.',
    example: '!monitor w 7ff612345000 l 8 pid 2a10 script { print(@rip); }',
    note: 'Real drivers allow one hook in a physical page, and never fire the execute half of wx.',
  }),
  kind({
    commands: ['!epthook2'],
    types: [[7, 'HIDDEN_HOOK_EXEC_DETOURS']],
    takes: '<Address>',
    summary: 'Fires when a function is called, through a hidden detour: the fastest hook.',
    parameters: [address('Where the function begins.')],
    stages: preOnly,
    context: 'the virtual address of the function',
    example: '!epthook2 nt!NtClose script { print(@rcx); }',
    note: 'Kernel functions only; its actions run in ordinary kernel mode.',
  }),
  kind({
    commands: ['!epthook'],
    types: [[8, 'HIDDEN_HOOK_EXEC_CC']],
    takes: '<Address>',
    summary: 'Fires when an address is executed, through a hidden breakpoint.',
    parameters: [address('Which instruction.')],
    stages: preOnly,
    context: 'the RIP of the guest',
    example: '!epthook nt!NtOpenFile script { print($context); }',
    note: 'At most 40 in one page.',
  }),
  kind({
    commands: ['!syscall', { name: '!syscall2', fixed: { option: 1, value: 1n } }],
    types: [[9, 'SYSCALL_HOOK_EFER_SYSCALL']],
    takes: '[<Number>]',
    summary: 'Fires on system calls; `!syscall2` decides by the address instead of reading the code.',
    parameters: [number('Number', 'Number of the system call; all when it is left out.', { absent: ALL })],
    context: 'RAX: the number of the system call',
    shortCircuit: 'The system call is not made; RIP goes on behind it.',
    example: '!syscall 55 pid 2a10 script { print(@rcx); }',
    note: 'Every system call of the machine becomes slower. The post stage sees the state at the entry of the kernel.',
  }),
  kind({
    commands: ['!sysret', { name: '!sysret2', fixed: { option: 1, value: 1n } }],
    types: [[10, 'SYSCALL_HOOK_EFER_SYSRET']],
    summary:
      'Fires on returns from system calls; `!sysret2` decides by the address instead of reading the code.',
    context: 'the RIP of the sysret',
    shortCircuit: 'The return is not made; RIP goes on behind it.',
    example: '!sysret pid 2a10 script { print(@rax); }',
  }),
  kind({
    commands: ['!cpuid'],
    types: [[11, 'CPUID_INSTRUCTION_EXECUTION']],
    takes: '[<Eax>]',
    summary: 'Fires on CPUID.',
    parameters: [{ kind: 'filter', name: 'Eax', summary: 'Only this leaf.', most: U32 }],
    context: 'EAX before the instruction',
    shortCircuit: 'CPUID is not executed: registers stay, RIP goes on behind it.',
    example: '!cpuid 1 pid 2a10 script { printf("leaf %x\\n", $context); }',
  }),
  kind({
    commands: ['!msrread', '!msread'],
    types: [[12, 'RDMSR_INSTRUCTION_EXECUTION']],
    takes: '[<Msr>]',
    summary: 'Fires on RDMSR.',
    parameters: [number('Msr', 'Which register; all when it is left out.', { absent: ALL })],
    context: 'ECX: the register number',
    shortCircuit: 'EDX:EAX stay as they are.',
    example: '!msrread c0000082 script { print(@rip); }',
  }),
  kind({
    commands: ['!msrwrite'],
    types: [[13, 'WRMSR_INSTRUCTION_EXECUTION']],
    takes: '[<Msr>]',
    summary: 'Fires on WRMSR.',
    parameters: [number('Msr', 'Which register; all when it is left out.', { absent: ALL })],
    context: 'ECX: the register number',
    shortCircuit: 'The register is not written.',
    example: '!msrwrite 1d9 script { print(@rax); }',
  }),
  kind({
    commands: ['!ioin'],
    types: [[14, 'IN_INSTRUCTION_EXECUTION']],
    takes: '[<Port>]',
    summary: 'Fires on port reads.',
    parameters: [number('Port', 'Which port; all when it is left out.', { absent: ALL, most: 0xffffn })],
    context: 'the port',
    shortCircuit: 'The port is not read.',
    example: '!ioin 60 script { print(@rip); }',
  }),
  kind({
    commands: ['!ioout', '!iout'],
    types: [[15, 'OUT_INSTRUCTION_EXECUTION']],
    takes: '[<Port>]',
    summary: 'Fires on port writes.',
    parameters: [number('Port', 'Which port; all when it is left out.', { absent: ALL, most: 0xffffn })],
    context: 'the port',
    shortCircuit: 'The port is not written.',
    example: '!ioout cf8 script { print(@rax); }',
  }),
  kind({
    commands: ['!exception'],
    types: [[16, 'EXCEPTION_OCCURRED']],
    takes: '[<Vector>]',
    summary: 'Fires on exceptions of the processor.',
    parameters: [
      number('Vector', 'Which of the first 31; all when it is left out.', { absent: ALL, most: 0x1en }),
    ],
    context: 'the vector',
    shortCircuit: 'The exception is swallowed; set RIP in the script.',
    example: '!exception d pid 2a10 script { print(@rip); }',
    note: 'Page faults (vector e) are many.',
  }),
  kind({
    commands: ['!interrupt'],
    types: [[17, 'EXTERNAL_INTERRUPT_OCCURRED']],
    takes: '<Vector>',
    summary: 'Fires on one external interrupt.',
    parameters: [number('Vector', 'Which one, 20 to ff.', { least: 0x20n, most: 0xffn })],
    context: 'the vector',
    shortCircuit: 'The interrupt is lost; without its clock a machine hangs.',
    example: '!interrupt d1 core 0 script { print($core); }',
  }),
  kind({
    commands: ['!dr'],
    types: [[18, 'DEBUG_REGISTERS_ACCESSED']],
    summary: 'Fires on moves to and from debug registers.',
    context: '0',
    shortCircuit: 'The move is not made.',
    example: '!dr pid 2a10 script { print(@rip); }',
  }),
  kind({
    commands: ['!tsc'],
    types: [[19, 'TSC_INSTRUCTION_EXECUTION']],
    summary: 'Fires on RDTSC and RDTSCP.',
    context: '1 for RDTSCP, 0 for RDTSC',
    shortCircuit: 'EDX:EAX and ECX stay as they are.',
    example: '!tsc pid 2a10 stage post script { @rax = 0; }',
  }),
  kind({
    commands: ['!pmc'],
    types: [[20, 'PMC_INSTRUCTION_EXECUTION']],
    summary: 'Fires on RDPMC.',
    context: '0',
    shortCircuit: 'EDX:EAX stay as they are.',
    example: '!pmc script { print(@rcx); }',
  }),
  kind({
    commands: ['!vmcall'],
    types: [[21, 'VMCALL_INSTRUCTION_EXECUTION']],
    summary: 'Fires on VMCALL.',
    stages: preOnly,
    context: '0',
    shortCircuit: 'The call is not handled, which breaks the calls of the debugger itself.',
    example: '!vmcall script { print(@rcx); }',
    note: "The driver's own calls fire it too: filter by pid.",
  }),
  kind({
    commands: ['!crwrite'],
    types: [[22, 'CONTROL_REGISTER_MODIFIED']],
    takes: '<Cr> [<Mask>]',
    summary: 'Fires when watched bits of CR0 or CR4 change.',
    parameters: [
      {
        kind: 'number',
        name: 'Cr',
        summary: '0 or 4.',
        option: 0,
        absent: undefined,
        least: 0n,
        most: 4n,
        values: [0n, 4n],
      },
      number('Mask', 'Which bits; all when it is left out.', { absent: U64, most: U64, option: 1 }),
    ],
    context: 'the register number',
    shortCircuit: 'The write is not made.',
    example: '!crwrite 4 100000 script { print(@rip); }',
  }),
  kind({
    commands: [],
    types: [[23, 'CONTROL_REGISTER_READ']],
    summary: 'Reads of control registers; the driver refuses it.',
    context: 'nothing',
  }),
  kind({
    commands: [],
    types: [[24, 'CONTROL_REGISTER_3_MODIFIED']],
    summary: 'Writes of CR3; for the driver itself, which refuses it from outside.',
    context: '0',
  }),
  kind({
    commands: ['!mode'],
    types: [[25, 'TRAP_EXECUTION_MODE_CHANGED']],
    takes: 'u|k|uk',
    summary: 'Fires when a watched process enters user mode, kernel mode or either.',
    parameters: [
      {
        kind: 'choice',
        name: 'u|k|uk',
        summary: 'The mode that is entered: user, kernel or both.',
        option: 0,
        words: new Map([
          ['u', 3n],
          ['k', 0n],
          ['uk', 1n],
          ['ku', 1n],
        ]),
      },
    ],
    stages: preOnly,
    context: 'the mode that is entered: 3 user, 0 kernel',
    shortCircuit: 'The mode cannot execute: the thread is blocked.',
    needsProcess: true,
    example: '!mode u pid 2a10 script { print(@rip); }',
  }),
  kind({
    commands: ['!trace'],
    types: [[26, 'TRAP_EXECUTION_INSTRUCTION_TRACE']],
    takes: 'step-in|step-out|instrument-step',
    summary: 'Fires on the steps that a script asked for with the event_trace functions.',
    parameters: [
      {
        kind: 'choice',
        name: 'Type',
        summary: 'Which steps.',
        option: 0,
        // The client sends 1 whatever the word is.
        words: new Map(
          ['step-in', 'stepin', 'step', 'step-out', 'stepout', 'instrument-step', 'instrument-step-in'].map(
            (word) => [word, 1n] as const,
          ),
        ),
      },
    ],
    stages: preOnly,
    context: 'the kind of the step',
    example: '!trace instrument-step script { print(@rip); }',
  }),
  kind({
    commands: ['!xsetbv'],
    types: [[27, 'XSETBV_INSTRUCTION_EXECUTION']],
    takes: '[<Xcr>]',
    summary: 'Fires on XSETBV.',
    parameters: [{ kind: 'filter', name: 'Xcr', summary: 'Only this register.', most: U64 }],
    context: 'ECX: the register number',
    shortCircuit: 'XSETBV is skipped.',
    example: '!xsetbv script { print(@rcx); }',
    note: 'The 0.23 driver ignores the register filter.',
  }),
];

const byCommand = new Map(
  eventKinds.flatMap((entry) => entry.commands.map((command) => [command.name, { entry, command }] as const)),
);
const byType = new Map(eventKinds.flatMap((entry) => entry.types.map(({ type }) => [type, entry] as const)));

/** The event that a command makes; command names compare without case. */
export function eventByCommand(name: string): EventKind | undefined {
  return byCommand.get(name.toLowerCase())?.entry;
}

/** The spelling of an event's command, with what it puts into the options. */
export function eventSpelling(name: string): EventCommand | undefined {
  return byCommand.get(name.toLowerCase())?.command;
}

/** The event of a VMM_EVENT_TYPE_ENUM number. */
export function eventByType(type: number): EventKind | undefined {
  return byType.get(type);
}
