/** What a client can do with every door of the driver: the embedded one, and the device of Windows. */

import assert from 'node:assert/strict';
import type { ActionRequest } from '../../../driver/debuggee';
import { markerScript } from '../../../driver/device/marker-pause';
import { DriverError } from '../../../driver/driver-error';
import * as sdk from '../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR as E, IOCTL } from '../../../driver/sdk/tables.generated';
import { BenchSession, hookOf, scriptAction, type DeviceBench } from './device-bench';

const TAG = 0x1000000n;
const R15 = 15;
/** mov qword [rdx+78h], 1234567h; ret: sets R15 of the guest. */
const SET_R15 = Uint8Array.of(0x48, 0xc7, 0x42, 0x78, 0x67, 0x45, 0x23, 0x01, 0xc3);
const CODE: ActionRequest = { kind: 'code', bytes: SET_R15, bufferSizeBytes: 0x10 };

const refusedWith = (name: string) => (error: unknown) =>
  error instanceof DriverError && error.codeName === name;

export function describeDevice(
  name: string,
  startBench: (context: Mocha.Context) => Promise<DeviceBench>,
): void {
  describe(name, function () {
    this.timeout(60_000);
    let bench: DeviceBench;
    let run: BenchSession;
    beforeEach(async function () {
      bench = await startBench(this);
      run = await BenchSession.start(bench);
    });
    afterEach(async () => {
      await bench?.io.close();
      await bench?.dispose();
    });

    it('events with the three actions, messages, and a session to a breakpoint and a step', async () => {
      const thread = await run.attach();
      await run.client.registerEvent(hookOf(TAG, bench.hooked));
      await assert.rejects(run.client.addAction(TAG, { kind: 'break' }, true), (error: unknown) => {
        assert.ok(refusedWith('DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED')(error));
        assert.match(String(error), /debugger mode.*script marker/s);
        return true;
      });
      assert.equal(await run.client.modifyEvent(TAG, 'query'), false);
      await run.client.addAction(TAG, CODE, true);
      await run.client.addAction(TAG, scriptAction('printf("the event has fired");'), true);
      assert.equal(await run.client.modifyEvent(TAG, 'query'), true);
      const stop = await run.runToStop(thread);
      assert.deepEqual([stop.PausingReason, stop.Rip, stop.ThreadId], [5, bench.stop, thread.threadId]);
      await run.until(
        () => run.texts.some(({ operation }) => operation === Number(TAG)),
        'text of the event',
      );
      const texts = run.texts.filter(({ operation }) => operation === Number(TAG)).map(({ text }) => text);
      assert.deepEqual(texts, ['the event has fired']);
      const registers = await run.user.readRegisters(thread);
      assert.deepEqual([registers.rip, registers.general[R15]], [bench.stop, 0x1234567n]);
      await run.user.step(thread);
      const step = await run.nextStop();
      assert.deepEqual([step.PausingReason, step.Rip], [13, bench.stop + 1n]);
      assert.equal((await run.user.readRegisters(thread)).rip, bench.stop + 1n);
      await run.client.modifyEvent(TAG, 'clear');
      await assert.rejects(
        run.client.modifyEvent(TAG, 'query'),
        refusedWith('DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG'),
      );
      await bench.checkNoMisuse();
    });

    it('a refusal is read from byte 0 of the result, and tells its error', async () => {
      await assert.rejects(
        run.client.registerEvent(hookOf(TAG, bench.unmapped)),
        refusedWith('DEBUGGER_ERROR_INVALID_ADDRESS'),
      );
      await assert.rejects(
        run.client.addAction(TAG, CODE, true),
        refusedWith('DEBUGGER_ERROR_TAG_NOT_EXISTS'),
      );
      await bench.checkNoMisuse();
    });

    it('memory: reads and writes across a page, ends where nothing is mapped, shows no planted breakpoint', async () => {
      const thread = await run.attach();
      const from = bench.pageBorder - 4n;
      const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
      await run.client.writeMemory(from, bytes);
      assert.deepEqual(await run.client.readMemory(from, 8), bytes);
      assert.equal((await run.client.readMemory(bench.unmapped, 16)).length, 0);
      const before = await run.client.readMemory(bench.stop, 2);
      await run.user.setBreakpoint(run.processId, bench.stop);
      assert.deepEqual(await run.client.readMemory(bench.stop, 2), before);
      await assert.rejects(
        run.user.setBreakpoint(run.processId, bench.stop),
        refusedWith('DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS'),
      );
      await run.user.verb('continue', { Token: thread.token });
      assert.equal((await run.nextStop()).Rip, bench.stop);
      await bench.checkNoMisuse();
    });

    it('an event pauses the process by a script marker, which is no output', async () => {
      const { token } = await run.attach();
      const start = run.packets[0]!.Rip;
      await run.client.registerEvent(hookOf(TAG, bench.hooked));
      await run.client.addAction(TAG, scriptAction(markerScript(TAG)), true);
      run.pauses.arm(TAG, token);
      await run.user.verb('continue', { Token: token });
      await run.until(() => run.packets.some(({ Rip }) => Rip !== start), 'pause');
      assert.deepEqual(
        run.texts.filter(({ operation }) => operation === Number(TAG)),
        [],
      );
      assert.deepEqual(run.pauseFailures, []);
      await bench.checkNoMisuse();
    });

    it('what would crash or hang the machine is never sent', async () => {
      const thread = await run.attach();
      const refused = refusedWith('DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD');
      await assert.rejects(run.user.readRegisters({ ...thread, threadId: 0x999 }), refused);
      await assert.rejects(
        run.user.step({ ...thread, token: 1n }),
        refusedWith('DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN'),
      );
      await run.user.verb('continue', { Token: thread.token });
      await assert.rejects(run.user.readRegisters(thread), refused);
      await assert.rejects(
        run.user.setBreakpoint(0xffffffff, bench.stop),
        refusedWith('DEBUGGER_ERROR_INVALID_PROCESS_ID'),
      );
      await assert.rejects(run.client.startVmm(), refusedWith('DEBUGGER_ERROR_CANNOT_INITIALIZE_DEBUGGER'));
      const pause = await run.client.exchange(
        'Halting',
        'IOCTL_PAUSE_PACKET_RECEIVED',
        sdk.DEBUGGER_PAUSE_PACKET_RECEIVED,
        {},
      );
      assert.equal(pause.Result, E.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED);
      const question = sdk.DEBUGGER_READ_MEMORY.encode({
        Pid: run.processId,
        Address: bench.stop,
        Size: 64,
        MemoryType: 1,
      });
      const short = await bench.io.ioctl(IOCTL.IOCTL_DEBUGGER_READ_MEMORY.code, question, 48 + 63);
      assert.equal(short.status, 87);
      await bench.checkNoMisuse();
    });

    it('the orderly end, in the middle of everything', async () => {
      const thread = await run.attach();
      await run.client.registerEvent(hookOf(TAG, bench.hooked));
      await run.client.addAction(TAG, CODE, true);
      await run.runToStop(thread);
      await run.user.setBreakpoint(run.processId, bench.stop + 1n);
      await bench.checkNoMisuse();
      await bench.io.close();
      await run.session.reading;
      const answer = await bench.io.ioctl(IOCTL.IOCTL_QUERY_CURRENT_PROCESS.code, new Uint8Array(72), 72);
      assert.notEqual(answer.status, 0);
    });

    it('the end that the client asks for', async () => {
      await run.session.end();
      assert.notEqual((await bench.io.pend()).status, 0);
    });
  });
}
