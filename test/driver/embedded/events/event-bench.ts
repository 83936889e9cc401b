/** An event core on a plain machine. */

import assert from 'node:assert/strict';
import type { EventRequest } from '../../../../driver/debuggee';
import { EventCore, type Occurrence } from '../../../../driver/embedded/events/event-core';
import { DEBUGGER_ERROR, VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { PlainCodeRunner, PlainMachine } from '../server/plain-machine';
import { scriptAction, statement } from './script-symbols';

const ALL = 0xffffffff;
export const BASE = 0x1000000n;
export const CPUID = TYPE.CPUID_INSTRUCTION_EXECUTION;
export const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

export function setUp() {
  const machine = new PlainMachine();
  const runner = new PlainCodeRunner(machine);
  const core = new EventCore(machine, runner);
  let next = 1n;
  const request = (change: Partial<EventRequest> = {}): EventRequest => ({
    tag: BASE + next++,
    type: CPUID,
    coreId: ALL,
    processId: ALL,
    stage: 1,
    shortCircuit: false,
    options: [],
    condition: undefined,
    ...change,
  });
  /** Registers an event whose action prints `says`; without it the event gets no action. */
  const event = (change: Partial<EventRequest> = {}, says?: number): bigint => {
    const made = request(change);
    assert.equal(core.register(made), OK);
    if (says !== undefined) assert.equal(core.addAction(made.tag, scriptAction(statement.print(says))), OK);
    return made.tag;
  };
  const cpuid = (stage: 'pre' | 'post' = 'pre', context = 0n): Occurrence => ({
    kind: 'instruction',
    type: CPUID,
    stage,
    context,
  });
  return { machine, runner, core, request, event, cpuid };
}
