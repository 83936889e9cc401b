/**
 * Requests on the machine's memory (driver-protocol 6.1 to 6.3, 8.4). Each is a function from the request's record to the
 * answer's, whatever door it came through; the process ids of the kernel debugger mean nothing (they are those of the
 * debugger's own program on its own computer) and are not looked at.
 */

import { MAX_PAYLOAD_BYTES } from '../../kd/frame';
import { concatBytes, numbersTail, type RecordWithTail } from '../../kd/packet';
import { ANSWER, REQUEST } from '../../kd/packets';
import type { StructOf } from '../../sdk/layout';
import {
  DEBUGGER_READ_MEMORY,
  type DEBUGGER_EDIT_MEMORY,
  type DEBUGGER_PAGE_IN_REQUEST,
  type DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
  type DEBUGGER_VA2PA_AND_PA2VA_COMMANDS,
} from '../../sdk/structs.generated';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_ADDRESS_MODE as MODE,
  DEBUGGER_READ_MEMORY_TYPE as READ,
} from '../../sdk/tables.generated';
import type { Machine } from './machine';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const PAGE_BYTES = 4096n;
const NO_BYTES = new Uint8Array(0);
const USER_LIMIT = 1n << 47n;
const MAX_READ_BYTES = MAX_PAYLOAD_BYTES - DEBUGGER_READ_MEMORY.sizeBytes;
/** More than this is no range that a user asked to have paged in. */
const MAX_PAGE_IN_BYTES = 64n << 20n;

export type Space = 'virtual' | 'physical';

/** What can be read from `address` on: all, or up to the first page that is not there. */
export function readUpTo(machine: Machine, space: Space, address: bigint, sizeBytes: number): Uint8Array {
  const { memory } = machine;
  const read = (at: bigint, size: number): Uint8Array | undefined =>
    space === 'physical' ? memory.readPhysical(at, size) : memory.read(at, size);
  const whole = read(address, sizeBytes);
  if (whole !== undefined) return whole;
  const pieces: Uint8Array[] = [];
  let at = address;
  let left = sizeBytes;
  while (left > 0) {
    const size = Math.min(left, Number(PAGE_BYTES - (at % PAGE_BYTES)));
    const piece = read(at, size);
    if (piece === undefined) break;
    pieces.push(piece);
    at = BigInt.asUintN(64, at + BigInt(size));
    left -= size;
  }
  return pieces.length === 1 ? (pieces[0] ?? NO_BYTES) : concatBytes(pieces);
}

/** Bytes of one value; undefined for a width that does not exist. */
export function widthBytes(byteSize: number): number | undefined {
  switch (byteSize) {
    case WIDTH.EDIT_BYTE:
      return 1;
    case WIDTH.EDIT_DWORD:
      return 4;
    case WIDTH.EDIT_QWORD:
      return 8;
    default:
      return undefined;
  }
}

/** The low `width` bytes of each value, one behind the other. */
export function narrow(values: readonly bigint[], width: number): Uint8Array {
  return concatBytes(values.map((value) => numbersTail.encode([value]).subarray(0, width)));
}

type ReadRecord = StructOf<typeof DEBUGGER_READ_MEMORY>;

export function readMemory(machine: Machine, record: ReadRecord): RecordWithTail<ReadRecord, Uint8Array> {
  const { MemoryType } = record;
  const isPhysical = MemoryType === READ.DEBUGGER_READ_PHYSICAL_ADDRESS;
  const isSane =
    record.Size > 0 &&
    record.Size <= MAX_READ_BYTES &&
    (isPhysical || MemoryType === READ.DEBUGGER_READ_VIRTUAL_ADDRESS);
  const space = isPhysical ? 'physical' : 'virtual';
  const tail = isSane ? readUpTo(machine, space, record.Address, record.Size) : NO_BYTES;
  const status = tail.length > 0 ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER;
  // Kernel addresses are always 64-bit ones (6.1).
  const is32Bit = machine.is32Bit && record.Address < USER_LIMIT;
  const AddressMode = is32Bit
    ? MODE.DEBUGGER_READ_ADDRESS_MODE_32_BIT
    : MODE.DEBUGGER_READ_ADDRESS_MODE_64_BIT;
  return { record: { ...record, AddressMode, ReturnLength: tail.length, KernelStatus: status }, tail };
}

