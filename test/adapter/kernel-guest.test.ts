import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { projectFile } from '../project-root';
import { AdapterClient } from '../session/adapter-client';
import { skipBecause, skipWithoutCpu } from '../skip';

const SOURCE = projectFile('examples/guests/minikernel/kernel.c');

describe('the adapter on a bare-metal kernel', function () {
  this.timeout(60_000);

  it('stops at functions and lines of its source', async function () {
    skipWithoutCpu(this);
    const program = projectFile('examples/guests/build/minikernel');
    if (!readFileSync(program).includes('.debug_line'))
      skipBecause(this, 'the prebuilt kernel has no lines; a C compiler makes one that has');
    const text = readFileSync(SOURCE, 'utf8').split('\n');
    const line = text.findIndex((each) => each.includes('switch (nr)')) + 1;
    const client = new AdapterClient(projectFile('dist/adapter.js'), {});
    const stopped = async (): Promise<P.StoppedEvent['body']> =>
      ((await client.nextEvent('stopped')) as P.StoppedEvent).body;
    try {
      await client.launchAndRun({ program, stopOnEntry: true });
      assert.equal((await stopped()).reason, 'entry');
      await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'syscall_c' }] });
      const { breakpoints } = await client.ask<P.SetBreakpointsResponse>('setBreakpoints', {
        source: { path: SOURCE },
        breakpoints: [{ line }],
      });
      assert.equal(breakpoints[0]?.verified, true);
      for (const place of ['minikernel!syscall_c', /^minikernel!syscall_c\+0x/]) {
        await client.ask('continue', { threadId: 1 });
        await stopped();
        const { stackFrames } = await client.ask<P.StackTraceResponse>('stackTrace', { threadId: 1 });
        if (typeof place === 'string') assert.equal(stackFrames[0]?.name, place);
        else assert.match(stackFrames[0]?.name ?? '', place);
        assert.match(stackFrames[1]?.name ?? '', /^minikernel!syscall_entry/);
      }
    } finally {
      await client.ask('disconnect', {});
      assert.ok(await client.close());
    }
  });
});
