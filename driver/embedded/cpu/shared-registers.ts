/**
 * Registers outside of GUEST_REGS that custom code can reach directly: what it finds there is the guest's, and what it leaves
 * there stays (actions-page). Most code touches none of them, and moving them takes longer than running it, so its bytes
 * are looked at first.
 */

import type { Unicorn } from '../../native/unicorn';
import type { UnicornRegister } from '../../native/unicorn-constants';

const NAMED: readonly UnicornRegister[] = [
  'cr0',
  'cr4',
  'cr8',
  'dr0',
  'dr1',
  'dr2',
  'dr3',
  'dr6',
  'dr7',
  'mxcsr',
];
/** Protection, paging and physical address extension: without them the engine runs away instead of faulting. */
const KEPT_BITS: Partial<Record<UnicornRegister, bigint>> = { cr0: 0x8000_0001n, cr4: 0x20n };
/** STAR, LSTAR, CSTAR, FMASK, FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX. */
const MSRS: readonly number[] = [
  0xc000_0081, 0xc000_0082, 0xc000_0083, 0xc000_0084, 0xc000_0100, 0xc000_0101, 0xc000_0102, 0xc000_0103,
];

/**
 * Second bytes of the two-byte opcodes that touch vector, control, debug or model-specific registers (SDM volume 2, table
 * A false alarm costs some microseconds; so a byte in the middle of an instruction may count.
 */
const isSpecial = (second: number): boolean =>
  (second >= 0x10 && second <= 0x17) ||
  (second >= 0x20 && second <= 0x23) ||
  (second >= 0x28 && second <= 0x32) ||
  (second >= 0x50 && second <= 0x7f) ||
  (second >= 0xc2 && second <= 0xc6) ||
  second === 0x38 ||
  second === 0x3a ||
  second === 0xae ||
  second >= 0xd0;
const TWO_BYTES = 0x0f;
/** SWAPGS is 0f 01 f8. */
const GROUP_7 = 0x01;
const SWAPGS = 0xf8;

/** Whether the code can touch registers that `SharedRegisters` moves. */
export function touchesSharedRegisters(code: Uint8Array): boolean {
  return code.some((byte, at) => {
    if (byte !== TWO_BYTES) return false;
    const second = code[at + 1] ?? 0;
    return isSpecial(second) || (second === GROUP_7 && code[at + 2] === SWAPGS);
  });
}

/** Moves the registers from the guest's engine to the one that runs the code, and back what has changed. */
export class SharedRegisters {
  readonly #guest: Unicorn;
  readonly #runner: Unicorn;
  readonly #before = new Map<UnicornRegister | number, bigint>();

  constructor(guest: Unicorn, runner: Unicorn) {
    this.#guest = guest;
    this.#runner = runner;
  }

  /** To be called before the code runs. */
  lend(): void {
    this.#runner.writeVectors(this.#guest.readVectors());
    for (const name of NAMED) this.#remember(name, this.#guest.readRegister(name));
    for (const msr of MSRS) this.#remember(msr, this.#guest.readMsr(msr));
  }

  #remember(key: UnicornRegister | number, value: bigint): void {
    this.#before.set(key, value);
    if (typeof key === 'number') this.#runner.writeMsr(key, value);
    else this.#runner.writeRegister(key, value);
  }

  /** To be called after code that has returned. */
  takeBack(): void {
    this.#guest.writeVectors(this.#runner.readVectors());
    for (const [key, before] of this.#before) {
      const value = typeof key === 'number' ? this.#runner.readMsr(key) : this.#runner.readRegister(key);
      if (value === before) continue;
      if (typeof key === 'number') this.#guest.writeMsr(key, value);
      else this.#guest.writeRegister(key, value | (KEPT_BITS[key] ?? 0n));
    }
  }
}
