/** How a control request is checked and answered (driver-protocol 3.2). */

import { DEVICE_STATUS, type DeviceAnswer } from '../../device/device-io';
import type { Packet } from '../../kd/packet';
import type { Struct } from '../../sdk/layout';
import type { EventCore } from '../events/event-core';
import type { MessageQueues } from '../messages/message-queues';
import type { DeviceTarget } from './device-target';
import type { InstantPools } from './instant-pools';
import type { PlantedBreakpoints } from './planted-breakpoints';
import type { UserDebugger } from './user-debugger';

export interface IoctlRequest {
  readonly input: Uint8Array;
  readonly outputSizeBytes: number;
}

/** Answer of a handler that both doors have, and the texts that it logged. */
export interface SharedAnswer {
  readonly bytes: Uint8Array;
  readonly texts: readonly string[];
}

export interface DeviceContext {
  readonly target: DeviceTarget;
  readonly events: EventCore;
  readonly queues: MessageQueues;
  readonly breakpoints: PlantedBreakpoints;
  readonly userDebugger: UserDebugger;
  readonly pools: InstantPools;
  /** Asks the kernel-debugger door's handler: the record is the same, only the way is another. */
  ask<V, A>(request: Packet<V>, payload: Uint8Array, answer: Packet<A>): SharedAnswer;
  /** A text for the client; warnings and errors take the priority ring (4). */
  log(operation: number, text: string): void;
}

export type Ioctl = (context: DeviceContext, request: IoctlRequest) => DeviceAnswer;

const NO_BYTES = new Uint8Array(0);

export function completed(bytes: Uint8Array = NO_BYTES): DeviceAnswer {
  return { status: DEVICE_STATUS.success, bytes };
}

export function failed(status: number): DeviceAnswer {
  return { status, bytes: NO_BYTES };
}

export const INVALID_PARAMETER = failed(DEVICE_STATUS.invalidParameter);

/**
 * A request that begins with a record. Short input is refused as the real driver does it. A short output buffer is refused as
 * well: the real driver says that it returned the whole record whatever the buffer holds (3.2, TRAP).
 */
export function onRecord<R>(
  input: Struct<R>,
  outputSizeBytes: number,
  serve: (context: DeviceContext, record: R, request: IoctlRequest) => Uint8Array | DeviceAnswer,
): Ioctl {
  return (context, request) => {
    if (request.input.length < input.sizeBytes || request.outputSizeBytes < outputSizeBytes)
      return INVALID_PARAMETER;
    const answer = serve(context, input.decode(request.input), request);
    return answer instanceof Uint8Array ? completed(answer) : answer;
  };
}

/** A request whose record is answered by the handler of the other door, with a record of the same or another kind. */
export function onShared<R, V, A>(
  input: Struct<R>,
  outputSizeBytes: number,
  request: Packet<V>,
  answer: Packet<A>,
): Ioctl {
  return onRecord(input, outputSizeBytes, (context, _record, { input: payload }) =>
    padded(context.ask(request, payload, answer).bytes, outputSizeBytes),
  );
}

/** The bytes with zeros behind them, at least `sizeBytes` in all. */
export function padded(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.length >= sizeBytes) return bytes;
  const whole = new Uint8Array(sizeBytes);
  whole.set(bytes);
  return whole;
}
