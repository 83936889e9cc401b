/** Runs in node.exe, on Windows or under Wine, by `npm run test:windows`: the device path over the driver double. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { HypervisorSession } from '../../driver/device/hypervisor-session';
import { windowsServiceControl } from '../../driver/device/windows-service-control';
import { describeDevice } from '../driver/device/device-contract';
import {
  doubleState,
  driverFolder,
  forgetTrace,
  helperOf,
  startDoubleBench,
  traceLines,
} from './double-bench';

const NOT_THERE = 1060;
const serviceStatus = () => windowsServiceControl.query('hyperkd').status;
const start = (folder: string) => HypervisorSession.start(helperOf(folder), { take: () => undefined });

describeDevice('the device client and the device of Windows', startDoubleBench);

describe('the helper process and the driver service of Windows', function () {
  this.timeout(60_000);
  beforeEach(forgetTrace);

  it('a session can follow another: the driver is installed and started again', async () => {
    for (let round = 0; round < 2; round++) {
      const session = await start(driverFolder('current'));
      assert.equal(serviceStatus(), 0);
      await session.end();
      assert.equal(serviceStatus(), NOT_THERE);
    }
    assert.equal(traceLines().filter((line) => line === 'unload').length, 2);
  });

  it('one request waits for messages, and others go on meanwhile', async () => {
    const io = helperOf(driverFolder('current'));
    const session = await HypervisorSession.start(io, { take: () => undefined });
    try {
      assert.equal((await doubleState(io)).pending, 1);
      const second = await io.pend();
      assert.deepEqual([second.status, second.bytes.length], [0, 0]);
    } finally {
      await session.end();
    }
  });

  it('a second session is refused while one is running, and harms it not', async () => {
    const session = await start(driverFolder('current'));
    try {
      await assert.rejects(start(driverFolder('current')), /another session uses the driver/);
      assert.equal(serviceStatus(), 0);
    } finally {
      await session.end();
    }
    assert.ok(!traceLines().includes('MISUSE'));
  });

  it('when the adapter is killed, the helper shuts the hypervisor down and removes the service', async () => {
    const program = path.join(__dirname, 'killed-adapter.js');
    const adapter = spawn(process.execPath, [program, driverFolder('current')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [helperId] = (await once(adapter.stdout, 'data')) as [Buffer];
    const gone = helperGone(Number(helperId.toString()));
    adapter.kill('SIGKILL');
    await gone;
    const lines = traceLines();
    assert.deepEqual(lines.slice(-5), ['terminate', 'end of messages', 'close', 'close', 'unload']);
    assert.ok(!lines.includes('MISUSE'), lines.join(', '));
    assert.equal(serviceStatus(), NOT_THERE);
  });

  it('a folder without a driver is refused in words, and nothing is installed', async () => {
    await assert.rejects(start('C:\\nothing-here'), /no readable hyperkd\.sys in C:\\nothing-here/);
    assert.deepEqual([serviceStatus(), traceLines()], [NOT_THERE, []]);
  });

  it('an old driver is refused before it is opened', async () => {
    await assert.rejects(start(driverFolder('old')), /version 0\.18\.1.*0\.19 or newer/);
    assert.deepEqual([serviceStatus(), traceLines()], [NOT_THERE, []]);
  });

  it('a driver that lies about its version is refused after one harmless request', async () => {
    await assert.rejects(start(driverFolder('mislabelled')), /older than 0\.19/);
    assert.ok(!traceLines().includes('start'));
    assert.equal(serviceStatus(), NOT_THERE);
  });
});

/** Resolves when no process has the id any more. */
async function helperGone(processId: number): Promise<void> {
  for (;;) {
    try {
      process.kill(processId, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
