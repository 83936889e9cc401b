/** The debugger's commands in the Debug Console, through the built adapter on a real guest. */

import assert from 'node:assert/strict';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { projectFile } from '../project-root';
import { AdapterClient } from '../session/adapter-client';
import { skipWithoutCpu } from '../skip';

const GUEST = projectFile('examples/guests/prebuilt/licence');

describe('commands in the Debug Console', function () {
  this.timeout(30_000);
  let client: AdapterClient;
  let output: string[];
  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(async () => {
    output = [];
    client = new AdapterClient(projectFile('dist/adapter.js'), {
      onOutput: ({ output: text }) => output.push(text),
    });
    await client.launchAndRun({ program: GUEST, stopOnEntry: true });
    await client.nextEvent('stopped');
  });
  afterEach(async () => {
    assert.ok(await client.close());
    assert.equal(client.errorText, '');
  });

  const run = async (expression: string): Promise<string> =>
    (await client.ask<P.EvaluateResponse>('evaluate', { expression, context: 'repl' })).result;
  const refusal = (expression: string): Promise<string> =>
    run(expression).then(
      (result) => assert.fail(`it printed ${result}`),
      (error: Error) => error.message,
    );

  it('show registers, memory, code, modules and symbols', async () => {
    assert.match(await run('r'), /RIP=[0-9a-f]{16}/i);
    assert.match(await run('db @rip l 10'), /^[0-9a-f`]+ /i);
    assert.match(await run('u @rip l 8'), /\b[a-z]{2,}\b/);
    await run('lm');
    assert.match(output.join(''), /licence/);
    assert.match(await run('x licence!verify'), /licence!verify/);
  });

  it('change registers', async () => {
    await run('r rax = 55');
    assert.equal(await run('@rax'), '0x55');
  });

  it('that belong to the editor or another console say so', async () => {
    assert.match(await refusal('g'), /Use the buttons or keys/);
    assert.match(await refusal('~ 1'), /Call Stack view/);
    assert.match(await refusal('.debug close'), /hds console/);
    assert.match(await refusal('dt nt!_EPROCESS'), /is not done here/);
  });

  it('are not confused with numbers and statements', async () => {
    assert.equal(await run('a'), '0xa');
    assert.equal(await run('x = 5; printf("%d", x);'), '5');
  });
});
