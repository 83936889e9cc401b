/** Installs, starts and stops the driver's service (driver-protocol 2). What Windows does is behind `ServiceControl`. */

import { DriverError } from '../driver-error';

export const SERVICE_NAME = 'hyperkd';

export interface ServiceStep {
  /** Windows error number; 0 is success. */
  readonly status: number;
  /** 1 stopped, 2 start pending, 3 stop pending, 4 running; undefined where the step does not tell. */
  readonly state: number | undefined;
}

/** The service manager's functions for one kernel driver. */
export interface ServiceControl {
  create(name: string, file: string): ServiceStep;
  start(name: string): ServiceStep;
  stop(name: string): ServiceStep;
  query(name: string): ServiceStep;
  remove(name: string): ServiceStep;
  /** Windows error number. */
  enablePrivilege(name: string): number;
}

const STOPPED = 1;
const ALREADY_RUNNING = 1056;
const DOES_NOT_EXIST = 1060;
const NOT_ACTIVE = 1062;
const MARKED_FOR_DELETE = 1072;
const EXISTS = 1073;
const FILE_NOT_FOUND = 2;
const PATH_NOT_FOUND = 3;

const REMEDIES: Readonly<Record<number, string>> = {
  2: 'the file is not where the service looks for it; name the folder of hyperkd.sys again',
  3: 'the path was not found; wait until the virus scanner is done with the file, then try again',
  5: 'Windows denied it; start VS Code as administrator',
  577: 'Windows does not accept the signature; turn driver signature enforcement and memory integrity (HVCI) off',
  1072: 'the old service is still being deleted; close what uses it (services.msc, other debuggers), then try again',
  1275: 'Windows blocks this driver; turn memory integrity (HVCI) and the vulnerable driver block list off',
  1300: 'this account does not have the privilege; start VS Code as administrator',
};

/** How long a service may take to stop or to vanish; the driver's own unload takes a fraction of it. */
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 100;

function failure(operation: string, status: number): DriverError {
  const remedy = REMEDIES[status];
  const text = `Windows error ${status}${remedy === undefined ? '' : `: ${remedy}`}`;
  return new DriverError(operation, undefined, text);
}

const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));

export class DriverService {
  readonly #control: ServiceControl;

  constructor(
    control: ServiceControl,
    readonly name: string = SERVICE_NAME,
  ) {
    this.#control = control;
  }

  /** Without SeDebugPrivilege the device refuses to open; loading drivers is what the service manager may want. */
  enablePrivileges(): void {
    const status = this.#control.enablePrivilege('SeDebugPrivilege');
    if (status !== 0) throw failure('Enabling SeDebugPrivilege', status);
    const load = this.#control.enablePrivilege('SeLoadDriverPrivilege');
    if (load !== 0) throw failure('Enabling SeLoadDriverPrivilege', load);
  }

  /**
   * Installs the driver and starts it. A service that is there already is stopped and made again: after a session its driver
   * takes no new one (section 2, TRAP).
   */
  async start(file: string): Promise<void> {
    await this.#create(file);
    const limit = Date.now() + PATIENCE_MS;
    for (;;) {
      const { status } = this.#control.start(this.name);
      if (status === 0 || status === ALREADY_RUNNING) return;
      const mayPass = status === PATH_NOT_FOUND || status === FILE_NOT_FOUND;
      if (!mayPass || Date.now() > limit) throw failure(`Starting the service ${this.name}`, status);
      await pause();
    }
  }

  async #create(file: string): Promise<void> {
    const limit = Date.now() + PATIENCE_MS;
    for (;;) {
      const { status } = this.#control.create(this.name, file);
      if (status === 0) return;
      if ((status !== EXISTS && status !== MARKED_FOR_DELETE) || Date.now() > limit)
        throw failure(`Installing the service ${this.name}`, status);
      if (status === EXISTS) await this.remove();
      else await pause();
    }
  }

  /** Stops the driver and waits until it is gone. A service that does not run or exist is no failure. */
  async stop(): Promise<void> {
    const operation = `Stopping the service ${this.name}`;
    const { status, state } = this.#control.stop(this.name);
    if (status === DOES_NOT_EXIST || status === NOT_ACTIVE) return;
    if (status !== 0) throw failure(operation, status);
    const limit = Date.now() + PATIENCE_MS;
    for (let last = state; last !== STOPPED; last = this.#control.query(this.name).state) {
      if (Date.now() > limit) {
        const what =
          'it does not stop; another program may hold its device open. Restart Windows if it stays';
        throw new DriverError(operation, undefined, what);
      }
      await pause();
    }
  }

  /** Stops the driver and takes the service out of the list. */
  async remove(): Promise<void> {
    await this.stop();
    const { status } = this.#control.remove(this.name);
    if (status !== 0 && status !== DOES_NOT_EXIST && status !== MARKED_FOR_DELETE)
      throw failure(`Removing the service ${this.name}`, status);
  }
}
