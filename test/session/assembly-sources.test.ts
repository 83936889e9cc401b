import assert from 'node:assert/strict';
import type { DebugProtocol as P } from '@vscode/debugprotocol';
import { addressOfReference } from '../../adapter/session/memory';
import { RequestError } from '../../adapter/session/request-error';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { AdapterClient } from './adapter-client';

describe('frames without a source', function () {
  this.timeout(30_000);
  let client: AdapterClient;

  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(async () => {
    client = new AdapterClient(projectFile('dist/adapter.js'));
    await client.launchAndRun({
      program: projectFile('examples/guests/prebuilt/licence'),
      script: projectFile('examples/licence.hds'),
    });
    await client.nextEvent('stopped');
  });
  afterEach(async () => {
    assert.ok(await client.close(), 'the adapter did not end by itself');
  });

  const frames = async (): Promise<P.StackFrame[]> =>
    (await client.ask<P.StackTraceResponse>('stackTrace', { threadId: 1 })).stackFrames;
  const lineOf = async ({ source, line }: P.StackFrame): Promise<string> => {
    const reference = source?.sourceReference ?? 0;
    assert.ok(reference > 0, 'no listing');
    const { content } = await client.ask<P.SourceResponse>('source', { source, sourceReference: reference });
    return content.split('\n')[line - 1] ?? '';
  };
  const step = async (): Promise<void> => {
    await client.ask('stepIn', { threadId: 1 });
    await client.nextEvent('stopped');
  };

  it('show the listing of their function, the caller at its call', async () => {
    await step();
    const [top, caller] = await frames();
    assert.ok(top !== undefined && caller !== undefined);
    assert.equal(top.source?.name, 'licence!verify (assembly)');
    assert.match(await lineOf(top), new RegExp(`^${top.instructionPointerReference} .*sete al$`));
    assert.match(await lineOf(caller), /call .*<licence!verify>$/);
  });

  it('keep one listing while the function is stepped through', async () => {
    await step();
    const [first] = await frames();
    await step();
    const [second] = await frames();
    assert.equal(second?.source?.sourceReference, first?.source?.sourceReference);
    assert.equal(second?.line, (first?.line ?? 0) + 1);
  });

  it('get a new listing when the code was written over', async () => {
    await step();
    const [before] = await frames();
    // sete al becomes three one-byte instructions; RIP moves to the second of them.
    const address = BigInt(before?.instructionPointerReference ?? 0);
    const data = Buffer.from([0x90, 0x90, 0x90]).toString('base64');
    await client.ask('writeMemory', { memoryReference: before?.instructionPointerReference, data });
    await step();
    const [after] = await frames();
    assert.equal(BigInt(after?.instructionPointerReference ?? 0), address + 1n);
    assert.notEqual(after?.source?.sourceReference, before?.source?.sourceReference);
    assert.ok(after !== undefined);
    assert.match(await lineOf(after), /nop$/);
  });

  it('an empty memory reference is nothing to show the user', async () => {
    const answer = await client
      .send('disassemble', { memoryReference: '', instructionCount: 1 })
      .catch((error: unknown) => error);
    assert.match(String(answer), /no memory reference/);
    const shown = (reference: string): boolean => {
      try {
        addressOfReference(reference);
      } catch (error) {
        return error instanceof RequestError && error.showUser;
      }
      return false;
    };
    assert.deepEqual([shown(''), shown('here')], [false, true]);
  });

  it('a listing that never was is refused', async () => {
    await assert.rejects(client.ask('source', { sourceReference: 99 }), /listing belongs to another session/);
  });
});
