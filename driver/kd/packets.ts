/** Every kind of frame of the kernel-debugger wire with the layout of its payload (driver-protocol 8.4, kdProtocol). */

import * as sdk from '../sdk/structs.generated';
import { DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION } from '../sdk/tables.generated';
import {
  numbersTail,
  nothing,
  PACKET_TYPE,
  rawTail,
  record,
  recordsTail,
  recordWithTail,
  type Packet,
  type PacketType,
  type Payload,
} from './packet';
import {
  apicAnswer,
  idtAnswer,
  log,
  measured,
  registerAnswer,
  registerQuestion,
  signature,
  started,
} from './special-payloads';

const PREFIX = 'DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION_';
type ShortName<N> = N extends `${typeof PREFIX}${infer S}` ? S : never;
type ActionName = ShortName<keyof typeof DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION>;

function kind<V>(type: PacketType, name: ActionName, payload: Payload<V>): Packet<V> {
  return { name, type, action: DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION[`${PREFIX}${name}`], ...payload };
}

const { toHalted, toRunning, toDebugger } = PACKET_TYPE;

const callStack = recordWithTail(
  sdk.DEBUGGER_CALLSTACK_REQUEST,
  recordsTail(sdk.DEBUGGER_SINGLE_CALLSTACK_FRAME),
);

/** Frames to the debuggee. */
export const REQUEST = {
  pause: kind(toRunning, 'ON_USER_MODE_PAUSE', nothing),
  stopListening: kind(toRunning, 'ON_USER_MODE_DO_NOT_READ_ANY_PACKET', nothing),
  version: kind(toRunning, 'ON_USER_MODE_DEBUGGER_VERSION', signature),
  step: kind(toHalted, 'ON_VMX_ROOT_MODE_STEP', record(sdk.DEBUGGEE_STEP_PACKET)),
  continue: kind(toHalted, 'ON_VMX_ROOT_MODE_CONTINUE', nothing),
  close: kind(toHalted, 'ON_VMX_ROOT_MODE_CLOSE_AND_UNLOAD_DEBUGGEE', nothing),
  changeCore: kind(toHalted, 'ON_VMX_ROOT_MODE_CHANGE_CORE', record(sdk.DEBUGGEE_CHANGE_CORE_PACKET)),
  flush: kind(toHalted, 'ON_VMX_ROOT_MODE_FLUSH_BUFFERS', record(sdk.DEBUGGER_FLUSH_LOGGING_BUFFERS)),
  cpuid: kind(toHalted, 'ON_VMX_ROOT_MODE_USER_CPUID_REQUEST', record(sdk.DEBUGGER_CPUID_REQUEST_RESPONSE)),
  callStack: kind(toHalted, 'ON_VMX_ROOT_MODE_CALLSTACK', callStack),
  testQuery: kind(toHalted, 'ON_VMX_ROOT_MODE_TEST_QUERY', record(sdk.DEBUGGER_DEBUGGER_TEST_QUERY_BUFFER)),
  changeProcess: kind(
    toHalted,
    'ON_VMX_ROOT_MODE_CHANGE_PROCESS',
    record(sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET),
  ),
  changeThread: kind(
    toHalted,
    'ON_VMX_ROOT_MODE_CHANGE_THREAD',
    record(sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET),
  ),
  runScript: kind(toHalted, 'ON_VMX_ROOT_RUN_SCRIPT', recordWithTail(sdk.DEBUGGEE_SCRIPT_PACKET, rawTail)),
  userInput: kind(
    toHalted,
    'ON_VMX_ROOT_USER_INPUT_BUFFER',
    recordWithTail(sdk.DEBUGGEE_USER_INPUT_PACKET, rawTail),
  ),
  search: kind(toHalted, 'ON_VMX_ROOT_SEARCH_QUERY', recordWithTail(sdk.DEBUGGER_SEARCH_MEMORY, numbersTail)),
  registerEvent: kind(
    toHalted,
    'ON_VMX_ROOT_REGISTER_EVENT',
    measured(recordWithTail(sdk.DEBUGGER_GENERAL_EVENT_DETAIL, rawTail)),
  ),
  addAction: kind(
    toHalted,
    'ON_VMX_ROOT_ADD_ACTION_TO_EVENT',
    measured(recordWithTail(sdk.DEBUGGER_GENERAL_ACTION, rawTail)),
  ),
  modifyEvent: kind(toHalted, 'ON_VMX_ROOT_QUERY_AND_MODIFY_EVENT', record(sdk.DEBUGGER_MODIFY_EVENTS)),
  readRegisters: kind(toHalted, 'ON_VMX_ROOT_READ_REGISTERS', registerQuestion),
  readMemory: kind(toHalted, 'ON_VMX_ROOT_READ_MEMORY', record(sdk.DEBUGGER_READ_MEMORY)),
  editMemory: kind(
    toHalted,
    'ON_VMX_ROOT_EDIT_MEMORY',
    recordWithTail(sdk.DEBUGGER_EDIT_MEMORY, numbersTail),
  ),
  setBreakpoint: kind(toHalted, 'ON_VMX_ROOT_BP', record(sdk.DEBUGGEE_BP_PACKET)),
  modifyBreakpoints: kind(
    toHalted,
    'ON_VMX_ROOT_LIST_OR_MODIFY_BREAKPOINTS',
    record(sdk.DEBUGGEE_BP_LIST_OR_MODIFY_PACKET),
  ),
  reloadSymbols: kind(toHalted, 'ON_VMX_ROOT_SYMBOL_RELOAD', record(sdk.DEBUGGEE_SYMBOL_REQUEST_PACKET)),
  translate: kind(
    toHalted,
    'ON_VMX_ROOT_QUERY_PA2VA_AND_VA2PA',
    record(sdk.DEBUGGER_VA2PA_AND_PA2VA_COMMANDS),
  ),
  pageTable: kind(
    toHalted,
    'ON_VMX_ROOT_SYMBOL_QUERY_PTE',
    record(sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS),
  ),
  shortCircuit: kind(
    toHalted,
    'ON_VMX_ROOT_SET_SHORT_CIRCUITING_STATE',
    record(sdk.DEBUGGER_SHORT_CIRCUITING_EVENT),
  ),
  pageIn: kind(toHalted, 'ON_VMX_ROOT_INJECT_PAGE_FAULT', record(sdk.DEBUGGER_PAGE_IN_REQUEST)),
  writeRegister: kind(
    toHalted,
    'ON_VMX_ROOT_WRITE_REGISTER',
    record(sdk.DEBUGGEE_REGISTER_WRITE_DESCRIPTION),
  ),
  pciTree: kind(toHalted, 'ON_VMX_ROOT_QUERY_PCITREE', record(sdk.DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET)),
  apic: kind(toHalted, 'ON_VMX_ROOT_PERFORM_ACTIONS_ON_APIC', record(sdk.DEBUGGER_APIC_REQUEST)),
  pciDevice: kind(
    toHalted,
    'ON_VMX_ROOT_QUERY_PCIDEVINFO',
    record(sdk.DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET),
  ),
  idt: kind(toHalted, 'ON_VMX_ROOT_READ_IDT_ENTRIES', nothing),
  smi: kind(toHalted, 'ON_VMX_ROOT_PERFORM_SMI_OPERATION', record(sdk.SMI_OPERATION_PACKETS)),
  lbrDump: kind(toHalted, 'ON_VMX_ROOT_PERFORM_HYPERTRACE_LBR_DUMP', record(sdk.HYPERTRACE_LBR_DUMP_PACKETS)),
  processorTrace: kind(
    toHalted,
    'ON_VMX_ROOT_PERFORM_HYPERTRACE_PT_OPERATION',
    record(sdk.HYPERTRACE_PT_OPERATION_PACKETS),
  ),
} as const;

