import assert from 'node:assert/strict';
import { encodeFrame } from '../../../../driver/kd/frame';
import { ANSWER, REQUEST } from '../../../../driver/kd/packets';
import { stopOfRecord } from '../../../../driver/kd/stop-record';
import * as sdk from '../../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR } from '../../../../driver/sdk/tables.generated';
import { PAGE } from './plain-machine';
import { Bench } from './server-bench';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = 0xffffffff;

describe('debuggee side of the wire: the machine itself', () => {
  const ship = (bench: Bench, line: string, IgnoreFinishedSignal = false) => {
    const tail = Buffer.from(`${line}\0`);
    bench.send(REQUEST.userInput, {
      record: { CommandLen: tail.length, IgnoreFinishedSignal, Result: 0 },
      tail,
    });
    return bench.texts().join('');
  };

  it('a shipped command that is not ours is not run, says so, and ends with its stop', () => {
    const bench = new Bench().halt();
    assert.equal(
      ship(bench, '!hide'),
      'this target has no client program of its own, so "!hide" was not run\n',
    );
    const stop = bench.answer(ANSWER.stopped);
    assert.deepEqual([stopOfRecord(stop).reason, stop.IgnoreDisassembling], ['command finished', true]);
  });

  it('shipped commands about the machine itself are done', () => {
    const said = (line: string) => ship(new Bench().halt(), line);
    assert.match(said('lm'), /^0000000000400000 user .*\n00007f0000000000 user \/lib\/ld.so\n$/);
    assert.equal(said('lm um m ld.so'), '00007f0000000000 user /lib/ld.so\n');
    assert.equal(said('lm km'), 'there is no such module\n');
    const both = 'core 0: msr c0000080 = 0000000000000d01\ncore 1: msr c0000080 = 0000000000000d01\n';
    assert.equal(said('rdmsr c0000080'), both);
    assert.equal(said('RDMSR 0xc0000080 core 1'), 'core 1: msr c0000080 = 0000000000000d01\n');
    assert.match(said('rdmsr c0000080 core 2'), /there is no such core/);
    assert.match(said('rdmsr 5'), /msr 5 does not exist on this CPU/);
    assert.match(said('rdmsr'), /"rdmsr" needs the number/);
    assert.match(said('wrmsr c0000080'), /"wrmsr" needs/);
    assert.match(said('status'), /^halted on core 0 of 2, pid 1c0, tid 20, guest; 0 events, 0 breakpoints/);
    assert.match(said('prealloc monitor 20'), /nothing has to be reserved/);
    assert.match(said('prealloc nothing 20'), /the kinds are thread-interception, monitor/);
    assert.match(said('preactivate mode'), /"mode" is always active/);
    const bench = new Bench().halt();
    ship(bench, 'wrmsr c0000080 0n16 core 1');
    assert.deepEqual([bench.machine.msrs.get(0xc0000080), bench.machine.currentCore], [16n, 0]);
  });

  it('commands that the client does not wait for let the target run, so that its pause request is heard', () => {
    const bench = new Bench().halt();
    ship(bench, 'pause', true);
    assert.deepEqual([bench.server.state, bench.server.takeResume()], ['running', { kind: 'continue' }]);
    bench.send(REQUEST.pause, undefined);
    assert.equal(bench.server.takePauseRequest(), true);
  });

  it('a thread switch halts the machine when it runs again', () => {
    const bench = new Bench().halt();
    const switchTo = (change: object) => {
      const { DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET: thread } = sdk;
      bench.send(REQUEST.changeThread, { ...thread.zero(), ...change });
      return bench.answer(ANSWER.changeThread).Result;
    };
    assert.equal(
      switchTo({ ThreadId: 9 }),
      DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_THREAD_INVALID_PARAMETER,
    );
    assert.equal(switchTo({ ThreadId: 0x21 }), OK);
    assert.equal(bench.server.takeSwitch(), undefined);
    bench.send(REQUEST.continue, undefined);
    assert.deepEqual(bench.server.takeSwitch(), { reason: 'thread switched' });
    assert.deepEqual([bench.machine.switched, bench.server.takeSwitch()], [[0x21], undefined]);
    bench.halt();
    assert.equal(switchTo({ Thread: 0xffff800000002001n }), OK);
    bench.send(REQUEST.close, undefined);
    bench.halt();
    bench.send(REQUEST.continue, undefined);
    assert.equal(bench.server.takeSwitch(), undefined);
  });

  it('process and thread lists come as text', () => {
    const bench = new Bench().halt();
    bench.send(REQUEST.changeThread, {
      ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(),
      ActionType: 2,
    });
    assert.deepEqual(bench.texts(), [
      '* pid 1c0, tid 20, thread ffff800000002000\n',
      '  pid 1c0, tid 21, thread ffff800000002001\n',
    ]);
    bench.frames.length = 0;
    bench.send(REQUEST.changeProcess, {
      ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.zero(),
      ActionType: 1,
    });
    assert.deepEqual(bench.texts(), ['* pid 1c0, process ffff800000001000, cr3 1000, guest\n']);
  });

  it('after a page-in the next continue is a step; a range that makes no sense is refused', () => {
    const bench = new Bench().halt();
    const pageIn = (VirtualAddressFrom: bigint, VirtualAddressTo: bigint) => {
      bench.send(REQUEST.pageIn, {
        ...sdk.DEBUGGER_PAGE_IN_REQUEST.zero(),
        VirtualAddressFrom,
        VirtualAddressTo,
      });
      return bench.answer(ANSWER.pageIn).KernelStatus;
    };
    const invalid = DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
    assert.deepEqual(
      [pageIn(PAGE, PAGE + 0x2000n), pageIn(PAGE, 5n), pageIn(5n, 5n)],
      [invalid, invalid, invalid],
    );
    assert.equal(pageIn(PAGE, PAGE + 0x1000n), OK);
    bench.send(REQUEST.continue, undefined);
    assert.deepEqual(bench.server.takeResume(), { kind: 'step', step: 'in', callSizeBytes: undefined });
    bench.halt();
    bench.send(REQUEST.continue, undefined);
    assert.deepEqual(bench.server.takeResume(), { kind: 'continue' });
  });

  it('steps that track have a stop reason of their own', () => {
    const bench = new Bench().halt();
    const step = (StepType: number) => {
      bench.send(REQUEST.step, { StepType, IsCurrentInstructionACall: false, CallLength: 0 });
      bench.server.stop({ reason: 'step' });
      return bench.answer(ANSWER.stopped).PausingReason;
    };
    assert.deepEqual([step(2), step(0)], [4, 3]);
  });

  it('the call stack begins at the stack pointer when the debugger names no address', () => {
    const bench = new Bench().halt();
    bench.machine.generalRegisters[4] = PAGE + 0x100n;
    bench.machine.memory.write(PAGE + 0x100n, Uint8Array.of(0x77));
    const frame = sdk.DEBUGGER_SINGLE_CALLSTACK_FRAME.zero();
    bench.send(REQUEST.callStack, { record: sdk.DEBUGGER_CALLSTACK_REQUEST.zero(), tail: [frame] });
    assert.equal(bench.answer(ANSWER.callStack).tail[0]!.Value, 0x77n);
  });

  it('CPUID, and interrupt handlers where there are any', () => {
    const bench = new Bench().halt();
    const record = { ...sdk.DEBUGGER_CPUID_REQUEST_RESPONSE.zero(), FunctionId: 7, SubFunctionId: 2 };
    bench.send(REQUEST.cpuid, record);
    const { EAX, EBX, KernelStatus } = bench.answer(ANSWER.cpuid);
    assert.deepEqual([EAX, EBX, KernelStatus], [7, 2, OK]);
    bench.send(REQUEST.idt, undefined);
    assert.equal(bench.answer(ANSWER.idt).status, DEBUGGER_ERROR.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED);
    bench.machine.handlers = Array.from({ length: 256 }, (_, vector) => BigInt(vector));
    bench.send(REQUEST.idt, undefined);
    const table = bench.answer(ANSWER.idt);
    assert.deepEqual([table.status, table.handlers?.[255]], [OK, 255n]);
  });

  it('tests mute and unmute breakpoints and events; unknown ones are refused', () => {
    const bench = new Bench().halt();
    const test = (RequestType: number, Context = 0n) => {
      bench.send(REQUEST.testQuery, { RequestType, Context, KernelStatus: 0 });
      return bench.answer(ANSWER.testQuery).KernelStatus;
    };
    const muted = () => [bench.events.isMuted, bench.breakpointsMuted()];
    assert.equal(test(6), OK);
    assert.deepEqual(muted(), [true, true]);
    assert.equal(test(7), OK);
    assert.deepEqual(muted(), [false, false]);
    assert.equal(test(4), OK);
    assert.deepEqual(muted(), [false, true]);
    bench.send(REQUEST.close, undefined);
    bench.halt();
    assert.deepEqual(muted(), [false, false]);
    assert.deepEqual([test(1), test(2), test(3), test(8), test(9), test(11), test(12)], Array(7).fill(OK));
    assert.equal(test(10, 1n), OK);
    assert.equal(test(10, 2n), DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID);
    assert.equal(test(99), DEBUGGER_ERROR.DEBUGGER_ERROR_UNKNOWN_TEST_QUERY_RECEIVED);
  });

  it('another debugger finds what the first one found', () => {
    const bench = new Bench().halt();
    const set = () => {
      const record = { ...sdk.DEBUGGEE_BP_PACKET.zero(), Address: PAGE, Pid: ALL, Tid: ALL, Core: ALL };
      bench.send(REQUEST.setBreakpoint, record);
      bench.frames.length = 0;
      return bench.server.breakpointHit(PAGE);
    };
    assert.equal(set(), 1n);
    // Half a frame of the one that was cut off must not swallow the first one of the next.
    bench.server.receive(encodeFrame({ type: 1, action: 6, payload: Uint8Array.of(1, 2) }).subarray(0, 20));
    bench.server.disconnect();
    assert.deepEqual([bench.server.state, bench.server.breakpointHit(PAGE)], ['closed', undefined]);
    bench.halt();
    assert.equal(bench.server.state, 'halted');
    assert.equal(set(), 1n);
  });
});
