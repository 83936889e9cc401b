import assert from 'node:assert/strict';
import { skipWithoutCpu } from '../../skip';
import { buildGuest, type GuestProgram } from './guest-programs';
import { hostileAction, seededRandom } from './hostile-payloads';
import { Session } from './session';

const SEED = 20_260_101;
const PAYLOADS = 1000;
const BATCH = 20;
const ANSWER_LIMIT_MS = 1000;
const MEMORY_LIMIT_BYTES = 1 << 30;
const RAX = 0;

const GUEST = `
volatile unsigned long counter;
__attribute__((noinline)) long hot(long x) { __asm__ volatile(""); return x; }
int main(void) { for (;;) hot(counter++); }`;

describe('hostile scripts and machine code', function () {
  this.timeout(120_000);
  before(function () {
    skipWithoutCpu(this);
  });

  const firstMessage = (session: Session): Promise<void> =>
    new Promise((resolve) => {
      const { log } = session;
      const push = log.push.bind(log);
      log.push = (...texts) => {
        resolve();
        return push(...texts);
      };
    });

  /** Arms a batch, lets it run, and tells how long the session took to halt and to answer; undefined: the guest died. */
  async function attack(
    session: Session,
    guest: GuestProgram,
    random: (limit: number) => number,
  ): Promise<{ armed: number; answerMs: number | undefined }> {
    const hot = guest.symbol('hot');
    // The oldest event runs last: its message says that all the others have had their turn.
    await session.hook(hot, session.script('printf("all have run\\n");'));
    let armed = 0;
    while (armed < BATCH) {
      const action = hostileAction(session, random, armed === 0);
      if (action === undefined) continue;
      await session.hook(hot, action);
      armed++;
    }
    const spoken = firstMessage(session);
    await session.debuggee.resume();
    await Promise.race([spoken, session.ended]);
    const start = performance.now();
    const halted = await Promise.race([
      session.debuggee.pause().then(() => true),
      session.ended.then(() => false),
    ]);
    if (!halted) return { armed, answerMs: undefined };
    await session.debuggee.readRegister(RAX);
    const answerMs = performance.now() - start;
    await session.debuggee.modifyEvent('all', 'clear');
    return { armed, answerMs };
  }

  it(`leave the session answering: ${PAYLOADS} of them`, async function () {
    const guest = buildGuest(this, GUEST);
    const random = seededRandom(SEED);
    const answers: number[] = [];
    let ends = 0;
    let session = await Session.start(guest.file);
    const rssBefore = process.memoryUsage().rss;
    try {
      for (let done = 0; done < PAYLOADS;) {
        const { armed, answerMs } = await attack(session, guest, random);
        done += armed;
        session.log.length = session.messages.length = session.errors.length = 0;
        if (answerMs !== undefined) {
          answers.push(answerMs);
          continue;
        }
        const end = await session.ended;
        assert.equal(end.kind, 'exited', JSON.stringify(end));
        ends++;
        await session.dispose();
        session = await Session.start(guest.file);
      }
    } finally {
      await session.dispose();
    }
    answers.sort((a, b) => a - b);
    const [p95, max] = [answers[Math.floor(answers.length * 0.95)] ?? 0, answers.at(-1) ?? 0];
    console.log(
      `      ${answers.length} answers: p95 ${p95.toFixed(0)} ms, max ${max.toFixed(0)} ms; the guest ended ${ends} times`,
    );
    assert.ok(answers.length > ends, 'most of them leave the guest alive');
    assert.ok(max < ANSWER_LIMIT_MS, `an answer took ${max} ms`);
    assert.ok(process.memoryUsage().rss - rssBefore < MEMORY_LIMIT_BYTES, 'memory stays small');
  });
});
