import assert from 'node:assert/strict';
import type { ActionRequest, EventRequest } from '../../../../driver/debuggee';
import {
  DEBUGGER_ERROR,
  REGS_ENUM,
  SDK,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../../driver/sdk/tables.generated';
import { PAGE, PROCESS_ID, type PlainMachine } from '../server/plain-machine';
import { BASE, CPUID, OK, setUp } from './event-bench';
import { FIRST_SLOT, scriptAction, statement } from './script-symbols';

describe('event core: registration', () => {
  const e = DEBUGGER_ERROR;
  const refusals: readonly (readonly [string, Partial<EventRequest>, number])[] = [
    ['a core that does not exist', { coreId: 2 }, e.DEBUGGER_ERROR_INVALID_CORE_ID],
    ['a process that does not exist', { processId: 0x999 }, e.DEBUGGER_ERROR_INVALID_PROCESS_ID],
    [
      'short circuit in the post stage',
      { stage: 2, shortCircuit: true },
      e.DEBUGGER_ERROR_USING_SHORT_CIRCUITING_EVENT_WITH_POST_EVENT_MODE_IS_FORBIDDEDN,
    ],
    [
      'short circuit in all stages',
      { stage: 3, shortCircuit: true },
      e.DEBUGGER_ERROR_USING_SHORT_CIRCUITING_EVENT_WITH_POST_EVENT_MODE_IS_FORBIDDEDN,
    ],
    ['a type that does not exist', { type: 28 }, e.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID],
    ['CR reads', { type: TYPE.CONTROL_REGISTER_READ }, e.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID],
    ['CR3 writes', { type: TYPE.CONTROL_REGISTER_3_MODIFIED }, e.DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID],
    [
      'a one-byte range',
      { type: TYPE.HIDDEN_HOOK_READ, options: [PAGE, PAGE] },
      e.DEBUGGER_ERROR_INVALID_ADDRESS,
    ],
    [
      'vector 31',
      { type: TYPE.EXCEPTION_OCCURRED, options: [31n] },
      e.DEBUGGER_ERROR_EXCEPTION_INDEX_EXCEED_FIRST_32_ENTRIES,
    ],
    [
      'interrupt 1f',
      { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0x1fn] },
      e.DEBUGGER_ERROR_INTERRUPT_INDEX_IS_NOT_VALID,
    ],
    [
      'interrupt 100',
      { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0x100n] },
      e.DEBUGGER_ERROR_INTERRUPT_INDEX_IS_NOT_VALID,
    ],
    [
      'mode 2',
      { type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [2n] },
      e.DEBUGGER_ERROR_MODE_EXECUTION_IS_INVALID,
    ],
  ];
  for (const [what, change, status] of refusals) {
    it(`refuses ${what}`, () => {
      const { core, machine, request } = setUp();
      assert.equal(core.register(request(change)), status);
      assert.deepEqual([machine.armed, core.events()], [[], []]);
    });
  }

  const accepted: readonly (readonly [string, Partial<EventRequest>])[] = [
    ['vector 30', { type: TYPE.EXCEPTION_OCCURRED, options: [30n] }],
    ['all vectors', { type: TYPE.EXCEPTION_OCCURRED, options: [0xffffffffn] }],
    ['interrupt ff', { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0xffn] }],
    ['process 0', { processId: 0 }],
    ['mode 0', { type: TYPE.TRAP_EXECUTION_MODE_CHANGED, options: [0n] }],
  ];
  for (const [what, change] of accepted)
    it(`takes ${what}`, () => assert.equal(setUp().core.register(setUp().request(change)), OK));

  it('passes on what the hardware says', () => {
    const { core, machine, request } = setUp();
    machine.armStatus = e.DEBUGGER_ERROR_EPT_COULD_NOT_SPLIT_THE_LARGE_PAGE_TO_4KB_PAGES;
    assert.equal(core.register(request()), machine.armStatus);
  });

  it('one page takes one hook, and at most 40 hidden breakpoints', () => {
    const { core, request } = setUp();
    const monitor = (first: bigint) =>
      request({ type: TYPE.HIDDEN_HOOK_WRITE, options: [first, first + 7n] });
    assert.equal(core.register(monitor(PAGE)), OK);
    assert.equal(core.register(monitor(PAGE + 0x100n)), e.DEBUGGER_ERROR_EPT_MULTIPLE_HOOKS_IN_A_SINGLE_PAGE);
    assert.equal(core.register(monitor(PAGE + 0x1000n)), OK);
    const hook = (at: number) => request({ type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [PAGE + BigInt(at)] });
    for (let i = 0; i < SDK.MaximumHiddenBreakpointsOnPage; i++) assert.equal(core.register(hook(i)), OK);
    assert.equal(core.register(hook(100)), e.DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_FOR_A_SINGLE_PAGE_IS_HIT);
  });
});

