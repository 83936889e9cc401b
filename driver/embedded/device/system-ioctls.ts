/** Processes, threads, modules and the hardware (driver-protocol 6.5, 6.6). */

import { ANSWER, REQUEST } from '../../kd/packets';
import { concatBytes, numbersTail } from '../../kd/packet';
import { textToBytes } from '../../kd/text-bytes';
import * as sdk from '../../sdk/structs.generated';
import {
  DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_TYPE as PROCESS,
  DEBUGGEE_DETAILS_AND_SWITCH_THREAD_TYPE as THREAD,
  DEBUGGER_ERROR,
  DEBUGGER_MSR_ACTION_TYPE as MSR,
  DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_TYPES as QUERY,
  SDK,
} from '../../sdk/tables.generated';
import { isKnownProcess, type DeviceTarget } from './device-target';
import { completed, INVALID_PARAMETER, onRecord, onShared, padded, type DeviceContext } from './ioctl';
import { entryPoint } from './user-debugger';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const QWORD_BYTES = 8;
const ALL_CORES = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_CORES;
/** The field holds 16 bytes with the NUL. */
const NAME_BYTES = 15;

export const readOrWriteMsr = onRecord(
  sdk.DEBUGGER_READ_AND_WRITE_ON_MSR,
  1,
  ({ target }, record, { outputSizeBytes }) => {
    const { coreCount } = target.machine;
    const isAll = record.CoreNumber === ALL_CORES;
    if (!isAll && record.CoreNumber >= coreCount) return INVALID_PARAMETER;
    const cores = isAll ? Array.from({ length: coreCount }, (_, core) => core) : [record.CoreNumber];
    const msr = Number(BigInt.asUintN(32, record.Msr));
    // A number that is no MSR faults in the real driver (6.5, TRAP); here the request fails.
    if (record.ActionType === MSR.DEBUGGER_MSR_WRITE)
      return cores.every((core) => target.writeMsr(core, msr, record.Value))
        ? completed()
        : INVALID_PARAMETER;
    const values = cores.map((core) => target.readMsr(core, msr)).filter((value) => value !== undefined);
    const isAnswerable =
      record.ActionType === MSR.DEBUGGER_MSR_READ &&
      values.length === cores.length &&
      outputSizeBytes >= QWORD_BYTES * cores.length;
    return isAnswerable ? numbersTail.encode(values) : INVALID_PARAMETER;
  },
);

const nameOf = ({ machine }: DeviceTarget): Uint8Array =>
  textToBytes(machine.currentProcess().processName).slice(0, NAME_BYTES);

/** The records of a list by its query type. Offsets in kernel records come along for Windows; nobody needs them here. */
const LISTS: Readonly<Record<number, (target: DeviceTarget) => readonly Uint8Array[]>> = {
  [QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_PROCESS_LIST](target) {
    const { processId, processObject } = target.machine.currentProcess();
    const record = { Eprocess: processObject, ProcessId: processId, Cr3: target.cr3 };
    return target.isAlive
      ? [sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.encode({ ...record, ImageFileName: nameOf(target) })]
      : [];
  },
  [QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_THREAD_LIST](target) {
    const { processId, processObject } = target.machine.currentProcess();
    return target.threads().map(({ threadId, threadObject }) =>
      sdk.DEBUGGEE_THREAD_LIST_DETAILS_ENTRY.encode({
        Eprocess: processObject,
        Ethread: threadObject,
        ProcessId: processId,
        ThreadId: threadId,
        ImageFileName: nameOf(target),
      }),
    );
  },
};
/** The list that a count is the length of. */
const COUNTED: Readonly<Record<number, number>> = {
  [QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_PROCESS_COUNT]:
    QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_PROCESS_LIST,
  [QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_THREAD_COUNT]:
    QUERY.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS_QUERY_THREAD_LIST,
};

export const queryCount = onRecord(
  sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS,
  sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS.sizeBytes,
  ({ target }, record) => {
    const list = LISTS[COUNTED[record.QueryType] ?? 0]?.(target);
    const status =
      list === undefined || list.length === 0
        ? DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_QUERY_COUNT_OF_PROCESSES_OR_THREADS
        : OK;
    return sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS.encode({
      ...record,
      Count: list?.length ?? 0,
      Result: BigInt(status),
    });
  },
);

