import assert from 'node:assert/strict';
import type { ByteStream } from '../../../driver/byte-stream';
import { DriverError } from '../../../driver/driver-error';
import { connectKdClient } from '../../../driver/kd/kd-debuggee';
import { PlainTarget } from '../embedded/server/plain-target';

type Fault = (bytes: Uint8Array) => readonly Uint8Array[];

/** What the target sends goes through the fault, once it is set. */
class FaultyStream implements ByteStream {
  fault: Fault = (bytes) => [bytes];
  #onClosed: ((reason: string) => void) | undefined;
  constructor(readonly inner: ByteStream) {}
  get description(): string {
    return this.inner.description;
  }
  send(bytes: Uint8Array): void {
    this.inner.send(bytes);
  }
  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.inner.onBytes((bytes) => this.fault(bytes).forEach(listener));
  }
  onClosed(listener: (reason: string) => void): void {
    this.#onClosed = listener;
    this.inner.onClosed(listener);
  }
  close(): void {
    this.inner.close();
  }
  vanish(): void {
    this.#onClosed?.('the other side has closed the connection');
  }
}

const LIMIT_MS = 150;

async function haltedClient() {
  const target = new PlainTarget();
  const stream = new FaultyStream(target.clientStream);
  const connecting = connectKdClient(stream, { requestTimeoutMs: LIMIT_MS });
  target.server.ping();
  const client = await connecting;
  const lost: string[] = [];
  client.listen({ lost: (_count, text) => lost.push(text) });
  await client.pause();
  return { client, stream, lost };
}

const without = (bytes: Uint8Array, at: number) =>
  Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 0x40 : byte));

describe('faults of the wire', () => {
  for (const [name, fault] of [
    ['a byte is dropped', (bytes) => [without(bytes, 40)]],
    ['a byte is corrupted', (bytes) => [flipped(bytes, 40)]],
    ['the indicator is corrupted', (bytes) => [flipped(bytes, 10)]],
    ['a byte comes twice', (bytes) => [bytes.subarray(0, 41), bytes.subarray(40)]],
  ] as const satisfies readonly (readonly [string, Fault])[])
    it(`${name}: the request ends with its limit, and the next one is answered`, async () => {
      const { client, stream, lost } = await haltedClient();
      stream.fault = fault;
      await assert.rejects(client.readRegisters(), (error: unknown) => {
        assert.ok(error instanceof DriverError);
        assert.match(error.message, /did not answer within 0\.15 s/);
        return true;
      });
      stream.fault = (bytes) => [bytes];
      const registers = await client.readRegisters();
      assert.equal(registers.rip, client.halted?.rip);
      assert.ok(lost.length > 0, 'nothing was said of the loss');
      await client.close();
    });

  it('bytes that come one by one, and answers that come twice, change nothing', async () => {
    const { client, stream } = await haltedClient();
    const { rip } = await client.readRegisters();
    stream.fault = (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.equal((await client.readRegisters()).rip, rip);
    stream.fault = (bytes) => [bytes, bytes];
    assert.equal((await client.readRegisters()).rip, rip);
    assert.equal((await client.currentProcess()).processId, (await client.currentProcess()).processId);
    await client.close();
  });

  it('a debuggee that vanishes ends the request at once, with the reason', async () => {
    const { client, stream } = await haltedClient();
    stream.fault = () => [];
    const waiting = client.readRegisters();
    setImmediate(() => stream.vanish());
    await assert.rejects(waiting, /Reading the registers: the other side has closed the connection/);
    await assert.rejects(client.readRegisters(), /the other side has closed the connection/);
  });
});
