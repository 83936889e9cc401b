/** The driver's device of this Windows (driver-protocol 2): two handles, so that the waiting request blocks no other. */

import { openDeviceHandle, type DeviceHandle, type HandleKind } from '../native/windows-device';
import { REGISTER_NOTIFY_BUFFER } from '../sdk/structs.generated';
import { IOCTL, NOTIFY_TYPE } from '../sdk/tables.generated';
import { DEVICE_STATUS, MESSAGE_BUFFER_BYTES, type DeviceAnswer, type DeviceIo } from './device-io';

export const DEVICE_PATH = '\\\\.\\HyperDbgDebuggerDevice';

const CLOSED: DeviceAnswer = { status: DEVICE_STATUS.invalidHandle, bytes: new Uint8Array(0) };

export class WindowsDeviceIo implements DeviceIo {
  readonly description: string;
  #control: DeviceHandle | undefined;
  #events: DeviceHandle | undefined;
  #waiting: Promise<DeviceAnswer> | undefined;

  constructor(readonly path: string = DEVICE_PATH) {
    this.description = `the driver's device ${path}`;
  }

  open(): Promise<number> {
    const control = this.#openOne('synchronous');
    if (typeof control === 'number') return Promise.resolve(control);
    const events = this.#openOne('overlapped');
    if (typeof events === 'number') {
      control.close();
      return Promise.resolve(events);
    }
    this.#control = control;
    this.#events = events;
    return Promise.resolve(DEVICE_STATUS.success);
  }

  #openOne(kind: HandleKind): DeviceHandle | number {
    const opened = openDeviceHandle(this.path, kind);
    return opened.kind === 'open' ? opened.handle : opened.status;
  }

  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    return this.#control?.ioctl(code, input, outputSizeBytes) ?? Promise.resolve(CLOSED);
  }

  async pend(): Promise<DeviceAnswer> {
    const events = this.#events;
    if (events === undefined) return CLOSED;
    const input = REGISTER_NOTIFY_BUFFER.encode({ Type: NOTIFY_TYPE.IRP_BASED, hEvent: 0n });
    const waiting = events.pend(IOCTL.IOCTL_REGISTER_EVENT.code, input, MESSAGE_BUFFER_BYTES);
    this.#waiting = waiting;
    return waiting;
  }

  cancel(): Promise<void> {
    this.#events?.cancel();
    return Promise.resolve();
  }

  /** Closes the events' handle first: with its request complete nothing of this process is left in the driver (3.3). */
  async close(): Promise<void> {
    const events = this.#events;
    this.#events = undefined;
    events?.cancel();
    events?.close();
    this.#control?.close();
    this.#control = undefined;
    await this.#waiting;
  }
}
