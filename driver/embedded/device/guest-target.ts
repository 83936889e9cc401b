/** The embedded machine as the device sees it. */

import type { GuestMachine } from '../guest-machine';
import type { DeviceTarget, DeviceThread } from './device-target';

export class GuestTarget implements DeviceTarget {
  constructor(readonly machine: GuestMachine) {}

  get cr3(): bigint {
    return this.machine.cpu.engine.readRegister('cr3');
  }

  get isAlive(): boolean {
    return this.machine.guest.end === undefined;
  }

  threads(): readonly DeviceThread[] {
    const { machine } = this;
    return machine.guest.threads().map(({ threadId, isReady }) => {
      return { threadId, isReady, threadObject: machine.threadObject(threadId) };
    });
  }

  switchThread(threadId: number): boolean {
    return this.machine.switchThread(threadId);
  }

  kill(): void {
    this.machine.guest.kill();
  }

  readMsr(core: number, msr: number): bigint | undefined {
    return core < this.machine.coreCount ? this.machine.readMsr(msr) : undefined;
  }

  writeMsr(core: number, msr: number, value: bigint): boolean {
    return core < this.machine.coreCount && this.machine.writeMsr(msr, value);
  }
}
