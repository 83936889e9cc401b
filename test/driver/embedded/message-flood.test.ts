import assert from 'node:assert/strict';
import { skipWithoutCpu } from '../../skip';
import { buildGuest } from './guest-programs';
import { Session } from './session';

const ROUNDS = 20_000;
const COUNTER = `
#include <unistd.h>
__attribute__((noinline)) long hot(long x) { __asm__ volatile(""); return x; }
int main(void) {
  for (long i = 0; i < ${ROUNDS}; i++) {
    hot(i);
    if (i % 1000 == 999) write(1, "thousand\\n", 9);
  }
  return 0;
}`;
const ENDLESS = `
__attribute__((noinline)) long hot(long x) { __asm__ volatile(""); return x; }
int main(int argc, char **argv) {
  hot(1);
  for (volatile long i = 0; ; i++) if (argc > 1) hot(i);
}`;

describe('a flood of messages of the embedded machine', function () {
  this.timeout(30_000);
  let session: Session | undefined;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(async () => {
    await session?.dispose();
    session = undefined;
  });

  it('arrives whole, in order, and with the output at its place', async function () {
    const guest = buildGuest(this, COUNTER);
    const run = (session = await Session.start(guest.file));
    await run.hook(guest.symbol('hot'), run.script('printf("%lld\\n", @rdi);'));
    assert.equal((await run.finish()).code, 0);
    const expected = Array.from({ length: ROUNDS }, (_, i) =>
      i % 1000 === 999 ? `${i}\nthousand\n` : `${i}\n`,
    ).join('');
    assert.ok(run.log.join('') === expected, 'the log is not what the guest did');
    assert.equal(run.messages.length, ROUNDS);
  });

  it('may be one message, which does not wait for another, or for the guest to stop', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = (session = await Session.start(guest.file));
    await run.hook(guest.symbol('hot'), run.script('printf("once\\n");'));
    const message = new Promise<string>((resolve) =>
      run.debuggee.listen({
        stopped: () => undefined,
        message: ({ text }) => resolve(text),
        buffer: () => undefined,
      }),
    );
    await run.debuggee.resume();
    assert.equal(await message, 'once\n');
    assert.equal((await run.debuggee.pause()).reason, 'requested');
    assert.equal(run.messages.length, 1);
  });

  it('ends with the pause: nothing comes behind the stop', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = (session = await Session.start(guest.file, 'again'));
    await run.hook(guest.symbol('hot'), run.script('printf("again\\n");'));
    const message = new Promise<void>((resolve) =>
      run.debuggee.listen({ stopped: () => undefined, message: () => resolve(), buffer: () => undefined }),
    );
    await run.debuggee.resume();
    await message;
    await run.debuggee.pause();
    const before = run.messages.length;
    await run.debuggee.readRegister(0);
    assert.equal(run.messages.length, before);
  });

  it('does not keep the machine from being disposed of', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await Session.start(guest.file, 'again');
    await run.hook(guest.symbol('hot'), run.script('printf("again\\n");'));
    await run.debuggee.resume();
    await run.machine.dispose();
  });
});
