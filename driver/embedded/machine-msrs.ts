/**
 * The model-specific registers that the engine keeps (measured: it answers 0 for all others, and swallows what is written
 * there). A register outside this table does not exist here; a real CPU would fault on it (driver-protocol 6.5, TRAP).
 */

import type { Unicorn } from '../native/unicorn';
import { isCanonical } from './memory/page-entry';

type Rule = 'read only' | 'any value' | 'address' | 'efer';

const EFER = 0xc000_0080;
/** Long mode and no-execute pages: without them the machine's page tables mean something else. */
const FIXED_EFER_BITS = 0xd00n;

const RULES = new Map<number, Rule>([
  // Microcode revision, MTRR capabilities, machine check capabilities, performance status.
  ...[0x8b, 0xfe, 0x179, 0x198].map((msr): [number, Rule] => [msr, 'read only']),
  // SYSENTER_CS, machine check status, MISC_ENABLE, PAT, MTRR_DEF_TYPE, STAR, SFMASK, TSC_AUX.
  ...[0x174, 0x17a, 0x1a0, 0x277, 0x2ff, 0xc000_0081, 0xc000_0084, 0xc000_0103].map((msr): [number, Rule] => [
    msr,
    'any value',
  ]),
  ...range(0x200, 0x20f),
  ...[0x250, 0x258, 0x259].map((msr): [number, Rule] => [msr, 'any value']),
  ...range(0x268, 0x26f),
  // SYSENTER_ESP and _EIP, LSTAR, CSTAR, FS_BASE, GS_BASE, KERNEL_GS_BASE.
  ...[0x175, 0x176, 0xc000_0082, 0xc000_0083, 0xc000_0100, 0xc000_0101, 0xc000_0102].map(
    (msr): [number, Rule] => [msr, 'address'],
  ),
  [EFER, 'efer'],
]);

/** The memory type ranges. */
function range(first: number, last: number): [number, Rule][] {
  return Array.from({ length: last - first + 1 }, (_, index) => [first + index, 'any value']);
}

/** undefined for a register that the CPU does not have. */
export function readMachineMsr(engine: Unicorn, msr: number): bigint | undefined {
  return RULES.has(msr) ? engine.readMsr(msr) : undefined;
}

/** False for a register that the CPU does not have, and for a value that it would fault on. */
export function writeMachineMsr(engine: Unicorn, msr: number, value: bigint): boolean {
  const rule = RULES.get(msr);
  if (rule === undefined || rule === 'read only') return false;
  if (rule === 'address' && !isCanonical(value)) return false;
  if (rule === 'efer' && (value & FIXED_EFER_BITS) !== (engine.readMsr(msr) & FIXED_EFER_BITS)) return false;
  engine.writeMsr(msr, value);
  return true;
}
