/** Requests of the device on their way to another thread or process, and the answers back. One message is one of them. */

import { DEVICE_STATUS, type DeviceAnswer } from './device-io';
import { struct, u32 } from '../sdk/layout';

/** `start` is ResumeThread of a program that was made suspended: no request of the driver, but of its operating system. */
const KINDS = ['open', 'ioctl', 'pend', 'cancel', 'close', 'start'] as const;
export type DeviceRequestKind = (typeof KINDS)[number];

export interface DeviceRequest {
  readonly id: number;
  readonly kind: DeviceRequestKind;
  readonly code: number;
  readonly input: Uint8Array;
  readonly outputSizeBytes: number;
}

export interface IdentifiedAnswer extends DeviceAnswer {
  readonly id: number;
}

const REQUEST_HEADER = struct('DeviceRequestHeader', { id: u32, kind: u32, code: u32, outputSizeBytes: u32 });
const ANSWER_HEADER = struct('DeviceAnswerHeader', { id: u32, status: u32 });

export function encodeDeviceRequest({ id, kind, code, input, outputSizeBytes }: DeviceRequest): Uint8Array {
  return REQUEST_HEADER.encode({ id, kind: KINDS.indexOf(kind), code, outputSizeBytes }, input);
}

/** Throws RangeError for bytes that are no request. */
export function decodeDeviceRequest(message: Uint8Array): DeviceRequest {
  const { id, kind, code, outputSizeBytes } = REQUEST_HEADER.decode(message);
  const name = KINDS[kind];
  if (name === undefined) throw new RangeError(`there is no kind ${kind} of device request`);
  return { id, kind: name, code, outputSizeBytes, input: message.slice(REQUEST_HEADER.sizeBytes) };
}

export function encodeDeviceAnswer({ id, status, bytes }: IdentifiedAnswer): Uint8Array {
  return ANSWER_HEADER.encode({ id, status }, bytes);
}

export function decodeDeviceAnswer(message: Uint8Array): IdentifiedAnswer {
  const { id, status } = ANSWER_HEADER.decode(message);
  return { id, status, bytes: message.slice(ANSWER_HEADER.sizeBytes) };
}

export const DONE: DeviceAnswer = { status: DEVICE_STATUS.success, bytes: new Uint8Array(0) };
