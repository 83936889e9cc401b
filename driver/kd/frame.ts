/** Frames of the kernel-debugger wire (driver-protocol 8.1). */

import { DEBUGGER_REMOTE_PACKET } from '../sdk/structs.generated';
import { SDK } from '../sdk/tables.generated';

export interface KdFrame {
  /** DEBUGGER_REMOTE_PACKET_TYPE: 1 to the halted debuggee, 2 to the running debuggee, 3 to the debugger. */
  readonly type: number;
  /** DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION. */
  readonly action: number;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = DEBUGGER_REMOTE_PACKET.sizeBytes;
const END_MARKER = Uint8Array.of(0x00, 0x80, 0xee, 0xff);
const FIRST_SUMMED_BYTE = 8;
const INDICATOR_OFFSET = 8;
const INDICATOR = DEBUGGER_REMOTE_PACKET.encode({ Indicator: SDK.INDICATOR_OF_HYPERDBG_PACKET }).subarray(
  INDICATOR_OFFSET,
  INDICATOR_OFFSET + 8,
);

/** Largest frame with its end marker, in bytes. */
export const MAX_FRAME_BYTES: number = SDK.MaxSerialPacketSize;
/** Largest payload that fits in a frame, in bytes. */
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER_BYTES - END_MARKER.length;

/** The frame as it stands on the wire, end marker included. Throws RangeError when the payload is too large. */
export function encodeFrame(frame: KdFrame): Uint8Array {
  if (frame.payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`a frame carries at most ${MAX_PAYLOAD_BYTES} bytes, not ${frame.payload.length}`);
  }
  const header = {
    Indicator: SDK.INDICATOR_OF_HYPERDBG_PACKET,
    TypeOfThePacket: frame.type,
    RequestedActionOfThePacket: frame.action,
  };
  const bytes = new Uint8Array(HEADER_BYTES + frame.payload.length + END_MARKER.length);
  bytes.set(DEBUGGER_REMOTE_PACKET.encode(header));
  bytes.set(frame.payload, HEADER_BYTES);
  bytes.set(END_MARKER, HEADER_BYTES + frame.payload.length);
  bytes[0] = checksum(bytes, 0, HEADER_BYTES + frame.payload.length);
  return bytes;
}

/** Sum of the bytes that the checksum covers. Padding bytes 1..7 are zero on the wire and therefore left out. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start + FIRST_SUMMED_BYTE; i < end; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

export type FrameProblem = 'not a HyperDbg frame' | 'wrong checksum' | 'longer than a frame may be';

export type FrameReaderItem =
  | { readonly kind: 'frame'; readonly frame: KdFrame }
  | { readonly kind: 'dropped'; readonly problem: FrameProblem; readonly sizeBytes: number };

/**
 * Cuts a byte stream into frames. Nothing is escaped on the wire, so a payload can contain the end marker: while the sum
 * of a well-begun frame is wrong the reader goes on to the next marker, and gives the frame up only when another frame
 * begins behind the marker or the frame grows beyond its limit.
 */
export class FrameReader {
  #bytes = new Uint8Array(4096);
  /** The unread part of `#bytes`. */
  #start = 0;
  #end = 0;
  /** Where the search for the next marker goes on. */
  #searchFrom = 0;

  /** Takes the next chunk and returns what it completed, in order. */
  push(chunk: Uint8Array): FrameReaderItem[] {
    this.#append(chunk);
    const items: FrameReaderItem[] = [];
    for (let item = this.#next(); item; item = this.#next()) items.push(item);
    return items;
  }

  #append(chunk: Uint8Array): void {
    const unread = this.#end - this.#start;
    const target =
      unread + chunk.length > this.#bytes.length ? new Uint8Array(2 * (unread + chunk.length)) : this.#bytes;
    target.set(this.#bytes.subarray(this.#start, this.#end));
    target.set(chunk, unread);
    this.#searchFrom -= this.#start;
    this.#bytes = target;
    this.#start = 0;
    this.#end = unread + chunk.length;
  }

  #next(): FrameReaderItem | undefined {
    // The first marker with too few bytes behind it to tell whether another frame begins there.
    let undecided: number | undefined;
    for (;;) {
      const marker = this.#findMarker();
      if (marker < 0 && undecided !== undefined) {
        this.#searchFrom = undecided;
        return undefined;
      }
      if (marker < 0) {
        this.#searchFrom = Math.max(this.#searchFrom, this.#end - END_MARKER.length + 1);
        const unread = this.#end - this.#start;
        return unread > MAX_FRAME_BYTES ? this.#drop(this.#end, 'longer than a frame may be') : undefined;
      }
      const frameEnd = marker + END_MARKER.length;
      if (!this.#hasIndicator(this.#start, marker)) return this.#drop(frameEnd, 'not a HyperDbg frame');
      if (this.#bytes[this.#start] === checksum(this.#bytes, this.#start, marker)) return this.#take(marker);
      if (frameEnd - this.#start > MAX_FRAME_BYTES) return this.#drop(frameEnd, 'longer than a frame may be');
      // Either the marker is payload and the frame may end at a later one, or the next frame has only begun to come.
      if (this.#end - frameEnd < INDICATOR_OFFSET + INDICATOR.length) undecided ??= marker;
      if (this.#hasIndicator(frameEnd, this.#end)) return this.#drop(frameEnd, 'wrong checksum');
      this.#searchFrom = marker + 1;
    }
  }

  #findMarker(): number {
    const last = this.#end - END_MARKER.length;
    for (let i = this.#searchFrom; i <= last; i++) {
      // The first byte decides nearly always, so it is compared without a call.
      if (this.#bytes[i] === END_MARKER[0] && END_MARKER.every((byte, k) => this.#bytes[i + k] === byte))
        return i;
    }
    return -1;
  }

  #hasIndicator(start: number, end: number): boolean {
    if (end - start < INDICATOR_OFFSET + INDICATOR.length) return false;
    return INDICATOR.every((byte, k) => this.#bytes[start + INDICATOR_OFFSET + k] === byte);
  }

  #take(marker: number): FrameReaderItem {
    if (marker - this.#start < HEADER_BYTES)
      return this.#drop(marker + END_MARKER.length, 'not a HyperDbg frame');
    const header = DEBUGGER_REMOTE_PACKET.decode(this.#bytes, this.#start);
    const frame: KdFrame = {
      type: header.TypeOfThePacket,
      action: header.RequestedActionOfThePacket,
      payload: this.#bytes.slice(this.#start + HEADER_BYTES, marker),
    };
    this.#advance(marker + END_MARKER.length);
    return { kind: 'frame', frame };
  }

  #drop(end: number, problem: FrameProblem): FrameReaderItem {
    const sizeBytes = end - this.#start;
    this.#advance(end);
    return { kind: 'dropped', problem, sizeBytes };
  }

  #advance(end: number): void {
    this.#start = end;
    this.#searchFrom = end;
  }
}
