/** The driver of a folder, as the helper process loads and unloads it. */

import { DriverError } from '../../driver-error';
import { takeNamedMutex, type NamedMutex } from '../../native/windows-mutex';
import type { DeviceIo } from '../device-io';
import { readDriverImage, type KnownBuild } from '../driver-image';
import { DriverService } from '../driver-service';
import { WindowsDeviceIo } from '../windows-device-io';
import { windowsServiceControl } from '../windows-service-control';
import type { DeviceSource } from './serve-device';

const SESSION_MUTEX = 'Global\\HyperDbgVscodeDeviceSession';

export class WindowsDriver implements DeviceSource {
  readonly #folder: string;
  readonly #knownBuilds: readonly KnownBuild[];
  readonly #service = new DriverService(windowsServiceControl);
  #mutex: NamedMutex | undefined;
  #isTouched = false;

  constructor(folder: string, knownBuilds: readonly KnownBuild[] = []) {
    this.#folder = folder;
    this.#knownBuilds = knownBuilds;
  }

  /** The version is looked at before anything is installed: opening an old driver would start VMX (section 11). */
  async prepare(): Promise<DeviceIo> {
    const image = await readDriverImage(this.#folder, this.#knownBuilds);
    this.#requireAlone();
    this.#service.enablePrivileges();
    this.#isTouched = true;
    await this.#service.start(image.file);
    return new WindowsDeviceIo();
  }

  /** Installing the driver again would take it away under another session's hypervisor. */
  #requireAlone(): void {
    const mutex = takeNamedMutex(SESSION_MUTEX);
    if (typeof mutex === 'number')
      throw new DriverError(
        'Loading the driver',
        undefined,
        `another session uses the driver on this computer (Windows error ${mutex}); end it first`,
      );
    this.#mutex = mutex;
  }

  /** Without this the driver would take no other session (section 2, TRAP). */
  async release(): Promise<void> {
    try {
      if (this.#isTouched) await this.#service.remove();
    } finally {
      this.#mutex?.free();
      this.#mutex = undefined;
    }
  }
}
