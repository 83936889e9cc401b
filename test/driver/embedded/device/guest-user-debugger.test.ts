import assert from 'node:assert/strict';
import { DriverError } from '../../../../driver/driver-error';
import type { DEBUGGER_ERROR } from '../../../../driver/sdk/tables.generated';
import type { EmbeddedMachineOptions } from '../../../../driver/embedded/embedded-machine';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { ENDLESS, PROGRAM } from './device-programs';
import { DeviceSession } from './device-session';

const THREADS = `
#include <pthread.h>
#include <unistd.h>
static volatile long n;
static void *work(void *a) { for (;;) n++; return a; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); write(1, "go", 2); for (;;) n++; }`;

const REASON = { breakpoint: 5, moduleLoaded: 12, debugBreak: 13, intercepted: 14 };

const refusedWith = (name: keyof typeof DEBUGGER_ERROR) => (error: unknown) =>
  error instanceof DriverError && error.codeName === name;

describe('the user debugger over a real guest (driver-protocol 7)', function () {
  this.timeout(30_000);
  let session: DeviceSession | undefined;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(async () => {
    await session?.machine.dispose();
    session = undefined;
  });
  const start = async (file: string, options?: Partial<EmbeddedMachineOptions>) =>
    (session = await DeviceSession.start(file, options));

  it('attach, registers, breakpoint, step, script, continue, detach', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    assert.equal(run.packets[0]!.PausingReason, REASON.intercepted);
    assert.equal((await run.user.readRegisters(thread)).rip, thread.rip);
    assert.deepEqual(await run.user.activeThreads(), [
      { processId: run.processId, threadId: 0 },
      { processId: run.processId, threadId: thread.threadId },
    ]);
    await assert.rejects(
      run.user.verb('detach', { ProcessId: run.processId }),
      refusedWith('DEBUGGER_ERROR_UNABLE_TO_DETACH_AS_THERE_ARE_PAUSED_THREADS'),
    );

    const twice = guest.symbol('twice');
    await run.user.setBreakpoint(run.processId, twice);
    assert.equal((await run.client.readMemory(twice, 1))[0], 0xcc);
    await run.user.verb('continue', { Token: thread.token });
    const hit = await run.nextPacket();
    assert.deepEqual([hit.PausingReason, hit.Rip, hit.EventTag], [REASON.breakpoint, twice, 0n]);
    const registers = await run.user.readRegisters(thread);
    assert.deepEqual([registers.rip, registers.general[7]], [twice, 1n]);
    assert.notEqual((await run.client.readMemory(twice, 1))[0], 0xcc);

    const { script: compiled } = compileScript('@rdi = 0n100; formats(@rdi + 1);', {
      globals: new GlobalTable(),
    });
    const formats = await run.user.runScript(thread, compiled!.bytes, compiled!.symbolCount, true);
    assert.equal(formats, 101n);
    assert.equal((await run.user.readRegisters(thread)).general[7], 100n);

    await run.user.step(thread);
    const stepped = await run.nextPacket();
    assert.equal(stepped.PausingReason, REASON.debugBreak);
    assert.ok(stepped.Rip > twice && stepped.Rip < twice + 16n);

    await run.user.verb('continue', { Token: thread.token });
    assert.deepEqual(await run.ended, { kind: 'exited', code: 210, signal: undefined });
    assert.equal(run.stdout, 'sum 210 table 2\n');
    await run.user.verb('detach', { ProcessId: run.processId });
    assert.equal(run.packets.length, 3);
  });

  it('a one-shot breakpoint is set again at its stop, behind a step', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    const twice = guest.symbol('twice');
    for (let round = 1n; round <= 3n; round++) {
      await run.user.setBreakpoint(run.processId, twice);
      await run.user.verb('continue', { Token: thread.token });
      const hit = await run.nextPacket();
      assert.deepEqual([hit.PausingReason, hit.Rip], [REASON.breakpoint, twice]);
      assert.equal((await run.user.readRegisters(thread)).general[7], round);
      await run.user.step(thread);
      assert.equal((await run.nextPacket()).PausingReason, REASON.debugBreak);
    }
    await run.user.verb('continue', { Token: thread.token });
    assert.equal((await run.ended).kind, 'exited');
  });

  for (const [kind, flags] of [
    ['static', ['-static']],
    ['dynamic', []],
  ] as const) {
    it(`launch of a ${kind} program: module loaded, then its entry point (7.3)`, async function () {
      const guest = buildGuest(this, PROGRAM, flags);
      const run = await start(guest.file);
      const token = await run.attach(true);
      await assert.rejects(
        run.user.verb('removeHooks', { Token: token }),
        refusedWith('DEBUGGER_ERROR_UNABLE_TO_REMOVE_HOOKS_ENTRYPOINT_NOT_REACHED'),
      );
      await run.machine.start();
      assert.equal((await run.nextPacket()).PausingReason, REASON.moduleLoaded);
      await run.user.verb('removeHooks', { Token: token });
      await run.user.verb('continue', { Token: token });
      const entry = await run.nextPacket();
      assert.deepEqual([entry.PausingReason, entry.Rip], [REASON.breakpoint, guest.symbol('_start')]);
      await run.user.verb('continue', { Token: token });
      assert.deepEqual(await run.ended, { kind: 'exited', code: 12, signal: undefined });
    });
  }

  it('pause of a running program, one packet a thread, then kill', async function () {
    const run = await start(buildGuest(this, THREADS).file);
    await run.machine.start();
    await run.until(() => run.stdout === 'go');
    const token = await run.attach();
    const packets = [await run.nextPacket(), await run.nextPacket()];
    assert.equal(new Set(packets.map(({ ThreadId }) => ThreadId)).size, 2);
    assert.ok(packets.every(({ PausingReason }) => PausingReason === REASON.intercepted));
    // Each thread shows its own registers.
    const [first, second] = packets.map(({ ThreadId }) => ({ token, threadId: ThreadId }));
    const stacks = [await run.user.readRegisters(first!), await run.user.readRegisters(second!)];
    assert.notEqual(stacks[0]!.general[4], stacks[1]!.general[4]);
    assert.deepEqual(
      stacks.map(({ rip }) => rip),
      packets.map(({ Rip }) => Rip),
    );
    await assert.rejects(
      run.user.verb('pause', { Token: token }),
      refusedWith('DEBUGGER_ERROR_UNABLE_TO_PAUSE_THE_PROCESS_THREADS'),
    );
    await run.user.verb('continue', { Token: token });
    await run.user.verb('pause', { Token: token });
    const again = await run.nextPacket();
    const found = await run.user.verb('switch', { ProcessId: run.processId });
    assert.deepEqual([found.IsPaused, found.Token], [true, token]);
    assert.equal((await run.user.verb('switch', { ThreadId: again.ThreadId })).Rip, again.Rip);
    await run.user.verb('kill', { ProcessId: run.processId });
    assert.deepEqual(await run.ended, { kind: 'exited', code: 137, signal: 'SIGKILL' });
    await assert.rejects(
      run.user.verb('kill', { ProcessId: run.processId }),
      refusedWith('DEBUGGER_ERROR_THE_USER_DEBUGGER_NOT_ATTACHED_TO_THE_PROCESS'),
    );
  });

  it('a program that is killed at a breakpoint does not run the instruction there', async function () {
    const source = `
int main(void) { long r; __asm__ volatile("call_write: syscall" : "=a"(r) : "a"(1L), "D"(1L), "S"("late"), "d"(4L) : "rcx", "r11", "memory"); return 0; }`;
    const guest = buildGuest(this, source);
    const run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    await run.user.setBreakpoint(run.processId, guest.symbol('call_write'));
    await run.user.verb('continue', { Token: thread.token });
    assert.equal((await run.nextPacket()).Rip, guest.symbol('call_write'));
    await run.user.verb('kill', { ProcessId: run.processId });
    assert.deepEqual(await run.ended, { kind: 'exited', code: 137, signal: 'SIGKILL' });
    assert.equal(run.stdout, '');
  });

  it('an int3 of the program itself stops behind it, and is a signal without a debugger (7.6)', async function () {
    const guest = buildGuest(this, 'int main(void) { __asm__ volatile("here: int3; nop"); return 5; }');
    let run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    await run.user.verb('continue', { Token: thread.token });
    const stop = await run.nextPacket();
    assert.deepEqual([stop.PausingReason, stop.Rip], [REASON.breakpoint, guest.symbol('here') + 1n]);
    await run.user.verb('continue', { Token: thread.token });
    assert.deepEqual(await run.ended, { kind: 'exited', code: 5, signal: undefined });
    await run.machine.dispose();
    run = await start(guest.file);
    await run.machine.start();
    assert.deepEqual(await run.ended, { kind: 'exited', code: 133, signal: 'SIGTRAP' });
  });

  it('refuses what would crash or hang the real driver (7.5)', async function () {
    const run = await start(buildGuest(this, ENDLESS).file);
    const thread = await run.stopAtFirstInstruction();
    const refused = refusedWith('DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD');
    await assert.rejects(run.user.step({ ...thread, threadId: 999 }), refused);
    await assert.rejects(
      run.user.step({ ...thread, token: 1n }),
      refusedWith('DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN'),
    );
    await assert.rejects(
      run.attach(),
      refusedWith('DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_AN_ALREADY_ATTACHED_PROCESS'),
    );
    await run.user.verb('continue', { Token: thread.token });
    await assert.rejects(run.user.readRegisters(thread), refused);
  });
});
