/** The driver of a folder, as the helper process loads and unloads it. */

import type { DeviceIo } from '../device-io';
import { readDriverImage, type KnownBuild } from '../driver-image';
import { DriverService } from '../driver-service';
import { WindowsDeviceIo } from '../windows-device-io';
import { windowsServiceControl } from '../windows-service-control';
import type { DeviceSource } from './serve-device';

export class WindowsDriver implements DeviceSource {
  readonly #folder: string;
  readonly #knownBuilds: readonly KnownBuild[];
  readonly #service = new DriverService(windowsServiceControl);
  #isTouched = false;

  constructor(folder: string, knownBuilds: readonly KnownBuild[] = []) {
    this.#folder = folder;
    this.#knownBuilds = knownBuilds;
  }

  /** The version is looked at before anything is installed: opening an old driver would start VMX (section 11). */
  async prepare(): Promise<DeviceIo> {
    const image = await readDriverImage(this.#folder, this.#knownBuilds);
    this.#service.enablePrivileges();
    this.#isTouched = true;
    await this.#service.start(image.file);
    return new WindowsDeviceIo();
  }

  /** Without this the driver would take no other session (section 2, TRAP). */
  async release(): Promise<void> {
    if (this.#isTouched) await this.#service.remove();
  }
}
