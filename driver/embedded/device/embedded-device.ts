/**
 * The IOCTL door of the embedded driver (driver-protocol 2 to 7): what DeviceIoControl of the real driver would answer to a
 * correct client. What would crash or hang the real driver is refused. Synchronous; it lives in the machine's thread.
 */

import { DEVICE_STATUS, MESSAGE_BUFFER_BYTES, type DeviceAnswer } from '../../device/device-io';
import { concatBytes, type Packet } from '../../kd/packet';
import { textToBytes } from '../../kd/text-bytes';
import {
  DEBUGGER_INIT_HYPERTRACE_PACKET,
  DEBUGGER_INIT_VMM_PACKET,
  REGISTER_NOTIFY_BUFFER,
} from '../../sdk/structs.generated';
import { DEBUGGER_ERROR, NOTIFY_TYPE, OPERATION } from '../../sdk/tables.generated';
import type { EventCore } from '../events/event-core';
import { MAX_MESSAGE_BYTES } from '../messages/message-batch';
import type { MessageQueues, OutgoingMessage, PoolName } from '../messages/message-queues';
import { askSharedHandler } from './shared-handlers';
import type { DeviceTarget } from './device-target';
import { InstantPools } from './instant-pools';
import {
  completed,
  failed,
  INVALID_PARAMETER,
  type DeviceContext,
  type IoctlRequest,
  type SharedAnswer,
} from './ioctl';
import { gateOf, ioctlByCode, LIFE_CODES } from './ioctl-table';
import { PlantedBreakpoints } from './planted-breakpoints';
import { UserDebugger } from './user-debugger';

const OPERATION_BYTES = 4;
/** What a message without content carries (sdk, operationCodes). */
const MARK = textToBytes('$');
const FIRST_EVENT_OPERATION = 0x100_0000;
const LOCAL_BIT = 0x8000_0000;

export interface EmbeddedDeviceOptions {
  readonly target: DeviceTarget;
  readonly events: EventCore;
  readonly queues: MessageQueues;
}

type Complete = (answer: DeviceAnswer) => void;

export class EmbeddedDevice implements DeviceContext {
  readonly target: DeviceTarget;
  readonly events: EventCore;
  readonly queues: MessageQueues;
  readonly breakpoints: PlantedBreakpoints;
  readonly userDebugger: UserDebugger;
  readonly pools = new InstantPools();
  #isInUse = false;
  #hasQueues = false;
  #isVmmUp = false;
  /** The request that waits for a message, with the room it has. */
  #parked: { readonly complete: Complete; readonly outputSizeBytes: number } | undefined;

  constructor({ target, events, queues }: EmbeddedDeviceOptions) {
    this.target = target;
    this.events = events;
    this.queues = queues;
    this.breakpoints = new PlantedBreakpoints(target.machine);
    this.userDebugger = new UserDebugger(target, this.breakpoints, (operation, bytes) =>
      // The regular ring, so that a stop comes behind what was printed before it.
      this.#push({ pool: 'root', operation, bytes }),
    );
  }

  /** Opens a handle. After one was closed no other can be opened: the driver would have to be started again (2, TRAP). */
  open(): number {
    if (!this.#isInUse && this.#hasQueues) return DEVICE_STATUS.generalFailure;
    this.#isInUse = true;
    this.#hasQueues = true;
    return DEVICE_STATUS.success;
  }

  close(): void {
    this.cancel();
    this.#isInUse = false;
  }

  /** Serves a control request that does not wait. The one that waits is `pend`. */
  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): DeviceAnswer {
    if (!this.#isInUse) return failed(DEVICE_STATUS.invalidHandle);
    try {
      const answer = this.#dispatch(code, { input, outputSizeBytes });
      // The real driver says that it returned more than the buffer holds (3.2, TRAP).
      return answer.bytes.length > outputSizeBytes ? INVALID_PARAMETER : answer;
    } catch (error) {
      // A record that promises more than came.
      if (error instanceof RangeError) return INVALID_PARAMETER;
      throw error;
    }
  }

  #dispatch(code: number, request: IoctlRequest): DeviceAnswer {
    switch (gateOf(code)) {
      case undefined:
        return failed(DEVICE_STATUS.invalidFunction);
      case 'open':
        return this.#life(code, request);
      case 'vmm':
        return this.#isVmmUp ? this.#vmm(code, request) : completed();
      case 'kd':
      case 'hypertrace':
        // A module that is not up: success, and nothing returned (3.2, TRAP).
        return completed();
    }
  }

  #life(code: number, { input, outputSizeBytes }: IoctlRequest): DeviceAnswer {
    switch (code) {
      case LIFE_CODES.initVmm:
        return hasRoom(DEBUGGER_INIT_VMM_PACKET.sizeBytes, input, outputSizeBytes)
          ? completed(DEBUGGER_INIT_VMM_PACKET.encode({ KernelStatus: this.#startVmm() }))
          : INVALID_PARAMETER;
      case LIFE_CODES.initHypertrace: {
        const KernelStatus = DEBUGGER_ERROR.DEBUGGER_ERROR_HYPERTRACE_NOT_INITIALIZED;
        return hasRoom(DEBUGGER_INIT_HYPERTRACE_PACKET.sizeBytes, input, outputSizeBytes)
          ? completed(DEBUGGER_INIT_HYPERTRACE_PACKET.encode({ KernelStatus }))
          : INVALID_PARAMETER;
      }
      case LIFE_CODES.endOfMessages:
        this.#push({
          // A client stops reading at the mark. With the hypervisor gone nothing new can come, so the mark waits for what is
          // unread, which the real driver may deliver first as well (3.3, QUIRK).
          pool: this.#isVmmUp ? 'nonRoot' : 'root',
          priority: this.#isVmmUp,
          operation: OPERATION.OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS,
          bytes: MARK,
        });
        return completed();
      default:
        return failed(DEVICE_STATUS.invalidFunction);
    }
  }

