import type { Unicorn } from '../../native/unicorn';

const MSR_EFER = 0xc000_0080;
/** SYSCALL enable, long mode enable and active, no-execute enable. */
const EFER = 0xd01n;
/** Protection, paging, write protection, numeric errors, monitor coprocessor, extension type. */
const CR0 = 0x8005_0033n;
/** Physical address extension, FXSAVE and SSE exceptions. */
const CR4 = 0x620n;
const X87_CONTROL_WORD = 0x37fn;
const MXCSR = 0x1f80n;

/**
 * Brings a fresh engine into 64-bit mode with paging at ring 0, page tables at `cr3`. The floating-point control words get
 * their reset values: the engine starts with others and printf would print wrong digits.
 */
export function enableLongMode(engine: Unicorn, cr3: bigint): void {
  engine.writeRegister('cr3', cr3);
  engine.writeRegister('cr4', CR4);
  engine.writeMsr(MSR_EFER, EFER);
  engine.writeRegister('cr0', CR0);
  engine.writeRegister('fpcw', X87_CONTROL_WORD);
  engine.writeRegister('mxcsr', MXCSR);
}
