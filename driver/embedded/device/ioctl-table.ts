/** Every control code of the driver with what serves it (sdk, ioctls). Codes without an entry have no handler there either. */

import { DEVICE_STATUS } from '../../device/device-io';
import * as sdk from '../../sdk/structs.generated';
import { DEBUGGER_ERROR as E, IOCTL } from '../../sdk/tables.generated';
import * as events from './event-ioctls';
import { completed, failed, type Ioctl } from './ioctl';
import * as memory from './memory-ioctls';
import * as system from './system-ioctls';
import { refusing } from './system-ioctls';
import * as user from './user-debugger-ioctls';

type IoctlName = keyof typeof IOCTL;

/** Codes that the device itself serves, because they are about its own life. */
export const LIFE_CODES = {
  initVmm: IOCTL.IOCTL_INIT_VMM.code,
  initHypertrace: IOCTL.IOCTL_INIT_HYPERTRACE.code,
  pend: IOCTL.IOCTL_REGISTER_EVENT.code,
  endOfMessages: IOCTL.IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL.code,
  terminateVmx: IOCTL.IOCTL_TERMINATE_VMX.code,
} as const;

// Without a serial line there is no second machine that could debug this one (section 1).
const noKernelDebugger = E.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED;

const HANDLERS: Partial<Record<IoctlName, Ioctl>> = {
  IOCTL_DEBUGGER_READ_MEMORY: memory.readMemory,
  IOCTL_DEBUGGER_EDIT_MEMORY: memory.editMemory,
  IOCTL_DEBUGGER_VA2PA_AND_PA2VA_COMMANDS: memory.translateAddress,
  IOCTL_DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS: memory.readPageTable,
  IOCTL_DEBUGGER_SEARCH_MEMORY: memory.searchMemory,
  IOCTL_DEBUGGER_BRING_PAGES_IN: memory.bringPagesIn,

  IOCTL_DEBUGGER_REGISTER_EVENT: events.registerEvent,
  IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT: events.addAction,
  IOCTL_DEBUGGER_MODIFY_EVENTS: events.modifyEvents,
  IOCTL_DEBUGGER_FLUSH_LOGGING_BUFFERS: events.flushMessages,
  IOCTL_RESERVE_PRE_ALLOCATED_POOLS: events.reservePools,
  IOCTL_PREACTIVATE_FUNCTIONALITY: events.preactivate,

  IOCTL_DEBUGGER_READ_OR_WRITE_MSR: system.readOrWriteMsr,
  IOCTL_DEBUGGER_CPUID: system.cpuid,
  IOCTL_QUERY_IDT_ENTRY: system.interruptTable,
  IOCTL_PERFORM_ACTIONS_ON_APIC: system.apic,
  IOCTL_PCIE_ENDPOINT_ENUM: system.pciTree,
  IOCTL_PCIDEVINFO_ENUM: system.pciDevice,
  IOCTL_PERFORM_SMI_OPERATION: system.smi,
  IOCTL_QUERY_COUNT_OF_ACTIVE_PROCESSES_OR_THREADS: system.queryCount,
  IOCTL_GET_LIST_OF_THREADS_AND_PROCESSES: system.listProcessesOrThreads,
  IOCTL_QUERY_CURRENT_PROCESS: system.queryCurrentProcess,
  IOCTL_QUERY_CURRENT_THREAD: system.queryCurrentThread,
  IOCTL_GET_USER_MODE_MODULE_DETAILS: system.userModeModules,

  IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS: user.attachOrDetach,
  IOCTL_SEND_USER_DEBUGGER_COMMANDS: user.sendCommand,
  IOCTL_SET_BREAKPOINT_USER_DEBUGGER: user.setBreakpoint,
  IOCTL_GET_DETAIL_OF_ACTIVE_THREADS_AND_PROCESSES: (context, { outputSizeBytes }) =>
    outputSizeBytes === 0
      ? failed(DEVICE_STATUS.invalidParameter)
      : completed(user.activeThreads(context, outputSizeBytes)),

  IOCTL_PREPARE_DEBUGGEE: refusing(sdk.DEBUGGER_PREPARE_DEBUGGEE, () => ({
    Result: E.DEBUGGER_ERROR_PREPARING_DEBUGGEE_INVALID_SERIAL_PORT,
  })),
  IOCTL_PAUSE_PACKET_RECEIVED: refusing(sdk.DEBUGGER_PAUSE_PACKET_RECEIVED, () => ({
    Result: noKernelDebugger,
  })),
  IOCTL_SEND_SIGNAL_EXECUTION_IN_DEBUGGEE_FINISHED: refusing(
    sdk.DEBUGGER_SEND_COMMAND_EXECUTION_FINISHED_SIGNAL,
    () => ({ KernelStatus: noKernelDebugger }),
  ),
  IOCTL_SEND_USERMODE_MESSAGES_TO_DEBUGGER: refusing(
    sdk.DEBUGGER_SEND_USERMODE_MESSAGES_TO_DEBUGGER,
    () => ({ KernelStatus: noKernelDebugger }),
    ({ Length }, inputBytes) =>
      Length !== 0 && inputBytes === sdk.DEBUGGER_SEND_USERMODE_MESSAGES_TO_DEBUGGER.sizeBytes + Length,
  ),
  IOCTL_SEND_GENERAL_BUFFER_FROM_DEBUGGEE_TO_DEBUGGER: refusing(
    sdk.DEBUGGEE_SEND_GENERAL_PACKET_FROM_DEBUGGEE_TO_DEBUGGER,
    () => ({ KernelResult: noKernelDebugger }),
    ({ LengthOfBuffer }, inputBytes) =>
      LengthOfBuffer !== 0 &&
      inputBytes === sdk.DEBUGGEE_SEND_GENERAL_PACKET_FROM_DEBUGGEE_TO_DEBUGGER.sizeBytes + LengthOfBuffer,
  ),
  IOCTL_PERFORM_KERNEL_SIDE_TESTS: refusing(sdk.DEBUGGER_PERFORM_KERNEL_TESTS, () => ({
    KernelStatus: E.DEBUGGER_ERROR_UNKNOWN_TEST_QUERY_RECEIVED,
  })),
  IOCTL_DEBUGGER_HIDE_AND_UNHIDE_TO_TRANSPARENT_THE_DEBUGGER: refusing(
    sdk.DEBUGGER_HIDE_AND_TRANSPARENT_DEBUGGER_MODE,
    () => ({ KernelStatus: E.DEBUGGER_ERROR_UNABLE_TO_HIDE_OR_UNHIDE_DEBUGGER }),
  ),
};

