/** Memory, translation and search (driver-protocol 6.1 to 6.4). */

import { ANSWER, REQUEST } from '../../kd/packets';
import { numbersTail } from '../../kd/packet';
import {
  DEBUGGER_EDIT_MEMORY,
  DEBUGGER_PAGE_IN_REQUEST,
  DEBUGGER_READ_MEMORY,
  DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
  DEBUGGER_SEARCH_MEMORY,
  DEBUGGER_VA2PA_AND_PA2VA_COMMANDS,
} from '../../sdk/structs.generated';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  SDK,
} from '../../sdk/tables.generated';
import { isKnownProcess } from './device-target';
import { completed, INVALID_PARAMETER, onRecord, padded } from './ioctl';

const QWORD_BYTES = 8;
const SEARCH_OUTPUT_BYTES = QWORD_BYTES * SDK.MaximumSearchResults;
const WIDTH_BYTES: Readonly<Record<number, number>> = {
  [WIDTH.EDIT_BYTE]: 1,
  [WIDTH.EDIT_DWORD]: 4,
  [WIDTH.EDIT_QWORD]: QWORD_BYTES,
};

export const readMemory = onRecord(
  DEBUGGER_READ_MEMORY,
  DEBUGGER_READ_MEMORY.sizeBytes,
  (context, record, request) => {
    // The real driver copies Size bytes whatever room there is (6.1, TRAP).
    if (DEBUGGER_READ_MEMORY.sizeBytes + record.Size > request.outputSizeBytes) return INVALID_PARAMETER;
    if (!isKnownProcess(context.target, record.Pid)) {
      const KernelStatus = DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER;
      return DEBUGGER_READ_MEMORY.encode({ ...record, KernelStatus });
    }
    const { bytes } = context.ask(REQUEST.readMemory, request.input, ANSWER.readMemory);
    const space = record.MemoryType === READ.DEBUGGER_READ_PHYSICAL_ADDRESS ? 'physical' : 'virtual';
    context.breakpoints.showIn(bytes.subarray(DEBUGGER_READ_MEMORY.sizeBytes), record.Address, space);
    return bytes;
  },
);

/** The values of an edit request as the bytes that will stand in memory, and back. */
function withPlacedBytes(
  tail: Uint8Array,
  widthBytes: number,
  change: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const count = tail.length / QWORD_BYTES;
  const place = (index: number) => QWORD_BYTES * Math.floor(index / widthBytes) + (index % widthBytes);
  const placed = Uint8Array.from({ length: count * widthBytes }, (_, index) => tail[place(index)] ?? 0);
  const changed = tail.slice();
  change(placed).forEach((byte, index) => (changed[place(index)] = byte));
  return changed;
}

export const editMemory = onRecord(
  DEBUGGER_EDIT_MEMORY,
  DEBUGGER_EDIT_MEMORY.sizeBytes,
  (context, record, { input }) => {
    const tail = input.subarray(DEBUGGER_EDIT_MEMORY.sizeBytes);
    if (tail.length !== QWORD_BYTES * record.CountOf64Chunks) return INVALID_PARAMETER;
    if (!isKnownProcess(context.target, record.ProcessId)) {
      const Result = DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_OTHER_PROCESS;
      return DEBUGGER_EDIT_MEMORY.encode({ ...record, Result });
    }
    const widthBytes = WIDTH_BYTES[record.ByteSize];
    const space = record.MemoryType === EDIT.EDIT_PHYSICAL_MEMORY ? 'physical' : 'virtual';
    const written =
      widthBytes === undefined
        ? tail
        : withPlacedBytes(tail, widthBytes, (bytes) =>
            context.breakpoints.takeFrom(bytes, record.Address, space),
          );
    return context.ask(REQUEST.editMemory, DEBUGGER_EDIT_MEMORY.encode(record, written), ANSWER.editMemory)
      .bytes;
  },
);

export const translateAddress = onRecord(
  DEBUGGER_VA2PA_AND_PA2VA_COMMANDS,
  DEBUGGER_VA2PA_AND_PA2VA_COMMANDS.sizeBytes,
  (context, record, { input }) =>
    isKnownProcess(context.target, record.ProcessId)
      ? context.ask(REQUEST.translate, input, ANSWER.translate).bytes
      : DEBUGGER_VA2PA_AND_PA2VA_COMMANDS.encode({
          ...record,
          KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID,
        }),
);

export const readPageTable = onRecord(
  DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
  DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.sizeBytes,
  (context, record, { input }) =>
    isKnownProcess(context.target, record.ProcessId)
      ? context.ask(REQUEST.pageTable, input, ANSWER.pageTable).bytes
      : DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.encode({
          ...record,
          KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID,
        }),
);

/**
 * A stub in the real driver, which reports success and touches nothing (6.3). Here the pages come in, which is what the client
 * asked for, and the answer is the same.
 */
export const bringPagesIn = onRecord(
  DEBUGGER_PAGE_IN_REQUEST,
  DEBUGGER_PAGE_IN_REQUEST.sizeBytes,
  ({ target }, record) => {
    target.machine.memory.read(record.VirtualAddressFrom, 1);
    target.machine.memory.read(record.VirtualAddressTo, 1);
    const KernelStatus = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    return DEBUGGER_PAGE_IN_REQUEST.encode({ ...record, KernelStatus });
  },
);

const FOUND = /^([0-9a-f]{16})\b/;

/** The other door tells the addresses as lines of text; this one as numbers that a zero ends (6.4). */
export const searchMemory = onRecord(
  DEBUGGER_SEARCH_MEMORY,
  SEARCH_OUTPUT_BYTES,
  (context, record, { input }) => {
    const tailBytes = input.length - DEBUGGER_SEARCH_MEMORY.sizeBytes;
    if (tailBytes !== QWORD_BYTES * record.CountOf64Chunks) return INVALID_PARAMETER;
    if (!isKnownProcess(context.target, record.ProcessId)) return new Uint8Array(SEARCH_OUTPUT_BYTES);
    const { texts } = context.ask(REQUEST.search, input, ANSWER.search);
    const found = texts.flatMap((text) => FOUND.exec(text)?.[1] ?? []).map((digits) => BigInt(`0x${digits}`));
    // One entry stays zero, so that a full list ends as well.
    const listed = found.slice(0, SDK.MaximumSearchResults - 1);
    return completed(padded(numbersTail.encode(listed), SEARCH_OUTPUT_BYTES));
  },
);
