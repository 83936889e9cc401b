/** Requests on the halted machine's memory (driver-protocol 6.1 to 6.4, 8.4). */

import { MAX_PAYLOAD_BYTES } from '../../kd/frame';
import { ANSWER, REQUEST } from '../../kd/packets';
import { concatBytes, numbersTail } from '../../kd/packet';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_ADDRESS_MODE as MODE,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  DEBUGGER_SEARCH_MEMORY_TYPE as SEARCH,
  OPERATION,
  SDK,
} from '../../sdk/tables.generated';
import { DEBUGGER_READ_MEMORY } from '../../sdk/structs.generated';
import type { Machine } from './machine';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const PAGE_BYTES = 4096n;
const NO_BYTES = new Uint8Array(0);
const MAX_READ_BYTES = MAX_PAYLOAD_BYTES - DEBUGGER_READ_MEMORY.sizeBytes;
const MAX_SEARCH_BYTES = 64n << 20n;

type Space = 'virtual' | 'physical';

/** What can be read from `address` on: all, or up to the first page that is not there. */
function readUpTo(machine: Machine, space: Space, address: bigint, sizeBytes: number): Uint8Array {
  const { memory } = machine;
  const pieces: Uint8Array[] = [];
  let at = address;
  let left = sizeBytes;
  while (left > 0) {
    const size = Math.min(left, Number(PAGE_BYTES - (at % PAGE_BYTES)));
    const piece = space === 'physical' ? memory.readPhysical(at, size) : memory.read(at, size);
    if (piece === undefined) break;
    pieces.push(piece);
    at = BigInt.asUintN(64, at + BigInt(size));
    left -= size;
  }
  return pieces.length === 1 ? (pieces[0] ?? NO_BYTES) : concatBytes(pieces);
}