const ping: Packet<undefined> = {
  name: 'PING_AND_SEND_SUPPORTED_VERSION',
  type: toDebugger,
  action: DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION.DEBUGGER_REMOTE_PACKET_PING_AND_SEND_SUPPORTED_VERSION,
  ...nothing,
};

/** Frames to the debugger. */
export const ANSWER = {
  ping,
  started: kind(toDebugger, 'DEBUGGEE_STARTED', started),
  log: kind(toDebugger, 'DEBUGGEE_LOGGING_MECHANISM', log),
  stopped: kind(toDebugger, 'DEBUGGEE_PAUSED_AND_CURRENT_INSTRUCTION', record(sdk.DEBUGGEE_KD_PAUSED_PACKET)),
  changeCore: kind(toDebugger, 'DEBUGGEE_RESULT_OF_CHANGING_CORE', record(sdk.DEBUGGEE_CHANGE_CORE_PACKET)),
  changeProcess: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_CHANGING_PROCESS',
    record(sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET),
  ),
  changeThread: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_CHANGING_THREAD',
    record(sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET),
  ),
  runScript: kind(toDebugger, 'DEBUGGEE_RESULT_OF_RUNNING_SCRIPT', record(sdk.DEBUGGEE_SCRIPT_PACKET)),
  formats: kind(toDebugger, 'DEBUGGEE_RESULT_OF_FORMATS', record(sdk.DEBUGGEE_FORMATS_PACKET)),
  flush: kind(toDebugger, 'DEBUGGEE_RESULT_OF_FLUSH', record(sdk.DEBUGGER_FLUSH_LOGGING_BUFFERS)),
  cpuid: kind(toDebugger, 'DEBUGGEE_RESULT_OF_USER_CPUID', record(sdk.DEBUGGER_CPUID_REQUEST_RESPONSE)),
  callStack: kind(toDebugger, 'DEBUGGEE_RESULT_OF_CALLSTACK', callStack),
  testQuery: kind(toDebugger, 'DEBUGGEE_RESULT_TEST_QUERY', record(sdk.DEBUGGER_DEBUGGER_TEST_QUERY_BUFFER)),
  registerEvent: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_REGISTERING_EVENT',
    record(sdk.DEBUGGER_EVENT_AND_ACTION_RESULT),
  ),
  addAction: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_ADDING_ACTION_TO_EVENT',
    record(sdk.DEBUGGER_EVENT_AND_ACTION_RESULT),
  ),
  modifyEvent: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_QUERY_AND_MODIFY_EVENT',
    record(sdk.DEBUGGER_MODIFY_EVENTS),
  ),
  shortCircuit: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_SHORT_CIRCUITING_STATE',
    record(sdk.DEBUGGER_SHORT_CIRCUITING_EVENT),
  ),
  readRegisters: kind(toDebugger, 'DEBUGGEE_RESULT_OF_READING_REGISTERS', registerAnswer),
  readMemory: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_READING_MEMORY',
    recordWithTail(sdk.DEBUGGER_READ_MEMORY, rawTail),
  ),
  editMemory: kind(toDebugger, 'DEBUGGEE_RESULT_OF_EDITING_MEMORY', record(sdk.DEBUGGER_EDIT_MEMORY)),
  setBreakpoint: kind(toDebugger, 'DEBUGGEE_RESULT_OF_BP', record(sdk.DEBUGGEE_BP_PACKET)),
  modifyBreakpoints: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_LIST_OR_MODIFY_BREAKPOINTS',
    record(sdk.DEBUGGEE_BP_LIST_OR_MODIFY_PACKET),
  ),
  module: kind(toDebugger, 'DEBUGGEE_UPDATE_SYMBOL_INFO', record(sdk.DEBUGGER_UPDATE_SYMBOL_TABLE)),
  modulesFinished: kind(
    toDebugger,
    'DEBUGGEE_RELOAD_SYMBOL_FINISHED',
    record(sdk.DEBUGGEE_SYMBOL_UPDATE_RESULT),
  ),
  search: kind(toDebugger, 'DEBUGGEE_RELOAD_SEARCH_QUERY', record(sdk.DEBUGGEE_RESULT_OF_SEARCH_PACKET)),
  pageTable: kind(toDebugger, 'DEBUGGEE_RESULT_OF_PTE', record(sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS)),
  translate: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_VA2PA_AND_PA2VA',
    record(sdk.DEBUGGER_VA2PA_AND_PA2VA_COMMANDS),
  ),
  pageIn: kind(toDebugger, 'DEBUGGEE_RESULT_OF_BRINGING_PAGES_IN', record(sdk.DEBUGGER_PAGE_IN_REQUEST)),
  writeRegister: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_WRITE_REGISTER',
    record(sdk.DEBUGGEE_REGISTER_WRITE_DESCRIPTION),
  ),
  pciTree: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_PCITREE',
    record(sdk.DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET),
  ),
  apic: kind(toDebugger, 'DEBUGGEE_RESULT_OF_APIC_REQUESTS', apicAnswer),
  pciDevice: kind(
    toDebugger,
    'DEBUGGEE_RESULT_OF_PCIDEVINFO',
    record(sdk.DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET),
  ),
  idt: kind(toDebugger, 'DEBUGGEE_RESULT_OF_QUERY_IDT_ENTRIES_REQUESTS', idtAnswer),
  smi: kind(toDebugger, 'DEBUGGEE_RESULT_SMI_OPERATION_REQUESTS', record(sdk.SMI_OPERATION_PACKETS)),
  lbrDump: kind(
    toDebugger,
    'DEBUGGEE_RESULT_HYPERTRACE_LBR_DUMP_REQUESTS',
    record(sdk.HYPERTRACE_LBR_DUMP_PACKETS),
  ),
  processorTrace: kind(
    toDebugger,
    'DEBUGGEE_RESULT_HYPERTRACE_PT_OPERATION_REQUESTS',
    record(sdk.HYPERTRACE_PT_OPERATION_PACKETS),
  ),
} as const;

type KnownPacket = (typeof REQUEST)[keyof typeof REQUEST] | (typeof ANSWER)[keyof typeof ANSWER];
const byAction = new Map<number, KnownPacket>(
  [...Object.values(REQUEST), ...Object.values(ANSWER)].map((known) => [known.action, known]),
);

/** The kind of frame with this action; undefined when the wire has none. */
export function packetByAction(action: number): KnownPacket | undefined {
  return byAction.get(action);
}
