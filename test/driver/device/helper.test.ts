/** The device in a process of its own, over the embedded driver. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FrameReader, frameOf } from '../../../driver/device/helper/frames';
import { HelperDeviceIo } from '../../../driver/device/helper/helper-device';
import { HypervisorSession } from '../../../driver/device/hypervisor-session';
import { projectFile } from '../../project-root';
import { skipWithoutCpu } from '../../skip';
import { buildGuest } from '../embedded/guest-programs';
import { LOOP_PROGRAM } from './embedded-bench';

const HELPER = projectFile('out/test/driver/device/helper-program.js');
const CLIENT = projectFile('out/test/driver/device/killed-client.js');
const END = [
  'IOCTL_DEBUGGER_MODIFY_EVENTS',
  'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
  'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
  'IOCTL_TERMINATE_VMX',
  'IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL',
  'close',
  'released',
];

describe('the helper process of the device', function () {
  this.timeout(30_000);
  let folder: string;
  let trace: string;
  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hds-helper-'));
    trace = path.join(folder, 'trace');
    writeFileSync(trace, '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const lines = () => readFileSync(trace, 'utf8').split('\n').filter(Boolean);

  it('is the device of its client, and ends with it', async function () {
    const guest = buildGuest(this, LOOP_PROGRAM);
    const io = new HelperDeviceIo(
      { program: process.execPath, arguments: [HELPER, guest.file, trace] },
      'the guest',
    );
    const session = await HypervisorSession.start(io, { take: () => undefined });
    await session.end();
    assert.equal(await io.exited, 0);
    assert.deepEqual(lines().slice(-2), ['close', 'released']);
    assert.equal((await io.ioctl(0x22286c, new Uint8Array(72), 72)).status, 1167);
  });

  it('runs the orderly end when its client is killed', async function () {
    const guest = buildGuest(this, LOOP_PROGRAM);
    const client = spawn(process.execPath, [CLIENT, HELPER, guest.file, trace], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(client.stdout, 'data');
    const released = new Promise<void>((resolve) => {
      const watcher = watch(trace, () => {
        if (!lines().includes('released')) return;
        watcher.close();
        resolve();
      });
    });
    client.kill('SIGKILL');
    await released;
    assert.deepEqual(lines().slice(-END.length), END);
  });

  it('a program that cannot be started is told in words', async () => {
    const io = new HelperDeviceIo({ program: path.join(folder, 'no-node'), arguments: [] }, 'the driver');
    await assert.rejects(io.open(), /Loading the driver: the helper process has ended.*ENOENT/);
  });

  it('messages come whole out of a stream in pieces, and a wrong length is noticed', () => {
    const messages = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(5000).fill(7)];
    const stream = Buffer.concat(messages.map(frameOf));
    for (const size of [1, 3, 4, 4096, stream.length]) {
      const reader = new FrameReader();
      const found: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...reader.add(stream.subarray(at, at + size)));
      assert.deepEqual(found, messages);
    }
    assert.throws(() => new FrameReader().add(Uint8Array.of(255, 255, 255, 255)), RangeError);
  });
});