describe('event core: actions and changes', () => {
  const e = DEBUGGER_ERROR;
  const code = (bytes: number, bufferSizeBytes = 0): ActionRequest => ({
    kind: 'code',
    bytes: new Uint8Array(bytes).fill(1),
    bufferSizeBytes,
  });

  it('the first action enables the event, a later one does not', () => {
    const { core, event } = setUp();
    const tag = event();
    assert.equal(core.modify(tag, 'query').isEnabled, false);
    core.addAction(tag, { kind: 'break' });
    assert.equal(core.modify(tag, 'query').isEnabled, true);
    core.modify(tag, 'disable');
    core.addAction(tag, { kind: 'break' });
    assert.equal(core.modify(tag, 'query').isEnabled, false);
  });

  it('refusals', () => {
    const { core, event, machine } = setUp();
    const tag = event();
    const tooBig =
      e.DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK;
    assert.equal(core.addAction(BASE + 99n, { kind: 'break' }), e.DEBUGGER_ERROR_TAG_NOT_EXISTS);
    assert.equal(core.addAction(tag, code(0)), e.DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO);
    assert.equal(core.addAction(tag, code(1, 1000)), tooBig);
    assert.equal(core.addAction(tag, code(1, 999)), OK);
    const cut = { ...scriptAction(statement.print(1)), symbolCount: 100 };
    assert.equal(core.addAction(tag, cut), e.DEBUGGER_ERROR_PREPARING_DEBUGGEE_TO_RUN_SCRIPT);
    assert.match(machine.messages[0]!.text, /^event 0x1, slot 0x[0-9a-f]+: .*malformed/);
  });

  it('changes one event or all; unknown tags and a query of all are refused', () => {
    const { core, event, machine } = setUp();
    const tags = [event({}, 1), event({}, 2)];
    assert.equal(core.modify('all', 'disable').status, OK);
    assert.deepEqual(
      core.events().map((one) => one.isEnabled),
      [false, false],
    );
    assert.equal(core.isWanted(CPUID), false);
    assert.equal(core.modify(tags[0]!, 'enable').status, OK);
    assert.equal(core.isWanted(CPUID), true);
    assert.equal(core.modify('all', 'query').status, e.DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG);
    assert.equal(core.modify(BASE + 99n, 'clear').status, e.DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG);
    assert.equal(core.modify('all', 'clear').status, OK);
    assert.deepEqual([core.events(), machine.armed], [[], []]);
  });

  it('script, code and break run last added first, and a cleared event gives its buffers back', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event();
    core.addAction(tag, { kind: 'break' });
    core.addAction(tag, { kind: 'code', bytes: Uint8Array.of(0xbf), bufferSizeBytes: 0x100 });
    core.addAction(tag, scriptAction(statement.print(0x2a)));
    core.deliver(cpuid());
    assert.deepEqual(machine.story, ['2a', 'code', 'halt']);
    assert.deepEqual(machine.halts, [{ eventTag: tag, stage: 'pre' }]);
    core.modify(tag, 'clear');
    assert.equal(machine.released.length, 1);
  });

  it('code that returns its buffer hands it to the debugger', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event();
    core.addAction(tag, { kind: 'code', bytes: Uint8Array.of(0xbf), bufferSizeBytes: 8 });
    core.deliver(cpuid());
    const { codeRuns } = core.deliver(cpuid());
    assert.equal(codeRuns[0]!.rax, core.bufferOf(tag)!.address);
    assert.deepEqual(
      machine.sentBuffers.map((sent) => [sent.eventTag, sent.bytes[0], sent.bytes.length]),
      [
        [tag, 1, 8],
        [tag, 2, 8],
      ],
    );
  });
});

