import assert from 'node:assert/strict';
import { CODE_TIME_MS, RunWatchdog, WatchedRuns } from '../../../driver/embedded/run-watch';
import { WORD, WORD_COUNT } from '../../../driver/embedded/link';
import { skipWithoutCpu } from '../../skip';
import { buildGuest } from './guest-programs';
import { code, Session } from './session';

const RAX = 0;
const ANSWER_LIMIT_MS = 1000;

/** Where the guest lets machine code be made; physical memory of the same number is empty, and the CPU walks through it. */
const WORKSHOP = 0x1000_0000;
const GUEST = `
#include <sys/mman.h>
volatile unsigned long counter;
__attribute__((noinline)) long hot(long x) { __asm__ volatile(""); return x; }
int main(void) {
  char *shop = mmap((void *)${WORKSHOP}, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (shop != (char *)${WORKSHOP}) return 1;
  *shop = 0;
  for (;;) hot(counter++);
}`;

/** mov rcx, cr0; and ecx, 7fffffffh; mov eax, 10100000h (so that what follows changes nothing); mov cr0, rcx */
const PAGING_OFF = '0f20c1 81e1ffffff7f b800001010 0f22c1';

/** Code whose bytes show nothing of `hexText`: it makes it in the workshop, from its complement, and goes there. */
function madeAtRunTime(hexText: string): string {
  const made = Buffer.from(hexText.replaceAll(' ', ''), 'hex');
  const steps = ['48c7c000000010']; // mov rax, WORKSHOP
  for (const byte of made) {
    const complement = (~byte & 0xff).toString(16).padStart(2, '0');
    steps.push(`c600${complement}`, 'f610', '48ffc0'); // mov byte [rax], complement; not byte [rax]; inc rax
  }
  steps.push('48c7c000000010', 'ffe0'); // jmp there
  return steps.join('');
}

describe('custom code that keeps the engine busy', function () {
  this.timeout(30_000);
  let session: Session | undefined;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(async () => {
    await session?.dispose();
    session = undefined;
  });

  /** ecx = EFER; clears its long-mode bit. */
  const LONG_MODE_OFF = 'b9800000c0 0f32 80e4fe 0f30';
  for (const [name, text] of [
    ['paging', PAGING_OFF],
    ['long mode and paging', LONG_MODE_OFF + PAGING_OFF],
  ] as const)
    it(`by turning ${name} off with bytes made at run time: the session answers, and the guest goes on`, async function () {
      const guest = buildGuest(this, GUEST);
      const run = (session = await Session.start(guest.file));
      const tag = await run.hook(
        guest.symbol('hot'),
        code(madeAtRunTime(text)),
        run.script('printf("before\\n");'),
      );
      const spoken = new Promise<void>((resolve) =>
        run.debuggee.listen({ stopped: () => undefined, message: () => resolve(), buffer: () => undefined }),
      );
      await run.debuggee.resume();
      await spoken;
      const start = performance.now();
      await run.debuggee.pause();
      await run.debuggee.readRegister(RAX);
      const answerMs = performance.now() - start;
      assert.ok(answerMs < ANSWER_LIMIT_MS, `it took ${answerMs} ms`);
      assert.match(
        run.errors[0] ?? '',
        /did not return within 1000000 instructions \(or 400 ms\) and was ended/,
      );
      await run.debuggee.modifyEvent(tag, 'clear');
      const counter = async () =>
        Buffer.from(await run.debuggee.readMemory(guest.symbol('counter'), 8)).readBigUInt64LE();
      const before = await counter();
      await run.hook(guest.symbol('hot'), { kind: 'break' });
      await run.resume();
      await run.resume();
      assert.ok((await counter()) > before);
    });
});

describe('the watch over runs', () => {
  const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(4 * WORD_COUNT));

  it('stops a run that takes too long, and again while it goes on', () => {
    const shared = words();
    const marks = new WatchedRuns(shared, WORD.code, () => undefined);
    let stops = 0;
    const watchdog = new RunWatchdog(shared, WORD.code, CODE_TIME_MS, () => stops++);
    marks.begin();
    watchdog.look(1000);
    watchdog.look(1000 + CODE_TIME_MS - 1);
    assert.equal(stops, 0);
    watchdog.look(1000 + CODE_TIME_MS);
    watchdog.look(1000 + CODE_TIME_MS + 1);
    assert.equal(stops, 2);
    marks.end();
    watchdog.look(5000);
    assert.equal(stops, 2);
  });

  it('gives each run its own time', () => {
    const shared = words();
    const marks = new WatchedRuns(shared, WORD.code, () => undefined);
    let stops = 0;
    const watchdog = new RunWatchdog(shared, WORD.code, CODE_TIME_MS, () => stops++);
    for (let run = 0; run < 10; run++) {
      marks.begin();
      watchdog.look(run * CODE_TIME_MS);
      watchdog.look((run + 1) * CODE_TIME_MS - 1);
      marks.end();
    }
    assert.equal(stops, 0);
  });

  it('holds the end of a run until the stop has been made, so that it does not come to the next one', () => {
    const shared = words();
    const marks = new WatchedRuns(shared, WORD.code, () => undefined);
    marks.begin();
    const run = Atomics.load(shared, WORD.code);
    const seen: number[] = [];
    const watchdog = new RunWatchdog(shared, WORD.code, CODE_TIME_MS, () =>
      seen.push(Atomics.load(shared, WORD.code)),
    );
    watchdog.look(0);
    watchdog.look(CODE_TIME_MS);
    assert.equal(seen.length, 1);
    assert.notEqual(seen[0], run);
    assert.equal(Atomics.load(shared, WORD.code), run);
    marks.end();
    assert.equal(Atomics.load(shared, WORD.code), run + 1);
  });

  it('is called for with the first run', () => {
    let calls = 0;
    const marks = new WatchedRuns(words(), WORD.code, () => calls++);
    for (let run = 0; run < 3; run++) {
      marks.begin();
      marks.end();
    }
    assert.equal(calls, 1);
  });
});
