import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandInput } from '../../adapter/cli/command-input';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { runHds } from './run-hds';

const LICENCE = projectFile('examples/guests/prebuilt/licence');

const COUNTER = projectFile('examples/guests/prebuilt/counter');

/** A program of ours, and what it has said so far. */
class Talker {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  text = '';
  #wake: (() => void) | undefined;

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [projectFile('dist/hds.js'), ...args]);
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.text += chunk.toString();
        this.#wake?.();
      });
    this.ended = once(this.process, 'close').then(([status]) => {
      this.#wake?.();
      return status as number | null;
    });
  }

  async heard(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text)?.[1];
      if (found !== undefined) return found;
      assert.equal(this.process.exitCode, null, this.text);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

describe('hds console', function () {
  this.timeout(30_000);

  it('runs commands on a guest, with a block over several lines, to the end of the program', async function () {
    skipWithoutCpu(this);
    const commands = [
      'r rip',
      'u licence!main l 4',
      '!epthook licence!main script {',
      '  printf("main at %llx\\n", $context);',
      '}',
      'dt nt!_EPROCESS',
      'bogus',
      'g',
    ];
    const { status, stdout, stderr } = await runHds(
      ['console', '--guest', LICENCE],
      `${commands.join('\n')}\n`,
    );
    assert.equal(status, 0, stderr);
    const address = /^0{8}`0*([0-9a-f]+) {2}.*licence!main$/m.exec(stdout)?.[1];
    assert.ok(address, stdout);
    assert.match(stdout, new RegExp(`^main at ${address}$`, 'm'));
    assert.match(stdout, /invalid key/);
    assert.match(stderr, /"dt" is not done here\. Structure layouts come from PDB files/);
    assert.match(stderr, /`bogus` is no command/);
    assert.match(stderr, /the guest has exited with code 1/);
  });

  for (const kind of ['tcp', 'pipe'] as const)
    it(`${kind}: Ctrl-C halts a served target, and its sudden end is told`, async function () {
      skipWithoutCpu(this);
      const folder = mkdtempSync(path.join(tmpdir(), 'hds-console-'));
      const where = kind === 'tcp' ? 'tcp:127.0.0.1:0' : `pipe:${path.join(folder, 'target')}`;
      const server = new Talker('serve', '--listen', where, '--guest', COUNTER);
      const client = new Talker('console', '--connect', await server.heard(/debugger at (\S+)/));
      try {
        await client.heard(/(connected)/);
        client.process.kill('SIGINT');
        await client.heard(/(core 0: paused)/);
        client.process.stdin?.write('r rip\n');
        await client.heard(/(rip=[0-9a-f]{16})/);
        server.process.kill('SIGKILL');
        await client.heard(/The (connection has ended)/);
        client.process.stdin?.end('r\n');
        assert.deepEqual(await client.ended, 1);
        assert.match(
          client.text,
          /There is no connection \(the last one ended: .*"\.debug remote" makes one/,
        );
      } finally {
        server.process.kill('SIGKILL');
        client.process.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      }
    });

  it('says what is wrong with its options', async () => {
    for (const [args, pattern] of [
      [[], /needs one target: --connect/],
      [['--connect', 'x'], /"x" is no connection/],
      [['--connect', 'pipe:/no/such/pipe'], /there is no such pipe/],
      [['--connect', 'serial:/dev/no-such-line'], /there is no device/],
      [['--connect', 'tcp:127.0.0.1:1', '--signature-from', LICENCE], /holds no build signature/],
    ] as const) {
      const { status, stderr } = await runHds(['console', ...args]);
      assert.ok(status === 1 || status === 2, stderr);
      assert.match(stderr, pattern);
      assert.doesNotMatch(stderr, /^ +at /m);
    }
  });
});

describe('commands as they are typed', () => {
  it('end with their line, or with their block', () => {
    const input = new CommandInput();
    assert.deepEqual(input.push('r\nt 3\r\n!cpu'), ['r', 't 3']);
    assert.deepEqual(input.push('id script {\n print(1);\n'), []);
    assert.ok(input.isOpen);
    assert.deepEqual(input.push('}\ng'), ['!cpuid script {\n print(1);\n}']);
    assert.deepEqual(input.end(), ['g']);
    assert.deepEqual(input.end(), []);
  });
});
