/** Payloads of the kernel-debugger wire that are more than a record and its tail (driver-protocol 8.2, 8.4). */

import { u32, type StructOf } from '../sdk/layout';
import * as sdk from '../sdk/structs.generated';
import { DEBUGGER_APIC_REQUEST_TYPE } from '../sdk/tables.generated';
import { concatBytes, type Payload } from './packet';
import { bytesToText, textToBytes, untilNul } from './text-bytes';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The build signature with its NUL. */
export const signature: Payload<string> = {
  decode: (payload) => bytesToText(untilNul(payload)),
  encode: (value) => concatBytes([textToBytes(value), Uint8Array.of(0)]),
};

/** What follows the u32 length of event and action requests: the record as the IOCTL takes it. */
export function measured<R, T>(inner: Payload<{ readonly record: R; readonly tail: T }>): typeof inner {
  const header = sdk.DEBUGGEE_EVENT_AND_ACTION_HEADER_FOR_REMOTE_PACKET;
  return {
    decode(payload) {
      const sizeBytes = header.decode(payload).Length;
      return inner.decode(payload.subarray(header.sizeBytes, header.sizeBytes + sizeBytes));
    },
    encode(value) {
      const body = inner.encode(value);
      return header.encode({ Length: body.length }, body);
    },
  };
}

export interface RegisterQuestion {
  /** REGS_ENUM id, or ALL_REGISTERS. */
  readonly registerId: number;
  /** The other bytes of the record. They mean nothing: the stock client sends heap rubbish for "all". */
  readonly unused: Uint8Array;
}
export const ALL_REGISTERS = 0xffffffff;

export const registerQuestion: Payload<RegisterQuestion> = {
  decode: (payload) => ({
    registerId: sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION.decode(payload).RegisterId,
    unused: payload.slice(4, sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION.sizeBytes),
  }),
  encode(value) {
    const payload = sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION.encode({ RegisterId: value.registerId });
    payload.set(value.unused, 4);
    return payload;
  },
};

export interface RegisterAnswer {
  readonly record: StructOf<typeof sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION>;
  /** Bytes between and behind the fields; a debuggee that answers in the request's buffer sends them back. */
  readonly padding: Uint8Array;
  /** Present when the question was for all. */
  readonly all:
    | {
        readonly general: StructOf<typeof sdk.GUEST_REGS>;
        readonly extra: StructOf<typeof sdk.GUEST_EXTRA_REGISTERS>;
      }
    | undefined;
}

const REGISTER_PADDING = [4, 5, 6, 7, 20, 21, 22, 23];
export const registerAnswer: Payload<RegisterAnswer> = {
  decode(payload) {
    const description = sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION;
    const extraOffset = description.sizeBytes + sdk.GUEST_REGS.sizeBytes;
    const isAll = payload.length >= extraOffset + sdk.GUEST_EXTRA_REGISTERS.sizeBytes;
    return {
      record: description.decode(payload),
      padding: Uint8Array.from(REGISTER_PADDING, (byteOffset) => payload[byteOffset] ?? 0),
      all: isAll
        ? {
            general: sdk.GUEST_REGS.decode(payload, description.sizeBytes),
            extra: sdk.GUEST_EXTRA_REGISTERS.decode(payload, extraOffset),
          }
        : undefined,
    };
  },
  encode({ record: description, padding, all }) {
    const tail =
      all && concatBytes([sdk.GUEST_REGS.encode(all.general), sdk.GUEST_EXTRA_REGISTERS.encode(all.extra)]);
    const payload = sdk.DEBUGGEE_REGISTER_READ_DESCRIPTION.encode(description, tail);
    REGISTER_PADDING.forEach((byteOffset, i) => (payload[byteOffset] = padding[i] ?? 0));
    return payload;
  },
};

export interface IdtAnswer {
  readonly status: number;
  /** Missing when the debuggee sends the status alone. */
  readonly handlers: readonly bigint[] | undefined;
}
export const idtAnswer: Payload<IdtAnswer> = {
  decode(payload) {
    const table = sdk.INTERRUPT_DESCRIPTOR_TABLE_ENTRIES_PACKETS;
    if (payload.length >= table.sizeBytes) {
      const { KernelStatus: status, IdtEntry: handlers } = table.decode(payload);
      return { status, handlers };
    }
    return { status: u32.read(viewOf(payload), 0), handlers: undefined };
  },
  encode({ status, handlers }) {
    const whole = sdk.INTERRUPT_DESCRIPTOR_TABLE_ENTRIES_PACKETS.encode({
      KernelStatus: status,
      IdtEntry: handlers ?? [],
    });
    return handlers ? whole : whole.subarray(0, u32.sizeBytes);
  },
};

type Apic = StructOf<typeof sdk.DEBUGGER_APIC_REQUEST>;
export type ApicAnswer =
  | { readonly kind: 'local'; readonly record: Apic; readonly page: StructOf<typeof sdk.LAPIC_PAGE> }
  | { readonly kind: 'io'; readonly record: Apic; readonly page: StructOf<typeof sdk.IO_APIC_ENTRY_PACKETS> }
  | { readonly kind: 'none'; readonly record: Apic };

export const apicAnswer: Payload<ApicAnswer> = {
  decode(payload) {
    const request = sdk.DEBUGGER_APIC_REQUEST;
    const apic = request.decode(payload);
    if (payload.length === request.sizeBytes) return { kind: 'none', record: apic };
    const isLocal = apic.ApicType === DEBUGGER_APIC_REQUEST_TYPE.DEBUGGER_APIC_REQUEST_TYPE_READ_LOCAL_APIC;
    return isLocal
      ? { kind: 'local', record: apic, page: sdk.LAPIC_PAGE.decode(payload, request.sizeBytes) }
      : { kind: 'io', record: apic, page: sdk.IO_APIC_ENTRY_PACKETS.decode(payload, request.sizeBytes) };
  },
  encode(value) {
    const tail =
      value.kind === 'local'
        ? sdk.LAPIC_PAGE.encode(value.page)
        : value.kind === 'io'
          ? sdk.IO_APIC_ENTRY_PACKETS.encode(value.page)
          : undefined;
    return sdk.DEBUGGER_APIC_REQUEST.encode(value.record, tail);
  },
};

/** Only this much of DEBUGGER_PREPARE_DEBUGGEE goes over the wire; the operating system's name is cut off (8.2). */
const STARTED_BYTES = 256;
export const started: Payload<StructOf<typeof sdk.DEBUGGER_PREPARE_DEBUGGEE>> = {
  decode(payload) {
    const whole = new Uint8Array(Math.max(sdk.DEBUGGER_PREPARE_DEBUGGEE.sizeBytes, payload.length));
    whole.set(payload);
    return sdk.DEBUGGER_PREPARE_DEBUGGEE.decode(whole);
  },
  encode: (value) => sdk.DEBUGGER_PREPARE_DEBUGGEE.encode(value).subarray(0, STARTED_BYTES),
};

export interface LogPayload {
  readonly operation: number;
  /** The text; script output ends in NUL, log lines do not (driver-protocol 4). */
  readonly bytes: Uint8Array;
}
export const log: Payload<LogPayload> = {
  decode(payload) {
    return { operation: u32.read(viewOf(payload), 0), bytes: payload.slice(u32.sizeBytes) };
  },
  encode(value) {
    const payload = new Uint8Array(u32.sizeBytes + value.bytes.length);
    u32.write(viewOf(payload), 0, value.operation);
    payload.set(value.bytes, u32.sizeBytes);
    return payload;
  },
};
