import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import {
  createProtocolConnection,
  type InitializeResult,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { projectFile } from '../project-root';

const hds = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [projectFile('dist/hds.js'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });

/** The port that a server says it listens on. */
async function announcedPort(server: ChildProcess): Promise<number> {
  let text = '';
  for await (const chunk of server.stderr!) {
    text += String(chunk);
    const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`no port in ${JSON.stringify(text)}`);
}

async function initialize(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string | undefined> {
  const connection = createProtocolConnection(
    new StreamMessageReader(input),
    new StreamMessageWriter(output),
  );
  connection.listen();
  const result = await connection.sendRequest<InitializeResult>('initialize', {
    processId: null,
    rootUri: null,
    capabilities: {},
  });
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  return result.serverInfo?.name;
}

describe('hds lsp', () => {
  it('serves on stdin and stdout and ends with its client', async () => {
    const server = hds('lsp', '--stdio');
    const exited = once(server, 'exit');
    assert.equal(await initialize(server.stdout!, server.stdin!), 'hyperdbg-language-server');
    assert.deepEqual(await exited, [0, null]);
  });

  it('serves one client after the other on a port, and ends on Ctrl-C', async () => {
    const server = hds('lsp', '--port', '0');
    const exited = once(server, 'exit');
    const port = await announcedPort(server);
    for (let client = 0; client < 2; client++) {
      const socket = net.connect(port, '127.0.0.1');
      const closed = once(socket, 'close');
      assert.equal(await initialize(socket, socket), 'hyperdbg-language-server');
      await closed;
    }
    server.kill('SIGINT');
    assert.deepEqual(await exited, [130, null]);
  });

  it('says that a port is in use', async () => {
    const holder = net.createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as net.AddressInfo;
    const server = hds('lsp', '--port', String(port));
    let stderr = '';
    server.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [status] = (await once(server, 'close')) as [number];
    holder.close();
    assert.equal(status, 3);
    assert.match(stderr, new RegExp(`cannot listen on port ${port}`));
  });
});

describe('hds dap', () => {
  it('answers initialize on stdin and stdout and ends with its client', async () => {
    const adapter = hds('dap');
    const closed = once(adapter, 'close');
    let stdout = '';
    adapter.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      // The client goes when it has its answer.
      if (stdout.includes('"command":"initialize"')) adapter.stdin!.end();
    });
    const request = JSON.stringify({
      seq: 1,
      type: 'request',
      command: 'initialize',
      arguments: { adapterID: 'hyperdbg' },
    });
    adapter.stdin!.write(`Content-Length: ${request.length}\r\n\r\n${request}`);
    assert.deepEqual(await closed, [0, null]);
    assert.match(stdout, /"success":true/);
  });
});
