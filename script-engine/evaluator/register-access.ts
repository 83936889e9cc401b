/** Registers and their parts (script-language 10). Writes to 32, 16 and 8 bit parts merge: eax does not clear rax. */

import { registerById, registerByName } from '../catalog/registers';
import { fault } from './script-fault';
import type { ScriptMachine } from './script-machine';

interface Part {
  readonly generalIndex: number | undefined;
  /** Id of the whole register. */
  readonly wholeId: number;
  readonly shift: bigint;
  readonly mask: bigint;
  readonly whole: boolean;
  readonly ofStackPointer: boolean;
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const parts = new Map<number, Part>();

function partOf(id: number): Part {
  const known = parts.get(id);
  if (known !== undefined) return known;
  const register = registerById(id) ?? fault(`there is no register with the id ${id}`);
  const parent = registerByName(register.parent) ?? register;
  const part = {
    generalIndex: register.generalIndex,
    wholeId: parent.id,
    shift: BigInt(register.shift),
    mask: (1n << BigInt(register.width)) - 1n,
    whole: parent === register,
    ofStackPointer: register.parent === 'rsp',
  };
  parts.set(id, part);
  return part;
}

export interface GeneralPart {
  readonly generalIndex: number;
  readonly shift: bigint;
  readonly mask: bigint;
  readonly ofStackPointer: boolean;
}

/** Where a register lies among the general ones; undefined for all others. */
export function generalPart(id: number): GeneralPart | undefined {
  if (registerById(id) === undefined) return undefined;
  const { generalIndex, shift, mask, ofStackPointer } = partOf(id);
  return generalIndex === undefined ? undefined : { generalIndex, shift, mask, ofStackPointer };
}

/** In user mode only the general registers exist; all others read 0. */
export function readRegister(machine: ScriptMachine, id: number): bigint {
  const part = partOf(id);
  const value = readWhole(machine, part);
  return part.whole ? value : (value >> part.shift) & part.mask;
}

/** `upstreamFaults`: in user mode a write to esp, sp or spl replaces all of rsp. */
export function writeRegister(
  machine: ScriptMachine,
  id: number,
  value: bigint,
  upstreamFaults: boolean,
): void {
  const part = partOf(id);
  if (part.whole || (upstreamFaults && part.ofStackPointer && machine.mode === 'user')) {
    writeWhole(machine, part, value);
    return;
  }
  const old = readWhole(machine, part);
  const { mask, shift } = part;
  writeWhole(machine, part, (old & (ALL_ONES ^ (mask << shift))) | ((value & mask) << shift));
}

function readWhole(machine: ScriptMachine, part: Part): bigint {
  if (part.generalIndex !== undefined) return machine.generalRegisters[part.generalIndex] ?? 0n;
  return machine.mode === 'user' ? 0n : BigInt.asUintN(64, machine.readRegister(part.wholeId));
}

function writeWhole(machine: ScriptMachine, part: Part, value: bigint): void {
  if (part.generalIndex !== undefined) machine.generalRegisters[part.generalIndex] = value;
  else if (machine.mode === 'kernel') machine.writeRegister(part.wholeId, value);
}
