import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { buildGuest, type GuestProgram } from '../driver/embedded/guest-programs';
import { projectFile } from '../project-root';
import { AdapterClient } from '../session/adapter-client';
import { skipWithoutCpu } from '../skip';
import { runHds } from './run-hds';

const LICENCE = projectFile('examples/guests/prebuilt/licence');
const LICENCE_SCRIPT = projectFile('examples/licence.hds');
const ANNOUNCED = /for a debugger at ((?:tcp|pipe):\S+)/;

const TURNS = `
#include <unistd.h>
volatile unsigned long rounds;
__attribute__((noinline)) void turn(unsigned long round) { rounds = round; }
int main(void) { for (unsigned long i = 1;; i++) turn(i); }`;

const SCRIPT = `!epthook turn script { if (@rdi % 0x1000 == 0) { printf("round %x\\n", @rdi); } }\n`;

/** A server process and the address that it tells. */
class Server {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [projectFile('dist/hds.js'), 'serve', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.process, 'close').then(([status]) => status as number | null);
  }

  async address(): Promise<string> {
    for (;;) {
      const address = ANNOUNCED.exec(this.stderr)?.[1];
      if (address !== undefined) return address;
      await Promise.race([
        once(this.process.stderr!, 'data'),
        this.ended.then(() => assert.fail(`the server ended: ${this.stderr}`)),
      ]);
    }
  }
}

