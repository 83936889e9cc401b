import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { projectFile } from '../project-root';
import { skipBecause } from '../skip';

const MAX_PREBUILT_BYTES = 40_000;
const ELF_X86_64 = 62;
const guestFolder = projectFile('examples/guests');
const guests = readdirSync(path.join(guestFolder, 'prebuilt'));

function runGuest(folder: string, name: string, ...args: readonly string[]): string {
  const { status, stdout } = spawnSync(path.join(guestFolder, folder, name), args, { encoding: 'utf8' });
  // The processor's name is this computer's own.
  return `${stdout.replace(/^[A-Za-z ]{12}\n/, 'processor\n')}exit ${status}`;
}

describe('example guests', () => {
  for (const name of guests) {
    for (const folder of ['prebuilt', 'build']) {
      it(`${folder}/${name} is a program for x86-64`, () => {
        const bytes = readFileSync(path.join(guestFolder, folder, name));
        assert.equal(bytes.toString('latin1', 1, 4), 'ELF');
        assert.equal(bytes.readUInt16LE(18), ELF_X86_64);
      });
    }

    it(`prebuilt/${name} is small`, () => {
      assert.ok(statSync(path.join(guestFolder, 'prebuilt', name)).size < MAX_PREBUILT_BYTES);
    });
  }

  for (const folder of ['prebuilt', 'build']) {
    it(`${folder}: print without a debugger what their sources say`, function () {
      if (process.platform !== 'linux' || process.arch !== 'x64') {
        skipBecause(this, 'this computer does not run Linux x86-64 programs itself');
      }
      assert.equal(runGuest(folder, 'licence'), 'key GUEST-0000\ninvalid key\nexit 1');
      assert.equal(runGuest(folder, 'licence', 'HYPER-DBG-0x23'), 'key HYPER-DBG-0x23\nvalid key\nexit 0');
      assert.equal(runGuest(folder, 'counter'), 'processor\n00 red\n01 green\n02 blue\nexit 3');
      assert.equal(runGuest(folder, 'counter', '1'), 'processor\n00 red\nexit 1');
    });
  }
});
