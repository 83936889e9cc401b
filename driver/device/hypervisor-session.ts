/** From an open device to a running hypervisor and back (driver-protocol 3.1, 3.3, 11). */

import { DriverError, refusal } from '../driver-error';
import { messageText } from './message-text';
import * as sdk from '../sdk/structs.generated';
import { DEBUGGER_ERROR as E, IOCTL, OPERATION } from '../sdk/tables.generated';
import { DeviceClient } from './device-client';
import { DEVICE_STATUS, type DeviceIo } from './device-io';
import { readMessages, type DeviceMessage } from './message-reader';

export interface HypervisorSessionOptions {
  /** Called for every message but "loaded" and the end marker. */
  readonly take: (message: DeviceMessage) => void;
  readonly processId?: () => number;
  /** How long the message "loaded" may take; without it VMX has not started. */
  readonly loadLimitMs?: number;
}

const LOAD_LIMIT_MS = 20_000;
const OPERATION_TEXT = 'Starting the hypervisor';

const OPEN_REMEDIES: Readonly<Record<number, string>> = {
  2: 'there is no such device; the driver is not loaded',
  5: 'Windows denied it; SeDebugPrivilege is needed, so start VS Code as administrator',
  31: 'the driver has served a session already; stop its service and start it again',
};

/** The hypervisor is up, and its messages are read. */
export class HypervisorSession {
  readonly client: DeviceClient;
  /** The end of the messages: the driver's mark, or the device's end. */
  readonly reading: Promise<void>;
  readonly #io: DeviceIo;
  readonly #errors: string[] = [];
  #loaded: () => void = () => undefined;

  private constructor(io: DeviceIo, { take, processId }: HypervisorSessionOptions) {
    this.#io = io;
    this.client = new DeviceClient(io, processId);
    this.reading = readMessages(io, (message) => {
      if (message.operation === OPERATION.OPERATION_HYPERVISOR_DRIVER_IS_SUCCESSFULLY_LOADED) {
        this.#loaded();
        return;
      }
      if (message.operation === OPERATION.OPERATION_LOG_ERROR_MESSAGE)
        this.#errors.push(messageText(message.payload).trim());
      take(message);
    });
  }

  /** Opens the device, makes sure that the driver is one that we know, and starts the hypervisor. Rejects with DriverError. */
  static async start(io: DeviceIo, options: HypervisorSessionOptions): Promise<HypervisorSession> {
    await openDevice(io);
    try {
      await requireKnownDriver(io);
      const session = new HypervisorSession(io, options);
      await session.#startVmm(options.loadLimitMs ?? LOAD_LIMIT_MS);
      return session;
    } catch (error) {
      await io.close();
      throw error;
    }
  }

  async #startVmm(limitMs: number): Promise<void> {
    const loaded = new Promise<'loaded'>((resolve) => {
      this.#loaded = () => resolve('loaded');
    });
    const packet = sdk.DEBUGGER_INIT_VMM_PACKET;
    const { KernelStatus } = await this.client.exchange(OPERATION_TEXT, 'IOCTL_INIT_VMM', packet, {});
    // Some failures of VMX leave the status 0, and then the message does not come (3.1).
    if (KernelStatus !== E.DEBUGGER_OPERATION_WAS_SUCCESSFUL && KernelStatus !== 0)
      throw refusal(OPERATION_TEXT, KernelStatus);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitMs);
    });
    const ended = this.reading.then(() => 'ended' as const);
    const outcome = await Promise.race([loaded, late, ended]);
    clearTimeout(timer);
    if (outcome === 'loaded') return;
    const said = this.#errors.length === 0 ? 'it says nothing about why' : this.#errors.join(' ');
    const what = `the driver did not report that it is up; ${said}. Check that VT-x is on in the firmware and that Hyper-V is off`;
    throw new DriverError(OPERATION_TEXT, undefined, what);
  }

  /** Leaves the hypervisor, then the device. What was printed before is still handed on. */
  async end(): Promise<void> {
    await this.client.stopVmm();
    await this.reading;
    await this.#io.close();
  }
}

async function openDevice(io: DeviceIo): Promise<void> {
  const status = await io.open();
  if (status === DEVICE_STATUS.success) return;
  const why = OPEN_REMEDIES[status];
  throw new DriverError(
    `Opening ${io.description}`,
    undefined,
    `Windows error ${status}${why === undefined ? '' : `: ${why}`}`,
  );
}

/** The one request that is harmless in every release: old drivers do not know its code (section 11). */
async function requireKnownDriver(io: DeviceIo): Promise<void> {
  const size = sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.sizeBytes;
  const { status } = await io.ioctl(IOCTL.IOCTL_QUERY_CURRENT_PROCESS.code, new Uint8Array(size), size);
  if (status === DEVICE_STATUS.success) return;
  const what =
    status === DEVICE_STATUS.invalidFunction
      ? 'it is older than 0.19 and has other request codes. Use HyperDbg 0.19 or newer'
      : `it refuses the first request with Windows error ${status}`;
  throw new DriverError('Asking the driver for its version', undefined, what);
}
