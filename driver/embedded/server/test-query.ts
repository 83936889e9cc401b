/** The self tests of the debugger, and the switches that mute breakpoints and events (driver-protocol 8.4, TEST_QUERY). */

import { ANSWER, REQUEST } from '../../kd/packets';
import {
  DEBUGGER_ERROR,
  DEBUGGER_TEST_QUERY_STATE as TEST,
  OPERATION,
  REGS_ENUM,
} from '../../sdk/tables.generated';
import type { Machine } from './machine';
import type { Install, ServerContext } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;

/** RIP of each core, seen from that core as the halted debugger does it. */
function instructionPointers(machine: Machine): readonly bigint[] {
  const selected = machine.currentCore;
  const pointers = Array.from({ length: machine.coreCount }, (_, core) => {
    machine.selectCore(core);
    return machine.readRegister(REGS_ENUM.REGISTER_RIP) ?? 0n;
  });
  machine.selectCore(selected);
  return pointers;
}

type Test = (context: ServerContext, argument: bigint) => number;

const onEveryCore: Test = ({ machine, log }) => {
  instructionPointers(machine).forEach((_, core) =>
    log(OPERATION.OPERATION_LOG_INFO_MESSAGE, `core ${core} has done its task\n`),
  );
  return OK;
};

function muting(set: (context: ServerContext) => void): Test {
  return (context) => {
    set(context);
    return OK;
  };
}

/** Steps of this machine need no trap of the guest's, so switching its interception changes nothing. */
const NOTHING_TO_DO: Test = () => OK;

const TESTS: Readonly<Record<number, Test>> = {
  [TEST.TEST_QUERY_HALTING_CORE_STATUS]: ({ machine, log }) => {
    instructionPointers(machine).forEach((rip, core) =>
      log(
        OPERATION.OPERATION_LOG_INFO_MESSAGE,
        `core ${core} is halted at ${rip.toString(16).padStart(16, '0')}\n`,
      ),
    );
    return OK;
  },
  [TEST.TEST_QUERY_PREALLOCATED_POOL_STATE]: ({ events, breakpoints, log }) => {
    const text = `nothing is pre-allocated, memory is taken when it is needed; ${events.events().length} events, ${breakpoints.all.length} breakpoints\n`;
    log(OPERATION.OPERATION_LOG_INFO_MESSAGE, text);
    return OK;
  },
  [TEST.TEST_QUERY_TRAP_STATE]: ({ machine, log }) => {
    for (let core = 0; core < machine.coreCount; core++)
      log(OPERATION.OPERATION_LOG_INFO_MESSAGE, `core ${core} waits for no trap\n`);
    return OK;
  },
  [TEST.TEST_BREAKPOINT_TURN_OFF_BPS]: muting(({ breakpoints }) => (breakpoints.isMuted = true)),
  [TEST.TEST_BREAKPOINT_TURN_ON_BPS]: muting(({ breakpoints }) => (breakpoints.isMuted = false)),
  [TEST.TEST_BREAKPOINT_TURN_OFF_BPS_AND_EVENTS_FOR_COMMANDS_IN_REMOTE_COMPUTER]: muting(
    ({ breakpoints, events }) => (breakpoints.isMuted = events.isMuted = true),
  ),
  [TEST.TEST_BREAKPOINT_TURN_ON_BPS_AND_EVENTS_FOR_COMMANDS_IN_REMOTE_COMPUTER]: muting(
    ({ breakpoints, events }) => (breakpoints.isMuted = events.isMuted = false),
  ),
  [TEST.TEST_SETTING_TARGET_TASKS_ON_HALTED_CORES_SYNCHRONOUS]: onEveryCore,
  [TEST.TEST_SETTING_TARGET_TASKS_ON_HALTED_CORES_ASYNCHRONOUS]: onEveryCore,
  [TEST.TEST_SETTING_TARGET_TASKS_ON_TARGET_HALTED_CORES]: ({ machine, log }, core) => {
    if (core >= BigInt(machine.coreCount)) return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID;
    log(OPERATION.OPERATION_LOG_INFO_MESSAGE, `core ${core} has done its task\n`);
    return OK;
  },
  [TEST.TEST_BREAKPOINT_TURN_OFF_DBS]: NOTHING_TO_DO,
  [TEST.TEST_BREAKPOINT_TURN_ON_DBS]: NOTHING_TO_DO,
};

export function installTestQuery(install: Install): void {
  install(REQUEST.testQuery, (context, record) => {
    const test = TESTS[record.RequestType];
    const KernelStatus =
      test === undefined
        ? DEBUGGER_ERROR.DEBUGGER_ERROR_UNKNOWN_TEST_QUERY_RECEIVED
        : test(context, record.Context);
    context.send(ANSWER.testQuery, { ...record, KernelStatus });
  });
}
