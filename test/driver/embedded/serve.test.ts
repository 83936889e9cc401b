import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ByteStream } from '../../../driver/byte-stream';
import { startEmbeddedMachine } from '../../../driver/embedded/embedded-machine';
import { ListenError } from '../../../driver/embedded/serve/listen';
import { serveMachine, type ServedMachine } from '../../../driver/embedded/serve/serve-machine';
import { exitCodeOfText } from '../../../driver/kd/log-message';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { connectKdDebuggee } from '../../../driver/kd/kd-debuggee';
import {
  type ConnectionAddress,
  parseConnectionAddress,
  type SocketAddress,
} from '../../../driver/kd/streams/connection-address';
import { openStream } from '../../../driver/kd/streams/open-stream';
import * as sdk from '../../../driver/sdk/structs.generated';
import { skipWithoutCpu } from '../../skip';
import { buildGuest, type GuestProgram } from './guest-programs';
import { WireClient } from './wire-client';

const ALL = 0xffffffff;
const TURNS = `
#include <stdio.h>
volatile unsigned long rounds, limit = ~0ul;
__attribute__((noinline)) void turn(void) { rounds++; }
int main(void) { while (rounds < limit) turn(); puts("done"); return 7; }`;

describe('the embedded machine, served', function () {
  this.timeout(30_000);
  let guest: GuestProgram;
  let served: ServedMachine | undefined;
  let folder: string;
  let told: string[];
  let printed: string;
  const streams: ByteStream[] = [];

  beforeEach(function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, TURNS);
    folder = mkdtempSync(path.join(os.tmpdir(), 'hds-serve-'));
    told = [];
    printed = '';
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await served?.close();
    served = undefined;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const serve = async (where: string, change: { endsWithClient?: boolean; mayBeRemote?: boolean } = {}) =>
    serveMachine(await startEmbeddedMachine({ program: guest.file, arguments: [] }), {
      address: parseConnectionAddress(where) as SocketAddress,
      mayBeRemote: false,
      endsWithClient: false,
      output: (_stream, bytes) => (printed += Buffer.from(bytes).toString()),
      tell: (text) => told.push(text),
      ...change,
    });
  const start = async (...args: Parameters<typeof serve>) => (served = await serve(...args));

  const debuggerAt = async (address: ConnectionAddress): Promise<WireClient> => {
    const stream = await openStream(address);
    streams.push(stream);
    const client = new WireClient(stream);
    assert.ok((await client.next(ANSWER.ping.action)) !== undefined, 'no greeting');
    await client.connect();
    return client;
  };
  const breakAtTurn = async (client: WireClient) => {
    const record = {
      ...sdk.DEBUGGEE_BP_PACKET.zero(),
      Address: guest.symbol('turn'),
      Pid: ALL,
      Tid: ALL,
      Core: ALL,
    };
    await client.ask(REQUEST.setBreakpoint, record, ANSWER.setBreakpoint);
    return client.ask(REQUEST.continue, undefined, ANSWER.stopped);
  };
  const rounds = async (client: WireClient) => {
    const { tail } = await client.ask(
      REQUEST.readMemory,
      { ...sdk.DEBUGGER_READ_MEMORY.zero(), Address: guest.symbol('rounds'), Size: 8, MemoryType: 1 },
      ANSWER.readMemory,
    );
    return Buffer.from(tail).readBigUInt64LE();
  };

  it('one debugger after the other, with nothing left of the first; the guest goes on in between', async () => {
    const { address } = await start('tcp:127.0.0.1:0');
    assert.ok(address.kind === 'tcp' && address.port > 0);
    const first = await debuggerAt(address);
    const stop = await breakAtTurn(first);
    assert.deepEqual([stop.PausingReason, stop.EventTag], [5, 1n]);
    const before = await rounds(first);
    // It dies while the guest is halted, in the middle of a frame.
    first.sendBytes(Uint8Array.of(1, 2, 3));
    first.stream.close();

    const second = await debuggerAt(address);
    const again = await breakAtTurn(second);
    // The ids of breakpoints begin anew, so the first one's is gone.
    assert.deepEqual([again.PausingReason, again.EventTag], [5, 1n]);
    assert.ok((await rounds(second)) > before);
    assert.deepEqual(told.slice(0, 1), ['a debugger has connected']);
    assert.match(told[1]!, /^the debugger has left \(.*\); the guest goes on$/);
  });

  it('a debugger that leaves in order', async () => {
    const { address } = await start('tcp:127.0.0.1:0');
    const first = await debuggerAt(address);
    await breakAtTurn(first);
    first.send(REQUEST.close, undefined);
    first.send(REQUEST.stopListening, undefined);
    first.stream.close();
    assert.equal((await breakAtTurn(await debuggerAt(address))).EventTag, 1n);
  });

  it('there is one at a time: another one hears why it cannot come in', async () => {
    const { address } = await start('tcp:127.0.0.1:0');
    await debuggerAt(address);
    await assert.rejects(
      connectKdDebuggee(await openStream(address)),
      /another debugger is connected to this target; end its session first/,
    );
  });

  it('the end of the guest is told to the debugger, which is sent away then', async () => {
    const { address, ended } = await start('tcp:127.0.0.1:0');
    const client = await debuggerAt(address);
    const closed = new Promise<string>((resolve) => client.stream.onClosed(resolve));
    const record = {
      ...sdk.DEBUGGER_EDIT_MEMORY.zero(),
      Address: guest.symbol('limit'),
      ByteSize: 2,
      CountOf64Chunks: 1,
    };
    await client.ask(REQUEST.editMemory, { record, tail: [3n] }, ANSWER.editMemory);
    client.send(REQUEST.continue, undefined);
    assert.deepEqual(await ended, { kind: 'exited', code: 7, signal: undefined });
    await closed;
    assert.deepEqual(
      client.texts().map((text) => exitCodeOfText(text)),
      [7],
    );
    assert.equal(printed, 'done\n');
  });

  it('the machine ends with its only debugger when that is wanted', async () => {
    const { address, ended } = await start('tcp:127.0.0.1:0', { endsWithClient: true });
    (await debuggerAt(address)).stream.close();
    assert.deepEqual(await ended, { kind: 'client left' });
    assert.match(told[1]!, /; the guest ends$/);
  });

  it('a pipe: for its owner alone, a dead one is taken over, one in use is not', async function () {
    const file = path.join(folder, 'pipe');
    // What a killed program leaves behind: a socket that nobody listens at.
    const dead = net.createServer();
    await new Promise<void>((resolve) => dead.listen(`${file}.old`, resolve));
    const { renameSync } = await import('node:fs');
    renameSync(`${file}.old`, file);
    await new Promise((resolve) => dead.close(resolve));
    const { address } = await start(`pipe:${file}`);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    await debuggerAt(address);
    await assert.rejects(serve(`pipe:${file}`), (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, /^Another program serves pipe:.*; end it, or give another path\.$/);
      return true;
    });
    await served?.close();
    served = undefined;
    assert.equal(statSync(file, { throwIfNoEntry: false }), undefined);
  });

  it('addresses that cannot be served', async () => {
    const busy = net.createServer();
    busy.unref();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const { port } = busy.address() as AddressInfo;
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    const refused = (where: string, pattern: RegExp) =>
      assert.rejects(serve(where), (error: unknown) => {
        assert.ok(error instanceof ListenError, String(error));
        assert.match(error.message, pattern);
        return true;
      });
    await refused(`tcp:127.0.0.1:${port}`, /is in use; give another one \(0 takes a free one\)/);
    await refused('tcp:0.0.0.0:0', /can be reached from other computers.*--allow-remote/);
    await refused(`pipe:${file}`, /is a file and no pipe/);
    await refused(`pipe:${folder}/none/pipe`, /The folder of .* does not exist/);
    await new Promise((resolve) => busy.close(resolve));
  });
});
