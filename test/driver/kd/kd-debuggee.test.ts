import assert from 'node:assert/strict';
import { ownSystemName } from '../../../driver/kd/own-target';
import { REGS_ENUM } from '../../../driver/sdk/tables.generated';
import { PAGE, PAGE_BYTES, PROCESS_ID, THREAD_ID } from '../embedded/server/plain-machine';
import { PlainTarget } from '../embedded/server/plain-target';
import { TAG, connect, connectHalted, turns, cpuidEvent, cpuid, refusedWith } from './connected-client';

describe('kernel-debugger client: connecting', () => {
  it('answers the greeting and learns the modules; the target runs then', async () => {
    const { debuggee, target } = await connect();
    assert.equal(debuggee.halted, undefined);
    assert.equal(target.server.state, 'running');
    assert.deepEqual(debuggee.modules, target.machine.moduleList);
  });

  it('answers repeated greetings, in frames of single bytes', async () => {
    const target = new PlainTarget();
    target.stream.pieceBytes = 1;
    target.clientStream.pieceBytes = 1;
    target.server.ping();
    target.server.ping();
    const { debuggee } = await connect({}, target);
    assert.equal((await debuggee.pause()).reason, 'requested');
  });

  it('presents its signature; the wrong one is refused with both of them named', async () => {
    const right = await connect({ signature: '0.2.0-20260101.1200' }, new PlainTarget('0.2.0-20260101.1200'));
    assert.equal(right.debuggee.modules.length, 2);
    await assert.rejects(
      connect({ signature: 'A' }, new PlainTarget('B')),
      /signature A, but this target is of build B/,
    );
  });

  it('gives up in time, when it is cancelled, and when the stream ends', async () => {
    const silent = new PlainTarget();
    silent.stream.isDeaf = true;
    await assert.rejects(
      connect({ handshakeTimeoutMs: 20 }, silent),
      /Connecting to memory: no debuggee answered within 0.02 s/,
    );
    assert.ok(silent.clientStream.isClosed);

    const cancelled = new PlainTarget();
    cancelled.stream.isDeaf = true;
    const controller = new AbortController();
    const connecting = connect({ signal: controller.signal }, cancelled);
    controller.abort();
    await assert.rejects(connecting, /it was cancelled/);
    await assert.rejects(connect({ signal: AbortSignal.abort() }), /it was cancelled/);

    const ending = new PlainTarget();
    ending.stream.isDeaf = true;
    const waiting = connect({}, ending);
    ending.clientStream.end('the pipe has been ended');
    await assert.rejects(waiting, /the pipe has been ended/);
  });
});

