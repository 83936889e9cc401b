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
const BLANK_HEADER = DEBUGGER_REMOTE_PACKET.encode({ Indicator: SDK.INDICATOR_OF_HYPERDBG_PACKET });
const INDICATOR = BLANK_HEADER.subarray(INDICATOR_OFFSET, INDICATOR_OFFSET + 8);
const offsetOf = (field: string): number =>
  DEBUGGER_REMOTE_PACKET.fields.find(({ name }) => name === field)?.byteOffset ?? 0;
const TYPE_OFFSET = offsetOf('TypeOfThePacket');
const ACTION_OFFSET = offsetOf('RequestedActionOfThePacket');

/** Largest frame with its end marker, in bytes. */
export const MAX_FRAME_BYTES: number = SDK.MaxSerialPacketSize;
/** Largest payload that fits in a frame, in bytes. */
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER_BYTES - END_MARKER.length;

/** The frame as it stands on the wire, end marker included. Throws RangeError when the payload is too large. */
export function encodeFrame(frame: KdFrame): Uint8Array {
  if (frame.payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`a frame carries at most ${MAX_PAYLOAD_BYTES} bytes, not ${frame.payload.length}`);
  }
  const bytes = new Uint8Array(HEADER_BYTES + frame.payload.length + END_MARKER.length);
  bytes.set(BLANK_HEADER);
  // Not by `encode`, which costs more than all the rest of a short message.
  const header = new DataView(bytes.buffer);
  header.setUint32(TYPE_OFFSET, frame.type, true);
  header.setUint32(ACTION_OFFSET, frame.action, true);
  bytes.set(frame.payload, HEADER_BYTES);
  bytes.set(END_MARKER, HEADER_BYTES + frame.payload.length);
  bytes[0] = checksum(bytes, 0, HEADER_BYTES + frame.payload.length);
  return bytes;
}

/** Sum of the bytes that the checksum covers. Padding bytes 1..7 are zero on the wire and therefore left out. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start + FIRST_SUMMED_BYTE;
  for (; at < end && (bytes.byteOffset + at) % 4 !== 0; at++) sum += bytes[at] ?? 0;
  if (end - at >= MIN_WORDS_BYTES) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
    sum += sumOfWords(words);
    at += words.byteLength;
  }
  for (; at < end; at++) sum += bytes[at] ?? 0;
  return sum & 0xff;
}

/** A view on words costs more than it saves on less. */
const MIN_WORDS_BYTES = 64;
/** Two sums of up to 510 for each word fit into 16 bits for so many words. */
const WORDS_AT_ONCE = 128;

/** The sum of all bytes, four at a time: the whole of a frame is summed at both ends of the wire. */
function sumOfWords(words: Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < words.length;) {
    const stop = Math.min(words.length, at + WORDS_AT_ONCE);
    let pairs = 0;
    for (; at < stop; at++) {
      const word = words[at] ?? 0;
      pairs += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
    }
    sum += (pairs & 0xffff) + (pairs >>> 16);
  }
  return sum;
}

export type FrameProblem = 'not a HyperDbg frame' | 'wrong checksum' | 'longer than a frame may be';

export type FrameReaderItem =
  | { readonly kind: 'frame'; readonly frame: KdFrame }
  | { readonly kind: 'dropped'; readonly problem: FrameProblem; readonly sizeBytes: number };

/**
 * Cuts a byte stream into frames. Nothing is escaped on the wire, so a payload can contain the end marker: while the sum
 * of a well-begun frame is wrong the reader goes on to the next marker, and gives the frame up only when another frame
 * begins behind the marker or the frame grows beyond its limit. What is given up is searched for a frame that is whole, so
 * that garbage and torn frames do not take the next one along.
 */