/** The walk stops one entry before the end of the buffer (sdk, note of the code). The answer is as long as the buffer. */
export const listProcessesOrThreads = onRecord(
  sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS,
  sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.sizeBytes,
  ({ target }, record, { outputSizeBytes }) => {
    const list = LISTS[record.QueryType]?.(target) ?? [];
    const capacity = Math.floor(outputSizeBytes / sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.sizeBytes);
    return padded(concatBytes(list.slice(0, capacity - 1)), outputSizeBytes);
  },
);

/** "Current" is whoever asks in the real driver (6); here it is the program, which has the only address space. */
export const queryCurrentProcess = onRecord(
  sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET,
  sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.sizeBytes,
  (context, record) => {
    const ActionType = PROCESS.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_GET_PROCESS_DETAILS;
    const payload = sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.encode({ ...record, ActionType });
    return context.ask(REQUEST.changeProcess, payload, ANSWER.changeProcess).bytes;
  },
);

export const queryCurrentThread = onRecord(
  sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET,
  sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.sizeBytes,
  (context, record) => {
    const ActionType = THREAD.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_GET_THREAD_DETAILS;
    const payload = sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.encode({ ...record, ActionType });
    return context.ask(REQUEST.changeThread, payload, ANSWER.changeThread).bytes;
  },
);

/** Two calls: the count alone, then as many records as the buffer holds. The answer is as long as the buffer. */
export const userModeModules = onRecord(
  sdk.USERMODE_LOADED_MODULE_DETAILS,
  sdk.USERMODE_LOADED_MODULE_DETAILS.sizeBytes,
  ({ target }, record, { outputSizeBytes }) => {
    const { machine } = target;
    const isKnown = isKnownProcess(target, record.ProcessId) && target.isAlive;
    const modules = isKnown ? machine.modules() : [];
    const head = sdk.USERMODE_LOADED_MODULE_DETAILS.encode({
      ...record,
      Is32Bit: machine.is32Bit,
      ModulesCount: modules.length,
      Result: isKnown ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_GET_MODULES_OF_THE_PROCESS,
    });
    if (record.OnlyCountModules || !isKnown) return padded(head, outputSizeBytes);
    const room = outputSizeBytes - sdk.USERMODE_LOADED_MODULE_DETAILS.sizeBytes;
    const records = modules
      .slice(0, Math.floor(room / sdk.USERMODE_LOADED_MODULE_SYMBOLS.sizeBytes))
      .map((module) =>
        sdk.USERMODE_LOADED_MODULE_SYMBOLS.encode({
          BaseAddress: module.baseAddress,
          Entrypoint: entryPoint(target, module.baseAddress) ?? 0n,
          FilePath: module.path,
        }),
      );
    return padded(concatBytes([head, ...records]), outputSizeBytes);
  },
);

export const cpuid = onShared(
  sdk.DEBUGGER_CPUID_REQUEST_RESPONSE,
  sdk.DEBUGGER_CPUID_REQUEST_RESPONSE.sizeBytes,
  REQUEST.cpuid,
  ANSWER.cpuid,
);
export const interruptTable = onShared(
  sdk.INTERRUPT_DESCRIPTOR_TABLE_ENTRIES_PACKETS,
  sdk.INTERRUPT_DESCRIPTOR_TABLE_ENTRIES_PACKETS.sizeBytes,
  REQUEST.idt,
  ANSWER.idt,
);
export const pciTree = onShared(
  sdk.DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET,
  sdk.DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET.sizeBytes,
  REQUEST.pciTree,
  ANSWER.pciTree,
);
export const pciDevice = onShared(
  sdk.DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET,
  sdk.DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET.sizeBytes,
  REQUEST.pciDevice,
  ANSWER.pciDevice,
);
export const apic = onShared(
  sdk.DEBUGGER_APIC_REQUEST,
  sdk.DEBUGGER_APIC_REQUEST.sizeBytes,
  REQUEST.apic,
  ANSWER.apic,
);
export const smi = onShared(
  sdk.SMI_OPERATION_PACKETS,
  sdk.SMI_OPERATION_PACKETS.sizeBytes,
  REQUEST.smi,
  ANSWER.smi,
);

/** A record whose only answer is a refusal: what is asked for needs a second machine, a Windows kernel or real hardware. */
export function refusing<R>(
  struct: Parameters<typeof onRecord<R>>[0],
  refuse: (record: R) => Partial<R>,
  check: (record: R, inputBytes: number) => boolean = () => true,
): ReturnType<typeof onRecord<R>> {
  return onRecord(struct, struct.sizeBytes, (_context: DeviceContext, record, { input }) =>
    check(record, input.length) ? struct.encode({ ...record, ...refuse(record) }) : INVALID_PARAMETER,
  );
}