describe('kernel-debugger client: run control', () => {
  it('pause halts, and gives the same stop again', async () => {
    const { debuggee, log, target } = await connect();
    target.machine.memory.write(PAGE, Uint8Array.of(0xe8, 1, 2, 3, 4));
    const stop = await debuggee.pause();
    assert.deepEqual(
      { ...stop, instructionBytes: [...stop.instructionBytes.subarray(0, 5)] },
      {
        reason: 'requested',
        core: 0,
        rip: PAGE,
        rflags: 0x246n,
        is32Bit: false,
        eventTag: 0n,
        stage: undefined,
        instructionBytes: [0xe8, 1, 2, 3, 4],
      },
    );
    assert.equal(await debuggee.pause(), stop);
    assert.deepEqual(log.stops, []);
  });

  it('resume lets it run; requests are refused meanwhile', async () => {
    const { debuggee, target } = await connectHalted();
    await debuggee.resume();
    assert.equal(debuggee.halted, undefined);
    await assert.rejects(debuggee.readRegisters(), /Reading the registers: the target runs; pause it first/);
    await turns();
    assert.deepEqual(target.resumes, [{ kind: 'continue' }]);
    assert.equal((await debuggee.pause()).reason, 'requested');
  });

  it('steps, and tells the size of a call that is stepped over', async () => {
    const { debuggee, target, log } = await connectHalted();
    assert.equal((await debuggee.step('in')).rip, PAGE + 1n);
    target.machine.memory.write(PAGE + 2n, Uint8Array.of(0xff, 0x15, 0, 0, 0, 0));
    await debuggee.step('in');
    assert.equal((await debuggee.step('over')).rip, PAGE + 8n);
    assert.equal((await debuggee.step('instrumentation')).reason, 'step');
    assert.deepEqual(
      target.resumes.map((resume) => resume.kind === 'step' && [resume.step, resume.callSizeBytes]),
      [
        ['in', undefined],
        ['in', undefined],
        ['over', 6],
        ['instrumentation', undefined],
      ],
    );
    assert.deepEqual(log.stops, []);
  });

  it('after a change it looks at RIP afresh before it steps over', async () => {
    const { debuggee, target } = await connectHalted();
    target.machine.memory.write(PAGE + 0x20n, Uint8Array.of(0x41, 0xff, 0xd2));
    await debuggee.writeRegister(REGS_ENUM.REGISTER_RIP, PAGE + 0x20n);
    assert.equal((await debuggee.step('over')).rip, PAGE + 0x23n);
    await debuggee.writeMemory(PAGE + 0x23n, Uint8Array.of(0xe8, 0, 0, 0, 0));
    assert.equal((await debuggee.step('over')).rip, PAGE + 0x28n);
  });

  it('an endless call that is stepped over ends with pause', async () => {
    const { debuggee, target } = await connectHalted({ requestTimeoutMs: 20 });
    target.machine.memory.write(PAGE, Uint8Array.of(0xe8, 0, 0, 0, 0));
    await debuggee.resume();
    await debuggee.pause();
    target.ignoresSteps = true;
    const step = debuggee.step('over');
    await turns();
    const stop = await debuggee.pause();
    assert.equal(await step, stop);
  });

  it('an event that halts a running target is told, once', async () => {
    const { debuggee, target, log } = await connectHalted();
    await debuggee.registerEvent(cpuidEvent());
    await debuggee.addAction(TAG, { kind: 'break' }, true);
    await debuggee.resume();
    await turns();
    target.deliver(cpuid);
    await turns();
    assert.deepEqual(
      log.stops.map((stop) => [stop.reason, stop.eventTag, stop.stage]),
      [['event', TAG, 'pre']],
    );
    assert.equal(debuggee.halted, log.stops[0]);
  });

  it('selects a core and gives the stop as that core sees it', async () => {
    const { debuggee, log } = await connectHalted();
    assert.deepEqual(await debuggee.selectCore(0), debuggee.halted);
    const stop = await debuggee.selectCore(1);
    assert.deepEqual([stop.reason, stop.core, debuggee.halted], ['core switched', 1, stop]);
    await assert.rejects(
      debuggee.selectCore(2),
      refusedWith('DEBUGGER_ERROR_PREPARING_DEBUGGEE_INVALID_CORE_IN_REMOTE_DEBUGGE'),
    );
    assert.deepEqual(log.stops, []);
  });

  it('reads the module list again', async () => {
    const { debuggee, target, log } = await connectHalted();
    target.machine.moduleList = [{ path: '/lib/libc.so', baseAddress: 1n, isUserMode: true, is32Bit: false }];
    assert.deepEqual(await debuggee.reloadModules(), target.machine.moduleList);
    assert.deepEqual(debuggee.modules, target.machine.moduleList);
    assert.deepEqual([log.stops, debuggee.halted?.reason], [[], 'pause']);
  });
});

