/** Requests to the halted machine: one function for each, in a table by action (driver-protocol 8.4). */

import type { StepKind } from '../../debuggee';
import { actionOfRecord, ALL_EVENTS, eventOfRecord, verbOfNumber } from '../../kd/event-records';
import type { KdFrame } from '../../kd/frame';
import { errorText } from '../../kd/log-message';
import { guestRegistersOf } from '../../kd/machine-records';
import { ANSWER, REQUEST } from '../../kd/packets';
import { ALL_REGISTERS } from '../../kd/special-payloads';
import {
  DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST as BREAKPOINT_VERB,
  DEBUGGER_ERROR,
  DEBUGGER_REMOTE_STEPPING_REQUEST as STEPPING,
  OPERATION,
  REGS_ENUM,
} from '../../sdk/tables.generated';
import { installHardwareRequests } from './hardware-requests';
import { installMemoryRequests } from './memory-requests';
import { installProcessRequests } from './process-requests';
import { installSearchRequest } from './search-request';
import type { Install, ServerContext } from './server-context';
import { installStackRequest } from './stack-request';
import { installTestQuery } from './test-query';
import { installUserInput } from './user-commands';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const handlers = new Map<number, (context: ServerContext, payload: Uint8Array) => void>();

const install: Install = (packet, handler) => {
  handlers.set(packet.action, (context, payload) => handler(context, packet.decode(payload)));
};

/** Serves one request; false when there is none of that action. Throws RangeError when the payload is too short. */
export function serveRequest(context: ServerContext, frame: KdFrame): boolean {
  const handler = handlers.get(frame.action);
  if (handler === undefined) return false;
  handler(context, frame.payload);
  return true;
}

const STEP_KINDS: Readonly<Record<number, StepKind>> = {
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_IN]: 'in',
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN]: 'instrumentation',
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN_FOR_TRACKING]: 'instrumentation',
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER]: 'over',
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER_FOR_GU]: 'over',
  [STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_STEP_OVER_FOR_GU_LAST_INSTRUCTION]: 'over',
};

install(REQUEST.step, (context, value) => {
  const step = STEP_KINDS[value.StepType];
  if (step === undefined) throw new RangeError(`there is no kind of step ${value.StepType}`);
  const isOverCall = step === 'over' && value.IsCurrentInstructionACall;
  const isTracking =
    value.StepType === STEPPING.DEBUGGER_REMOTE_STEPPING_REQUEST_INSTRUMENTATION_STEP_IN_FOR_TRACKING;
  const callSizeBytes = isOverCall ? value.CallLength : undefined;
  context.resume({ kind: 'step', step, callSizeBytes, isTracking });
});
install(REQUEST.continue, (context) => context.resume({ kind: 'continue' }));
install(REQUEST.close, (context) => context.close());

install(REQUEST.changeCore, ({ machine, send, stop }, { NewCore }) => {
  const isKnown = NewCore < machine.coreCount;
  const isSwitch = isKnown && NewCore !== machine.currentCore;
  if (isSwitch) machine.selectCore(NewCore);
  const Result = isKnown
    ? OK
    : DEBUGGER_ERROR.DEBUGGER_ERROR_PREPARING_DEBUGGEE_INVALID_CORE_IN_REMOTE_DEBUGGE;
  send(ANSWER.changeCore, { NewCore, Result });
  if (isSwitch) stop({ reason: 'core switched' });
});

// Messages leave as they are printed, so none is ever waiting.
install(REQUEST.flush, ({ send }) =>
  send(ANSWER.flush, {
    KernelStatus: OK,
    CountOfMessagesThatSetAsReadFromVmxRoot: 0,
    CountOfMessagesThatSetAsReadFromVmxNonRoot: 0,
  }),
);

install(REQUEST.runScript, ({ events, send, log }, { record, tail }) => {
  const bytes = tail.subarray(0, record.ScriptBufferSize);
  const print = (text: string) => log(OPERATION.OPERATION_LOG_MESSAGE_MANDATORY, text);
  const run = events.runScript(bytes, record.ScriptBufferPointer, print);
  if (run.error !== undefined)
    log(OPERATION.OPERATION_LOG_ERROR_MESSAGE, errorText(undefined, run.error.slot, run.error.text));
  if (record.IsFormat && run.result !== undefined) send(ANSWER.formats, { Value: run.result, Result: OK });
  send(ANSWER.runScript, {
    ...record,
    FormatValue: run.result ?? 0n,
    Result: run.ok ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_PREPARING_DEBUGGEE_TO_RUN_SCRIPT,
  });
});

const answerOf = (status: number) => ({ IsSuccessful: status === OK, Error: status });

install(REQUEST.registerEvent, ({ events, send }, value) => {
  const event = eventOfRecord(value);
  const tooShort =
    DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_EVENT_AND_CONDITIONALS;
  send(ANSWER.registerEvent, answerOf(event === undefined ? tooShort : events.register(event)));
});

