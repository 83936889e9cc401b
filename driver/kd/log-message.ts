/** Log frames (action 41) and the messages they carry (driver-protocol 4, 8.3). */

import type { TargetBuffer, TargetMessage } from '../debuggee';
import { OPERATION } from '../sdk/tables.generated';
import { FIRST_EVENT_TAG } from './event-records';
import { concatBytes } from './packet';
import type { LogPayload } from './special-payloads';
import { bytesToText, untilNul } from './text-bytes';

const BIT_31 = 0x80000000;
const TAG_BYTES = 8;

/**
 * The text of an error in an event, in a fixed form that `messageOfLog` reads back: `event 0x1, slot 0x2a: reason`. Numbers
 * are hexadecimal, as everywhere in HyperDbg; the event's number is its tag - 0x1000000.
 */
export function errorText(eventTag: bigint | undefined, slot: number | undefined, reason: string): string {
  const event = eventTag === undefined ? 'script' : `event 0x${(eventTag - FIRST_EVENT_TAG).toString(16)}`;
  return `${event}${slot === undefined ? '' : `, slot 0x${slot.toString(16)}`}: ${reason}`;
}

const ERROR_FORM = /^(?:event 0x([0-9a-f]+)|script)(?:, slot 0x([0-9a-f]+))?: /;

const EXIT_FORM = /^the guest has exited with code 0x([0-9a-f]+)\n?$/;

/** How a served target tells the end of its program: the wire has no frame for it. `exitCodeOfText` reads it back. */
export function exitText(code: number): string {
  return `the guest has exited with code 0x${code.toString(16)}\n`;
}

export function exitCodeOfText(text: string): number | undefined {
  const digits = EXIT_FORM.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** What a log frame says; a `buffer` is our own extension, see `logOfBuffer`. */
export function messageOfLog(log: LogPayload): TargetMessage | TargetBuffer {
  if (log.operation === OPERATION.OPERATION_LOG_WITH_TAG && log.bytes.length >= TAG_BYTES) {
    const view = new DataView(log.bytes.buffer, log.bytes.byteOffset, log.bytes.byteLength);
    return { eventTag: view.getBigUint64(0, true), bytes: log.bytes.slice(TAG_BYTES) };
  }
  const text = bytesToText(untilNul(log.bytes));
  switch (log.operation) {
    case OPERATION.OPERATION_LOG_INFO_MESSAGE:
      return { kind: 'info', text, eventTag: undefined };
    case OPERATION.OPERATION_LOG_WARNING_MESSAGE:
      return { kind: 'warning', text, eventTag: undefined };
    case OPERATION.OPERATION_LOG_ERROR_MESSAGE:
      return errorMessage(text);
    // A batch of script output, whose tags are lost (driver-protocol 4).
    case OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE:
    case OPERATION.OPERATION_LOG_MESSAGE_MANDATORY:
      return { kind: 'script', text, eventTag: undefined };
    default:
      return BigInt(log.operation) >= FIRST_EVENT_TAG && log.operation < BIT_31
        ? { kind: 'script', text, eventTag: BigInt(log.operation) }
        : { kind: 'info', text, eventTag: undefined };
  }
}

function errorMessage(text: string): TargetMessage {
  const form = ERROR_FORM.exec(text);
  const slot = form?.[2] === undefined ? {} : { slot: Number.parseInt(form[2], 16) };
  const eventTag = form?.[1] === undefined ? undefined : FIRST_EVENT_TAG + BigInt(`0x${form[1]}`);
  return { kind: 'error', text, eventTag, ...slot };
}

/**
 * The safe buffer of custom code on its way to the debugger. The real driver never transfers it (driver-protocol 5.3, TRAP)
 * though its documentation promises so; embedded targets keep the promise with the operation OPERATION_LOG_WITH_TAG, which
 * nothing else uses: u64 tag of the event, then the bytes.
 */
export function logOfBuffer(buffer: TargetBuffer): LogPayload {
  const tag = new Uint8Array(TAG_BYTES);
  new DataView(tag.buffer).setBigUint64(0, buffer.eventTag, true);
  return { operation: OPERATION.OPERATION_LOG_WITH_TAG, bytes: concatBytes([tag, buffer.bytes]) };
}
