import assert from 'node:assert/strict';
import { encodeFrame } from '../../../driver/kd/frame';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { FIRST_SLOT, scriptAction, statement } from '../embedded/events/script-symbols';
import { PAGE } from '../embedded/server/plain-machine';
import { TAG, connect, connectHalted, turns, cpuidEvent, cpuid, refusedWith } from './connected-client';

describe('kernel-debugger client: events and scripts', () => {
  it('script, code and break come out in that order, texts before the stop', async () => {
    const { debuggee, target, log } = await connectHalted();
    await debuggee.registerEvent(cpuidEvent());
    await debuggee.addAction(TAG, { kind: 'break' }, true);
    await debuggee.addAction(TAG, { kind: 'code', bytes: Uint8Array.of(0xbf), bufferSizeBytes: 8 }, true);
    await debuggee.addAction(TAG, scriptAction(statement.print(0x2a)), true);
    assert.equal(await debuggee.modifyEvent(TAG, 'query'), true);
    await debuggee.resume();
    await turns();
    target.deliver(cpuid);
    await turns();
    assert.deepEqual(target.machine.story, ['2a', 'code', 'halt']);
    assert.deepEqual(log.order, ['2a', 'stop event']);
    assert.deepEqual(log.messages, [{ kind: 'script', text: '2a\n', eventTag: TAG }]);
    assert.deepEqual(
      log.buffers.map((buffer) => [buffer.eventTag, [...buffer.bytes]]),
      [[TAG, [1, 0, 0, 0, 0, 0, 0, 0]]],
    );
  });

  it('a false condition runs nothing', async () => {
    const { debuggee, target, log } = await connectHalted();
    await debuggee.registerEvent(cpuidEvent({ condition: Uint8Array.of(0, 0xc3) }));
    await debuggee.addAction(TAG, { kind: 'break' }, true);
    await debuggee.resume();
    await turns();
    assert.deepEqual(target.deliver(cpuid).hits, []);
    await turns();
    assert.deepEqual([log.order, debuggee.halted], [[], undefined]);
  });

  it('an error of a script names event and slot', async () => {
    const { debuggee, target, log } = await connectHalted();
    await debuggee.registerEvent(cpuidEvent());
    await debuggee.addAction(TAG, scriptAction(statement.divideByZero()), true);
    target.deliver(cpuid);
    await turns();
    const [message] = log.messages;
    assert.deepEqual([message?.kind, message?.eventTag, message?.slot], ['error', TAG, FIRST_SLOT]);
  });

  it('refusals carry the SDK code and what to do', async () => {
    const { debuggee } = await connectHalted();
    await assert.rejects(
      debuggee.registerEvent(cpuidEvent({ coreId: 9 })),
      (error) =>
        refusedWith('DEBUGGER_ERROR_INVALID_CORE_ID')(error) &&
        /Registering the event: .*core/.test(String(error)),
    );
    await assert.rejects(
      debuggee.addAction(99n, { kind: 'break' }, true),
      refusedWith('DEBUGGER_ERROR_TAG_NOT_EXISTS'),
    );
    await assert.rejects(
      debuggee.modifyEvent(99n, 'enable'),
      refusedWith('DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG'),
    );
  });

  it('events are switched and cleared, one or all', async () => {
    const { debuggee, target } = await connectHalted();
    await debuggee.registerEvent(cpuidEvent());
    await debuggee.addAction(TAG, { kind: 'break' }, true);
    assert.equal(await debuggee.modifyEvent(TAG, 'disable'), false);
    assert.equal(await debuggee.modifyEvent(TAG, 'query'), false);
    assert.equal(await debuggee.modifyEvent('all', 'enable'), true);
    await debuggee.modifyEvent('all', 'clear');
    assert.deepEqual(target.events.events(), []);
  });

  it('a script of the debugger gives its text and its value', async () => {
    const { debuggee, log } = await connectHalted();
    const { bytes, symbolCount } = scriptAction(statement.print(5), statement.formats(0x1234));
    assert.deepEqual(await debuggee.runScript(bytes, symbolCount, true), { text: '5\n', value: 0x1234n });
    assert.deepEqual(await debuggee.runScript(bytes, symbolCount, false), { text: '5\n', value: undefined });
    const wrong = scriptAction(statement.divideByZero());
    await assert.rejects(debuggee.runScript(wrong.bytes, wrong.symbolCount, true), /slot 0x4: .*FUNC_DIV/);
    assert.deepEqual(log.messages, []);
  });
});