const byCode = new Map<number, Ioctl>(
  (Object.keys(HANDLERS) as IoctlName[]).flatMap((name) => {
    const handler = HANDLERS[name];
    return handler === undefined ? [] : [[IOCTL[name].code, handler]];
  }),
);

export function ioctlByCode(code: number): Ioctl | undefined {
  return byCode.get(code);
}

/** Ranges of function numbers and the module that must be up (3.2). */
const FUNCTION_RANGES = [
  { first: 0x801, last: 0x900, gate: 'open' },
  { first: 0x901, last: 0xa00, gate: 'kd' },
  { first: 0xa01, last: 0xb00, gate: 'vmm' },
  { first: 0xb01, last: 0xc00, gate: 'hypertrace' },
] as const;
export type Gate = (typeof FUNCTION_RANGES)[number]['gate'];

/** CTL_CODE keeps the function number in bits 2 to 13 (METHOD_BUFFERED, FILE_ANY_ACCESS, device type 0x22). */
const DEVICE_BITS = 0x220000;

/** The gate before a code; undefined for one that belongs to no range of this device. */
export function gateOf(code: number): Gate | undefined {
  if ((code & 0xffff0000) >>> 0 !== DEVICE_BITS || (code & 3) !== 0) return undefined;
  const number = (code & 0xffff) >>> 2;
  return FUNCTION_RANGES.find(({ first, last }) => number >= first && number <= last)?.gate;
}