  /** A second start without an end in between has no test in the real driver (3.1, TRAP). */
  #startVmm(): number {
    if (this.#isVmmUp) return DEBUGGER_ERROR.DEBUGGER_ERROR_CANNOT_INITIALIZE_DEBUGGER;
    this.#isVmmUp = true;
    const operation = OPERATION.OPERATION_HYPERVISOR_DRIVER_IS_SUCCESSFULLY_LOADED;
    this.#push({ pool: 'nonRoot', operation, bytes: MARK, priority: true });
    return DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  }

  #vmm(code: number, request: IoctlRequest): DeviceAnswer {
    if (code === LIFE_CODES.terminateVmx) {
      this.#terminate();
      return completed();
    }
    return ioctlByCode(code)?.(this, request) ?? failed(DEVICE_STATUS.invalidFunction);
  }

  /** Drops events and the state of the user debugger; the program runs on (3.3). */
  #terminate(): void {
    this.events.modify('all', 'clear');
    this.breakpoints.clearAll();
    this.userDebugger.release();
    this.queues.flushBatches();
    this.deliver();
    this.#isVmmUp = false;
  }

  /**
   * Waits for one message: `complete` is called now or later. A second request while one waits completes at once, successful
   * and without bytes (4).
   */
  pend(input: Uint8Array, outputSizeBytes: number, complete: Complete): void {
    if (!this.#isInUse) complete(failed(DEVICE_STATUS.invalidHandle));
    else if (input.length < REGISTER_NOTIFY_BUFFER.sizeBytes || outputSizeBytes < MESSAGE_BUFFER_BYTES)
      complete(INVALID_PARAMETER);
    // The event-based kind only signals once, which nobody can use (4).
    else if (REGISTER_NOTIFY_BUFFER.decode(input).Type !== NOTIFY_TYPE.IRP_BASED) complete(INVALID_PARAMETER);
    else if (this.#parked !== undefined) complete(completed());
    else {
      this.#parked = { complete, outputSizeBytes };
      this.deliver();
    }
  }

  /** The waiting request ends without a message. The real driver has no such routine (2, TRAP). */
  cancel(): void {
    const parked = this.#parked;
    this.#parked = undefined;
    parked?.complete(failed(DEVICE_STATUS.operationAborted));
  }

  /** Completes the waiting request when there is a message. */
  deliver(): void {
    const parked = this.#parked;
    if (parked === undefined) return;
    const message = this.queues.take();
    if (message === undefined) return;
    this.#parked = undefined;
    const operation = new Uint8Array(OPERATION_BYTES);
    new DataView(operation.buffer).setUint32(0, message.operation, true);
    parked.complete(completed(concatBytes([operation, message.bytes])));
  }

  #push(message: OutgoingMessage): void {
    this.queues.push(message);
    this.deliver();
  }

  ask<V, A>(request: Packet<V>, payload: Uint8Array, answer: Packet<A>): SharedAnswer {
    return askSharedHandler(this, request, payload, answer);
  }

  log(operation: number, text: string): void {
    this.#text('nonRoot', operation, text, true);
  }

  /** A text of an event: its handlers run in VMX root. */
  message(operation: number, text: string, immediate: boolean): void {
    this.#text('root', operation, text, immediate);
  }

  /** The safe buffer of custom code, with the tag of its event before it (see `logOfBuffer`). */
  sendBuffer(operation: number, bytes: Uint8Array): void {
    this.#push({ pool: 'root', operation, bytes });
  }

  #text(pool: PoolName, operation: number, text: string, immediate: boolean): void {
    const isUrgent =
      operation === OPERATION.OPERATION_LOG_WARNING_MESSAGE ||
      operation === OPERATION.OPERATION_LOG_ERROR_MESSAGE;
    const bytes = textToBytes(text);
    // Output forwarding cuts the NUL off that script output ends with (5.7); in a batch it would hide what follows.
    const isEvent = operation >= FIRST_EVENT_OPERATION && operation < LOCAL_BIT;
    const room = MAX_MESSAGE_BYTES - 1;
    for (let start = 0; start < bytes.length; start += room) {
      const piece = bytes.subarray(start, start + room);
      const whole = isEvent && immediate ? concatBytes([piece, Uint8Array.of(0)]) : piece;
      this.#push({ pool, operation, bytes: whole, priority: isUrgent, immediate });
    }
  }
}

const hasRoom = (sizeBytes: number, input: Uint8Array, outputSizeBytes: number): boolean =>
  input.length >= sizeBytes && outputSizeBytes >= sizeBytes;
