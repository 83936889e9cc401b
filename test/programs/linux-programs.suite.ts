/**
 * The C programs of this folder, built four ways, on this machine and on the embedded one: output and end must be the same.
 * Run by `npm run test:programs`; the quick suite does not look for `.suite.js`.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedMachine, type ConsoleEvent } from '../../driver/embedded/embedded-machine';
import { connectKdDebuggee } from '../../driver/kd/kd-debuggee';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';

const BUILDS = {
  'gcc static': ['gcc', '-static'],
  'gcc dynamic': ['gcc'],
  'musl static': ['musl-gcc', '-static'],
  'musl dynamic': ['musl-gcc'],
} as const;
const ARGUMENTS = ['first', 'two words', ''];
const ENVIRONMENT = { NAME: 'value' };
const LIMIT_MS = 20_000;

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or the name of the signal. */
  readonly end: number | string;
}

function build(source: string, file: string, [compiler, ...flags]: readonly [string, ...string[]]): void {
  const built = spawnSync(compiler, ['-w', '-O1', '-pthread', ...flags, source, '-o', file, '-lm'], {
    encoding: 'utf8',
  });
  if (built.error !== undefined) throw new Error(`${compiler} is missing: install gcc and musl-tools`);
  assert.equal(built.status, 0, built.stderr);
}

function runNatively(file: string): Outcome {
  const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'hds-native-'));
  try {
    const done = spawnSync(file, ARGUMENTS, { cwd, env: ENVIRONMENT, encoding: 'utf8', timeout: LIMIT_MS });
    return { stdout: done.stdout, stderr: done.stderr, end: done.signal ?? done.status ?? 'nothing' };
  } finally {
    fs.rmSync(cwd, { recursive: true });
  }
}

async function runEmbedded(file: string): Promise<Outcome> {
  const machine = await startEmbeddedMachine({
    program: file,
    arguments: ARGUMENTS,
    environment: ENVIRONMENT,
  });
  const text = { stdout: '', stderr: '' };
  let timer: NodeJS.Timeout | undefined;
  try {
    const ended = new Promise<ConsoleEvent>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`runs longer than ${LIMIT_MS} ms; so far: ${text.stdout}`)),
        LIMIT_MS,
      );
      machine.onConsole((event) => {
        if (event.kind === 'output') text[event.stream] += Buffer.from(event.bytes).toString();
        else resolve(event);
      });
    });
    const debuggee = await connectKdDebuggee(machine.stream);
    await debuggee.pause();
    await debuggee.resume();
    const event = await ended;
    if (event.kind === 'exited') return { ...text, end: event.signal ?? event.code };
    throw new Error(event.kind === 'failed' ? event.reason : event.kind);
  } finally {
    clearTimeout(timer);
    await machine.dispose();
  }
}

describe('linux programs', function () {
  this.timeout(3 * LIMIT_MS);
  const sources = projectFile('test/programs');
  const names = fs.readdirSync(sources).filter((name) => name.endsWith('.c'));
  let folder = '';
  let passed = 0;

  before(function () {
    skipWithoutCpu(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hds-programs-'));
  });
  after(() => {
    console.log(`${passed} of ${names.length * Object.keys(BUILDS).length} pass`);
    if (folder !== '') fs.rmSync(folder, { recursive: true });
  });

  for (const name of names) {
    for (const [kind, command] of Object.entries(BUILDS)) {
      it(`${path.basename(name, '.c')}, ${kind}`, async () => {
        const file = path.join(folder, `${path.basename(name, '.c')}-${kind.replace(' ', '-')}`);
        build(path.join(sources, name), file, command);
        assert.deepEqual(await runEmbedded(file), runNatively(file));
        passed++;
      });
    }
  }
});
