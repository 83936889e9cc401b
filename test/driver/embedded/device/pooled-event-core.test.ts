import assert from 'node:assert/strict';
import { PooledEventCore } from '../../../../driver/embedded/device/pooled-event-core';
import { DEBUGGER_ERROR as E, VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import type { EventRequest } from '../../../../driver/debuggee';
import { PlainCodeRunner, PlainMachine } from '../server/plain-machine';

const OK = E.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const TAG = 0x1000000n;
const ALL = 0xffffffff;

function make() {
  const machine = new PlainMachine();
  const core = new PooledEventCore(machine, new PlainCodeRunner(machine), { deliversReturnedBuffer: true });
  let next = TAG;
  const register = (more: Partial<EventRequest> = {}) =>
    core.register({
      ...{
        tag: next++,
        type: TYPE.CPUID_INSTRUCTION_EXECUTION,
        coreId: ALL,
        processId: ALL,
        stage: 1 as const,
      },
      ...{ shortCircuit: false, options: [], condition: undefined },
      ...more,
    });
  return { core, machine, register };
}

describe('events of a halted target (driver-protocol 5.8)', () => {
  it('20 fit; a cleared one makes room, whoever cleared it; a refused one takes nothing', () => {
    const { core, register } = make();
    assert.equal(register({ coreId: 9 }), E.DEBUGGER_ERROR_INVALID_CORE_ID);
    for (let i = 0; i < 20; i++) assert.equal(register(), OK);
    const full = E.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND;
    assert.equal(register(), full);
    core.modify('all', 'clear');
    assert.equal(register(), OK);
    assert.equal(core.pools.free.regularEvent, 19);
  });

  it('conditions over 100 bytes and payloads over 8192 need big blocks, of which there are none', () => {
    const { core, register } = make();
    assert.equal(
      register({ condition: new Uint8Array(101) }),
      E.DEBUGGER_ERROR_INSTANT_EVENT_BIG_PREALLOCATED_BUFFER_NOT_FOUND,
    );
    assert.equal(register({ tag: TAG, condition: new Uint8Array(100) }), OK);
    const add = (sizeBytes: number, bufferSizeBytes = 0) =>
      core.addAction(TAG, { kind: 'code', bytes: new Uint8Array(sizeBytes), bufferSizeBytes });
    assert.equal(add(8193), E.DEBUGGER_ERROR_INSTANT_EVENT_ACTION_BIG_PREALLOCATED_BUFFER_NOT_FOUND);
    assert.equal(add(1, 8), E.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_REQUESTED_SAFE_BUFFER_NOT_FOUND);
    assert.equal(add(8192), OK);
    core.pools.reserve(6, 1);
    assert.deepEqual(
      [add(1, 8), add(1, 8)],
      [OK, E.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_REQUESTED_SAFE_BUFFER_NOT_FOUND],
    );
  });

  it('a hook takes a block of its own kind', () => {
    const { core, register } = make();
    core.pools.reserve(4, 100);
    const hook = (index: number) =>
      register({ type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [0x400000n + BigInt(0x1000 * index)] });
    const answers = Array.from({ length: 21 }, (_, index) => hook(index));
    assert.ok(answers.slice(0, 20).every((answer) => answer === OK));
    assert.equal(answers[20], E.DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY);
  });
});
