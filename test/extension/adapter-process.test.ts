import assert from 'node:assert/strict';
import { type AdapterEnd, AdapterProcess } from '../../extension/adapter-process';
import { framed, MessageReader } from '../../extension/message-framing';

/** A program in a text, as the adapter. */
function start(program: string): {
  adapter: AdapterProcess;
  messages: unknown[];
  crash: Promise<AdapterEnd>;
  firstMessage: Promise<unknown>;
} {
  const messages: unknown[] = [];
  let crashed: (end: AdapterEnd) => void = () => undefined;
  let came: (message: unknown) => void = () => undefined;
  const crash = new Promise<AdapterEnd>((resolve) => (crashed = resolve));
  const firstMessage = new Promise<unknown>((resolve) => (came = resolve));
  const adapter = new AdapterProcess(process.execPath, ['-e', program], process.env, {
    message: (message) => {
      messages.push(message);
      came(message);
    },
    log: () => undefined,
    crashed,
  });
  return { adapter, messages, crash, firstMessage };
}

describe('the adapter as a process', () => {
  it('reads messages however the stream is cut', () => {
    const sent = [{ seq: 1, text: 'ä€\u{1f600}' }, { seq: 2 }, { seq: 3 }];
    const bytes = Buffer.concat(sent.map((message) => framed(message)));
    for (let size = 1; size < 12; size++) {
      const reader = new MessageReader();
      const got: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...reader.read(bytes.subarray(at, at + size)));
      assert.deepEqual(got, sent);
    }
  });

  it('carries messages both ways', async () => {
    const echo = 'process.stdin.on("data", (chunk) => process.stdout.write(chunk));';
    const { adapter, firstMessage } = start(echo);
    adapter.send({ seq: 1, command: 'initialize' });
    assert.deepEqual(await firstMessage, { seq: 1, command: 'initialize' });
    adapter.dispose();
  });

  it('reports an end that nobody asked for, with the last words', async () => {
    const { crash } = start('console.error("out of luck"); process.exit(7);');
    assert.deepEqual(await crash, { how: 'with status 7', lastWords: 'out of luck' });
  });

  it('reports a signal', async () => {
    const { crash } = start('process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000);');
    assert.equal((await crash).how, 'by SIGSEGV');
  });

  it('ends an adapter that talks nonsense', async () => {
    const { crash } = start('process.stdout.write("hello\\r\\n\\r\\n"); setInterval(() => {}, 1000);');
    assert.match((await crash).lastWords, /no message/);
  });

  it('an end after disconnect is no crash', async () => {
    const program =
      'process.stdin.once("data", () => { process.stdout.write("Content-Length: 2\\r\\n\\r\\n{}"); process.exitCode = 1; process.stdin.destroy(); });';
    const { adapter, crash, firstMessage } = start(program);
    adapter.send({ seq: 1, command: 'disconnect' });
    await firstMessage;
    assert.equal(await Promise.race([adapter.closed.then(() => 'gone'), crash]), 'gone');
  });
});
