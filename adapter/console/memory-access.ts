/** Memory as the command line reads and writes it: in requests of the user's own size (driver-protocol 8.4). */

import type { AddressSpace } from '../../driver/debuggee';
import { refusal, requireSuccess } from '../../driver/driver-error';
import { concatBytes } from '../../driver/kd/packet';
import { ANSWER, REQUEST } from '../../driver/kd/packets';
import { DEBUGGER_EDIT_MEMORY } from '../../driver/sdk/structs.generated';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  DEBUGGER_READ_READING_TYPE as READING,
} from '../../driver/sdk/tables.generated';
import type { CommandContext } from './command-context';
import { CommandError } from './command-error';

/** More than a frame carries is read in pieces, and so is what takes long enough to be watched. */
const LONGEST_PIECE = 0x10000;
const PAGE_BYTES = 0x1000;
/** A piece of a slow line takes this long at most. */
const PIECE_SECONDS = 2;
const PROGRESS_MS = 1000;

export interface MemoryRange {
  readonly address: bigint;
  readonly sizeBytes: number;
  readonly space: AddressSpace;
  /** Asks too whether the address is one of 32-bit code. */
  readonly wantsMode?: boolean;
}

export interface MemoryBytes {
  /** Shorter than asked where memory ends. */
  readonly bytes: Uint8Array;
  readonly is32Bit: boolean;
}

/** Reads a range, with progress. Rejects with DriverError when there is nothing at its beginning. */
export async function readRange(range: MemoryRange, context: CommandContext): Promise<MemoryBytes> {
  const { bytesPerSecond } = context.client;
  const pieceBytes =
    bytesPerSecond === undefined
      ? LONGEST_PIECE
      : Math.min(
          LONGEST_PIECE,
          Math.max(1, Math.floor((PIECE_SECONDS * bytesPerSecond) / PAGE_BYTES)) * PAGE_BYTES,
        );
  const parts: Uint8Array[] = [];
  let told = Date.now();
  let is32Bit = false;
  let done = 0;
  try {
    while (done < range.sizeBytes) {
      if (context.signal.aborted)
        throw new CommandError(`Reading was cancelled after 0x${done.toString(16)} bytes.`);
      const sizeBytes = Math.min(pieceBytes, range.sizeBytes - done);
      const part = await readPiece({ ...range, address: range.address + BigInt(done), sizeBytes }, context);
      if (part === undefined) break;
      parts.push(part.bytes);
      is32Bit = part.is32Bit;
      done += part.bytes.length;
      if (part.bytes.length < sizeBytes) break;
      if (Date.now() - told < PROGRESS_MS) continue;
      told = Date.now();
      const percent = Math.floor((100 * done) / range.sizeBytes);
      context.io.progress(
        `read 0x${done.toString(16)} of 0x${range.sizeBytes.toString(16)} bytes (${percent} %); Ctrl-C ends it`,
      );
    }
  } finally {
    context.io.progress(undefined);
  }
  if (done === 0 && range.sizeBytes > 0)
    throw refusal(
      `Reading memory at 0x${range.address.toString(16)}`,
      DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER,
    );
  return { bytes: concatBytes(parts), is32Bit };
}

/** What a debuggee says of memory that is not there. */
const UNMAPPED: readonly number[] = [
  DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER,
  DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS,
  DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PHYSICAL_ADDRESS,
];

async function readPiece(range: MemoryRange, { client }: CommandContext): Promise<MemoryBytes | undefined> {
  const { address, sizeBytes, space } = range;
  const operation = `Reading memory at 0x${address.toString(16)}`;
  const { record, tail } = await client.requests.ask(
    REQUEST.readMemory,
    {
      // The original sends the id of its own process, on its own machine; debuggees ignore it (8.4).
      Pid: process.pid,
      Address: address,
      Size: sizeBytes,
      GetAddressMode: range.wantsMode ?? false,
      AddressMode: 0,
      MemoryType:
        space === 'physical' ? READ.DEBUGGER_READ_PHYSICAL_ADDRESS : READ.DEBUGGER_READ_VIRTUAL_ADDRESS,
      ReadingType: READING.READ_FROM_KERNEL,
      ReturnLength: 0,
      KernelStatus: 0,
    },
    operation,
    ANSWER.readMemory,
    (answer) => answer.record.Address === address && answer.record.Size === sizeBytes,
  );
  if (UNMAPPED.includes(record.KernelStatus)) return undefined;
  requireSuccess(operation, record.KernelStatus);
  // 0 is 32-bit only where the mode was asked for (6.1).
  const is32Bit = range.wantsMode === true && record.AddressMode === 0;
  return { bytes: tail.subarray(0, Math.min(record.ReturnLength, sizeBytes)), is32Bit };
}

const WIDTHS = { 1: WIDTH.EDIT_BYTE, 4: WIDTH.EDIT_DWORD, 8: WIDTH.EDIT_QWORD } as const;
export type ValueWidth = keyof typeof WIDTHS;

/** Writes values of one width, in one request. */
export async function writeValues(
  address: bigint,
  values: readonly bigint[],
  width: ValueWidth,
  space: AddressSpace,
  { client }: CommandContext,
): Promise<void> {
  const operation = `Writing memory at 0x${address.toString(16)}`;
  const record = {
    Result: 0,
    Address: address,
    ProcessId: process.pid,
    MemoryType: space === 'physical' ? EDIT.EDIT_PHYSICAL_MEMORY : EDIT.EDIT_VIRTUAL_MEMORY,
    ByteSize: WIDTHS[width],
    CountOf64Chunks: values.length,
    FinalStructureSize: DEBUGGER_EDIT_MEMORY.sizeBytes + 8 * values.length,
  };
  const answer = await client.requests.ask(
    REQUEST.editMemory,
    { record, tail: values },
    operation,
    ANSWER.editMemory,
    (value) => value.Address === address,
  );
  requireSuccess(operation, answer.Result);
}
