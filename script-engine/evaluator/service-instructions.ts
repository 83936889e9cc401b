/** What a script asks of the debugger, and locks and time (script-language 9). */

import type { Execution } from './execution';
import type { Handler, HandlerGroup } from './instruction-table';
import { unreadable, unwritable } from './memory-instructions';
import { fault, hex } from './script-fault';
import type { ScriptServices } from './script-machine';

/** A clock of 3 GHz: real enough for differences, and never the same twice. */
const TICKS_PER_MILLISECOND = 3_000_000n;
let lastTick = 0n;

function timeStamp(run: Execution): void {
  const now = BigInt(Date.now()) * TICKS_PER_MILLISECOND;
  lastTick = now > lastTick ? now : lastTick + 1n;
  run.write(run.operand(), lastTick);
}

/** In user mode prints the refusal and nothing else happens. */
function service(
  operandCount: number,
  refusal: string,
  serve: (services: ScriptServices, operands: readonly bigint[]) => void,
): Handler {
  return (run) => {
    const operands: bigint[] = [];
    for (let index = 0; index < operandCount; index++) operands.push(run.take());
    if (run.isUserMode) run.machine.print(`err, ${refusal}\n`);
    else serve(run.machine.services, operands);
  };
}

/** Upstream's evaluator takes one slot more than the compiler wrote (script-language 13, row 5). */
function takesOneSlotTooMany(handler: Handler): Handler {
  return (run) => {
    handler(run);
    if (run.upstreamFaults) run.slot++;
  };
}

function inject(services: ScriptServices, type: bigint, vector: bigint, errorCode: bigint | undefined): void {
  if (type >= 8n || vector >= 256n) {
    fault(
      `there is no interruption of type ${hex(type)} with vector ${hex(vector)}: types are below 8, vectors below 100`,
    );
  }
  services.injectInterrupt(
    Number(vector),
    errorCode === undefined ? undefined : Number(errorCode & 0xffff_ffffn),
  );
}

/** Functions that need hardware: the machine says why it has none. `takes`: operands before the destination. */
function hardware(name: string, refusalName: string, takes: number, hasResult: boolean): Handler {
  return (run) => {
    for (let index = 0; index < takes; index++) run.operand();
    if (!run.isUserMode) fault(run.machine.services.unavailable(name));
    run.machine.print(`err, it's not possible to call ${refusalName} function in the user-mode\n`);
    if (hasResult) run.write(run.operand(), 0n);
  };
}

/** DEBUGGER_EVENT_TRACE_TYPE. */
const TRACE_TYPE = { stepIn: 1, instrumentationStepIn: 3 } as const;

const traceStep =
  (name: string, traceType: number): Handler =>
  (run) => {
    const { isUserMode, machine } = run;
    if (isUserMode)
      machine.print(
        "err, it's not possible to call event_trace_instrumentation_step function in the user-mode\n",
      );
    else if (machine.services.traceStep === undefined) fault(machine.services.unavailable(name));
    else machine.services.traceStep(traceType);
  };
const branchRecord = (name: string, refusalName = name): Handler => hardware(name, refusalName, 0, true);

/** One script runs at a time, so nobody can release a lock that is already taken: waiting would never end. */
function lock(run: Execution): void {
  const address = run.take();
  const value = run.addresses.readNumber(address, 4) ?? unreadable(address, 4);
  if ((value & 1n) === 1n)
    fault(`the lock at ${hex(address)} is already taken, and nothing else runs that could release it`);
  if (!run.addresses.writeNumber(address, value | 1n, 4)) unwritable(address, 4);
}

export const serviceInstructions: HandlerGroup = {
  EVENT_ENABLE: service(1, 'enabling events is not possible in user-mode', (services, [id = 0n]) =>
    services.enableEvent(id),
  ),
  EVENT_DISABLE: service(1, 'disabling events is not possible in user-mode', (services, [id = 0n]) =>
    services.disableEvent(id),
  ),
  EVENT_CLEAR: service(1, 'disabling events is not possible in user-mode', (services, [id = 0n]) =>
    services.clearEvent(id),
  ),
  EVENT_SC: takesOneSlotTooMany(
    service(1, "it's not possible to short-circuit events in user-mode", (services, [on = 0n]) =>
      services.shortCircuit(on !== 0n),
    ),
  ),
  PAUSE: service(0, 'breaking is not possible in user-mode', (services) => services.pause()),
  FLUSH: service(0, "it's not possible to flush buffers in user-mode", (services) => services.flush()),
  EVENT_INJECT: service(
    2,
    'event_inject is not supported in user-mode',
    (services, [vector = 0n, type = 0n]) => inject(services, type, vector, undefined),
  ),
  EVENT_INJECT_ERROR_CODE: takesOneSlotTooMany(
    service(
      3,
      'event_inject is not supported in user-mode',
      (services, [errorCode = 0n, vector = 0n, type = 0n]) => inject(services, type, vector, errorCode),
    ),
  ),
  EVENT_TRACE_STEP: traceStep('event_trace_step', TRACE_TYPE.stepIn),
  EVENT_TRACE_STEP_IN: traceStep('event_trace_step_in', TRACE_TYPE.stepIn),
  EVENT_TRACE_STEP_OUT: () => undefined,
  EVENT_TRACE_INSTRUMENTATION_STEP: traceStep(
    'event_trace_instrumentation_step',
    TRACE_TYPE.instrumentationStepIn,
  ),
  EVENT_TRACE_INSTRUMENTATION_STEP_IN: traceStep(
    'event_trace_instrumentation_step_in',
    TRACE_TYPE.instrumentationStepIn,
  ),
  LBR_SAVE: branchRecord('lbr_save'),
  LBR_DUMP: branchRecord('lbr_dump', 'lbr_print'),
  LBR_PRINT: branchRecord('lbr_print'),
  LBR_RESTORE: branchRecord('lbr_restore'),
  LBR_CHECK: branchRecord('lbr_check'),
  LBR_RESTORE_BY_FILTER: hardware('lbr_restore_by_filter', 'lbr_restore_by_filter', 1, true),
  SPINLOCK_LOCK: lock,
  SPINLOCK_LOCK_CUSTOM_WAIT: (run) => {
    run.operand();
    lock(run);
  },
  SPINLOCK_UNLOCK: (run) => {
    const address = run.take();
    if (!run.addresses.writeNumber(address, 0n, 4)) unwritable(address, 4);
  },
  // A wait would stop the whole debugger, and here no time passes for the guest while a script runs.
  MICROSLEEP: (run) => {
    run.operand();
  },
  RDTSC: timeStamp,
  RDTSCP: timeStamp,
};
