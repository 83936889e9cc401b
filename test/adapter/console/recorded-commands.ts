/** What the original's client put on the wire for a list of typed commands (test/vectors/kd/README). */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { REQUEST } from '../../../driver/kd/packets';
import { ALL_REGISTERS } from '../../../driver/kd/special-payloads';
import {
  DEBUGGEE_SCRIPT_PACKET,
  DEBUGGER_EDIT_MEMORY,
  DEBUGGER_GENERAL_ACTION,
  DEBUGGER_GENERAL_EVENT_DETAIL,
  DEBUGGER_READ_MEMORY,
  DEBUGGER_SEARCH_MEMORY,
} from '../../../driver/sdk/structs.generated';
import { projectFile } from '../../project-root';

export interface RecordedFrame {
  readonly dir: 'to-debuggee' | 'to-debugger';
  readonly hex: string;
  readonly volatile?: readonly {
    readonly offset: number;
    readonly length?: number;
    readonly size?: number;
  }[];
  readonly summary: { readonly type: number; readonly action: number; readonly actionName: string };
}

export interface RecordedCommand {
  readonly command: string;
  readonly frames: readonly RecordedFrame[];
}

const folder = projectFile('test/vectors/kd');

export const recordedFiles = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: name.replace('.json', ''),
    commands: JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RecordedCommand[],
  }));

export function bytesOf({ hex }: RecordedFrame): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

const HEADER_BYTES = 24;
const LENGTH_BYTES = 4;
const MARKER_BYTES = 4;
const ACTION_OFFSET = 20;

/** Where in a frame are bytes that mean nothing (README, "Bytes that mean nothing"), besides the recorded ones. */
function meaninglessRanges(frame: Uint8Array): (readonly [offset: number, length: number])[] {
  const action = new DataView(frame.buffer).getUint32(ACTION_OFFSET, true);
  const payload = frame.subarray(HEADER_BYTES, -MARKER_BYTES);
  switch (action) {
    case REQUEST.readMemory.action:
      return [[HEADER_BYTES + offsetOf(DEBUGGER_READ_MEMORY, 'Pid'), 4]];
    case REQUEST.editMemory.action:
      return [[HEADER_BYTES + offsetOf(DEBUGGER_EDIT_MEMORY, 'ProcessId'), 4]];
    case REQUEST.search.action:
      return [[HEADER_BYTES + offsetOf(DEBUGGER_SEARCH_MEMORY, 'ProcessId'), 4]];
    case REQUEST.registerEvent.action:
      return [
        [HEADER_BYTES + LENGTH_BYTES + offsetOf(DEBUGGER_GENERAL_EVENT_DETAIL, 'CommandStringBuffer'), 8],
      ];
    case REQUEST.readRegisters.action:
      return REQUEST.readRegisters.decode(payload).registerId === ALL_REGISTERS
        ? [[HEADER_BYTES + 4, payload.length - 4]]
        : [];
    case REQUEST.runScript.action:
      return stringPadding(frame, HEADER_BYTES + DEBUGGEE_SCRIPT_PACKET.sizeBytes);
    case REQUEST.addAction.action:
      return stringPadding(frame, HEADER_BYTES + LENGTH_BYTES + DEBUGGER_GENERAL_ACTION.sizeBytes);
    default:
      return [];
  }
}

function offsetOf(
  { fields }: { readonly fields: readonly { readonly name: string; readonly byteOffset: number }[] },
  name: string,
): number {
  const field = fields.find((each) => each.name === name);
  assert.ok(field, name);
  return field.byteOffset;
}

const SLOT_BYTES = 24;
const STRING_KINDS = [8, 11];

/** Behind the NUL of the strings of a script. */
function stringPadding(frame: Uint8Array, start: number): (readonly [number, number])[] {
  const view = new DataView(frame.buffer);
  const ranges: (readonly [number, number])[] = [];
  for (let at = start; at + SLOT_BYTES <= frame.length - MARKER_BYTES;) {
    const length = Number(view.getBigUint64(at + 8, true));
    const isString = STRING_KINDS.includes(view.getUint32(at, true));
    const slots = isString ? Math.floor((16 + length) / SLOT_BYTES) + 1 : 1;
    const end = at + slots * SLOT_BYTES;
    if (isString) ranges.push([at + 16 + length, end - (at + 16 + length)]);
    at = end;
  }
  return ranges;
}

/** The frame as text, with what means nothing as zeros; the checksum goes along with these. */
export function maskedHex(frame: Uint8Array, recorded: RecordedFrame): string {
  const masked = frame.slice();
  const ranges = [
    ...meaninglessRanges(bytesOf(recorded)),
    ...(recorded.volatile ?? []).map(({ offset, length, size }) => [offset, length ?? size ?? 1] as const),
  ];
  for (const [offset, length] of ranges) masked.fill(0, offset, offset + length);
  if (ranges.length > 0) masked[0] = 0;
  return Buffer.from(masked).toString('hex');
}
