/** The device in a process of its own: it shuts the hypervisor down even when this process is killed. */

import { spawn, type ChildProcess } from 'node:child_process';
import { DriverError } from '../../driver-error';
import { DEVICE_STATUS, type DeviceAnswer, type DeviceIo } from '../device-io';
import { decodeDeviceAnswer, encodeDeviceRequest, type DeviceRequestKind } from '../device-wire';
import { FrameReader, frameOf } from './frames';

const NO_BYTES = new Uint8Array(0);
const GONE: DeviceAnswer = { status: DEVICE_STATUS.notConnected, bytes: NO_BYTES };

export interface HelperProcess {
  /** Node, or VS Code's own with ELECTRON_RUN_AS_NODE. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

export class HelperDeviceIo implements DeviceIo {
  readonly description: string;
  /** The helper has undone everything and is gone; the exit status is 0 when all went well. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: DeviceAnswer) => void>();
  #lastId = 0;
  #isGone = false;
  #errorText = '';

  /** `description`: which driver, for messages to people. */
  constructor({ program, arguments: args, environment }: HelperProcess, description: string) {
    this.description = description;
    // Detached: Windows would end the helper with this process (libuv puts children into one job), and a terminal would
    // send its Ctrl+C to both.
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
      ...(environment === undefined ? {} : { env: environment }),
    });
    this.exited = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errorText += error.message;
        this.#lost();
        resolve(null);
      });
      this.#child.on('close', (code) => {
        this.#lost();
        resolve(code);
      });
    });
    const reader = new FrameReader();
    this.#child.stdout?.on('data', (piece: Buffer) => {
      for (const message of reader.add(piece)) {
        const { id, status, bytes } = decodeDeviceAnswer(message);
        this.#settle(id, { status, bytes });
      }
    });
    this.#child.stderr?.on('data', (piece: Buffer) => (this.#errorText += piece.toString()));
    // A helper that is gone is told by `close`.
    this.#child.stdin?.on('error', () => undefined);
  }

  /** undefined when it could not be started. */
  get helperProcessId(): number | undefined {
    return this.#child.pid;
  }

  #lost(): void {
    this.#isGone = true;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, GONE);
  }

  #settle(id: number, answer: DeviceAnswer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }

  #send(
    kind: DeviceRequestKind,
    code = 0,
    input: Uint8Array = NO_BYTES,
    outputSizeBytes = 0,
  ): Promise<DeviceAnswer> {
    if (this.#isGone) return Promise.resolve(GONE);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin?.write(frameOf(encodeDeviceRequest({ id, kind, code, input, outputSizeBytes })));
    });
  }

  /** Loads the driver and opens its device. Rejects with DriverError where the helper says in words what is wrong. */
  async open(): Promise<number> {
    const operation = `Loading ${this.description}`;
    const { status, bytes } = await this.#send('open');
    if (bytes.length > 0) throw new DriverError(operation, undefined, Buffer.from(bytes).toString('utf8'));
    if (status === DEVICE_STATUS.notConnected) {
      await this.exited;
      const said = this.#errorText.trim().split('\n', 1)[0] ?? '';
      throw new DriverError(operation, undefined, `the helper process has ended. ${said}`.trim());
    }
    return status;
  }

  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    return this.#send('ioctl', code, input, outputSizeBytes);
  }

  pend(): Promise<DeviceAnswer> {
    return this.#send('pend');
  }

  async cancel(): Promise<void> {
    await this.#send('cancel');
  }

  /** Resolves when the hypervisor is down, the service is gone and the helper has ended. */
  async close(): Promise<void> {
    await this.#send('close');
    this.#child.stdin?.end();
    await this.exited;
  }
}
