import assert from 'node:assert/strict';
import { DriverService, type ServiceControl, type ServiceStep } from '../../../driver/device/driver-service';

/** A service manager by the documented rules: one service, four states. */
class PlainServices implements ServiceControl {
  state: 'none' | 'stopped' | 'running' = 'none';
  readonly calls: string[] = [];
  startStatus = 0;
  privilegeStatus = 0;

  #step(call: string, status: number, state?: number): ServiceStep {
    this.calls.push(call);
    return { status, state };
  }
  create(_name: string, file: string): ServiceStep {
    if (this.state !== 'none') return this.#step('create', 1073);
    this.state = 'stopped';
    return this.#step(`create ${file}`, 0);
  }
  start(): ServiceStep {
    const status = this.startStatus;
    if (status === 3) this.startStatus = 0;
    if (status === 0) this.state = 'running';
    return this.#step('start', status);
  }
  stop(): ServiceStep {
    if (this.state === 'none') return this.#step('stop', 1060);
    if (this.state === 'stopped') return this.#step('stop', 1062);
    this.state = 'stopped';
    return this.#step('stop', 0, 3);
  }
  query(): ServiceStep {
    return this.#step('query', 0, this.state === 'running' ? 4 : 1);
  }
  remove(): ServiceStep {
    if (this.state === 'none') return this.#step('remove', 1060);
    this.state = 'none';
    return this.#step('remove', 0);
  }
  enablePrivilege(): number {
    return this.privilegeStatus;
  }
}

describe('the service of the driver', () => {
  let services: PlainServices;
  let service: DriverService;
  beforeEach(() => {
    services = new PlainServices();
    service = new DriverService(services);
  });

  it('is installed and started, and taken away again', async () => {
    await service.start('C:\\hyperdbg\\hyperkd.sys');
    await service.remove();
    assert.deepEqual(services.calls, [
      ...['create C:\\hyperdbg\\hyperkd.sys', 'start'],
      ...['stop', 'query', 'remove'],
    ]);
  });

  it('one that is there is stopped and made again (2, TRAP)', async () => {
    services.state = 'running';
    await service.start('new');
    assert.deepEqual(services.calls, ['create', 'stop', 'query', 'remove', 'create new', 'start']);
  });

  it('the virus scanner is waited for, a wrong signature is told', async () => {
    services.startStatus = 3;
    await service.start('file');
    await service.remove();
    services.startStatus = 577;
    await assert.rejects(service.start('file'), /577: Windows does not accept the signature/);
  });

  it('without the privilege nothing is installed', () => {
    services.privilegeStatus = 1300;
    assert.throws(() => service.enablePrivileges(), /SeDebugPrivilege: Windows error 1300.*administrator/);
  });

  it('nothing to stop and nothing to remove is no failure', async () => {
    await service.remove();
    services.state = 'stopped';
    await service.stop();
    assert.equal(services.state, 'stopped');
  });
});
