import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ByteStream } from '../../../../driver/byte-stream';
import { DriverError } from '../../../../driver/driver-error';
import {
  ConnectionAddressError,
  connectionAddressText,
  isLocalAddress,
  parseConnectionAddress,
  type SocketAddress,
} from '../../../../driver/kd/streams/connection-address';
import { openStream } from '../../../../driver/kd/streams/open-stream';
import { openSocket } from '../../../../driver/kd/streams/socket-stream';

const refusedBecause = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DriverError, String(error));
  assert.match(error.message, pattern);
  return true;
};

describe('connection addresses', () => {
  it('are read and written', () => {
    for (const text of [
      'tcp:127.0.0.1:50000',
      'tcp:[::1]:0',
      'tcp:some-host:65535',
      'pipe:/tmp/a b.sock',
      'serial:/dev/ttyS0:9600',
    ])
      assert.equal(connectionAddressText(parseConnectionAddress(text)), text);
    assert.deepEqual(parseConnectionAddress('serial:COM3'), { kind: 'serial', device: 'COM3', baud: 115200 });
    assert.deepEqual(parseConnectionAddress('TCP:localhost:1'), { kind: 'tcp', host: 'localhost', port: 1 });
  });

  for (const text of [
    '',
    'tcp',
    'tcp:',
    'tcp:1',
    'tcp:host:',
    'tcp:host:99999',
    'tcp:a:b:1',
    'pipe:',
    'x:1:2',
    'serial:',
    'serial:/dev/ttyS0:1234',
  ])
    it(`"${text}" is none, and the message says what is`, () =>
      assert.throws(
        () => parseConnectionAddress(text),
        (error: unknown) => {
          assert.ok(error instanceof ConnectionAddressError);
          assert.match(
            error.message,
            /is no connection.*(tcp:127\.0\.0\.1:50000|pipe:\/tmp\/guest\.sock|serial:\/dev\/ttyS0:115200|115200)/,
          );
          return true;
        },
      ));

  it('local ones are told from others', () => {
    const local = ['tcp:127.0.0.1:1', 'tcp:127.8.9.10:1', 'tcp:localhost:1', 'tcp:[::1]:1', 'pipe:/tmp/x'];
    const others = [
      'tcp:0.0.0.0:1',
      'tcp:[::]:1',
      'tcp:192.168.0.1:1',
      'tcp:127.example.org:1',
      'tcp:host:1',
    ];
    assert.deepEqual(
      local.map((text) => isLocalAddress(parseConnectionAddress(text) as SocketAddress)),
      local.map(() => true),
    );
    assert.deepEqual(
      others.map((text) => isLocalAddress(parseConnectionAddress(text) as SocketAddress)),
      others.map(() => false),
    );
  });
});

describe('streams to a debuggee', () => {
  let folder: string;
  let server: net.Server;
  let accepted: Promise<net.Socket>;
  const opened: ByteStream[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'hds-streams-'));
    server = net.createServer();
    accepted = new Promise((resolve) => server.once('connection', resolve));
  });
  afterEach(async () => {
    for (const stream of opened.splice(0)) stream.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const listen = (...where: [number, string] | [string]) =>
    new Promise<void>((resolve) => server.listen(...(where as [number, string]), () => resolve()));
  const open = async (text: string) => {
    const stream = await openStream(parseConnectionAddress(text));
    opened.push(stream);
    return stream;
  };

  for (const kind of ['tcp', 'pipe'] as const) {
    it(`${kind}: bytes go both ways, those from before there was a listener too, and the end is told once`, async () => {
      const pipe = path.join(folder, 'pipe');
      await (kind === 'tcp' ? listen(0, '127.0.0.1') : listen(pipe));
      const text =
        kind === 'tcp' ? `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` : `pipe:${pipe}`;
      const stream = await open(text);
      assert.equal(stream.description, text);
      const socket = await accepted;
      socket.write('early');
      const heard = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
      stream.send(Buffer.from('hello'));
      assert.equal(await heard, 'hello');
      const reasons: string[] = [];
      let received = '';
      const ended = new Promise<void>((resolve) =>
        stream.onClosed((reason) => {
          reasons.push(reason);
          resolve();
        }),
      );
      stream.onBytes((bytes) => (received += String(bytes)));
      socket.end(' and late');
      await ended;
      assert.equal(received, 'early and late');
      assert.deepEqual(reasons, ['the other side has closed the connection']);
      stream.send(Buffer.from('into the void'));
    });
  }

  it('what was sent before closing arrives', async () => {
    await listen(0, '127.0.0.1');
    const stream = await open(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`);
    const socket = await accepted;
    let length = 0;
    socket.on('data', (bytes) => (length += bytes.length));
    const ended = new Promise((resolve) => socket.once('end', resolve));
    stream.send(Buffer.alloc(300_000));
    stream.close();
    stream.send(Buffer.alloc(5));
    await ended;
    assert.equal(length, 300_000);
    socket.end();
  });

  it('whoever does not read is given up', async () => {
    await listen(0, '127.0.0.1');
    const stream = await open(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`);
    const socket = await accepted;
    const closed = new Promise<string>((resolve) => stream.onClosed(resolve));
    for (let i = 0; i < 80; i++) stream.send(Buffer.alloc(1 << 20));
    assert.match(await closed, /does not read/);
    socket.destroy();
  });

  it('a port where nobody listens', async () => {
    await listen(0, '127.0.0.1');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(
      open(`tcp:127.0.0.1:${port}`),
      refusedBecause(new RegExp(`^Connecting to tcp:127.0.0.1:${port}: nothing listens there; start`)),
    );
    server = net.createServer().listen(0, '127.0.0.1');
  });

  it('a host that is not known', () =>
    assert.rejects(
      open('tcp:no-such-host.invalid:1'),
      refusedBecause(/"no-such-host.invalid" is not known/),
    ));

  it('a pipe that does not exist, and a file that is none', async () => {
    await assert.rejects(open(`pipe:${folder}/none`), refusedBecause(/there is no such pipe; start/));
    writeFileSync(path.join(folder, 'file'), '');
    await assert.rejects(
      open(`pipe:${folder}/file`),
      refusedBecause(/it is a file and no pipe|nothing listens there/),
    );
    await listen(path.join(folder, 'unused'));
  });

  it('silence, and a user who has had enough', async () => {
    await listen(0, '127.0.0.1');
    const silent = { host: 'silent', port: 1, lookup: () => undefined };
    await assert.rejects(
      openSocket('tcp:silent:1', silent, String, { timeoutMs: 5 }),
      refusedBecause(/nobody answered within 0.005 s; check the address/),
    );
    const controller = new AbortController();
    const waiting = openSocket('tcp:silent:1', silent, String, { signal: controller.signal });
    controller.abort();
    await assert.rejects(waiting, refusedBecause(/it was cancelled/));
    await assert.rejects(
      openSocket('tcp:silent:1', silent, String, { signal: controller.signal }),
      refusedBecause(/it was cancelled/),
    );
  });
});