install(REQUEST.addAction, ({ events, send }, value) => {
  const action = actionOfRecord(value);
  const status =
    action === 'unknown type'
      ? DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ACTION_TYPE
      : action === 'short'
        ? DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_ACTION_BUFFER
        : events.addAction(value.record.EventTag, action, value.record.ImmediateMessagePassing);
  send(ANSWER.addAction, answerOf(status));
});

install(REQUEST.modifyEvent, ({ events, send }, record) => {
  const verb = verbOfNumber(record.TypeOfAction);
  const { status, isEnabled } =
    verb === undefined
      ? { status: DEBUGGER_ERROR.DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TYPE_OF_ACTION, isEnabled: false }
      : events.modify(record.Tag === ALL_EVENTS ? 'all' : record.Tag, verb);
  send(ANSWER.modifyEvent, { ...record, KernelStatus: BigInt(status), IsEnabled: isEnabled });
});

install(REQUEST.shortCircuit, ({ events, send }, record) => {
  const isSet = events.setShortCircuit(record.IsShortCircuiting);
  const status = isSet ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED;
  send(ANSWER.shortCircuit, { ...record, KernelStatus: BigInt(status) });
});

const NO_PADDING = new Uint8Array(0);

install(REQUEST.readRegisters, ({ machine, send }, { registerId }) => {
  const isAll = registerId === ALL_REGISTERS;
  const value = isAll ? 0n : machine.readRegister(registerId);
  const status = value === undefined ? DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_REGISTER_NUMBER : OK;
  const segment = (id: number) => Number(BigInt.asUintN(16, machine.readRegister(id) ?? 0n));
  send(ANSWER.readRegisters, {
    record: { RegisterId: registerId, Value: value ?? 0n, KernelStatus: status },
    padding: NO_PADDING,
    all: isAll
      ? {
          general: guestRegistersOf(machine.generalRegisters),
          extra: {
            CS: segment(REGS_ENUM.REGISTER_CS),
            DS: segment(REGS_ENUM.REGISTER_DS),
            FS: segment(REGS_ENUM.REGISTER_FS),
            GS: segment(REGS_ENUM.REGISTER_GS),
            ES: segment(REGS_ENUM.REGISTER_ES),
            SS: segment(REGS_ENUM.REGISTER_SS),
            RFLAGS: machine.readRegister(REGS_ENUM.REGISTER_RFLAGS) ?? 0n,
            RIP: machine.readRegister(REGS_ENUM.REGISTER_RIP) ?? 0n,
          },
        }
      : undefined,
  });
});

install(REQUEST.writeRegister, ({ machine, send }, record) => {
  const isWritten = machine.writeRegister(record.RegisterId, record.Value);
  const status = isWritten ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_REGISTER_NUMBER;
  send(ANSWER.writeRegister, { ...record, KernelStatus: status });
});

install(REQUEST.setBreakpoint, ({ breakpoints, send }, record) => {
  const status = breakpoints.set({
    address: record.Address,
    processId: record.Pid,
    threadId: record.Tid,
    coreId: record.Core,
    removeAfterHit: record.RemoveAfterHit,
  });
  send(ANSWER.setBreakpoint, { ...record, Result: status });
});

install(REQUEST.modifyBreakpoints, ({ breakpoints, send, log }, record) => {
  const change = (): number => {
    switch (record.Request) {
      case BREAKPOINT_VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_LIST_BREAKPOINTS:
        for (const { id, address, isEnabled } of breakpoints.all) {
          const line = `${id.toString(16)}\t${address.toString(16).padStart(16, '0')}\t${isEnabled ? 'enabled' : 'disabled'}\n`;
          log(OPERATION.OPERATION_LOG_INFO_MESSAGE, line);
        }
        return OK;
      case BREAKPOINT_VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_ENABLE:
        return breakpoints.setEnabled(record.BreakpointId, true);
      case BREAKPOINT_VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_DISABLE:
        return breakpoints.setEnabled(record.BreakpointId, false);
      case BREAKPOINT_VERB.DEBUGGEE_BREAKPOINT_MODIFICATION_REQUEST_CLEAR:
        return breakpoints.clear(record.BreakpointId);
      default:
        throw new RangeError(`there is no breakpoint request ${record.Request}`);
    }
  };
  send(ANSWER.modifyBreakpoints, { ...record, Result: change() });
});

install(REQUEST.reloadSymbols, ({ sendModules, stop }) => {
  sendModules();
  stop({ reason: 'pause' });
});

installMemoryRequests(install);
installProcessRequests(install);
installHardwareRequests(install);
installSearchRequest(install);
installStackRequest(install);
installTestQuery(install);
installUserInput(install);