type EditRecord = StructOf<typeof DEBUGGER_EDIT_MEMORY>;

export function editMemory(
  machine: Machine,
  { record, tail }: RecordWithTail<EditRecord, readonly bigint[]>,
): EditRecord {
  const width = widthBytes(record.ByteSize);
  const isPhysical = record.MemoryType === EDIT.EDIT_PHYSICAL_MEMORY;
  const isSane =
    (isPhysical || record.MemoryType === EDIT.EDIT_VIRTUAL_MEMORY) &&
    record.CountOf64Chunks > 0 &&
    record.CountOf64Chunks <= tail.length;
  if (width === undefined || !isSane)
    return { ...record, Result: DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_PARAMETER };
  const bytes = narrow(tail.slice(0, record.CountOf64Chunks), width);
  const { memory } = machine;
  const isWritten = isPhysical
    ? memory.writePhysical(record.Address, bytes)
    : memory.write(record.Address, bytes);
  const refusal = isPhysical
    ? DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS
    : DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS;
  return { ...record, Result: isWritten ? OK : refusal };
}

type TranslateRecord = StructOf<typeof DEBUGGER_VA2PA_AND_PA2VA_COMMANDS>;

export function translate({ memory }: Machine, record: TranslateRecord): TranslateRecord {
  if (record.IsVirtual2Physical) {
    const physical = memory.virtualToPhysical(record.VirtualAddress);
    const KernelStatus = physical === undefined ? DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS : OK;
    return { ...record, PhysicalAddress: physical ?? 0n, KernelStatus };
  }
  // Always a success; 0 means unknown (6.3).
  const VirtualAddress = memory.physicalToVirtual(record.PhysicalAddress) ?? 0n;
  return { ...record, VirtualAddress, KernelStatus: OK };
}

type PageTableRecord = StructOf<typeof DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS>;

export function pageTable(machine: Machine, record: PageTableRecord): PageTableRecord {
  const walk = machine.pageTableEntries(record.VirtualAddress);
  if (walk === undefined) return { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS };
  const [pml4e, pdpte, pde, pte] = walk;
  return {
    ...record,
    Pml4eVirtualAddress: pml4e.address,
    Pml4eValue: pml4e.value,
    PdpteVirtualAddress: pdpte.address,
    PdpteValue: pdpte.value,
    PdeVirtualAddress: pde.address,
    PdeValue: pde.value,
    PteVirtualAddress: pte.address,
    PteValue: pte.value,
    KernelStatus: OK,
  };
}

type PageInRecord = StructOf<typeof DEBUGGER_PAGE_IN_REQUEST>;

/** Reading a page brings it in, so no page fault has to be injected for that. */
export function pageIn({ memory }: Machine, record: PageInRecord): PageInRecord {
  const { VirtualAddressFrom: from, VirtualAddressTo: to } = record;
  const refused = { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS };
  if (to < from || to - from > MAX_PAGE_IN_BYTES) return refused;
  for (let page = from - (from % PAGE_BYTES); page <= to; page += PAGE_BYTES)
    if (memory.read(page, 1) === undefined) return refused;
  return { ...record, KernelStatus: OK };
}

export function installMemoryRequests(install: Install): void {
  install(REQUEST.readMemory, ({ machine, send }, record) =>
    send(ANSWER.readMemory, readMemory(machine, record)),
  );
  install(REQUEST.editMemory, ({ machine, send }, value) =>
    send(ANSWER.editMemory, editMemory(machine, value)),
  );
  install(REQUEST.translate, ({ machine, send }, record) =>
    send(ANSWER.translate, translate(machine, record)),
  );
  install(REQUEST.pageTable, ({ machine, send }, record) =>
    send(ANSWER.pageTable, pageTable(machine, record)),
  );
  install(REQUEST.pageIn, ({ machine, send, stepAfterContinue }, record) => {
    const answer = pageIn(machine, record);
    // The real driver sets the trap flag with its page fault: the next continue is a step (8.4).
    if (answer.KernelStatus === OK) stepAfterContinue();
    send(ANSWER.pageIn, answer);
  });
}
