import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { runAdapter } from '../../adapter/run-adapter';

interface Streams {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

function streams(): Streams {
  return { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
}

function textOf(stream: PassThrough): string {
  return String(stream.read() ?? '');
}

function frame(message: object): string {
  const json = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

describe('adapter/run-adapter', () => {
  it('says so when the port is in use', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const io = streams();
    assert.equal(await runAdapter(['--port', String(port)], io), 3);
    assert.equal(
      textOf(io.stderr),
      `Port ${port} on 127.0.0.1 is in use; choose another with --port, or end the program that holds it.\n`,
    );
    holder.close();
  });

  for (const argv of [['--port', 'x'], ['--port', '70000'], ['--nonsense'], ['extra']]) {
    it(`refuses ${argv.join(' ')} as wrong use`, async () => {
      const io = streams();
      assert.equal(await runAdapter(argv, io), 2);
      assert.doesNotMatch(textOf(io.stderr), /\n\s+at /);
    });
  }

  it('speaks DAP on its standard streams and ends with the client', async () => {
    const io = streams();
    const status = runAdapter([], io);
    io.stdin.write('Content-Length: 4\r\n\r\nnull');
    io.stdin.write('Content-Length: 3\r\n\r\n{]}');
    io.stdin.write(frame({ seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'x' } }));
    io.stdin.write(frame({ seq: 2, type: 'request', command: 'disconnect' }));
    assert.equal(await status, 0);
    const text = textOf(io.stdout);
    assert.match(text, /"request_seq":1,"command":"initialize","success":true/);
    assert.match(text, /"request_seq":2,"command":"disconnect","success":true/);
    assert.match(text, /The client sent a message that is no DAP message/);
    assert.match(text, /"seq":1[,}]/);
  });

  it('ends when standard input ends', async () => {
    const io = streams();
    const status = runAdapter([], io);
    io.stdin.end();
    assert.equal(await status, 0);
  });
});
