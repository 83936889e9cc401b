import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';

const scripts = readdirSync(projectFile('examples'))
  .filter((file) => file.endsWith('.hds'))
  .map((file) => projectFile(`examples/${file}`));

function hds(...args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [projectFile('dist/hds.js'), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout: status === 0 ? stdout : stdout + stderr };
}

interface RunRecord {
  readonly type: string;
  readonly text?: string;
  readonly hex?: string;
  readonly code?: number;
}

/** What `hds run` says about an example on a guest, in order. */
function run(script: string, guest: string, ...args: readonly string[]): readonly RunRecord[] {
  const ended = hds(
    ...['run', projectFile(`examples/${script}.hds`), '--json'],
    ...['--guest', projectFile(`examples/guests/build/${guest}`), ...args],
  );
  assert.equal(ended.status, 0, ended.stdout);
  return ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);
}

function textsOf(records: readonly RunRecord[], type: string): readonly string[] {
  return records.filter((record) => record.type === type).map((record) => record.text ?? '');
}

describe('example scripts', () => {
  // Some show on purpose what the checker warns about.
  it('are free of errors', () => {
    const { stdout } = hds('check', '--json', ...scripts);
    const reports = JSON.parse(stdout) as { file: string; diagnostics: { severity: string }[] }[];
    assert.equal(reports.length, scripts.length);
    for (const { file, diagnostics } of reports) {
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      assert.deepEqual(errors, [], file);
    }
  });

  it('pass the tests in their headers', function () {
    skipWithoutCpu(this);
    const { status, stdout } = hds('test', ...scripts);
    assert.equal(status, 0, stdout);
    assert.match(stdout, new RegExp(`^${scripts.length} passed, 0 failed$`, 'm'));
  });
});

describe('example scripts on their guests', () => {
  before(function () {
    skipWithoutCpu(this);
  });

  it('counter-arguments: a condition lets the odd rounds pass', () => {
    const records = run('counter-arguments', 'counter', '6');
    assert.deepEqual(textsOf(records, 'message'), ['round 1 is green', 'round 3 is red', 'round 5 is blue']);
  });

  it('counter-writes: each write with the values before and after', () => {
    const values = textsOf(run('counter-writes', 'counter'), 'message').map((text) =>
      text.replace(/ at [0-9a-f]+/, ''),
    );
    assert.deepEqual(values, [
      'written, was 0',
      'now 1',
      'written, was 1',
      'now 2',
      'written, was 2',
      'now 3',
    ]);
  });

  it('counter-syscalls: system calls with their arguments', () => {
    const messages = textsOf(run('counter-syscalls', 'counter', '1'), 'message');
    assert.deepEqual(messages, [
      'write 12 bytes to file 1',
      'write 1 bytes to file 1',
      'write 3 bytes to file 1',
      'write 3 bytes to file 1',
      'write 1 bytes to file 1',
      'exit with 1 after 5 writes',
    ]);
  });

  it('counter-processor: the script sees the true answer, the guest the one of the custom code', () => {
    const records = run('counter-processor', 'counter');
    assert.ok(textsOf(records, 'message').includes('the processor is 756e6547 49656e69 6c65746e'));
    assert.match(textsOf(records, 'guestOutput')[0] ?? '', /^HyperDbg VSC$/);
  });

  it('counter-buffer: custom code counts in its buffer', () => {
    const buffers = run('counter-buffer', 'counter', '9').filter((record) => record.type === 'buffer');
    assert.equal(buffers.at(-1)?.hex, '09000000000000000800000000000000');
  });

  it('licence: natively invalid, with the script valid', () => {
    const records = run('licence', 'licence');
    assert.deepEqual(textsOf(records, 'guestOutput'), ['key GUEST-0000', 'valid key']);
    assert.equal(records.find((record) => record.type === 'exited')?.code, 0);
    assert.equal(records.filter((record) => record.type === 'stopped').length, 1);
  });

  it('minikernel: model-specific registers, ticks, a page fault, a changed letter, power off', () => {
    const records = run('minikernel', 'minikernel');
    const messages = textsOf(records, 'message');
    assert.match(messages[0] ?? '', /^system calls enter at 10[0-9a-f]{4}$/);
    assert.match(messages[1] ?? '', /^tick 1 interrupts process [012] at [0-9a-f]+$/);
    assert.ok(
      messages.some((text) => /^page fault of process 1 at 4000[0-9a-f]{2} touches 500000$/.test(text)),
    );
    assert.match(messages.at(-1) ?? '', /^power off with 31 after \d+ ticks$/);
    const console = textsOf(records, 'guestOutput').join('\n');
    assert.match(console, /enter ring 3\n[aB1<]/);
    assert.doesNotMatch(console.split('enter ring 3')[1] ?? '', /A/);
    assert.equal(records.find((record) => record.type === 'exited')?.code, 0x31);
  });

  it('work on the prebuilt guests as well', () => {
    const { status, stdout } = hds(
      ...['run', projectFile('examples/licence.hds')],
      ...['--guest', projectFile('examples/guests/prebuilt/licence')],
    );
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^valid key$/m);
  });
});
