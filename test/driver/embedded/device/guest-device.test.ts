import assert from 'node:assert/strict';
import { DriverError } from '../../../../driver/driver-error';
import { messageOfLog } from '../../../../driver/kd/log-message';
import * as sdk from '../../../../driver/sdk/structs.generated';
import {
  type DEBUGGER_ERROR,
  OPERATION,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../../driver/sdk/tables.generated';
import type { ActionRequest, EventRequest } from '../../../../driver/debuggee';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { code } from '../session';
import { DeviceSession } from './device-session';
import { encodeDeviceRequest } from '../../../../driver/embedded/device/device-wire';
import { runDevice } from '../../../../driver/embedded/device/run-device';
import { GuestMachine } from '../../../../driver/embedded/guest-machine';
import { openUnicornLibrary } from '../../../../driver/native/unicorn-search';
import type { EmbeddedMachineOptions } from '../../../../driver/embedded/embedded-machine';

const PROGRAM = `
#include <stdio.h>
#include <unistd.h>
volatile long table[4] = {0x1122334455667788, 2, 3, 4};
__attribute__((noinline)) long twice(long x) { __asm__ volatile(""); return 2 * x; }
int main(void) {
  long sum = 0;
  for (long i = 1; i <= 3; i++) sum += twice(i);
  char line[100];
  write(1, line, snprintf(line, sizeof line, "sum %ld table %ld\\n", sum, table[1]));
  return (int)sum;
}`;
const ENDLESS = `
#include <unistd.h>
volatile unsigned long rounds;
int main(void) { write(1, "go", 2); for (;;) rounds++; }`;
const THREADS = `
#include <pthread.h>
#include <unistd.h>
static volatile long n;
static void *work(void *a) { for (;;) n++; return a; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); write(1, "go", 2); for (;;) n++; }`;

const ALL = 0xffffffff;
const TAG = 0x1000000n;
const REASON = { breakpoint: 5, moduleLoaded: 12, debugBreak: 13, intercepted: 14 };

function script(source: string): ActionRequest {
  const { script: compiled, diagnostics } = compileScript(source, { globals: new GlobalTable() });
  if (compiled === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return { kind: 'script', bytes: compiled.bytes, symbolCount: compiled.symbolCount, bufferSizeBytes: 0 };
}

const refusedWith = (name: keyof typeof DEBUGGER_ERROR) => (error: unknown) =>
  error instanceof DriverError && error.codeName === name;

describe('the device over a real guest', function () {
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

  const hook = (address: bigint, more: Partial<EventRequest> = {}): EventRequest => ({
    tag: TAG,
    type: TYPE.HIDDEN_HOOK_EXEC_CC,
    coreId: ALL,
    processId: ALL,
    stage: 1,
    shortCircuit: false,
    options: [address],
    condition: undefined,
    ...more,
  });

  it('an event with a script, its output through the waiting request, the program runs on', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('twice')));
    await run.client.addAction(TAG, script('printf("twice %llx\\n", @rdi);'), true);
    assert.equal(await run.client.modifyEvent(TAG, 'query'), true);
    await run.machine.start();
    assert.deepEqual(await run.ended, { kind: 'exited', code: 12, signal: undefined });
    await run.until(() => run.scriptTexts.length === 3);
    assert.deepEqual(run.scriptTexts, ['twice 1\n', 'twice 2\n', 'twice 3\n']);
    assert.equal(run.stdout, 'sum 12 table 2\n');
  });

  it('a program that is let go before the loop has seen it suspended runs', function () {
    const options = { program: buildGuest(this, PROGRAM).file, arguments: [] };
    const machine = new GuestMachine(openUnicornLibrary(), options, () => undefined);
    const request = { code: 0, input: new Uint8Array(0), outputSizeBytes: 0 };
    const requests = (['open', 'start'] as const).map((kind, id) =>
      encodeDeviceRequest({ id, kind, ...request }),
    );
    let mustQuit = false;
    const ends: (string | undefined)[] = [];
    runDevice({
      machine,
      transport: {
        take: () => requests.shift(),
        // Whoever waits with nothing to come has stopped for ever.
        wait: () => (mustQuit = true),
        get mustQuit() {
          return mustQuit;
        },
        hasNews: false,
        whileInterruptible: (body) => body(),
      },
      send: () => undefined,
      timing: { nowMs: () => 0, timeoutMs: undefined },
      eventOptions: { deliversReturnedBuffer: true },
      ended: (failure) => ends.push(failure),
    });
    assert.deepEqual([ends, machine.guest.end?.code], [[undefined], 12]);
    machine.dispose();
  });

  it('batches of imm no, with a time limit', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file, { batchTimeoutMs: 5 });
    await run.client.registerEvent(hook(guest.symbol('main')));
    await run.client.addAction(TAG, script('printf("one "); printf("two");'), false);
    await run.machine.start();
    const batch = OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE;
    await run.until(() => run.texts.some(({ operation }) => operation === batch));
    assert.deepEqual(run.texts.at(-1), { operation: batch, text: 'one two' });
  });

  it('pause() halts nothing and says so; a break is refused (1)', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('main')));
    await assert.rejects(
      run.client.addAction(TAG, { kind: 'break' }, true),
      refusedWith('DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED'),
    );
    await run.client.addAction(TAG, script('pause();'), true);
    await run.machine.start();
    assert.equal((await run.ended).kind, 'exited');
    await run.until(() => run.texts.some(({ text }) => text.includes('pause() halts nothing in VMI mode')));
  });

  it('custom code that returns its buffer hands it over', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('main')));
    // mov byte [rcx],7; mov rax,rcx; ret
    await run.client.addAction(TAG, code('c60107 4889c8 c3', 4), true);
    await run.machine.start();
    await run.until(() => run.texts.some(({ operation }) => operation === OPERATION.OPERATION_LOG_WITH_TAG));
    const { operation, text } = run.texts.find(
      (each) => each.operation === OPERATION.OPERATION_LOG_WITH_TAG,
    )!;
    // The session has cut one NUL off the end.
    const bytes = new Uint8Array([...Buffer.from(text, 'latin1'), 0]);
    assert.deepEqual(messageOfLog({ operation, bytes }), { eventTag: TAG, bytes: Uint8Array.of(7, 0, 0, 0) });
  });

  it('memory, translation and search while the program runs', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file);
    await run.machine.start();
    await run.until(() => run.stdout === 'go');
    const rounds = guest.symbol('rounds');
    const value = async () => Buffer.from(await run.client.readMemory(rounds, 8)).readBigUInt64LE();
    const first = await value();
    await run.client.writeMemory(rounds, new Uint8Array(8).fill(0x40));
    assert.ok((await value()) >= 0x4040404040404040n && first < 0x4040404040404040n);
    const physical = (await run.client.translate(rounds))!;
    const entry = await run.client.pageTable(rounds);
    assert.equal(BigInt.asUintN(52, entry.PteValue) & ~0xfffn, physical & ~0xfffn);
    const text = await run.client.search(
      guest.symbol('main') & ~0xfffn,
      0x1000,
      await run.client.readMemory(guest.symbol('main'), 12),
    );
    assert.deepEqual(text, [guest.symbol('main')]);
    assert.equal((await run.client.readMemory(0x10n, 4)).length, 0);
  });

  describe('user debugger (7)', () => {
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

  it('unloads in order; the program runs on, and the reader ends at the mark (3.3)', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    await run.user.setBreakpoint(run.processId, guest.symbol('main'));
    assert.equal(thread.rip, run.packets[0]!.Rip);
    await run.client.stopVmm();
    await run.reading;
    await run.until(() => run.stdout === 'go');
    await assert.rejects(run.client.readMemory(guest.symbol('main'), 1), /hypervisor is not running/);
    await run.io.close();
    assert.equal(await run.io.open(), 31);
  });

  it('cancel ends the waiting request; the end of the machine ends every request', async function () {
    const run = await start(buildGuest(this, ENDLESS).file);
    await run.io.cancel();
    await run.reading;
    const waiting = run.io.pend();
    assert.equal((await run.io.pend()).bytes.length, 0);
    await run.machine.dispose();
    assert.equal((await waiting).status, 1167);
    assert.equal((await run.io.ioctl(0x22286c, new Uint8Array(72), 72)).status, 1167);
  });

  it('answers about the machine: current process, MSRs, modules', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    const process = await run.client.exchange(
      'test',
      'IOCTL_QUERY_CURRENT_PROCESS',
      sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET,
      {},
    );
    assert.equal(process.ProcessId, run.processId);
    const efer = sdk.DEBUGGER_READ_AND_WRITE_ON_MSR.encode({ Msr: 0xc0000080n, CoreNumber: ALL });
    const bytes = await run.client.request('test', 'IOCTL_DEBUGGER_READ_OR_WRITE_MSR', efer, 8, 8);
    assert.equal(Buffer.from(bytes).readBigUInt64LE() & 0x500n, 0x500n);
    const question = sdk.USERMODE_LOADED_MODULE_DETAILS.encode({ ProcessId: run.processId });
    const list = await run.client.request(
      'test',
      'IOCTL_GET_USER_MODE_MODULE_DETAILS',
      question,
      16 + 536,
      16 + 536,
    );
    const main = sdk.USERMODE_LOADED_MODULE_SYMBOLS.decode(list, 16);
    assert.deepEqual([main.FilePath, main.Entrypoint], [guest.file, guest.symbol('_start')]);
  });
});
