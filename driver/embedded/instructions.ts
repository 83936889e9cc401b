/**
 * The instructions that events are for: what they look like, who may execute them, and what `$context` is (driver-protocol
 * 5.6). The one place to add an instruction.
 */

import { VMM_EVENT_TYPE_ENUM as TYPE } from '../sdk/tables.generated';

/** What an instruction's context is made of. */
export interface InstructionState {
  /** GUEST_REGS order. */
  readonly general: BigUint64Array;
  readonly rip: bigint;
  /** Of cr0 and cr4. */
  readControl(register: number): bigint;
}

export interface DecodedInstruction {
  readonly eventTypes: readonly number[];
  readonly sizeBytes: number;
  /** Where it is not allowed it faults, and a fault comes before any event (SDM volume 3, 25.1.1). */
  isAllowed(level: number, rflags: bigint): boolean;
  context(state: InstructionState): bigint;
  /** Of writes to control registers: the bits that would change. */
  changedBits?(state: InstructionState): bigint;
}

type Privilege = 'kernel' | 'ports';

interface Row {
  readonly opcode: readonly number[];
  readonly eventTypes: readonly number[];
  /** `kernel`: ring 0 alone. `ports`: rings up to the I/O privilege level. Others: everybody. */
  readonly privilege?: Privilege;
  /** Bytes behind the opcode: a ModRM byte of register form, or a number. */
  readonly tail?: 'register form' | 'byte';
  readonly context: (state: InstructionState, tail: number) => bigint;
}

const RAX = 0;
const RCX = 1;
const RDX = 2;
const TASK_SWITCHED = 8n;

const low32 = (state: InstructionState, index: number): bigint =>
  BigInt.asUintN(32, state.general[index] ?? 0n);
const eax = (state: InstructionState): bigint => low32(state, RAX);
const ecx = (state: InstructionState): bigint => low32(state, RCX);
const dx = (state: InstructionState): bigint => BigInt.asUintN(16, state.general[RDX] ?? 0n);
const immediate = (_: InstructionState, tail: number): bigint => BigInt(tail);
const nothing = (): bigint => 0n;

const IN = [TYPE.IN_INSTRUCTION_EXECUTION];
const OUT = [TYPE.OUT_INSTRUCTION_EXECUTION];
const CONTROL_WRITE = [TYPE.CONTROL_REGISTER_MODIFIED];
const DEBUG_ACCESS = [TYPE.DEBUG_REGISTERS_ACCESSED];
const MODE = TYPE.TRAP_EXECUTION_MODE_CHANGED;
const MOV_TO_CONTROL = [0x0f, 0x22] as const;
const CLTS = [0x0f, 0x06] as const;

const ROWS: readonly Row[] = [
  { opcode: [0x0f, 0xa2], eventTypes: [TYPE.CPUID_INSTRUCTION_EXECUTION], context: eax },
  {
    opcode: [0x0f, 0x32],
    eventTypes: [TYPE.RDMSR_INSTRUCTION_EXECUTION],
    privilege: 'kernel',
    context: ecx,
  },
  {
    opcode: [0x0f, 0x30],
    eventTypes: [TYPE.WRMSR_INSTRUCTION_EXECUTION],
    privilege: 'kernel',
    context: ecx,
  },
  { opcode: [0xe4], eventTypes: IN, privilege: 'ports', tail: 'byte', context: immediate },
  { opcode: [0xe5], eventTypes: IN, privilege: 'ports', tail: 'byte', context: immediate },
  { opcode: [0xec], eventTypes: IN, privilege: 'ports', context: dx },
  { opcode: [0xed], eventTypes: IN, privilege: 'ports', context: dx },
  { opcode: [0x6c], eventTypes: IN, privilege: 'ports', context: dx },
  { opcode: [0x6d], eventTypes: IN, privilege: 'ports', context: dx },
  { opcode: [0xe6], eventTypes: OUT, privilege: 'ports', tail: 'byte', context: immediate },
  { opcode: [0xe7], eventTypes: OUT, privilege: 'ports', tail: 'byte', context: immediate },
  { opcode: [0xee], eventTypes: OUT, privilege: 'ports', context: dx },
  { opcode: [0xef], eventTypes: OUT, privilege: 'ports', context: dx },
  { opcode: [0x6e], eventTypes: OUT, privilege: 'ports', context: dx },
  { opcode: [0x6f], eventTypes: OUT, privilege: 'ports', context: dx },
  {
    opcode: [0x0f, 0x21],
    eventTypes: DEBUG_ACCESS,
    privilege: 'kernel',
    tail: 'register form',
    context: nothing,
  },
  {
    opcode: [0x0f, 0x23],
    eventTypes: DEBUG_ACCESS,
    privilege: 'kernel',
    tail: 'register form',
    context: nothing,
  },
  { opcode: [0x0f, 0x31], eventTypes: [TYPE.TSC_INSTRUCTION_EXECUTION], context: nothing },
  { opcode: [0x0f, 0x01, 0xf9], eventTypes: [TYPE.TSC_INSTRUCTION_EXECUTION], context: () => 1n },
  { opcode: [0x0f, 0x33], eventTypes: [TYPE.PMC_INSTRUCTION_EXECUTION], context: nothing },
  { opcode: [0x0f, 0x01, 0xc1], eventTypes: [TYPE.VMCALL_INSTRUCTION_EXECUTION], context: nothing },
  { opcode: [0x0f, 0x01, 0xd9], eventTypes: [TYPE.VMCALL_INSTRUCTION_EXECUTION], context: nothing },
  {
    opcode: [0x0f, 0x01, 0xd1],
    eventTypes: [TYPE.XSETBV_INSTRUCTION_EXECUTION],
    privilege: 'kernel',
    context: ecx,
  },
  {
    opcode: MOV_TO_CONTROL,
    eventTypes: CONTROL_WRITE,
    privilege: 'kernel',
    tail: 'register form',
    context: (_, modRm) => BigInt(registerOf(modRm)),
  },
  { opcode: CLTS, eventTypes: CONTROL_WRITE, privilege: 'kernel', context: nothing },
  {
    opcode: [0x0f, 0x07],
    eventTypes: [TYPE.SYSCALL_HOOK_EFER_SYSRET, MODE],
    privilege: 'kernel',
    context: ({ rip }) => rip,
  },
  { opcode: [0xcf], eventTypes: [MODE], privilege: 'kernel', context: nothing },
];

