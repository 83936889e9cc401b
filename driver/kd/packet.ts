/** How the payload of one kind of frame becomes a value and back (driver-protocol 8.4). */

import type { Struct } from '../sdk/layout';

export interface Packet<V> {
  /** Name in DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION, without its prefix. */
  readonly name: string;
  readonly type: PacketType;
  readonly action: number;
  /** Throws RangeError when the payload is too short for it. */
  decode(payload: Uint8Array): V;
  encode(value: V): Uint8Array;
}

/** DEBUGGER_REMOTE_PACKET_TYPE of the software debugger. */
export const PACKET_TYPE = { toHalted: 1, toRunning: 2, toDebugger: 3 } as const;
export type PacketType = (typeof PACKET_TYPE)[keyof typeof PACKET_TYPE];

/** A record of the SDK and what follows it. */
export interface RecordWithTail<R, T> {
  readonly record: R;
  readonly tail: T;
}

/** How the bytes behind a record are read. */
export interface Tail<T> {
  decode(bytes: Uint8Array): T;
  encode(value: T): Uint8Array;
}

export type Payload<V> = Pick<Packet<V>, 'decode' | 'encode'>;

/** Bytes as they are: code, script symbols, memory. */
export const rawTail: Tail<Uint8Array> = { decode: (bytes) => bytes.slice(), encode: (bytes) => bytes };

/** UINT64 values up to the end of the payload. */
export const numbersTail: Tail<readonly bigint[]> = {
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => view.getBigUint64(8 * i, true));
  },
  encode(values) {
    const view = new DataView(new ArrayBuffer(8 * values.length));
    values.forEach((value, i) => view.setBigUint64(8 * i, BigInt.asUintN(64, value), true));
    return new Uint8Array(view.buffer);
  },
};

/** Records of one kind up to the end of the payload. */
export function recordsTail<R>(struct: Struct<R>): Tail<readonly R[]> {
  return {
    decode: (bytes) =>
      Array.from({ length: Math.floor(bytes.length / struct.sizeBytes) }, (_, i) =>
        struct.decode(bytes, i * struct.sizeBytes),
      ),
    encode: (records) => concatBytes(records.map((record) => struct.encode(record as Partial<R>))),
  };
}

/** No payload at all; what came nevertheless is ignored. */
export const nothing: Payload<undefined> = { decode: () => undefined, encode: () => new Uint8Array(0) };

export function record<R>(struct: Struct<R>): Payload<R> {
  return {
    decode: (payload) => struct.decode(payload),
    encode: (value) => struct.encode(value as Partial<R>),
  };
}

export function recordWithTail<R, T>(struct: Struct<R>, tail: Tail<T>): Payload<RecordWithTail<R, T>> {
  return {
    decode: (payload) => ({
      record: struct.decode(payload),
      tail: tail.decode(payload.subarray(struct.sizeBytes)),
    }),
    encode: (value) => struct.encode(value.record as Partial<R>, tail.encode(value.tail)),
  };
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let byteOffset = 0;
  for (const part of parts) {
    result.set(part, byteOffset);
    byteOffset += part.length;
  }
  return result;
}
