import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DRIVER_FILE, fileVersion, readDriverImage } from '../../../driver/device/driver-image';
import { DriverError } from '../../../driver/driver-error';

/** A file that holds a version resource somewhere. */
function image(...[major, minor, patch]: readonly [number, number, number]): Buffer {
  const info = Buffer.alloc(52);
  info.writeUInt32LE(0xfeef04bd, 0);
  info.writeUInt32LE(0x10000, 4);
  info.writeUInt32LE(major * 0x10000 + minor, 8);
  info.writeUInt32LE(patch * 0x10000, 12);
  return Buffer.concat([Buffer.from('MZ and other bytes'), info, Buffer.alloc(9)]);
}

describe('the version of the driver in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hds-driver-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = (bytes: Uint8Array) => writeFileSync(path.join(folder, DRIVER_FILE), bytes);

  for (const [version, isTaken] of [
    [[0, 2, 0], false],
    [[0, 18, 1], false],
    [[0, 19, 0], true],
    [[0, 23, 0], true],
    [[1, 0, 0], true],
    [[0, 1, 0], false],
  ] as const) {
    it(`${version.join('.')} is ${isTaken ? 'taken' : 'refused'}`, async () => {
      put(image(...(version as readonly [number, number, number])));
      const reading = readDriverImage(folder);
      if (isTaken) assert.deepEqual(Object.values((await reading).version), version);
      else await assert.rejects(reading, /Use HyperDbg 0\.19 or newer/);
    });
  }

  it('a file without a version is known by its hash, or refused with it', async () => {
    const bytes = Buffer.from('MZ no version');
    put(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await assert.rejects(readDriverImage(folder), new RegExp(sha256));
    const known = [{ sha256: sha256.toUpperCase(), version: { major: 0, minor: 22, patch: 0 } }];
    assert.equal((await readDriverImage(folder, known)).version.minor, 22);
    const old = [{ sha256, version: { major: 0, minor: 18, patch: 0 } }];
    await assert.rejects(readDriverImage(folder, old), DriverError);
  });

  it('a missing file, and a version that is cut off', async () => {
    await assert.rejects(readDriverImage(folder), /no readable hyperkd\.sys/);
    assert.equal(fileVersion(image(0, 23, 0).subarray(0, 40)), undefined);
  });
});