const registerOf = (modRm: number): number => (modRm >> 3) & 7;
const CONTROL_REGISTERS = new Set([0, 4]);

const IO_LEVEL_SHIFT = 12n;

function isAllowed(privilege: Privilege | undefined, level: number, rflags: bigint): boolean {
  switch (privilege) {
    case 'kernel':
      return level === 0;
    case 'ports':
      return level <= Number((rflags >> IO_LEVEL_SHIFT) & 3n);
    case undefined:
      return true;
  }
}

/** Legacy prefixes and REX: what can stand before an opcode (SDM volume 2, 2.1.1 and 2.2.1). */
const PREFIXES = new Set([0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);
const isRex = (byte: number): boolean => byte >> 4 === 4;
const isPrefix = (byte: number): boolean => PREFIXES.has(byte) || isRex(byte);
/** No instruction is longer, so no more bytes than this are worth looking at. */
export const LONGEST_INSTRUCTION_BYTES = 15;
/** More prefixes than compilers and people write. */
const MAX_PREFIXES = 4;

/** The instruction that `bytes` begin with, when events can be for it. */
export function decodeInstruction(bytes: Uint8Array): DecodedInstruction | undefined {
  let at = 0;
  while (at < MAX_PREFIXES && isPrefix(bytes[at] ?? 0)) at++;
  const rex = at > 0 && isRex(bytes[at - 1] ?? 0) ? (bytes[at - 1] ?? 0) : 0;
  const row = ROWS.find(({ opcode }) => opcode.every((byte, index) => bytes[at + index] === byte));
  if (row === undefined) return undefined;
  const end = at + row.opcode.length;
  const tail = bytes[end] ?? 0;
  const instruction = {
    eventTypes: row.eventTypes,
    sizeBytes: end + (row.tail === undefined ? 0 : 1),
    isAllowed: (level: number, rflags: bigint) => isAllowed(row.privilege, level, rflags),
    context: (state: InstructionState) => row.context(state, tail),
  };
  if (row.opcode === CLTS)
    return { ...instruction, changedBits: (state) => state.readControl(0) & TASK_SWITCHED };
  if (row.opcode !== MOV_TO_CONTROL) return instruction;
  const [control, source] = [registerOf(tail) + ((rex & 4) << 1), (tail & 7) + ((rex & 1) << 3)];
  if (!CONTROL_REGISTERS.has(control)) return undefined;
  const changedBits = (state: InstructionState): bigint =>
    state.readControl(control) ^ (state.general[source] ?? 0n);
  return { ...instruction, changedBits };
}

/**
 * Offsets in `bytes` where an instruction for events of these types may begin. One in the middle of another instruction is
 * never reached as an instruction, so it costs nothing.
 */
export function findInstructions(bytes: Buffer, eventTypes: ReadonlySet<number>): Set<number> {
  const offsets = new Set<number>();
  for (const { opcode, eventTypes: types } of ROWS) {
    if (!types.some((type) => eventTypes.has(type))) continue;
    const pattern = Buffer.from(opcode);
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      offsets.add(at);
      for (let start = at - 1; at - start <= MAX_PREFIXES && isPrefix(bytes[start] ?? 0); start--)
        offsets.add(start);
    }
  }
  return offsets;
}

/** `sysret` with a 64-bit operand. */
export function isSystemReturn(bytes: Uint8Array): boolean {
  const [rex = 0, ...opcode] = bytes.subarray(0, 3);
  return (rex & 0xf8) === 0x48 && opcode[0] === 0x0f && opcode[1] === 0x07;
}

/** `pushf`, which puts the flags on the stack where a program can see them. */
export function isPushFlags(bytes: Uint8Array): boolean {
  const at = bytes.findIndex((byte) => !isPrefix(byte));
  return at >= 0 && at < LONGEST_INSTRUCTION_BYTES && bytes[at] === 0x9c;
}
/** Events that are for an instruction wherever it stands. */
export const INSTRUCTION_EVENTS: ReadonlySet<number> = new Set(ROWS.flatMap(({ eventTypes }) => eventTypes));
