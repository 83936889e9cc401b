/** The device as the machine's loop sees it: requests come as messages, and the user debugger decides when the machine waits. */

import type { DeviceAnswer } from '../../device/device-io';
import type { DebuggerDoor } from '../machine-loop';
import type { StopInfo } from '../server/kd-server';
import type { Resume } from '../server/server-context';
import { decodeDeviceRequest, DONE, encodeDeviceAnswer, type DeviceRequest } from '../../device/device-wire';
import type { EmbeddedDevice } from './embedded-device';
import { LIFE_CODES } from './ioctl-table';

export class DeviceDoor implements DebuggerDoor {
  readonly #device: EmbeddedDevice;
  readonly #send: (message: Uint8Array) => void;

  constructor(device: EmbeddedDevice, send: (message: Uint8Array) => void) {
    this.#device = device;
    this.#send = send;
  }

  get state(): 'running' | 'halted' {
    return this.#device.userDebugger.isHalted ? 'halted' : 'running';
  }

  ping(): void {
    // Nobody has to be called: the client of a device comes by itself.
  }

  /** One request. */
  receive(message: Uint8Array): void {
    const request = decodeDeviceRequest(message);
    const complete = (answer: DeviceAnswer) => this.#send(encodeDeviceAnswer({ id: request.id, ...answer }));
    if (request.kind === 'pend' || (request.kind === 'ioctl' && request.code === LIFE_CODES.pend))
      this.#device.pend(request.input, request.outputSizeBytes, complete);
    else complete(this.#serve(request));
  }

  #serve({ kind, code, input, outputSizeBytes }: DeviceRequest): DeviceAnswer {
    switch (kind) {
      case 'open':
        return { ...DONE, status: this.#device.open() };
      case 'close':
        this.#device.close();
        return DONE;
      case 'cancel':
        this.#device.cancel();
        return DONE;
      case 'start':
        this.#device.userDebugger.start();
        return DONE;
      default:
        return this.#device.ioctl(code, input, outputSizeBytes);
    }
  }

  takePauseRequest(): boolean {
    return this.#device.userDebugger.takePauseRequest();
  }

  takeResume(): Resume | undefined {
    return this.#device.userDebugger.takeResume();
  }

  /** Threads are chosen by the request alone in this mode (7.4). */
  takeSwitch(): undefined {
    return undefined;
  }

  /** What was printed before a stop is read before it. */
  stop(info: StopInfo): void {
    this.#device.queues.flushBatches();
    this.#device.userDebugger.stop(info.reason);
  }

  breakpointHit(address: bigint): bigint | undefined {
    return this.#device.userDebugger.breakpointHit(address);
  }

  get takesOwnBreakpoints(): boolean {
    return this.#device.userDebugger.isAttached;
  }
}