describe('hds serve', function () {
  this.timeout(60_000);
  let folder: string;
  let guest: GuestProgram;
  let server: Server | undefined;
  const clients: AdapterClient[] = [];

  before(function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, TURNS);
    folder = mkdtempSync(path.join(tmpdir(), 'hds-serve-'));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    server?.process.kill('SIGKILL');
    await server?.ended;
    server = undefined;
  });

  const attach = async (
    configuration: Readonly<Record<string, unknown>>,
    onOutput: (text: string) => void = () => undefined,
  ): Promise<AdapterClient> => {
    const client = new AdapterClient(projectFile('dist/adapter.js'), {
      onOutput: ({ output }) => onOutput(output),
    });
    clients.push(client);
    await client.ask('initialize', { adapterID: 'hyperdbg' });
    await client.ask('attach', configuration);
    await client.nextEvent('initialized');
    return client;
  };
  const breakAt = async (client: AdapterClient, name: string) => {
    const { breakpoints } = await client.ask<DebugProtocol.SetFunctionBreakpointsResponse>(
      'setFunctionBreakpoints',
      { breakpoints: [{ name }] },
    );
    assert.equal(breakpoints[0]!.verified, true);
    await client.ask('configurationDone');
  };
  const topFrame = async (client: AdapterClient) => {
    const { threads } = await client.ask<DebugProtocol.ThreadsResponse>('threads');
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', {
      threadId: threads[0]!.id,
    });
    return { threadId: threads[0]!.id, frame: stackFrames[0]! };
  };

  it('one adapter after the other: script output, breakpoints, stops, detaching', async () => {
    server = new Server('--listen', 'tcp:127.0.0.1:0', '--guest', guest.file);
    const connection = await server.address();
    const script = path.join(folder, 'turns.hds');
    writeFileSync(script, SCRIPT);
    let printed = '';
    let sawRounds: () => void = () => undefined;
    const rounds = new Promise<void>((resolve) => (sawRounds = resolve));
    const first = await attach({ connection, script }, (text) => {
      printed += text;
      if (/round [0-9a-f]+000\n/.test(printed)) sawRounds();
    });
    await first.ask('configurationDone');
    await rounds;
    await first.ask('pause', { threadId: 1 });
    const paused = await first.nextEvent('stopped');
    assert.equal((paused.body as DebugProtocol.StoppedEvent['body']).reason, 'pause');
    await first.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'turn' }] });
    const { threadId } = await topFrame(first);
    await first.ask('continue', { threadId });
    assert.equal((await first.nextEvent('stopped')).body.reason, 'function breakpoint');
    assert.equal((await topFrame(first)).frame.name.replace(/^.*!/, ''), 'turn');
    assert.ok(await first.close());
    clients.length = 0;

    const second = await attach({ connection });
    await breakAt(second, 'turn');
    assert.equal((await second.nextEvent('stopped')).body.reason, 'function breakpoint');
    assert.equal((await topFrame(second)).frame.name.replace(/^.*!/, ''), 'turn');

    await assert.rejects(attach({ connection }), /another debugger is connected to this target/);

    server.process.kill('SIGINT');
    assert.equal(await server.ended, 0);
    await second.nextEvent('terminated');
    assert.match(
      server.stderr,
      /a debugger has connected\nthe debugger has left .*; the guest goes on\na debugger has connected/,
    );
  });

  it('a script on a served guest runs to the end, over a pipe', async function () {
    const pipe = path.join(folder, 'licence.sock');
    server = new Server(LICENCE, 'a', '--listen', `pipe:${pipe}`);
    const connection = await server.address();
    assert.equal(connection, `pipe:${pipe}`);
    const run = await runHds(['run', LICENCE_SCRIPT, '--json', '--connect', connection]);
    const records = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; code?: number; text?: string });
    assert.deepEqual([run.status, records.at(-1)], [0, { type: 'exited', code: 0 }]);
    const said = records.flatMap(({ type, text }) => (type === 'message' ? [text] : []));
    assert.match(said.join('\n'), /^checksum of a \(1 characters\), called from [0-9a-f]+$/);
    assert.ok(records.some(({ type }) => type === 'stopped'));
    assert.equal(await server.ended, 0);
    assert.match(server.stdout, /^valid key$/m);
    assert.match(server.stderr, /^the guest exited with code 0$/m);
  });

  it('ends with its client when that is wanted', async () => {
    server = new Server('--end-with-client', '--listen', 'tcp:127.0.0.1:0', '--guest', guest.file);
    const client = await attach({ connection: await server.address() });
    assert.ok(await client.close());
    clients.length = 0;
    assert.equal(await server.ended, 0);
    assert.match(server.stderr, /the debugger has left .*; the guest ends$/m);
  });

  it('wrong use says what to do', async () => {
    const said = async (...args: string[]) => {
      const { status, stderr } = await runHds(args);
      return `${status} ${stderr}`;
    };
    const guestOf = ['--guest', guest.file];
    assert.match(await said('serve', '--listen', 'tcp:127.0.0.1:0'), /^2 .*needs a program/);
    assert.match(await said('serve', ...guestOf), /^2 .*--listen/s);
    assert.match(await said('serve', '--listen', 'tcp:5', ...guestOf), /^2 .*"tcp:5" is no connection/);
    assert.match(await said('serve', '--listen', 'tcp:0.0.0.0:0', ...guestOf), /^2 .*--allow-remote/);
    assert.match(
      await said('serve', '--listen', 'tcp:127.0.0.1:0', '--guest', '/no/such'),
      /^2 .*does not exist/,
    );
    server = new Server('--listen', 'tcp:127.0.0.1:0', ...guestOf);
    const busy = await server.address();
    assert.match(await said('serve', '--listen', busy, ...guestOf), /^2 .*is in use; give another one/);
    assert.match(await said('run', LICENCE_SCRIPT), /^2 .*needs a program or a target/);
    const both = await said('run', LICENCE_SCRIPT, '--connect', busy, ...guestOf);
    assert.match(both, /^2 .*needs a program or a target/);
    assert.match(await said('run', LICENCE_SCRIPT, '--connect', 'tcp:x'), /^2 .*"tcp:x" is no connection/);
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
    assert.match(
      await said('run', LICENCE_SCRIPT, '--connect', busy),
      /^1 .*nothing listens there; start the target/,
    );
    const client = new AdapterClient(projectFile('dist/adapter.js'));
    clients.push(client);
    await client.ask('initialize', { adapterID: 'hyperdbg' });
    await assert.rejects(client.ask('attach', {}), /No "connection" is set in the attach configuration/);
    await assert.rejects(client.ask('attach', { connection: 'x' }), /"x" is no connection/);
    await assert.rejects(
      client.ask('attach', { connection: busy }),
      /nothing listens there; start the target/,
    );
  });
});
