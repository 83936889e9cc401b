/** Messages of the Debug Adapter Protocol in a stream of bytes. No editor API: tests run it bare. */

const HEADER_END = '\r\n\r\n';
const LENGTH = /^Content-Length: *(\d+)$/im;

/** One message as bytes. */
export function framed(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}${HEADER_END}`, 'ascii'), body]);
}

/** Takes messages out of a stream, however it is cut. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole now. Throws a SyntaxError for bytes that are no message. */
  read(chunk: Uint8Array): unknown[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: unknown[] = [];
    for (;;) {
      const headerEnd = this.#rest.indexOf(HEADER_END);
      if (headerEnd < 0) return messages;
      const length = LENGTH.exec(this.#rest.toString('latin1', 0, headerEnd))?.[1];
      if (length === undefined) throw new SyntaxError('a message without its length');
      const start = headerEnd + HEADER_END.length;
      const end = start + Number(length);
      if (this.#rest.length < end) return messages;
      messages.push(JSON.parse(this.#rest.toString('utf8', start, end)));
      this.#rest = this.#rest.subarray(end);
    }
  }
}
