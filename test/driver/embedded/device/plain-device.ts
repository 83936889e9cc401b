/** The device over a plain machine: no CPU, no thread. */

import { DEVICE_STATUS, MESSAGE_BUFFER_BYTES, type DeviceAnswer } from '../../../../driver/device/device-io';
import type { DeviceTarget, DeviceThread } from '../../../../driver/embedded/device/device-target';
import { EmbeddedDevice } from '../../../../driver/embedded/device/embedded-device';
import { EventCore } from '../../../../driver/embedded/events/event-core';
import { MessageQueues } from '../../../../driver/embedded/messages/message-queues';
import type { Struct } from '../../../../driver/sdk/layout';
import { DEBUGGEE_UD_PAUSED_PACKET, REGISTER_NOTIFY_BUFFER } from '../../../../driver/sdk/structs.generated';
import { IOCTL, OPERATION } from '../../../../driver/sdk/tables.generated';
import { PlainCodeRunner, PlainMachine, THREAD_ID } from '../server/plain-machine';

export class PlainDeviceTarget implements DeviceTarget {
  readonly cr3 = 0x1000n;
  isAlive = true;
  current = THREAD_ID;
  list: DeviceThread[] = [
    { threadId: THREAD_ID, threadObject: 1n, isReady: true },
    { threadId: THREAD_ID + 1, threadObject: 2n, isReady: true },
    { threadId: THREAD_ID + 2, threadObject: 3n, isReady: false },
  ];
  readonly msrs = new Map<number, bigint>([[0xc0000080, 0xd01n]]);

  constructor(readonly machine: PlainMachine) {
    const original = machine.currentProcess.bind(machine);
    machine.currentProcess = () => ({ ...original(), threadId: this.current });
  }
  threads(): readonly DeviceThread[] {
    return this.list;
  }
  switchThread(threadId: number): boolean {
    if (!this.list.some((thread) => thread.threadId === threadId)) return false;
    this.current = threadId;
    return true;
  }
  kill(): void {
    this.isAlive = false;
  }
  readMsr(_core: number, msr: number): bigint | undefined {
    return this.msrs.get(msr);
  }
  writeMsr(_core: number, msr: number, value: bigint): boolean {
    if (!this.msrs.has(msr)) return false;
    this.msrs.set(msr, value);
    return true;
  }
}

export const NOTIFY = REGISTER_NOTIFY_BUFFER.encode({ Type: 0, hEvent: 0n });

export class PlainDevice {
  readonly machine = new PlainMachine();
  readonly target = new PlainDeviceTarget(this.machine);
  readonly events = new EventCore(this.machine, new PlainCodeRunner(this.machine));
  readonly queues = new MessageQueues({ nowMs: () => 0, timeoutMs: undefined });
  readonly device = new EmbeddedDevice({ target: this.target, events: this.events, queues: this.queues });

  constructor() {
    this.machine.onMessage = (operation, text) => this.device.message(operation, text, true);
  }

  /** Opened, hypervisor up, the "loaded" mark read. */
  static started(): PlainDevice {
    const plain = new PlainDevice();
    plain.device.open();
    plain.ioctl('IOCTL_INIT_VMM', new Uint8Array(4), 4);
    plain.read();
    return plain;
  }

  ioctl(name: keyof typeof IOCTL, input: Uint8Array, outputSizeBytes = input.length): DeviceAnswer {
    return this.device.ioctl(IOCTL[name].code, input, outputSizeBytes);
  }

  exchange<R>(name: keyof typeof IOCTL, struct: Struct<R>, record: Partial<R>, tail?: Uint8Array): R {
    const { status, bytes } = this.ioctl(name, struct.encode(record, tail));
    if (status !== DEVICE_STATUS.success) throw new Error(`${name} failed with ${status}`);
    return struct.decode(bytes);
  }

  /** The next message; undefined when the request had to be parked (and was cancelled). */
  read(): { operation: number; payload: Uint8Array } | undefined {
    let answer: DeviceAnswer | undefined;
    this.device.pend(NOTIFY, MESSAGE_BUFFER_BYTES, (completed) => (answer ??= completed));
    if (answer === undefined) {
      this.device.cancel();
      return undefined;
    }
    const view = Buffer.from(answer.bytes);
    return { operation: view.readUInt32LE(0), payload: new Uint8Array(view.subarray(4)) };
  }

  /** Paused packets that wait to be read. */
  stops(): { reason: number; threadId: number; rip: bigint; token: bigint }[] {
    const stops = [];
    for (let message = this.read(); message !== undefined; message = this.read()) {
      if (message.operation !== OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE) continue;
      const packet = DEBUGGEE_UD_PAUSED_PACKET.decode(message.payload);
      stops.push({
        reason: packet.PausingReason,
        threadId: packet.ThreadId,
        rip: packet.Rip,
        token: packet.ProcessDebuggingToken,
      });
    }
    return stops;
  }
}
