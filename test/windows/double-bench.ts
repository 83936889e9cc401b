/** The driver double behind the device of Windows, in the helper process. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { DeviceIo } from '../../driver/device/device-io';
import { HelperDeviceIo } from '../../driver/device/helper/helper-device';
import type { DeviceBench } from '../driver/device/device-bench';

const BASE = 0x140001000n;
const PROCESS_ID = 0x2a10;
/** A function of the double alone: misuses, hypervisor up, opened, pending. */
const STATE_CODE = 0x220000 + (0xf00 << 2);

/** Where the double writes what happens to it. */
export const TRACE_FILE = 'C:\\hds-double.log';

export function traceLines(): string[] {
  return existsSync(TRACE_FILE) ? readFileSync(TRACE_FILE, 'latin1').split('\n').filter(Boolean) : [];
}

export function forgetTrace(): void {
  rmSync(TRACE_FILE, { force: true });
}

/** A folder of the drivers that the test command built: `current`, `old`, `mislabelled`. */
export function driverFolder(name: string): string {
  const folder = process.env['HDS_DOUBLE_FOLDER'];
  if (folder === undefined) throw new Error('run this with "npm run test:windows"');
  return path.join(folder, name);
}

export function helperOf(folder: string): HelperDeviceIo {
  const program = path.join(__dirname, 'device-helper.js');
  return new HelperDeviceIo(
    { program: process.execPath, arguments: [program, folder] },
    `the driver in ${folder}`,
  );
}

export async function doubleState(
  io: DeviceIo,
): Promise<{ readonly misuses: number; readonly pending: number }> {
  const { status, bytes } = await io.ioctl(STATE_CODE, new Uint8Array(0), 16);
  assert.equal(status, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { misuses: view.getUint32(0, true), pending: view.getUint32(12, true) };
}

export function startDoubleBench(): Promise<DeviceBench> {
  forgetTrace();
  const io = helperOf(driverFolder('current'));
  return Promise.resolve({
    io,
    hooked: BASE + 0x40n,
    stop: BASE + 0x44n,
    pageBorder: BASE + 0x1000n,
    unmapped: BASE + 0x2000n,
    findProcess: () => Promise.resolve(PROCESS_ID),
    release: () => Promise.resolve(),
    checkNoMisuse: async () => {
      assert.deepEqual([(await doubleState(io)).misuses, traceLines().includes('MISUSE')], [0, false]);
    },
    dispose: () => {
      const lines = traceLines();
      // Two handles; the hypervisor goes before the channel, the channel before the handles, the handles before the driver.
      const life = [
        'load',
        'open',
        'open',
        'start',
        'terminate',
        'end of messages',
        'close',
        'close',
        'unload',
      ];
      assert.deepEqual(lines, life);
      return Promise.resolve();
    },
  });
}