function widthBytes(byteSize: number): number | undefined {
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
function narrow(values: readonly bigint[], width: number): Uint8Array {
  return concatBytes(values.map((value) => numbersTail.encode([value]).subarray(0, width)));
}

function findAll(haystack: Uint8Array, needle: Uint8Array, step: number): number[] {
  const found: number[] = [];
  for (
    let at = 0;
    at + needle.length <= haystack.length && found.length < SDK.MaximumSearchResults;
    at += step
  )
    if (needle.every((byte, i) => haystack[at + i] === byte)) found.push(at);
  return found;
}

export function installMemoryRequests(install: Install): void {
  install(REQUEST.readMemory, ({ machine, send }, record) => {
    const space = record.MemoryType === READ.DEBUGGER_READ_PHYSICAL_ADDRESS ? 'physical' : 'virtual';
    const isSane = record.Size > 0 && record.Size <= MAX_READ_BYTES;
    const tail = isSane ? readUpTo(machine, space, record.Address, record.Size) : NO_BYTES;
    const status = tail.length > 0 ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER;
    const AddressMode = machine.is32Bit
      ? MODE.DEBUGGER_READ_ADDRESS_MODE_32_BIT
      : MODE.DEBUGGER_READ_ADDRESS_MODE_64_BIT;
    send(ANSWER.readMemory, {
      record: { ...record, AddressMode, ReturnLength: tail.length, KernelStatus: status },
      tail,
    });
  });

  install(REQUEST.editMemory, ({ machine, send }, { record, tail }) => {
    const edit = (): number => {
      const width = widthBytes(record.ByteSize);
      const isPhysical = record.MemoryType === EDIT.EDIT_PHYSICAL_MEMORY;
      if (width === undefined || (!isPhysical && record.MemoryType !== EDIT.EDIT_VIRTUAL_MEMORY))
        return DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_PARAMETER;
      if (record.CountOf64Chunks === 0 || record.CountOf64Chunks > tail.length)
        return DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_PARAMETER;
      const bytes = narrow(tail.slice(0, record.CountOf64Chunks), width);
      if (isPhysical)
        return machine.memory.writePhysical(record.Address, bytes)
          ? OK
          : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS;
      return machine.memory.write(record.Address, bytes)
        ? OK
        : DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS;
    };
    send(ANSWER.editMemory, { ...record, Result: edit() });
  });

  install(REQUEST.translate, ({ machine, send }, record) => {
    if (record.IsVirtual2Physical) {
      const physical = machine.memory.virtualToPhysical(record.VirtualAddress);
      const KernelStatus = physical === undefined ? DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS : OK;
      send(ANSWER.translate, { ...record, PhysicalAddress: physical ?? 0n, KernelStatus });
    } else {
      const VirtualAddress = machine.memory.physicalToVirtual(record.PhysicalAddress) ?? 0n;
      send(ANSWER.translate, { ...record, VirtualAddress, KernelStatus: OK });
    }
  });

  install(REQUEST.pageTable, ({ machine, send }, record) => {
    const walk = machine.pageTableEntries(record.VirtualAddress);
    if (walk === undefined) {
      send(ANSWER.pageTable, { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS });
      return;
    }
    const [pml4e, pdpte, pde, pte] = walk;
    send(ANSWER.pageTable, {
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
    });
  });

  // A read brings the page in; no page fault has to be injected for that.
  install(REQUEST.pageIn, ({ machine, send }, record) => {
    const isIn =
      machine.memory.read(record.VirtualAddressFrom, 1) !== undefined &&
      machine.memory.read(record.VirtualAddressTo, 1) !== undefined;
    send(ANSWER.pageIn, {
      ...record,
      KernelStatus: isIn ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS,
    });
  });

  // Unlike the real driver's, the comparison looks at all values of a pattern (6.4, QUIRK).
  install(REQUEST.search, ({ machine, send, log }, { record, tail }) => {
    const width = widthBytes(record.ByteSize);
    const isSane =
      width !== undefined && record.Length > 0n && record.Length <= MAX_SEARCH_BYTES && tail.length > 0;
    if (!isSane) {
      send(ANSWER.search, { CountOfResults: 0, Result: DEBUGGER_ERROR.DEBUGGER_ERROR_MEMORY_TYPE_INVALID });
      return;
    }
    const space = record.MemoryType === SEARCH.SEARCH_PHYSICAL_MEMORY ? 'physical' : 'virtual';
    const haystack = readUpTo(machine, space, record.Address, Number(record.Length));
    const found = findAll(haystack, narrow(tail, width), width);
    for (const byteOffset of found) {
      const address = record.Address + BigInt(byteOffset);
      log(OPERATION.OPERATION_LOG_INFO_MESSAGE, `${address.toString(16).padStart(16, '0')}\n`);
    }
    send(ANSWER.search, { CountOfResults: found.length, Result: OK });
  });

  // A scan of stack slots, not an unwind; the client keeps what follows a call (8.4).
  install(REQUEST.callStack, ({ machine, send }, { record, tail }) => {
    const slotBytes = record.Is32Bit ? 4 : 8;
    const frames = tail.map((_frame, index) => {
      const slot = BigInt.asUintN(64, record.BaseAddress + BigInt(index * slotBytes));
      const bytes = machine.memory.read(slot, slotBytes);
      const Value = bytes === undefined ? 0n : toNumber(bytes);
      const before =
        bytes && machine.memory.read(BigInt.asUintN(64, Value - 7n), SDK.MAXIMUM_CALL_INSTR_SIZE);
      return {
        IsStackAddressValid: bytes !== undefined,
        IsValidAddress: before !== undefined,
        IsExecutable: before !== undefined,
        Value,
        InstructionBytesOnRip: before ?? NO_BYTES,
      };
    });
    const KernelStatus =
      frames[0]?.IsStackAddressValid === true ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_GET_CALLSTACK;
    send(ANSWER.callStack, { record: { ...record, KernelStatus }, tail: frames });
  });
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
