/** The embedded machine reached through its IOCTL door, from the thread of its user. */

import path from 'node:path';
import type { ByteStream } from '../../byte-stream';
import {
  DEVICE_STATUS,
  MESSAGE_BUFFER_BYTES,
  type DeviceAnswer,
  type DeviceIo,
} from '../../device/device-io';
import { REGISTER_NOTIFY_BUFFER } from '../../sdk/structs.generated';
import { NOTIFY_TYPE } from '../../sdk/tables.generated';
import { startWorkerMachine, type ConsoleEvent, type EmbeddedMachineOptions } from '../embedded-machine';
import { decodeDeviceAnswer, encodeDeviceRequest, type DeviceRequestKind } from '../../device/device-wire';

export interface EmbeddedDeviceMachine {
  readonly device: DeviceIo;
  /**
   * Lets the program run: it is loaded but suspended before its first instruction, as by CreateProcess with that flag
   * (driver-protocol 7.3).
   */
  start(): Promise<void>;
  /** The machine's own console. The device still answers after `exited`. Events before the first listener are kept. */
  onConsole(listener: (event: ConsoleEvent) => void): void;
  /** Ends the machine at once. Safe to call twice. */
  dispose(): Promise<void>;
}

/** Starts the worker thread and loads the program. Rejects with EmbeddedMachineError. */
export async function startEmbeddedDevice(options: EmbeddedMachineOptions): Promise<EmbeddedDeviceMachine> {
  const machine = await startWorkerMachine(options, 'device');
  const device = new EmbeddedDeviceIo(machine.stream, options.program);
  return {
    device,
    start: async () => {
      await device.send('start');
    },
    onConsole: (listener) => machine.onConsole(listener),
    dispose: () => machine.dispose(),
  };
}

const NO_BYTES = new Uint8Array(0);
const GONE: DeviceAnswer = { status: DEVICE_STATUS.notConnected, bytes: NO_BYTES };

class EmbeddedDeviceIo implements DeviceIo {
  readonly description: string;
  readonly #stream: ByteStream;
  readonly #waiting = new Map<number, (answer: DeviceAnswer) => void>();
  #lastId = 0;
  #isGone = false;

  constructor(stream: ByteStream, program: string) {
    this.description = `the embedded driver under ${path.basename(program)}`;
    this.#stream = stream;
    stream.onBytes((bytes) => {
      const { id, status, bytes: returned } = decodeDeviceAnswer(bytes);
      this.#settle(id, { status, bytes: returned });
    });
    stream.onClosed(() => {
      this.#isGone = true;
      for (const id of [...this.#waiting.keys()]) this.#settle(id, GONE);
    });
  }

  #settle(id: number, answer: DeviceAnswer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }

  send(
    kind: DeviceRequestKind,
    code = 0,
    input: Uint8Array = NO_BYTES,
    outputSizeBytes = 0,
  ): Promise<DeviceAnswer> {
    if (this.#isGone) return Promise.resolve(GONE);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#stream.send(encodeDeviceRequest({ id, kind, code, input, outputSizeBytes }));
    });
  }

  async open(): Promise<number> {
    return (await this.send('open')).status;
  }

  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    return this.send('ioctl', code, input, outputSizeBytes);
  }

  pend(): Promise<DeviceAnswer> {
    const input = REGISTER_NOTIFY_BUFFER.encode({ Type: NOTIFY_TYPE.IRP_BASED, hEvent: 0n });
    return this.send('pend', 0, input, MESSAGE_BUFFER_BYTES);
  }

  async cancel(): Promise<void> {
    await this.send('cancel');
  }

  async close(): Promise<void> {
    await this.send('close');
  }
}
