/** Messages on a byte stream between two processes: a length, then as many bytes. */

const LENGTH_BYTES = 4;
/** More than any request needs; a longer one is a stream out of step. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export function frameOf(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(LENGTH_BYTES + message.length);
  new DataView(frame.buffer).setUint32(0, message.length, true);
  frame.set(message, LENGTH_BYTES);
  return frame;
}

/** Puts the pieces of a stream together again. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole now. Throws RangeError when the stream is out of step. */
  add(piece: Uint8Array): readonly Uint8Array[] {
    let rest = Buffer.concat([this.#rest, piece]);
    const messages: Uint8Array[] = [];
    while (rest.length >= LENGTH_BYTES) {
      const size = rest.readUInt32LE(0);
      if (size > MAX_MESSAGE_BYTES) throw new RangeError(`a message of ${size} bytes was announced`);
      if (rest.length < LENGTH_BYTES + size) break;
      messages.push(new Uint8Array(rest.subarray(LENGTH_BYTES, LENGTH_BYTES + size)));
      rest = rest.subarray(LENGTH_BYTES + size);
    }
    this.#rest = Buffer.from(rest);
    return messages;
  }
}
