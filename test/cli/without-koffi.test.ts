import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFile } from '../project-root';

describe('the programs where koffi does not load', function () {
  this.timeout(20_000);
  let folder: string;
  before(() => {
    // Outside of the project, where no node_modules is found upwards.
    folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-no-koffi-'));
    const dist = projectFile('dist');
    for (const name of readdirSync(dist).filter((file) => /\.(?:js|wasm)$/.test(file))) {
      copyFileSync(path.join(dist, name), path.join(folder, name));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (
    program: string,
    ...args: string[]
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [path.join(folder, program), ...args], { encoding: 'utf8', input: '' });

  it('check scripts', () => {
    const { status, stdout } = run('hds.js', 'check', projectFile('examples/licence.hds'));
    assert.deepEqual([status, stdout], [0, '1 file checked, no problems\n']);
  });

  it('say in one sentence why nothing can run', () => {
    const guest = projectFile('examples/guests/prebuilt/licence');
    const { status, stderr } = run('hds.js', 'run', projectFile('examples/licence.hds'), '--guest', guest);
    assert.equal(status, 3);
    assert.match(stderr, /^hds: The embedded machine needs koffi.*Install the package for [^\n]*\n$/);
  });

  it('say so for tests with machine code', () => {
    const { status, stderr } = run('hds.js', 'test', projectFile('examples/licence.hds'));
    assert.equal(status, 3);
    assert.match(stderr, /not run: The embedded machine needs koffi/);
  });

  it('the doctor says so', () => {
    const { status, stdout } = run('hds.js', 'doctor');
    assert.equal(status, 3);
    assert.match(stdout, /koffi could not load it: [^\n]+\n/);
  });

  it('the adapter starts', () => {
    assert.deepEqual(run('adapter.js').status, 0);
  });
});
