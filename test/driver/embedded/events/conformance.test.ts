import assert from 'node:assert/strict';
import type { ActionRequest, EventRequest } from '../../../../driver/debuggee';
import { DriverError } from '../../../../driver/driver-error';
import {
  DEBUGGER_ERROR as ERROR,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../../driver/sdk/tables.generated';
import { projectFile } from '../../../project-root';
import { skipWithoutCpu } from '../../../skip';
import type { GuestProgram } from '../guest-programs';
import { Session } from '../session';
import { conformanceCases, refusedTypes, STEP_IN, type ConformanceCase } from './conformance-cases';
import { buildConformanceKernel } from './conformance-kernel';

const REPORT = 'printf("%x %llx %llx\\n", $event_stage, $context, @rip);';
const ALL_STAGES = 3;
const MINIKERNEL = projectFile('examples/guests/build/minikernel');

async function refusesWith(code: number, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => error instanceof DriverError && error.code === code);
}

describe('events on a bare-metal kernel', () => {
  let kernel: GuestProgram;
  let session: Session;

  before(function () {
    skipWithoutCpu(this);
    kernel = buildConformanceKernel(this);
  });
  beforeEach(async () => {
    session = await Session.start(kernel.file);
  });
  afterEach(() => session.dispose());

  const armed = (
    { type, options }: ConformanceCase,
    rest: Partial<EventRequest>,
    ...actions: ActionRequest[]
  ): Promise<bigint> => session.arm({ type, options: options?.(kernel) ?? [], ...rest }, ...actions);

  const ends = async (): Promise<void> => assert.equal((await session.finish()).code, 0x2a);

  for (const expected of conformanceCases) {
    const { command, others, skipped, refused, stages } = expected;
    const contextOf = (): bigint =>
      typeof expected.context === 'bigint' ? expected.context : expected.context(kernel);

    describe(command, () => {
      it('fires where the instruction is, with its context', async () => {
        await armed(expected, {}, session.script(REPORT));
        await ends();
        const place = kernel.symbol(expected.at).toString(16);
        assert.equal(session.messages.length, expected.hits ?? 1);
        assert.equal(session.messages[0]?.trim(), `0 ${contextOf().toString(16)} ${place}`);
      });

      it('stops the debugger there, in the process and on the core that it is for alone', async () => {
        const tag = await armed(expected, { processId: 0, coreId: 0 }, { kind: 'break' });
        const stop = await session.resume();
        assert.deepEqual([stop?.eventTag, stop?.stage, stop?.core], [tag, 'pre', 0]);
        assert.equal(stop?.rip, kernel.symbol(expected.at));
        await session.debuggee.modifyEvent('all', 'clear');
        await ends();
      });

      if (stages === 'all')
        it('comes before and after', async () => {
          await armed(expected, { stage: ALL_STAGES }, session.script(REPORT));
          await ends();
          assert.deepEqual(
            session.messages.slice(0, 2).map((text) => text[0]),
            ['0', '1'],
          );
        });

      if (others !== undefined)
        it('does not fire for other options', async () => {
          await armed(expected, { options: others(kernel) }, session.script(REPORT));
          await ends();
          assert.deepEqual(session.messages, []);
        });

      if (skipped !== undefined) {
        const show = `printf("%llx\\n", @${skipped.register});`;
        const look = (): Promise<bigint> =>
          session.arm(
            { type: TYPE.HIDDEN_HOOK_EXEC_DETOURS, options: [kernel.symbol(skipped.at)] },
            session.script(show),
          );

        it('keeps the instruction from running when it is short-circuited', async () => {
          await armed(expected, { shortCircuit: true }, session.script('x = 1;'));
          await look();
          await ends();
          assert.deepEqual(session.messages, [`${skipped.value.toString(16)}\n`]);
        });

        it('lets the instruction run otherwise', async () => {
          await armed(expected, {}, session.script('x = 1;'));
          await look();
          await ends();
          const [value] = session.messages;
          if (skipped.else === undefined) assert.notEqual(value, `${skipped.value.toString(16)}\n`);
          else assert.equal(value, `${skipped.else.toString(16)}\n`);
        });
      }

      it('is disabled, enabled and cleared', async () => {
        const tag = await armed(expected, {}, session.script(REPORT));
        await session.debuggee.modifyEvent(tag, 'disable');
        assert.equal(await session.debuggee.modifyEvent(tag, 'query'), false);
        await session.debuggee.modifyEvent(tag, 'enable');
        assert.equal(await session.debuggee.modifyEvent(tag, 'query'), true);
        await session.debuggee.modifyEvent(tag, 'clear');
        await refusesWith(
          ERROR.DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG,
          session.debuggee.modifyEvent(tag, 'query'),
        );
        const silent = await armed(expected, {}, session.script(REPORT));
        await session.debuggee.modifyEvent(silent, 'disable');
        await ends();
        assert.deepEqual(session.messages, []);
      });

      it('refuses what it cannot be for', async () => {
        await refusesWith(ERROR.DEBUGGER_ERROR_INVALID_CORE_ID, armed(expected, { coreId: 9 }));
        await refusesWith(ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID, armed(expected, { processId: 0x999 }));
        await refusesWith(
          ERROR.DEBUGGER_ERROR_USING_SHORT_CIRCUITING_EVENT_WITH_POST_EVENT_MODE_IS_FORBIDDEDN,
          armed(expected, { shortCircuit: true, stage: 2 }),
        );
        for (const [options, code] of refused ?? [])
          await refusesWith(code, armed(expected, { options: options(kernel) }));
      });
    });
  }

  it('of one kind and place run newest first; hooks of a page are one', async () => {
    const cpuid = { type: TYPE.CPUID_INSTRUCTION_EXECUTION };
    await session.arm(cpuid, session.script('printf("first");'));
    await session.arm(cpuid, session.script('printf("second");'));
    const write = conformanceCases.find(({ command }) => command === '!monitor w');
    assert.ok(write);
    await armed(write, {});
    await refusesWith(ERROR.DEBUGGER_ERROR_EPT_MULTIPLE_HOOKS_IN_A_SINGLE_PAGE, armed(write, {}));
    await ends();
    assert.deepEqual(session.messages, ['second', 'first']);
  });

  it('!ioout: short-circuited, nothing is written', async () => {
    const write = conformanceCases.find(({ command }) => command === '!ioout');
    assert.ok(write);
    await armed(write, { shortCircuit: true }, session.script('x = 1;'));
    await ends();
    assert.equal(session.stdout, '');
  });

  it('!trace fires after the next instruction of who asked for it', async () => {
    const at = kernel.symbol('traced');
    await session.arm({ type: TYPE.TRAP_EXECUTION_INSTRUCTION_TRACE }, session.script(REPORT));
    await session.hook(at, session.script('event_trace_step_in();'));
    await ends();
    assert.deepEqual(session.messages, [`0 ${STEP_IN.toString(16)} ${(at + 2n).toString(16)}\n`]);
  });

  it('a script can make up an exception', async () => {
    await session.hook(kernel.symbol('after_ud2'), session.script('event_inject(3, 3);'));
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_DETOURS, options: [kernel.symbol('write_at')] },
      session.script('printf("%x", @r13);'),
    );
    await ends();
    assert.deepEqual(session.messages, ['2'], 'ud2, and the injected one');
  });

  for (const [state, type] of [
    ['the CPU walks its tables itself', undefined],
    ['the machine does', TYPE.CPUID_INSTRUCTION_EXECUTION],
  ] as const)
    it(`a page fault has its exact address and error code while ${state}`, async () => {
      if (type !== undefined) await session.arm({ type }, session.script('x = 1;'));
      await session.arm(
        { type: TYPE.EXCEPTION_OCCURRED, options: [14n] },
        session.script('printf("%llx %llx", @cr2, @rip);'),
      );
      await session.hook(kernel.symbol('pushf_at'), session.script('printf("%llx %llx", @rcx, @r12);'));
      await ends();
      const faulted = '7fff00000123';
      assert.deepEqual(session.messages, [
        `${faulted} ${kernel.symbol('fault_at').toString(16)}`,
        `${faulted} 2`,
      ]);
    });

  it('monitors a physical range, whatever its virtual address is', async () => {
    const first = kernel.symbol('cell');
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_WRITE, options: [first, first + 7n, 1n] },
      session.script(REPORT),
    );
    await ends();
    assert.deepEqual(session.messages, [
      `0 ${first.toString(16)} ${kernel.symbol('write_at').toString(16)}\n`,
    ]);
  });

  it('hides hooks and steps from the guest', async () => {
    const at = kernel.symbol('pushf_at');
    await session.hook(at, session.script('x = 1;'));
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_DETOURS, options: [kernel.symbol('hooked')] },
      session.script('printf("%llx", @rbx & 100);'),
    );
    const before = await session.debuggee.readMemory(at, 2);
    await ends();
    assert.deepEqual(session.messages, ['0'], 'the trap flag of the step is not on the stack');
    assert.deepEqual([...before.subarray(0, 1)], [0x9c], "the bytes are the kernel's own");
  });

  for (const type of refusedTypes)
    it(`type ${type} does not exist`, () =>
      refusesWith(ERROR.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID, session.arm({ type })));
});

