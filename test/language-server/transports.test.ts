import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createProtocolConnection,
  type InitializeResult,
  IPCMessageReader,
  IPCMessageWriter,
} from 'vscode-languageserver/node';
import { projectFile } from '../project-root';

const SERVER = projectFile('dist/language-server.js');

describe('transports of the language server', () => {
  it('IPC, as VS Code starts it', async () => {
    const server = fork(SERVER, ['--node-ipc', `--clientProcessId=${process.pid}`]);
    const exited = once(server, 'exit');
    const connection = createProtocolConnection(new IPCMessageReader(server), new IPCMessageWriter(server));
    connection.listen();
    const result = await connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
    });
    assert.equal(result.serverInfo?.name, 'hyperdbg-language-server');
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    assert.deepEqual(await exited, [0, null]);
    connection.dispose();
  });

  it('stdin that closes ends it', async () => {
    const server = spawn(process.execPath, [SERVER], { stdio: ['pipe', 'pipe', 'inherit'] });
    server.stdin.end();
    const [code] = (await once(server, 'exit')) as [number];
    // Without a shutdown request before it the end of the client is a failure, as the protocol has it.
    assert.equal(code, 1);
  });

  it('a port that is no number is refused with the usage', async () => {
    const server = spawn(process.execPath, [SERVER, '--port', 'x'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(server, 'close')) as [number];
    assert.equal(code, 2);
    assert.match(stderr, /^usage: /);
  });
});
