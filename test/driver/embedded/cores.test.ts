import assert from 'node:assert/strict';
import { DriverError } from '../../../driver/driver-error';
import { DEBUGGER_ERROR, REGS_ENUM, VMM_EVENT_TYPE_ENUM as TYPE } from '../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../skip';
import { buildGuest, type GuestProgram } from './guest-programs';
import { Session } from './session';

/** Four threads that add to one counter with and without a lock prefix, and call `visit` on the way. */
const SOURCE = `
#include <pthread.h>
#include <stdio.h>
long shared;
__attribute__((noinline)) void visit(long who) { __asm__ volatile("" :: "r"(who)); }
static void *work(void *a) { for (int i = 0; i < 200000; i++) { __sync_fetch_and_add(&shared, 1); if (i % 50000 == 0) visit((long)a); } return a; }
int main(void) { pthread_t t[3]; for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, work, (void *)(i + 1));
  work(0); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); printf("%ld\\n", shared); return 0; }`;

describe('several cores', () => {
  let guest: GuestProgram;
  let session: Session;

  before(function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, SOURCE);
  });
  beforeEach(async () => {
    session = await Session.startWith({ program: guest.file, arguments: [], cores: 4 });
  });
  afterEach(() => session.dispose());

  const visits = (coreId?: number): Promise<bigint> =>
    session.arm(
      {
        type: TYPE.HIDDEN_HOOK_EXEC_CC,
        options: [guest.symbol('visit')],
        ...(coreId === undefined ? {} : { coreId }),
      },
      session.script('printf("%x %x", $core, @rdi);'),
    );
  const ends = async (): Promise<void> => {
    assert.equal((await session.finish()).code, 0);
    assert.equal(session.stdout, '800000\n');
  };

  it('each run a thread of their own, and atomic additions are all there', async () => {
    await visits();
    await ends();
    assert.deepEqual([...new Set(session.messages)].sort(), ['0 0', '1 1', '2 2', '3 3']);
    assert.equal(session.messages.length, 16);
  });

  it('are a filter of events', async () => {
    await visits(2);
    await ends();
    assert.deepEqual(session.messages, ['2 2', '2 2', '2 2', '2 2']);
  });

  it('that do not exist are refused', async () => {
    await assert.rejects(
      visits(4),
      (error) => error instanceof DriverError && error.code === DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID,
    );
  });

  it("are switched while halted: each shows its thread, the idle ones the machine's idle loop", async () => {
    const idle = await session.debuggee.selectCore(3);
    assert.equal(idle.core, 3);
    const selector = await session.debuggee.readRegister(REGS_ENUM.REGISTER_CS);
    assert.equal(selector & 3n, 0n, 'nothing runs there yet');
    const first = await session.debuggee.selectCore(0);
    assert.equal(first.core, 0);
    assert.equal((await session.debuggee.readRegister(REGS_ENUM.REGISTER_CS)) & 3n, 3n);
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [guest.symbol('visit')], coreId: 3 },
      { kind: 'break' },
    );
    const stop = await session.resume();
    assert.equal(stop?.core, 3);
    const there = await session.debuggee.readRegister(REGS_ENUM.REGISTER_RIP);
    await session.debuggee.selectCore(1);
    await session.debuggee.selectCore(3);
    assert.equal(await session.debuggee.readRegister(REGS_ENUM.REGISTER_RIP), there);
    await session.debuggee.modifyEvent('all', 'clear');
    await ends();
  });

  it('step alone, and go on from the core that was looked at', async () => {
    await session.debuggee.selectCore(2);
    await session.debuggee.selectCore(0);
    const before = await session.debuggee.readRegister(REGS_ENUM.REGISTER_RIP);
    const stop = await session.debuggee.step('in');
    assert.equal(stop.core, 0);
    assert.notEqual(stop.rip, before);
    await ends();
  });
});