export class FrameReader {
  #bytes = Buffer.alloc(4096);
  /** The unread part of `#bytes`. */
  #start = 0;
  #end = 0;
  /** Where the search for the next marker goes on. */
  #searchFrom = 0;
  /** Sum of the covered bytes from `#start` to `#summedTo`, so that many markers in a payload do not sum it many times. */
  #sum = 0;
  #summedTo = 0;

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
      unread + chunk.length > this.#bytes.length ? Buffer.alloc(2 * (unread + chunk.length)) : this.#bytes;
    target.set(this.#bytes.subarray(this.#start, this.#end));
    target.set(chunk, unread);
    this.#searchFrom -= this.#start;
    this.#summedTo -= this.#start;
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
        return this.#end - this.#start > MAX_FRAME_BYTES ? this.#dropOverflow() : undefined;
      }
      const frameEnd = marker + END_MARKER.length;
      // Serial receivers make frames of one zero byte up (8.1).
      if (marker - this.#start === 1 && this.#bytes[this.#start] === 0) {
        this.#advance(frameEnd);
        continue;
      }
      if (!this.#hasIndicator(this.#start, marker)) return this.#dropGarbage(frameEnd, marker);
      if (this.#bytes[this.#start] === this.#sumTo(marker)) return this.#take(marker);
      if (frameEnd - this.#start > MAX_FRAME_BYTES)
        return this.#dropBroken(frameEnd, marker, 'longer than a frame may be');
      // Either the marker is payload and the frame may end at a later one, or the next frame has only begun to come.
      if (this.#end - frameEnd < INDICATOR_OFFSET + INDICATOR.length) undecided ??= marker;
      if (this.#hasIndicator(frameEnd, this.#end))
        return this.#dropBroken(frameEnd, marker, 'wrong checksum');
      this.#searchFrom = marker + 1;
    }
  }

  #findMarker(): number {
    // The buffer keeps the size of the longest frame, and what is behind the end in it is old.
    const found = this.#bytes.subarray(this.#searchFrom, this.#end).indexOf(END_MARKER);
    return found < 0 ? -1 : this.#searchFrom + found;
  }

  /** The checksum of the frame if it ends at `marker`. */
  #sumTo(marker: number): number {
    const from = Math.max(this.#summedTo, this.#start + FIRST_SUMMED_BYTE);
    const sum =
      marker >= from
        ? this.#sum + checksum(this.#bytes, from - FIRST_SUMMED_BYTE, marker)
        : this.#sum - checksum(this.#bytes, marker - FIRST_SUMMED_BYTE, from);
    this.#sum = sum & 0xff;
    this.#summedTo = marker;
    return this.#sum;
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
      payload: new Uint8Array(this.#bytes.subarray(this.#start + HEADER_BYTES, marker)),
    };
    this.#advance(marker + END_MARKER.length);
    return { kind: 'frame', frame };
  }

  /** Bytes that begin no frame; a frame that begins among them is kept. */
  #dropGarbage(frameEnd: number, marker: number): FrameReaderItem {
    const [next] = this.#frameStarts(marker);
    return this.#drop(next ?? frameEnd, 'not a HyperDbg frame');
  }

  /** A frame that is none after all. It may have been torn, and the marker belong to a whole one behind the tear. */
  #dropBroken(frameEnd: number, marker: number, problem: FrameProblem): FrameReaderItem {
    const whole = this.#frameStarts(marker).find(
      (start) =>
        marker - start >= HEADER_BYTES && this.#bytes[start] === checksum(this.#bytes, start, marker),
    );
    return this.#drop(whole ?? frameEnd, problem);
  }

  /** More bytes than a frame has, and no marker: what may be the beginning of another frame is kept. */
  #dropOverflow(): FrameReaderItem {
    const partOfHeader = this.#end - (INDICATOR_OFFSET + INDICATOR.length - 1);
    return this.#drop(this.#frameStarts(this.#end).at(-1) ?? partOfHeader, 'longer than a frame may be');
  }

  /** Where frames seem to begin behind the first byte, up to `end`. */
  #frameStarts(end: number): number[] {
    const starts: number[] = [];
    const bytes = this.#bytes.subarray(0, end);
    let at = bytes.indexOf(INDICATOR, this.#start + 1 + INDICATOR_OFFSET);
    for (; at >= 0; at = bytes.indexOf(INDICATOR, at + 1)) starts.push(at - INDICATOR_OFFSET);
    return starts;
  }

  #drop(end: number, problem: FrameProblem): FrameReaderItem {
    const sizeBytes = end - this.#start;
    this.#advance(end);
    return { kind: 'dropped', problem, sizeBytes };
  }

  #advance(end: number): void {
    this.#start = end;
    this.#searchFrom = end;
    this.#sum = 0;
    this.#summedTo = end;
  }
}
