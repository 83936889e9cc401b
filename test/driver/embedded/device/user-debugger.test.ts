import assert from 'node:assert/strict';
import * as sdk from '../../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR as E } from '../../../../driver/sdk/tables.generated';
import { DeviceDoor } from '../../../../driver/embedded/device/device-door';
import { PAGE, PROCESS_ID, THREAD_ID } from '../server/plain-machine';
import { PlainDevice } from './plain-device';

const OK = BigInt(E.DEBUGGER_OPERATION_WAS_SUCCESSFUL);
const ALL = 0xffffffff;
const VERB = { attach: 0, detach: 1, removeHooks: 2, kill: 3, continue: 4, pause: 5, switch: 6, count: 7 };

class Bench {
  readonly plain = PlainDevice.started();
  readonly user = this.plain.device.userDebugger;
  readonly door = new DeviceDoor(this.plain.device, () => undefined);

  verb(verb: keyof typeof VERB, record: object = {}) {
    const struct = sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS;
    const name = 'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS';
    return this.plain.exchange(name, struct, { Action: VERB[verb], ...record });
  }

  /** A program that runs, and is attached to; not stopped yet. */
  attached(): bigint {
    this.user.start();
    this.door.takeResume();
    return this.verb('attach', { ProcessId: PROCESS_ID }).Token;
  }

  /** What the machine's loop does when it may. */
  letLoopStop(): void {
    if (this.door.takePauseRequest()) this.door.stop({ reason: 'requested' });
  }
}

describe('user debugger (driver-protocol 7)', () => {
  it('pause reports every thread that would run, and those that wait later or never (7.1)', () => {
    const bench = new Bench();
    bench.attached();
    bench.letLoopStop();
    assert.deepEqual(
      bench.plain.stops().map(({ threadId, reason }) => [threadId, reason]),
      [
        [THREAD_ID, 14],
        [THREAD_ID + 1, 14],
      ],
    );
    assert.equal(bench.door.state, 'halted');
  });

  it('a program whose threads all wait is stopped when one wakes up', () => {
    const bench = new Bench();
    const { target } = bench.plain;
    target.list = target.list.map((thread) => ({ ...thread, isReady: false }));
    const token = bench.attached();
    bench.letLoopStop();
    assert.deepEqual([bench.door.state, bench.plain.stops()], ['running', []]);
    target.list = target.list.map((thread, index) => ({ ...thread, isReady: index === 2 }));
    bench.letLoopStop();
    assert.deepEqual(
      bench.plain.stops().map((stop) => [stop.threadId, stop.reason, stop.token]),
      [[THREAD_ID + 2, 14, token]],
    );
  });

  it('a breakpoint stop names its thread, the others are also stopped; 7.2', () => {
    const bench = new Bench();
    const token = bench.attached();
    assert.equal(bench.verb('continue', { Token: token }).Result, OK);
    assert.equal(bench.door.takePauseRequest(), false);
    bench.door.stop({ reason: 'breakpoint' });
    assert.deepEqual(
      bench.plain.stops().map(({ reason }) => reason),
      [5, 14],
    );
    const noPause = BigInt(E.DEBUGGER_ERROR_UNABLE_TO_PAUSE_THE_PROCESS_THREADS);
    assert.equal(bench.verb('pause', { Token: token }).Result, noPause);
    assert.equal(bench.verb('count').CountOfActiveDebuggingThreadsAndProcesses, 3);
    assert.equal(
      bench.verb('detach', { ProcessId: PROCESS_ID }).Result,
      BigInt(E.DEBUGGER_ERROR_UNABLE_TO_DETACH_AS_THERE_ARE_PAUSED_THREADS),
    );
    bench.verb('continue', { Token: token });
    assert.deepEqual([bench.door.state, bench.door.takeResume()], ['running', { kind: 'continue' }]);
    assert.equal(bench.verb('detach', { ProcessId: PROCESS_ID }).Result, OK);
    assert.equal(bench.verb('count').CountOfActiveDebuggingThreadsAndProcesses, 0);
  });

  it('an unattached process does not stop, and keeps its breakpoints', () => {
    const bench = new Bench();
    bench.user.start();
    bench.plain.exchange('IOCTL_SET_BREAKPOINT_USER_DEBUGGER', sdk.DEBUGGEE_BP_PACKET, {
      ...{ Address: PAGE, Pid: PROCESS_ID, Tid: ALL, Core: ALL, RemoveAfterHit: true },
    });
    assert.equal(bench.door.breakpointHit(PAGE), undefined);
    bench.door.stop({ reason: 'breakpoint' });
    assert.equal(bench.door.state, 'running');
    assert.equal(bench.door.takesOwnBreakpoints, false);
    bench.verb('attach', { ProcessId: PROCESS_ID });
    assert.equal(bench.door.breakpointHit(PAGE), 1n);
    assert.equal(bench.door.breakpointHit(PAGE), undefined);
  });

  it('switch looks at a thread; a step goes to the one it names', () => {
    const bench = new Bench();
    const token = bench.attached();
    bench.letLoopStop();
    assert.equal(bench.verb('switch', { ThreadId: THREAD_ID + 1 }).IsPaused, true);
    assert.equal(bench.verb('switch', { ThreadId: THREAD_ID + 2 }).IsPaused, false);
    const invalid = BigInt(E.DEBUGGER_ERROR_UNABLE_TO_SWITCH_PROCESS_ID_OR_THREAD_ID_IS_INVALID);
    assert.equal(bench.verb('switch', { ThreadId: 999 }).Result, invalid);
    const command = (more: object) =>
      bench.plain.exchange('IOCTL_SEND_USER_DEBUGGER_COMMANDS', sdk.DEBUGGER_UD_COMMAND_PACKET, {
        UdAction: {
          ActionType: 2,
          OptionalParam1: 3n,
          OptionalParam2: 1n,
          OptionalParam3: 5n,
          OptionalParam4: 0n,
        },
        ProcessDebuggingDetailToken: token,
        TargetThreadId: THREAD_ID + 1,
        ...more,
      }).Result;
    const refused = E.DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD;
    assert.equal(command({ TargetThreadId: THREAD_ID + 2 }), refused);
    assert.equal(command({}), Number(OK));
    assert.equal(bench.plain.target.current, THREAD_ID + 1);
    assert.deepEqual(bench.door.takeResume(), { kind: 'step', step: 'over', callSizeBytes: 5 });
    assert.equal(command({}), refused);
  });

  it('a dead process is freed by a kill that says so (7.4)', () => {
    const bench = new Bench();
    bench.attached();
    bench.plain.target.isAlive = false;
    const kill = () => bench.verb('kill', { ProcessId: PROCESS_ID }).Result;
    assert.equal(kill(), BigInt(E.DEBUGGER_ERROR_UNABLE_TO_KILL_THE_PROCESS_DOES_NOT_EXISTS));
    assert.equal(kill(), BigInt(E.DEBUGGER_ERROR_THE_USER_DEBUGGER_NOT_ATTACHED_TO_THE_PROCESS));
    const attach = bench.verb('attach', { ProcessId: PROCESS_ID }).Result;
    assert.equal(attach, BigInt(E.DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_TARGET_USER_MODE_PROCESS));
  });

  it('the end of the hypervisor lets everyone go', () => {
    const bench = new Bench();
    bench.attached();
    bench.letLoopStop();
    bench.plain.ioctl('IOCTL_TERMINATE_VMX', new Uint8Array(0), 0);
    assert.deepEqual([bench.door.state, bench.door.takeResume()], ['running', { kind: 'continue' }]);
  });
});