describe('event core: the trigger algorithm (5.5)', () => {
  const texts = (machine: PlainMachine) => machine.messages.map((message) => message.text.trim());

  it('newest first; the oldest match decides the short circuit', () => {
    for (const [older, newer, expected] of [
      [false, true, false],
      [true, false, true],
    ] as const) {
      const { core, event, machine, cpuid } = setUp();
      const tags = [event({ shortCircuit: older }, 1), event({ shortCircuit: newer }, 2)];
      const delivery = core.deliver(cpuid());
      assert.deepEqual(texts(machine), ['2', '1']);
      assert.deepEqual(delivery.hits, [tags[1], tags[0]]);
      assert.equal(delivery.shortCircuited, expected);
    }
  });

  it('filters by process, core and the own first parameter', () => {
    const { core, event, machine, cpuid } = setUp();
    event({ processId: PROCESS_ID, coreId: 1, options: [1n, 7n] }, 1);
    const hits = () => core.deliver(cpuid('pre', 7n)).hits.length;
    assert.equal(hits(), 0);
    machine.currentCore = 1;
    assert.equal(hits(), 1);
    machine.processId = 5;
    assert.equal(hits(), 0);
    machine.processId = PROCESS_ID;
    assert.equal(core.deliver(cpuid('pre', 8n)).hits.length, 0);
  });

  it('post and all ask for the post pass; post alone does not run before', () => {
    for (const [stage, pre, post] of [
      [1, 1, 1],
      [2, 0, 1],
      [3, 1, 1],
    ] as const) {
      const { core, event, cpuid } = setUp();
      event({ stage }, 1);
      const first = core.deliver(cpuid());
      assert.deepEqual([first.hits.length, first.postNeeded], [pre, stage !== 1]);
      // Without a stage filter in the post pass, even a pre event runs there (QUIRK).
      assert.equal(core.deliver(cpuid('post')).hits.length, post);
    }
  });

  it('looked at alone, an event keeps its stage in the post pass', () => {
    const { core, event, cpuid } = setUp();
    const [pre, post] = [event({ stage: 1 }, 1), event({ stage: 2 }, 2)];
    assert.deepEqual(core.deliver(cpuid('post'), pre).hits, []);
    assert.deepEqual(core.deliver(cpuid('post'), post).hits, [post]);
    assert.deepEqual(core.deliver(cpuid('pre'), pre).hits, [pre]);
  });

  it('a false condition runs nothing, leaves the short circuit, and keeps the wish for post', () => {
    const { core, event, machine, cpuid } = setUp();
    event({ stage: 3, condition: Uint8Array.of(0) }, 1);
    const delivery = core.deliver(cpuid());
    assert.deepEqual([delivery.hits, delivery.postNeeded, texts(machine)], [[], true, []]);
  });

  it('a true condition runs; one that fails says so and runs nothing', () => {
    const { core, event, machine, runner, cpuid } = setUp();
    event({ condition: Uint8Array.of(1) }, 1);
    assert.equal(core.deliver(cpuid('pre', 5n)).hits.length, 1);
    assert.deepEqual(runner.runs, [{ kind: 'condition', context: 5n }]);
    const failing = event({ condition: Uint8Array.of(0xee) }, 2);
    const delivery = core.deliver(cpuid());
    assert.equal(delivery.hits.length, 1);
    assert.deepEqual(
      delivery.errors.map((error) => [error.eventTag, error.part, error.slot]),
      [[failing, 'condition', undefined]],
    );
    assert.equal(
      machine.messages.at(-2)!.text,
      'event 0x2: the condition failed: it ran into an invalid opcode at offset 0x0',
    );
    assert.equal(machine.messages.at(-2)!.operation, 3);
  });

  it('event_sc overwrites the state in the pre pass and only warns in the post pass', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event();
    core.addAction(tag, scriptAction(statement.shortCircuit(1)));
    assert.equal(core.deliver(cpuid()).shortCircuited, true);
    assert.equal(machine.messages.length, 0);
    assert.equal(core.deliver(cpuid('post')).shortCircuited, false);
    assert.match(machine.messages[0]!.text, /event_sc\(\) has an effect only in the "pre" stage/);
    assert.equal(machine.messages[0]!.operation, 2);
  });

  it('the debugger can set the short circuit while the event halts', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event();
    core.addAction(tag, { kind: 'break' });
    machine.onHalt = () => assert.equal(core.setShortCircuit(true), true);
    assert.equal(core.deliver(cpuid()).shortCircuited, true);
    assert.equal(core.setShortCircuit(true), false);
  });

  it('a script can disable and clear events, its own too', () => {
    const { core, event, machine, cpuid } = setUp();
    const older = event({}, 1);
    const newer = event();
    core.addAction(newer, scriptAction(statement.print(3)));
    core.addAction(newer, scriptAction(statement.disable(1), statement.clear(2), statement.enable(9)));
    const delivery = core.deliver(cpuid());
    assert.deepEqual(delivery.hits, [newer]);
    assert.equal(core.modify(older, 'query').isEnabled, false);
    assert.equal(core.events().length, 1);
    assert.deepEqual(texts(machine), ['event_enable found no event 0x9; nothing was changed']);
    assert.deepEqual(machine.asked, [
      { kind: 'disable', eventId: 1n },
      { kind: 'clear', eventId: 2n },
      { kind: 'enable', eventId: 9n },
    ]);
  });

  it('a script that fails names event and slot, and later actions still run', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event();
    core.addAction(tag, { kind: 'break' });
    core.addAction(tag, scriptAction(statement.print(1), statement.divideByZero()));
    const delivery = core.deliver(cpuid());
    const slot = FIRST_SLOT + 2;
    assert.deepEqual(
      delivery.errors.map((error) => [error.part, error.slot]),
      [['script', slot]],
    );
    assert.match(
      machine.messages[1]!.text,
      new RegExp(`^event 0x1, slot 0x${slot.toString(16)}: .*FUNC_DIV`),
    );
    assert.deepEqual(machine.halts.length, 1);
  });

  it('scripts see the occasion, registers and pause() halts in the middle', () => {
    const { core, event, machine, cpuid } = setUp();
    const tag = event({ stage: 3 });
    const action = scriptAction(
      statement.printPseudo(SDK.PSEUDO_REGISTER_CONTEXT),
      statement.printPseudo(SDK.PSEUDO_REGISTER_EVENT_TAG),
      statement.printPseudo(SDK.PSEUDO_REGISTER_EVENT_ID),
      statement.printPseudo(SDK.PSEUDO_REGISTER_EVENT_STAGE),
      statement.printPseudo(SDK.PSEUDO_REGISTER_PID),
      statement.printPseudo(SDK.PSEUDO_REGISTER_BUFFER),
      statement.setRegister(REGS_ENUM.REGISTER_RCX, 0x77),
      statement.setLocal(0, 0x66),
      statement.pause(),
      statement.printLocal(0),
      statement.printRegister(REGS_ENUM.REGISTER_RCX),
      statement.printGlobal(0),
    );
    core.addAction(tag, { ...action, bufferSizeBytes: 16 });
    // The halted debugger runs a script of its own meanwhile; it shares globals, not the stack.
    machine.onHalt = () => {
      const run = core.runScript(
        ...scriptOf(statement.setGlobal(0, 5), statement.setLocal(0, 1), statement.formats(9)),
        () => undefined,
      );
      assert.deepEqual([run.ok, run.result], [true, 9n]);
    };
    core.deliver(cpuid('post', 0xabn));
    const buffer = core.bufferOf(tag)!.address.toString(16);
    assert.deepEqual(machine.story, ['ab', '1000001', '1', '1', '1c0', buffer, 'halt', '66', '77', '5']);
    assert.deepEqual(machine.messages[0], { operation: Number(tag), text: 'ab\n' });
    assert.equal(machine.generalRegisters[1], 0x77n);
  });

  it('pause() in a script of the halted debugger warns', () => {
    const { core, machine } = setUp();
    assert.equal(core.runScript(...scriptOf(statement.pause()), () => undefined).ok, true);
    assert.equal(machine.halts.length, 0);
    assert.equal(machine.messages[0]!.operation, 2);
  });

  const scriptOf = (...statements: string[]): [Uint8Array, number] => {
    const { bytes, symbolCount } = scriptAction(...statements);
    return [bytes, symbolCount];
  };
});
