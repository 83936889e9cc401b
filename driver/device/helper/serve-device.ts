/**
 * The device's side of the pipe. The process that serves outlives the one that asks: when the pipe ends, however it ends,
 * the orderly shutdown runs here (driver-protocol 2 and 3.3, TRAP).
 */

import type { Readable, Writable } from 'node:stream';
import { DriverError } from '../../driver-error';
import { DEVICE_STATUS, type DeviceAnswer, type DeviceIo } from '../device-io';
import { decodeDeviceRequest, DONE, encodeDeviceAnswer, type DeviceRequest } from '../device-wire';
import { GuardedDevice } from '../guarded-device';
import { FrameReader, frameOf } from './frames';

/** Where a device comes from, and what has to be undone when it is no longer used. */
export interface DeviceSource {
  /** Makes the device ready to be opened. Rejects with DriverError. */
  prepare(): Promise<DeviceIo>;
  /** After the device was closed, or when preparing failed half-way. */
  release(): Promise<void>;
}

/** Serves until the pipe ends or the client closes the device; resolves when all is undone. */
export async function serveDevice(source: DeviceSource, input: Readable, output: Writable): Promise<void> {
  const server = new DeviceServer(source, output);
  const reader = new FrameReader();
  // A client that is gone breaks the pipe in either direction; the end of input is what counts.
  output.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    input.on('end', resolve);
    input.on('close', resolve);
    input.on('error', () => resolve());
  });
  input.on('data', (piece: Buffer) => {
    try {
      for (const message of reader.add(piece)) server.receive(decodeDeviceRequest(message));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      input.destroy();
    }
  });
  await Promise.race([ended, server.closed]);
  await server.end();
}

class DeviceServer {
  readonly closed: Promise<void>;
  readonly #source: DeviceSource;
  readonly #output: Writable;
  #device: GuardedDevice | undefined;
  #opening: Promise<DeviceAnswer> | undefined;
  #ending: Promise<void> | undefined;
  #clientClosed: () => void = () => undefined;

  constructor(source: DeviceSource, output: Writable) {
    this.#source = source;
    this.#output = output;
    this.closed = new Promise((resolve) => {
      this.#clientClosed = resolve;
    });
  }

  receive(request: DeviceRequest): void {
    void this.#serve(request).then((answer) => {
      if (!this.#output.destroyed)
        this.#output.write(frameOf(encodeDeviceAnswer({ id: request.id, ...answer })));
      if (request.kind === 'close') this.#clientClosed();
    });
  }

  async #serve({ kind, code, input, outputSizeBytes }: DeviceRequest): Promise<DeviceAnswer> {
    if (kind === 'open') return (this.#opening ??= this.#open());
    const device = this.#device;
    if (device === undefined) return { ...DONE, status: DEVICE_STATUS.invalidHandle };
    switch (kind) {
      case 'ioctl':
        return device.ioctl(code, input, outputSizeBytes);
      case 'pend':
        return device.pend();
      case 'cancel':
        await device.cancel();
        return DONE;
      case 'close':
        await this.end();
        return DONE;
      case 'start':
        // Processes are resumed by who made them.
        return { ...DONE, status: DEVICE_STATUS.invalidFunction };
    }
  }

  /** A refusal with words for people goes back as text. */
  async #open(): Promise<DeviceAnswer> {
    try {
      const device = new GuardedDevice(await this.#source.prepare());
      const status = await device.open();
      if (status === DEVICE_STATUS.success) this.#device = device;
      return { ...DONE, status };
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      return { status: DEVICE_STATUS.generalFailure, bytes: Buffer.from(error.message, 'utf8') };
    }
  }

  /** Safe to call twice. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    await this.#opening;
    await this.#device?.shutDown();
    await this.#source.release();
  }
}
