import assert from 'node:assert/strict';
import { connectKdClient } from '../../../../driver/kd/kd-debuggee';
import { parseConnectionAddress } from '../../../../driver/kd/streams/connection-address';
import { openStream } from '../../../../driver/kd/streams/open-stream';
import { skipBecause } from '../../../skip';
import { PlainTarget } from '../../embedded/server/plain-target';
import { openPtyPair } from '../../native/pty-pair';

describe('a serial line', () => {
  before(function () {
    if (process.platform !== 'linux')
      skipBecause(this, 'pseudo terminals stand for serial lines on Linux only');
  });

  it('carries every byte both ways and tells its end', async () => {
    const { device, far } = openPtyPair();
    const stream = await openStream(parseConnectionAddress(`serial:${device}:115200`));
    assert.equal(stream.description, `serial:${device}:115200`);
    assert.equal(stream.bytesPerSecond, 11520);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const heard = new Promise<Buffer>((resolve) => far.once('data', resolve));
    stream.send(all);
    assert.deepEqual([...(await heard)], [...all]);
    const received = new Promise<Uint8Array>((resolve) => stream.onBytes(resolve));
    const ended = new Promise<string>((resolve) => stream.onClosed(resolve));
    far.write(all);
    assert.deepEqual([...(await received)], [...all]);
    far.destroy();
    assert.match(await ended, /closed|lost/);
  });

  it('carries a session: handshake, halt, memory', async () => {
    const { device, far } = openPtyPair();
    const stream = await openStream(parseConnectionAddress(`serial:${device}`));
    const target = new PlainTarget();
    target.clientStream.onBytes((bytes) => far.write(bytes));
    far.on('data', (bytes: Uint8Array) => target.clientStream.send(bytes));
    const connecting = connectKdClient(stream);
    target.server.ping();
    const client = await connecting;
    const stop = await client.pause();
    assert.equal(stop.reason, 'requested');
    assert.equal(client.bytesPerSecond, 11520);
    assert.equal((await client.readRegisters()).rip, stop.rip);
    await client.close();
    far.destroy();
  });

  it('says what is wrong with a device', async () => {
    for (const [device, reason] of [
      ['/dev/no-such-line', /there is no device.*check its name/],
      ['/dev/null', /is no serial line; give the device of a serial port/],
    ] as const)
      await assert.rejects(openStream({ kind: 'serial', device, baud: 115200 }), reason);
  });
});
