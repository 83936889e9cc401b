/** The machine's registers by their number in the script language (catalog/registers; script-language 10). */

import { registerById, type Register } from '../../script-engine/catalog/registers';
import type { UnicornRegister } from '../native/unicorn-constants';
import type { Cpu } from './cpu/cpu';

const mask = (register: Register): bigint => (1n << BigInt(register.width)) - 1n;

const part = (whole: bigint, register: Register): bigint =>
  (whole >> BigInt(register.shift)) & mask(register);

/** Replaces the register's bits of `whole`; the others stay (script-language 10). */
function merge(whole: bigint, value: bigint, register: Register): bigint {
  const shift = BigInt(register.shift);
  return (whole & ~(mask(register) << shift)) | ((value & mask(register)) << shift);
}

/** Bits of RFLAGS that a debugger may change: the status, direction, trap and other flags a program could. */
const WRITABLE_RFLAGS = 0x0025_4fd5n;

/** undefined for an id that no register has. */
export function readMachineRegister(cpu: Cpu, registerId: number): bigint | undefined {
  const register = registerById(registerId);
  if (register === undefined) return undefined;
  switch (register.kind) {
    case 'gpr':
      return part(cpu.general[generalIndex(register)] ?? 0n, register);
    case 'flags':
    case 'flag-bit':
      return part(cpu.rflags, register);
    case 'ip':
      return part(cpu.rip, register);
    case 'table':
      return cpu.engine.readDescriptorTable(engineName(register)).base;
    case 'segment':
    case 'control':
    case 'debug':
      return cpu.engine.readRegister(engineName(register));
  }
}

/**
 * False for an id that no register has, and for registers that would take the machine from under its guest: the segment,
 * table and control registers belong to the machine here.
 */
export function writeMachineRegister(cpu: Cpu, registerId: number, value: bigint): boolean {
  const register = registerById(registerId);
  if (register === undefined) return false;
  switch (register.kind) {
    case 'gpr': {
      const index = generalIndex(register);
      cpu.general[index] = merge(cpu.general[index] ?? 0n, value, register);
      return true;
    }
    case 'flags':
    case 'flag-bit':
      writeFlags(cpu, merge(cpu.rflags, value, register));
      return true;
    case 'ip':
      cpu.rip = merge(cpu.rip, value, register);
      return true;
    case 'debug':
      cpu.engine.writeRegister(engineName(register), value);
      return true;
    case 'segment':
    case 'table':
    case 'control':
      return false;
  }
}

function writeFlags(cpu: Cpu, value: bigint): void {
  cpu.rflags = (cpu.rflags & ~WRITABLE_RFLAGS) | (value & WRITABLE_RFLAGS);
}

function generalIndex(register: Register): number {
  if (register.generalIndex === undefined) throw new Error(`${register.name} is no general register`);
  return register.generalIndex;
}

/** The engine calls these registers as the script language does. */
function engineName(register: Register): UnicornRegister {
  return register.name as UnicornRegister;
}
