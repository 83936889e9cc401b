import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildGuest } from '../driver/embedded/guest-programs';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { runHds } from './run-hds';

const GUEST = projectFile('examples/guests/prebuilt/licence');
const SCRIPT = projectFile('examples/licence.hds');

describe('hds run', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'hds-run-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('tells all that happens as JSON lines', async function () {
    skipWithoutCpu(this);
    const { status, stdout } = await runHds(['run', SCRIPT, '--json', '--guest', GUEST, 'a']);
    assert.equal(status, 0);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const types = records.map(({ type }: { type: string }) => type);
    assert.deepEqual(types.slice(0, 3), ['armed', 'armed', 'armed']);
    assert.ok(types.includes('message') && types.includes('guestOutput'));
    const stop = records.find(({ type }: { type: string }) => type === 'stopped');
    assert.equal(stop.event, 2);
    assert.match(stop.rip, /^0x/);
    assert.deepEqual(records.at(-1), { type: 'exited', code: 0 });
  });

  it('prints what scripts and the guest print, and tells the rest on stderr', async function () {
    skipWithoutCpu(this);
    const { status, stdout, stderr } = await runHds(['run', SCRIPT, '--guest', GUEST, 'a']);
    assert.equal(status, 0);
    assert.match(stdout, /^checksum of a \(1 characters\)/m);
    assert.match(stdout, /^valid key$/m);
    assert.match(stderr, /^armed event 1: !epthook \(line 17\)$/m);
    assert.match(stderr, /^the guest exited with code 0$/m);
  });

  it('ends at the stop that was asked for', async function () {
    skipWithoutCpu(this);
    const { status, stdout } = await runHds([
      'run',
      SCRIPT,
      '--json',
      '--max-stops',
      '1',
      '--guest',
      GUEST,
      'a',
    ]);
    assert.equal(status, 0);
    assert.equal(JSON.parse(stdout.trim().split('\n').at(-1)!).type, 'stopped');
  });

  it('gives the program its own input only when it is asked to', async function () {
    skipWithoutCpu(this);
    const guest = buildGuest(
      this,
      '#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(c); puts("end"); return 0; }',
    );
    const script = path.join(folder, 'nothing.hds');
    writeFileSync(script, '');
    const without = await runHds(['run', script, '--guest', guest.file], 'one\ntwo\n');
    assert.deepEqual([without.status, without.stdout], [0, 'end\n']);
    const given = await runHds(['run', script, '--stdin', '--guest', guest.file], 'one\ntwo\n');
    assert.deepEqual([given.status, given.stdout], [0, 'one\ntwo\nend\n']);
  });

  it('runs nothing when the script has errors', async function () {
    skipWithoutCpu(this);
    const script = path.join(folder, 'bad.hds');
    writeFileSync(script, '!cpuid script {\n  print(1;\n}\n');
    const { status, stdout, stderr } = await runHds(['run', script, '--guest', GUEST]);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /bad\.hds:2:\d+: error: /);
  });

  it('says what is wrong with the program', async () => {
    for (const [program, message] of [
      [path.join(folder, 'nowhere'), /nowhere/],
      [folder, /is a folder/],
      [SCRIPT, /not an ELF file/],
    ] as const) {
      const { status, stderr } = await runHds(['run', SCRIPT, '--guest', program]);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
  });
});
