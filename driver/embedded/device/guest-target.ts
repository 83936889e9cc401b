/** The embedded machine as the device sees it. */

import type { GuestMachine } from '../guest-machine';
import { isCanonical } from '../memory/page-tables';
import type { DeviceTarget, DeviceThread } from './device-target';

const SIGKILL = 9;

/** MSRs that the engine keeps; on a real machine any other number faults in the driver (6.5, TRAP). */
const EFER = 0xc000_0080;
const WRITABLE_MSRS: ReadonlySet<number> = new Set([
  0xc000_0081, 0xc000_0082, 0xc000_0084, 0xc000_0100, 0xc000_0101, 0xc000_0102,
]);
/** Selectors and masks, not addresses. */
const PLAIN_MSRS: ReadonlySet<number> = new Set([0xc000_0081, 0xc000_0084]);

export class GuestTarget implements DeviceTarget {
  constructor(readonly machine: GuestMachine) {}

  get cr3(): bigint {
    return this.machine.cpu.engine.readRegister('cr3');
  }

  get isAlive(): boolean {
    return this.machine.process.end === undefined;
  }

  threads(): readonly DeviceThread[] {
    const { process, threadObject } = this.machine;
    return process.threads.map(({ id, wait }) => ({
      threadId: id,
      threadObject,
      isReady: wait === undefined,
    }));
  }

  switchThread(threadId: number): boolean {
    return this.machine.process.switchTo(threadId);
  }

  kill(): void {
    this.machine.process.kill(SIGKILL);
  }

  readMsr(core: number, msr: number): bigint | undefined {
    if (core >= this.machine.coreCount) return undefined;
    const isKnown = msr === EFER || WRITABLE_MSRS.has(msr);
    return isKnown ? this.machine.cpu.engine.readMsr(msr) : undefined;
  }

  writeMsr(core: number, msr: number, value: bigint): boolean {
    if (core >= this.machine.coreCount || !WRITABLE_MSRS.has(msr)) return false;
    if (!PLAIN_MSRS.has(msr) && !isCanonical(value)) return false;
    this.machine.cpu.engine.writeMsr(msr, value);
    return true;
  }
}