describe('events of a kernel with processes', () => {
  let session: Session;
  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(async () => {
    session = await Session.start(MINIKERNEL);
  });
  afterEach(() => session.dispose());

  const ends = async (): Promise<void> => {
    assert.equal((await session.finish()).code, 0x31);
    assert.match(session.stdout, /syscalls=b pf=1 bp=2 de=1 ud=1 gp=1 int80=2 \nminikernel: done\n$/);
  };
  const report = (): ActionRequest =>
    session.script('printf("%x %llx %x %x\\n", $event_stage, $context, $pid, @cs & 3);');

  it("!syscall: number, process, ring; after it, the kernel's entry state", async () => {
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [2n, 0n], stage: ALL_STAGES },
      report(),
    );
    await ends();
    assert.deepEqual(session.messages, ['0 2 1 3\n', '1 2 1 0\n']);
  });

  it('!syscall: short-circuited, the kernel never sees it', async () => {
    // The kernel counts its system calls: of eleven, the question for the process id is lost.
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [2n, 0n], shortCircuit: true },
      session.script('@rax = 1;'),
    );
    assert.equal((await session.finish()).code, 0x31);
    assert.match(session.stdout, /syscalls=a /);
  });

  it('!sysret: where it stands, before and after', async () => {
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSRET, options: [0n, 0n], stage: ALL_STAGES },
      report(),
    );
    await ends();
    const [before, after] = session.messages;
    assert.match(before ?? '', /^0 10[0-9a-f]{4} [12] 0\n$/);
    assert.match(after ?? '', /^1 10[0-9a-f]{4} [12] 3\n$/);
    // Each process leaves with an exit that never returns.
    assert.equal(session.messages.length, 2 * (0xb - 2));
  });

  it('!exception: swallowed, the kernel never sees it and the access comes again', async () => {
    session.script('.tries = 0;');
    await session.arm(
      { type: TYPE.EXCEPTION_OCCURRED, options: [14n], shortCircuit: true },
      session.script('.tries = .tries + 1; printf("%x", .tries); if (.tries == 3) { event_sc(0); }'),
    );
    await ends();
    assert.deepEqual(session.messages, ['1', '2', '3']);
  });

  it('!ioout: a string is written an element at a time', async () => {
    await session.arm(
      { type: TYPE.OUT_INSTRUCTION_EXECUTION, options: [0x3f8n] },
      session.script('printf("%llx", @rip);'),
    );
    await ends();
    const places = new Map<string, number>();
    for (const place of session.messages) places.set(place, (places.get(place) ?? 0) + 1);
    assert.ok([...places.values()].includes('string-out\n'.length));
  });

  it('!interrupt: the timer, before and in its handler', async () => {
    await session.arm(
      { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0x20n], stage: ALL_STAGES },
      report(),
    );
    await ends();
    const ticks = session.messages.length / 2;
    assert.ok(ticks >= 1);
    assert.match(session.messages[0] ?? '', /^0 20 [12] [03]\n$/);
    assert.match(session.messages[1] ?? '', /^1 20 [12] 0\n$/);
    assert.match(session.stdout, new RegExp(`ticks=${ticks.toString(16)} `));
  });

  it('!interrupt: short-circuited, the kernel never ticks', async () => {
    await session.arm(
      { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0x20n], shortCircuit: true },
      session.script('x = 1;'),
    );
    await ends();
    assert.match(session.stdout, /ticks=0 /);
  });

  it('!interrupt and !exception refuse vectors that are none of theirs', async () => {
    for (const vector of [0x1fn, 0x100n])
      await refusesWith(
        ERROR.DEBUGGER_ERROR_INTERRUPT_INDEX_IS_NOT_VALID,
        session.arm({ type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [vector] }),
      );
  });

  it('!exception: a page that comes on demand, with CR2', async () => {
    await session.arm(
      { type: TYPE.EXCEPTION_OCCURRED, options: [14n] },
      session.script('printf("%llx %llx %x\\n", $context, @cr2, $pid);'),
    );
    await ends();
    assert.deepEqual(session.messages, ['e 500000 1\n']);
  });

  it('!mode: each way into ring 3 and out of it', async () => {
    await session.arm({ type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [1n] }, report());
    await ends();
    const rings = session.messages.map((text) => text.split(' ')[1]);
    assert.equal(rings[0], '3');
    rings.forEach((ring, index) => assert.equal(ring, index % 2 === 0 ? '3' : '0'));
    assert.ok(rings.length >= 30);
  });

  it('!mode: user alone, kernel alone, and no other value', async () => {
    await refusesWith(
      ERROR.DEBUGGER_ERROR_MODE_EXECUTION_IS_INVALID,
      session.arm({ type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [2n] }),
    );
    await session.arm({ type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [3n] }, report());
    await ends();
    assert.ok(session.messages.every((text) => text.split(' ')[1] === '3'));
  });

  it('!mode: short-circuited, the process is kept out of its mode until the event goes', async () => {
    session.script('.tries = 0;');
    await session.arm(
      { type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [3n], shortCircuit: true },
      session.script(
        '.tries = .tries + 1; printf("%x", .tries); if (.tries == 3) { event_clear($event_id); }',
      ),
    );
    await ends();
    assert.deepEqual(session.messages, ['1', '2', '3']);
  });

  it('hooks a page of one process: the other has another page at the same address', async () => {
    const stop = await firstUserStop();
    await session.debuggee.modifyEvent('all', 'clear');
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [stop] },
      session.script('printf("%x", $pid);'),
    );
    await ends();
    assert.ok(session.messages.length >= 1);
    assert.deepEqual([...new Set(session.messages)], ['1']);
  });

  /** Stops at the first system call of process 1, in the loop that both processes run at the same address. */
  async function firstUserStop(): Promise<bigint> {
    await session.arm({ type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [1n, 0n] }, { kind: 'break' });
    const stop = await session.resume();
    assert.ok(stop);
    return stop.rip;
  }
});
