/** Memory requests of the client, cut at pages and to what frames carry (driver-protocol 6.1 to 6.3). */

import type { AddressSpace } from '../debuggee';
import { DriverError, refusal, requireSuccess } from '../driver-error';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  DEBUGGER_READ_READING_TYPE as READING,
} from '../sdk/tables.generated';
import { DEBUGGER_EDIT_MEMORY } from '../sdk/structs.generated';
import { concatBytes, numbersTail, type Packet } from './packet';
import { ANSWER, REQUEST } from './packets';

export type Ask = <V, A>(
  packet: Packet<V>,
  value: V,
  operation: string,
  answer: Packet<A>,
  isMine?: (value: A) => boolean,
) => Promise<A>;

const PAGE_BYTES = 4096;
/** Pages that fit into one frame. */
const LONG_READ_BYTES = 64 * 1024;
const QWORD_BYTES = 8;
const TOP = 1n << 64n;
/** What a debuggee says of a page that is not there. */
const UNMAPPED: readonly number[] = [
  DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER,
  DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS,
  DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PHYSICAL_ADDRESS,
];

interface Piece {
  readonly address: bigint;
  readonly byteOffset: number;
  readonly sizeBytes: number;
}

/** The pieces of a range, none of which crosses a multiple of `pieceBytes`. */
function piecesOf(address: bigint, sizeBytes: number, pieceBytes: number): Piece[] {
  const pieces: Piece[] = [];
  for (let byteOffset = 0; byteOffset < sizeBytes;) {
    const at = address + BigInt(byteOffset);
    if (at >= TOP) break;
    const size = Math.min(sizeBytes - byteOffset, pieceBytes - Number(at % BigInt(pieceBytes)));
    pieces.push({ address: at, byteOffset, sizeBytes: size });
    byteOffset += size;
  }
  return pieces;
}

export class KdMemory {
  readonly #ask: Ask;
  readonly #readPieceBytes: number;

  /** `isOwn`: the target is an embedded machine. Others translate the first byte of a request only (6.1, TRAP). */
  constructor(ask: Ask, isOwn: boolean) {
    this.#ask = ask;
    this.#readPieceBytes = isOwn ? LONG_READ_BYTES : PAGE_BYTES;
  }

  async read(address: bigint, sizeBytes: number, space: AddressSpace): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (const piece of piecesOf(address, sizeBytes, this.#readPieceBytes)) {
      const part = await this.#readPiece(piece, space);
      parts.push(part);
      if (part.length < piece.sizeBytes) break;
    }
    return concatBytes(parts);
  }

  async #readPiece({ address, sizeBytes }: Piece, space: AddressSpace): Promise<Uint8Array> {
    const operation = `Reading memory at 0x${address.toString(16)}`;
    const { record, tail } = await this.#ask(
      REQUEST.readMemory,
      {
        Pid: 0,
        Address: address,
        Size: sizeBytes,
        GetAddressMode: false,
        AddressMode: 0,
        MemoryType:
          space === 'physical' ? READ.DEBUGGER_READ_PHYSICAL_ADDRESS : READ.DEBUGGER_READ_VIRTUAL_ADDRESS,
        ReadingType: READING.READ_FROM_VMX_ROOT,
        ReturnLength: 0,
        KernelStatus: 0,
      },
      operation,
      ANSWER.readMemory,
      (answer) => answer.record.Address === address && answer.record.Size === sizeBytes,
    );
    if (UNMAPPED.includes(record.KernelStatus)) return new Uint8Array(0);
    requireSuccess(operation, record.KernelStatus);
    return tail.subarray(0, Math.min(record.ReturnLength, sizeBytes));
  }

  async write(address: bigint, bytes: Uint8Array, space: AddressSpace): Promise<void> {
    const pieces = piecesOf(address, bytes.length, PAGE_BYTES);
    // A debuggee tests the first address only, and half a write helps nobody.
    if (space === 'virtual' && pieces.length > 1) {
      for (const piece of pieces)
        if ((await this.translate(piece.address)) === undefined)
          throw new DriverError(
            'Writing memory',
            DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS,
            `nothing is mapped at 0x${piece.address.toString(16)}; nothing was written`,
          );
    }
    for (const piece of pieces) {
      const part = bytes.subarray(piece.byteOffset, piece.byteOffset + piece.sizeBytes);
      const wholeBytes = part.length - (part.length % QWORD_BYTES);
      await this.#writeValues(
        piece.address,
        numbersTail.decode(part.subarray(0, wholeBytes)),
        QWORD_BYTES,
        space,
      );
      const rest = Array.from(part.subarray(wholeBytes), BigInt);
      await this.#writeValues(piece.address + BigInt(wholeBytes), rest, 1, space);
    }
  }

  async #writeValues(
    address: bigint,
    values: readonly bigint[],
    widthBytes: 1 | typeof QWORD_BYTES,
    space: AddressSpace,
  ): Promise<void> {
    if (values.length === 0) return;
    const operation = `Writing memory at 0x${address.toString(16)}`;
    const record = {
      Result: 0,
      Address: address,
      ProcessId: 0,
      MemoryType: space === 'physical' ? EDIT.EDIT_PHYSICAL_MEMORY : EDIT.EDIT_VIRTUAL_MEMORY,
      ByteSize: widthBytes === 1 ? WIDTH.EDIT_BYTE : WIDTH.EDIT_QWORD,
      CountOf64Chunks: values.length,
      FinalStructureSize: DEBUGGER_EDIT_MEMORY.sizeBytes + QWORD_BYTES * values.length,
    };
    const answer = await this.#ask(
      REQUEST.editMemory,
      { record, tail: values },
      operation,
      ANSWER.editMemory,
      (value) => value.Address === address,
    );
    requireSuccess(operation, answer.Result);
  }

  async translate(virtualAddress: bigint): Promise<bigint | undefined> {
    const operation = `Translating the address 0x${virtualAddress.toString(16)}`;
    const answer = await this.#ask(
      REQUEST.translate,
      {
        VirtualAddress: virtualAddress,
        PhysicalAddress: 0n,
        ProcessId: 0,
        IsVirtual2Physical: true,
        KernelStatus: 0,
      },
      operation,
      ANSWER.translate,
      (value) => value.VirtualAddress === virtualAddress,
    );
    if (answer.KernelStatus === DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS) return undefined;
    if (answer.KernelStatus !== DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL)
      throw refusal(operation, answer.KernelStatus);
    return answer.PhysicalAddress;
  }
}
