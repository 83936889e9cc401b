/**
 * Takes exceptions and interrupts into the guest's handlers as the CPU does in 64-bit mode (SDM volume 3, 7.12 and 7.14):
 * gate of the IDT, stack of the TSS, frame, flags. The engine leaves all of this to its embedder.
 */

import type { Cpu } from '../cpu/cpu';

/** The guest's memory at linear addresses, with supervisor rights. */
export interface LinearMemory {
  readU64(address: bigint): bigint | undefined;
  writeU64(address: bigint, value: bigint): boolean;
}

export interface Interruption {
  readonly vector: number;
  readonly errorCode: number | undefined;
  /** Made by an `int` instruction, which the gate may refuse. */
  readonly isSoftware: boolean;
}

const GENERAL_PROTECTION = 13;
const DOUBLE_FAULT = 8;
const NOT_PRESENT = 11;
/** Exceptions that push an error code (SDM volume 3, table 7-1). */
const WITH_ERROR_CODE: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17, 21]);

const GATE_BYTES = 16;
const IDT_ERROR = 2;
const TRAP_GATE = 1;
const TSS = { stackOfRing0: 4n, interruptStacks: 0x24n } as const;
const FLAG = { trap: 1n << 8n, interrupt: 1n << 9n, nested: 1n << 14n, resume: 1n << 16n } as const;
const RSP = 4;

interface Gate {
  readonly handler: bigint;
  readonly selector: bigint;
  readonly stackIndex: bigint;
  readonly isTrap: boolean;
  /** Lowest privilege that may come here by an `int` instruction. */
  readonly level: number;
}

/** Enters the handler. False when the guest has none that could be reached: a triple fault. */
export function deliverInterruption(cpu: Cpu, memory: LinearMemory, interruption: Interruption): boolean {
  return enter(cpu, memory, interruption, 0);
}

function enter(cpu: Cpu, memory: LinearMemory, interruption: Interruption, depth: number): boolean {
  const { vector, isSoftware } = interruption;
  const failed = (other: number, errorCode: number): boolean => {
    if (depth > 1) return false;
    const next = depth === 1 ? { vector: DOUBLE_FAULT, errorCode: 0 } : { vector: other, errorCode };
    return enter(cpu, memory, { ...next, isSoftware: false }, depth + 1);
  };
  const selectorError = vector * 8 + IDT_ERROR;
  const gate = readGate(cpu, memory, vector);
  if (gate === 'none') return failed(GENERAL_PROTECTION, selectorError);
  if (gate === 'absent') return failed(NOT_PRESENT, selectorError);
  const before = cpu.privilegeLevel;
  if (isSoftware && gate.level < before) return failed(GENERAL_PROTECTION, selectorError);
  const level = codeLevel(cpu, memory, gate.selector);
  const top = level === undefined ? undefined : stackTop(cpu, memory, gate, level < before);
  if (level === undefined || top === undefined) return failed(GENERAL_PROTECTION, Number(gate.selector));
  return push(cpu, memory, interruption, gate, level, top) || failed(DOUBLE_FAULT, 0);
}

function readGate(cpu: Cpu, memory: LinearMemory, vector: number): Gate | 'none' | 'absent' {
  const { base, limit } = cpu.engine.readDescriptorTable('idtr');
  const at = base + BigInt(GATE_BYTES * vector);
  const low = memory.readU64(at);
  const high = memory.readU64(at + 8n);
  if (GATE_BYTES * vector + GATE_BYTES - 1 > limit || low === undefined || high === undefined) return 'none';
  const attributes = Number((low >> 40n) & 0xffn);
  if ((attributes & 0x80) === 0) return 'absent';
  return {
    handler: (low & 0xffffn) | ((low >> 32n) & 0xffff_0000n) | ((high & 0xffff_ffffn) << 32n),
    selector: (low >> 16n) & 0xffffn,
    stackIndex: (low >> 32n) & 7n,
    isTrap: (attributes & TRAP_GATE) !== 0,
    level: (attributes >> 5) & 3,
  };
}

/** Privilege level of a code segment. */
function codeLevel(cpu: Cpu, memory: LinearMemory, selector: bigint): number | undefined {
  const table = cpu.engine.readDescriptorTable('gdtr');
  const descriptor = memory.readU64(table.base + (selector & ~7n));
  return descriptor === undefined ? undefined : Number((descriptor >> 45n) & 3n);
}

function stackTop(cpu: Cpu, memory: LinearMemory, gate: Gate, isInward: boolean): bigint | undefined {
  const task = cpu.engine.readDescriptorTable('tr').base;
  const present = cpu.general[RSP] ?? 0n;
  const top =
    gate.stackIndex !== 0n
      ? memory.readU64(task + TSS.interruptStacks + 8n * (gate.stackIndex - 1n))
      : isInward
        ? memory.readU64(task + TSS.stackOfRing0)
        : present;
  return top === undefined ? undefined : top & ~15n;
}

function push(
  cpu: Cpu,
  memory: LinearMemory,
  { vector, errorCode, isSoftware }: Interruption,
  gate: Gate,
  level: number,
  top: bigint,
): boolean {
  const stackSelector = cpu.engine.readRegister('ss');
  const codeSelector = cpu.engine.readRegister('cs');
  const frame = [stackSelector, cpu.general[RSP] ?? 0n, cpu.rflags, codeSelector, cpu.rip];
  if (!isSoftware && WITH_ERROR_CODE.has(vector)) frame.push(BigInt(errorCode ?? 0));
  let at = top;
  for (const value of frame) {
    at = BigInt.asUintN(64, at - 8n);
    if (!memory.writeU64(at, value)) return false;
  }
  const isSameLevel = level === cpu.privilegeLevel;
  const code = Number(gate.selector & ~3n) | level;
  cpu.setPrivilege(level, code, isSameLevel ? Number(stackSelector) : 0);
  const cleared = FLAG.trap | FLAG.nested | FLAG.resume | (gate.isTrap ? 0n : FLAG.interrupt);
  cpu.general[RSP] = at;
  cpu.rflags &= ~cleared;
  cpu.rip = gate.handler;
  return true;
}
