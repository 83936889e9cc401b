/** Thrown when a table ends before what it announced. Caught by the reader of the table. */
export class EndOfBytes extends Error {
  override readonly name = 'EndOfBytes';
}

/** Beyond ten groups of seven bits a number is none. */
const MAX_SCALE = 2 ** 77;

/** Reads little-endian values one after the other. */
export class ByteCursor {
  offset = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  seek(offset: number): void {
    if (offset < 0 || offset > this.bytes.length) throw new EndOfBytes();
    this.offset = offset;
  }

  skip(sizeBytes: number): void {
    this.seek(this.offset + sizeBytes);
  }

  /** A cursor over the next bytes, which this one leaves behind. */
  take(sizeBytes: number): ByteCursor {
    const start = this.offset;
    this.skip(sizeBytes);
    return new ByteCursor(this.bytes.subarray(start, this.offset));
  }

  u8(): number {
    return this.#at(1, (at) => this.#view.getUint8(at));
  }

  i8(): number {
    return this.#at(1, (at) => this.#view.getInt8(at));
  }

  u16(): number {
    return this.#at(2, (at) => this.#view.getUint16(at, true));
  }

  u32(): number {
    return this.#at(4, (at) => this.#view.getUint32(at, true));
  }

  u64(): bigint {
    return this.#at(8, (at) => this.#view.getBigUint64(at, true));
  }

  uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) return value;
      scale *= 128;
      if (scale > MAX_SCALE) throw new EndOfBytes();
    }
  }

  sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (scale > MAX_SCALE) throw new EndOfBytes();
      if ((byte & 0x80) === 0) return (byte & 0x40) === 0 ? value : value - scale;
    }
  }

  /** Text up to the next NUL. */
  text(): string {
    const end = this.bytes.indexOf(0, this.offset);
    if (end < 0) throw new EndOfBytes();
    const text = new TextDecoder().decode(this.bytes.subarray(this.offset, end));
    this.offset = end + 1;
    return text;
  }

  #at<T>(sizeBytes: number, read: (at: number) => T): T {
    const at = this.offset;
    this.skip(sizeBytes);
    return read(at);
  }
}