describe('kernel-debugger client: when things go wrong', () => {
  it('a request without answer ends in time, and its late answer is not taken for the next one', async () => {
    const { debuggee, target } = await connectHalted({ requestTimeoutMs: 30 });
    target.stream.isDeaf = true;
    await assert.rejects(
      debuggee.readMemory(PAGE, 4),
      /Reading memory at 0x400000: the target did not answer within 0.03 s/,
    );
    target.stream.isDeaf = false;
    target.machine.memory.write(PAGE + 8n, Uint8Array.of(9));
    const late = target.stream.sent.at(-1)!;
    const next = debuggee.readMemory(PAGE + 8n, 1);
    target.stream.send(late);
    assert.deepEqual(await next, Uint8Array.of(9));
  });

  it('a pause that the target does not heed ends in time; the late stop is told', async () => {
    const { debuggee, target, log } = await connect({ requestTimeoutMs: 20 });
    target.ignoresPause = true;
    await assert.rejects(debuggee.pause(), /Pausing the target: the target did not halt within 0.02 s/);
    target.server.stop({ reason: 'requested' });
    await turns();
    assert.equal(log.stops[0]?.reason, 'requested');
  });

  it('requests asked at once are sent one after the other', async () => {
    const { debuggee, target } = await connectHalted();
    target.clientStream.sent.length = 0;
    const reads = [0, 1, 2].map((i) => debuggee.readMemory(PAGE + BigInt(i), 1));
    await turns(2);
    assert.equal(target.clientStream.sent.length, 1);
    await Promise.all(reads);
    assert.equal(target.clientStream.sent.length, 3);
  });

  it('garbage and damaged frames are counted as lost, and nothing else suffers', async () => {
    const { debuggee, target, log } = await connectHalted();
    target.stream.send(Uint8Array.of(1, 2, 3, 0x00, 0x80, 0xee, 0xff));
    const damaged = encodeFrame({
      type: 3,
      action: ANSWER.log.action,
      payload: Uint8Array.of(1, 0, 0, 0, 65),
    });
    damaged[28] = 66;
    target.stream.send(damaged);
    target.stream.send(encodeFrame({ type: 3, action: ANSWER.stopped.action, payload: Uint8Array.of(1) }));
    target.stream.send(encodeFrame({ type: 1, action: REQUEST.continue.action, payload: new Uint8Array(0) }));
    target.stream.send(encodeFrame({ type: 3, action: 999, payload: new Uint8Array(0) }));
    assert.equal((await debuggee.readMemory(PAGE, 4)).length, 4);
    assert.deepEqual(
      log.lost.map((text) => text.replace(/[^:]*: /, '')),
      [
        'not a HyperDbg frame.',
        'wrong checksum.',
        'DEBUGGEE_KD_PAUSED_PACKET needs 72 bytes, there are 1.',
        'A frame ON_VMX_ROOT_MODE_CONTINUE is not one for a debugger and was dropped.',
      ],
    );
    assert.deepEqual(log.messages, []);
  });

  it('answers nobody asked for are ignored', async () => {
    const { debuggee, target, log } = await connectHalted();
    const answer = { ...ANSWER.changeCore, payload: ANSWER.changeCore.encode({ NewCore: 1, Result: 5 }) };
    target.stream.send(encodeFrame(answer));
    await turns();
    assert.equal((await debuggee.selectCore(1)).core, 1);
    assert.deepEqual([log.lost, log.stops], [[], []]);
  });

  it('the end of the stream rejects everything and is told once', async () => {
    const { debuggee, target, log } = await connectHalted();
    target.stream.isDeaf = true;
    const reads = [debuggee.readMemory(PAGE, 4), debuggee.readRegister(0)];
    await turns();
    target.clientStream.end('the target has gone');
    for (const read of reads) await assert.rejects(read, /Reading .*: the target has gone/);
    await assert.rejects(debuggee.pause(), /the target has gone/);
    await assert.rejects(debuggee.step('in'), /the target has gone/);
    assert.deepEqual([log.ended, debuggee.halted], [['the target has gone'], undefined]);
    await debuggee.close();
  });

  it('the end of the stream rejects a step and a pause under way', async () => {
    const { debuggee, target } = await connectHalted();
    target.ignoresSteps = true;
    const step = debuggee.step('in');
    await turns();
    target.ignoresPause = true;
    const pause = debuggee.pause();
    const expected = Promise.all([assert.rejects(step, /gone/), assert.rejects(pause, /gone/)]);
    target.clientStream.end('gone');
    await expected;
  });

  it('close takes events and breakpoints away and lets the target run', async () => {
    for (const isHalted of [true, false]) {
      const { debuggee, target, log } = await connectHalted();
      await debuggee.setBreakpoint(PAGE);
      await debuggee.registerEvent(cpuidEvent());
      if (!isHalted) await debuggee.resume();
      await Promise.all([debuggee.close(), debuggee.close()]);
      await turns();
      assert.equal(target.server.state, 'closed');
      assert.deepEqual([target.events.events(), target.machine.breakpoints.size, log.ended], [[], 0, []]);
      assert.deepEqual(target.resumes.at(-1), { kind: 'continue' });
      assert.ok(target.clientStream.isClosed);
      await assert.rejects(debuggee.readRegisters(), /the session was closed/);
    }
  });

  it('close ends within a second when the target is dead', async () => {
    const { debuggee, target } = await connect();
    target.ignoresPause = true;
    const start = performance.now();
    await debuggee.close();
    assert.ok(performance.now() - start < 1000);
    await turns();
    assert.equal(target.server.state, 'closed');
  });
});