describe('kernel-debugger client: registers and memory', () => {
  it('registers round trip', async () => {
    const { debuggee } = await connectHalted();
    for (const [id, value] of [
      [REGS_ENUM.REGISTER_RAX, 0xfffffffffffffff1n],
      [REGS_ENUM.REGISTER_R15, 15n],
      [REGS_ENUM.REGISTER_RFLAGS, 0x202n],
    ] as const) {
      await debuggee.writeRegister(id, value);
      assert.equal(await debuggee.readRegister(id), value);
    }
    const all = await debuggee.readRegisters();
    assert.deepEqual([all.general[0], all.general[15]], [0xfffffffffffffff1n, 15n]);
    assert.deepEqual([all.rip, all.rflags, all.cs, all.ss], [PAGE, 0x202n, 0x33, 0x2b]);
    await assert.rejects(
      debuggee.writeRegister(500, 1n),
      refusedWith('DEBUGGER_ERROR_INVALID_REGISTER_NUMBER'),
    );
  });

  it('memory round trips over pages, in any size', async () => {
    const { debuggee, target } = await connectHalted();
    const bytes = Uint8Array.from({ length: PAGE_BYTES + 13 }, (_, i) => i * 7);
    await debuggee.writeMemory(PAGE + 0x100n, bytes);
    target.machine.memory.reads.length = 0;
    assert.deepEqual(await debuggee.readMemory(PAGE + 0x100n, bytes.length), bytes);
    assert.deepEqual(
      target.machine.memory.reads.map((read) => read.sizeBytes),
      [PAGE_BYTES - 0x100, 0x100 + 13],
    );
    assert.deepEqual(await debuggee.readMemory(PAGE + 0x1000100n, 5, 'physical'), bytes.slice(0, 5));
  });

  it('a read ends where nothing is mapped', async () => {
    const { debuggee } = await connectHalted();
    assert.equal((await debuggee.readMemory(PAGE + 0x1ff0n, 0x100)).length, 0x10);
    assert.equal((await debuggee.readMemory(PAGE + 0x1ff0n, 0x2000)).length, 0x10);
    assert.equal((await debuggee.readMemory(0x10n, 8)).length, 0);
    assert.equal((await debuggee.readMemory(0xfffffffffffffff8n, 64)).length, 0);
    assert.equal((await debuggee.readMemory(PAGE, 0)).length, 0);
  });

  it('a write that cannot be done whole is not begun', async () => {
    const { debuggee } = await connectHalted();
    const write = debuggee.writeMemory(PAGE + 0x1ff8n, new Uint8Array(16).fill(1));
    await assert.rejects(write, /nothing is mapped at 0x402000; nothing was written/);
    assert.deepEqual(await debuggee.readMemory(PAGE + 0x1ff8n, 8), new Uint8Array(8));
    await assert.rejects(
      debuggee.writeMemory(0x10n, Uint8Array.of(1)),
      refusedWith('DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS'),
    );
  });

  it('an embedded machine is read many pages at a time, up to the first that is missing', async () => {
    const own = new PlainTarget(undefined, ownSystemName('A test'));
    const { debuggee, target } = await connect({}, own);
    await debuggee.pause();
    target.machine.memory.write(PAGE + 0xffen, Uint8Array.of(1, 2, 3, 4));
    target.stream.sent.length = 0;
    assert.deepEqual([...(await debuggee.readMemory(PAGE + 0xffen, 4))], [1, 2, 3, 4]);
    assert.equal((await debuggee.readMemory(PAGE, 0x2000)).length, 0x2000);
    assert.equal((await debuggee.readMemory(PAGE + 0x800n, 0x3000)).length, 0x1800);
    assert.equal(target.stream.sent.length, 3);
    assert.equal((await debuggee.readMemory(PAGE + 0x2000n, 0x1000)).length, 0);
    await debuggee.close();
  });

  it('memory that holds the end marker of frames comes through', async () => {
    const { debuggee } = await connectHalted();
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => [0x00, 0x80, 0xee, 0xff][i % 4]!);
    await debuggee.writeMemory(PAGE, bytes);
    assert.deepEqual(await debuggee.readMemory(PAGE, 64), bytes);
  });

  it('translates, and knows the process', async () => {
    const { debuggee } = await connectHalted();
    assert.equal(await debuggee.translate(PAGE + 5n), PAGE + 0x1000005n);
    assert.equal(await debuggee.translate(5n), undefined);
    assert.deepEqual(await debuggee.currentProcess(), {
      processId: PROCESS_ID,
      threadId: THREAD_ID,
      processName: 'guest',
      processObject: 0xffff800000001000n,
      threadObject: 0xffff800000002000n,
    });
  });

  it('breakpoints: ids from 1 up, hits, refusals', async () => {
    const { debuggee, target } = await connectHalted();
    assert.equal(await debuggee.setBreakpoint(PAGE + 1n), 1n);
    assert.equal(await debuggee.setBreakpoint(PAGE + 2n), 2n);
    await assert.rejects(
      debuggee.setBreakpoint(PAGE + 2n),
      refusedWith('DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS'),
    );
    assert.deepEqual(
      [target.server.breakpointHit(PAGE + 2n), target.server.breakpointHit(PAGE + 3n)],
      [2n, undefined],
    );
    await debuggee.clearBreakpoint(2n);
    await assert.rejects(debuggee.clearBreakpoint(2n), refusedWith('DEBUGGER_ERROR_BREAKPOINT_ID_NOT_FOUND'));
    assert.deepEqual([...target.machine.breakpoints], [PAGE + 1n]);
  });
});
