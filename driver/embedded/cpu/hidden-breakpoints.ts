/**
 * Breakpoints of the engine's own, which the guest does not see: the engine comes to the interrupt hook before the instruction
 * and can go on from there, where an exit address ends the run and throws translations away (ten times the cost).
 *
 * The engine makes such breakpoints out of the debug registers, but keeps them in a list of its own, and only `mov dr7`
 * brings them there. So a stub in memory of its own runs that instruction with four addresses at a time, in a state of its
 * own; the debug registers of the guest never change, and any number of addresses can be planted.
 */

import type { Unicorn, UnicornContext } from '../../native/unicorn';
import { UC_ERROR, UC_PROTECTION } from '../../native/unicorn-constants';
import type { EngineLayout } from './engine-layout';

/** Physical and virtual address of the stub's memory: behind all memory of guests, within the CPU's 40 address bits. */
const STUB = 0x10_0000_0000n;
const PAGE_BYTES = 4096;
/** Three levels of page tables that map the 2 MiB around the stub one to one, then the code. */
const STUB_BYTES = 4 * PAGE_BYTES;
const STUB_CODE = STUB + BigInt(3 * PAGE_BYTES);
/** mov dr7, rax / hlt */
const CODE = Uint8Array.of(0x0f, 0x23, 0xf8, 0xf4);
const PRESENT_AND_WRITABLE = 3n;
const LARGE_PAGE = 0x80n;

const PER_BANK = 4;
const SLOTS = ['dr0', 'dr1', 'dr2', 'dr3'] as const;
/** DR7: the bit that always reads 1 (SDM volume 3, 17.2.4). */
const NONE_ENABLED = 0x400n;
/** DR0 to DR7, then a pointer for each of the first four. */
const AREA_INTS = (8 + PER_BANK) * 2;
const POINTER_INTS = 8 * 2;

/** Four breakpoints: what the debug registers and the engine's pointers were when they were planted. */
interface Bank {
  readonly addresses: readonly bigint[];
  readonly area: readonly number[];
}

export class HiddenBreakpoints {
  readonly #engine: Unicorn;
  readonly #layout: EngineLayout;
  /** 64-bit mode, ring 0, as the engine was before any guest. */
  readonly #fresh: UnicornContext;
  readonly #guest: UnicornContext;
  #banks: Bank[] = [];
  #planted: ReadonlySet<bigint> = new Set();

  /** To be made when the engine has its mode and before anything has run. */
  constructor(engine: Unicorn, layout: EngineLayout) {
    this.#engine = engine;
    this.#layout = layout;
    this.#fresh = engine.createContext();
    this.#fresh.save();
    this.#guest = engine.createContext();
  }

  has(address: bigint): boolean {
    return this.#planted.has(address);
  }

  /** Replaces all of them. Between two runs only, while the CPU walks page tables by itself. */
  plant(addresses: ReadonlySet<bigint>): void {
    const isSame =
      addresses.size === this.#planted.size && [...addresses].every((address) => this.has(address));
    if (isSame) return;
    this.#planted = new Set(addresses);
    this.#withStub(() => {
      for (const bank of this.#banks) this.#run(bank.addresses, bank.area, NONE_ENABLED);
      this.#banks = [];
      const all = [...addresses];
      for (let at = 0; at < all.length; at += PER_BANK) this.#plantBank(all.slice(at, at + PER_BANK));
    });
  }

  #plantBank(addresses: readonly bigint[]): void {
    // Execute breakpoints: the global enable bit of each slot (SDM volume 3, 17.2.4).
    const enabled = addresses.reduce((bits, _, slot) => bits | (2n << BigInt(2 * slot)), NONE_ENABLED);
    const area = this.#run(addresses, undefined, enabled);
    if (area.slice(POINTER_INTS, POINTER_INTS + 2 * addresses.length).every((int) => int === 0))
      throw new Error('the engine has planted no breakpoint');
    this.#banks.push({ addresses, area });
  }

  /** Sets DR7 in the state of a bank, a new one without `area`. Returns the state afterwards. */
  #run(addresses: readonly bigint[], area: readonly number[] | undefined, dr7: bigint): number[] {
    const engine = this.#engine;
    const context = this.#fresh;
    const { debugRegisters } = this.#layout;
    const before = this.#area(context);
    for (const [index, int] of (area ?? before).entries()) context.writeInt(debugRegisters + 4 * index, int);
    context.restore();
    for (const [index, int] of before.entries()) context.writeInt(debugRegisters + 4 * index, int);
    engine.writeRegister('cr3', STUB);
    for (const [slot, address] of addresses.entries()) engine.writeRegister(SLOTS[slot] ?? 'dr0', address);
    engine.writeRegister('rax', dr7);
    const code = engine.start(STUB_CODE, 0n, 0, 0);
    if (code !== UC_ERROR.ok) throw new Error(`planting a breakpoint failed: ${engine.errorText(code)}`);
    const after = engine.createContext();
    try {
      after.save();
      return this.#area(after);
    } finally {
      after.dispose();
    }
  }

  #area(context: UnicornContext): number[] {
    const { debugRegisters } = this.#layout;
    return Array.from({ length: AREA_INTS }, (_, index) => context.readInt(debugRegisters + 4 * index));
  }

  /** The stub's memory is there for as long as it is needed, so that no guest finds it. */
  #withStub(body: () => void): void {
    const engine = this.#engine;
    this.#guest.save();
    engine.map(STUB, STUB_BYTES, UC_PROTECTION.all);
    try {
      for (const [index, entries] of tables().entries())
        engine.writeMemory(STUB + BigInt(index * PAGE_BYTES), new Uint8Array(entries.buffer));
      engine.writeMemory(STUB_CODE, CODE);
      body();
    } finally {
      engine.unmap(STUB, STUB_BYTES);
      this.#guest.restore();
      // A restored state does not take the TLB along.
      engine.flushTlb();
    }
  }

  dispose(): void {
    this.#fresh.dispose();
    this.#guest.dispose();
  }
}

function tables(): BigUint64Array[] {
  const entry = (level: number): number => Number((STUB >> BigInt(level)) & 0x1ffn);
  return [39, 30, 21].map((level, index) => {
    const table = new BigUint64Array(PAGE_BYTES / 8);
    const next = STUB + BigInt((index + 1) * PAGE_BYTES);
    table[entry(level)] = index < 2 ? next | PRESENT_AND_WRITABLE : STUB | PRESENT_AND_WRITABLE | LARGE_PAGE;
    return table;
  });
}
