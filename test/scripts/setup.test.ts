import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { projectFile, projectRoot } from '../project-root';

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function runScript(name: string, environment: Readonly<Record<string, string>>): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [projectFile(`scripts/${name}`)], {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

const noNetwork = { npm_config_registry: 'http://127.0.0.1:9', PIP_INDEX_URL: 'http://127.0.0.1:9/simple' };
const noLibrary = { HDS_UNICORN_LIBRARY: projectFile('no-such-library') };

describe('set-up on a tree that is set up', () => {
  it('needs no network', () => {
    const { status, output } = runScript('setup.mjs', noNetwork);
    assert.equal(status, 0, output);
    assert.match(output, /^\[1\/4\] dependencies: as the lock file says$/m);
    assert.match(output, /^\[3\/4\] example guests: counter \(.*\), licence \(.*\)$/m);
    assert.match(output, /^\[4\/4\] product: up to date$/m);
  });

  it('goes on without a CPU library and says what helps', () => {
    const { status, output } = runScript('setup.mjs', noLibrary);
    assert.equal(status, 0, output);
    assert.match(output, /HDS_UNICORN_LIBRARY: .*no such file/);
    assert.match(output, /pip install/);
    assert.match(output, /^\[4\/4\]/m);
  });
});

describe('npm start without a CPU library', () => {
  it('fails with a sentence and no stack trace', () => {
    const { status, output } = runScript('start.mjs', noLibrary);
    assert.equal(status, 1);
    assert.match(output, /The main job needs the CPU library; see above how to get it\.$/m);
    assert.doesNotMatch(output, /^\s+at /m);
  });
});
