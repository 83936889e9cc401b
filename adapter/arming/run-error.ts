import type { TargetMessage } from '../../driver/debuggee';
import type { DriverError } from '../../driver/driver-error';
import type { ArmedEvent, ArmedEvents } from './armed-events';

/** A run-time error of the target, with the place in the script where that is known. */
export interface RunErrorPlace {
  readonly event: ArmedEvent | undefined;
  /** From 1; the line of the event's command where the very place is not known. */
  readonly line: number | undefined;
  /** The reason, without what `event` and `line` say already. */
  readonly text: string;
}

/** What the target puts before its reason; `eventTag` and `slot` of a message say the same. */
const TARGET_PREFIX = /^(?:event 0x[0-9a-f]+|script)(?:, slot 0x[0-9a-f]+)?: /;
/** The same inside the refusal of a script that the debugger ran. */
const REFUSED_SLOT = /\bscript(?:, slot 0x([0-9a-f]+))?: /;

/** Finds out which event and line an error message of the target is about. */
export function locateRunError(message: TargetMessage, events: ArmedEvents): RunErrorPlace {
  const event = events.byTag(message.eventTag);
  const trimmed = message.text.replace(/\s+$/, '');
  if (event === undefined) return { event, line: undefined, text: trimmed };
  const line = message.slot === undefined ? undefined : lineOfSlot(event, message.slot);
  return { event, line: line ?? event.line, text: trimmed.replace(TARGET_PREFIX, '') };
}

function lineOfSlot(event: ArmedEvent, slot: number): number | undefined {
  for (const action of event.plan.actions) {
    if (action.kind !== 'script') continue;
    const offset = action.script.sourceOffsets[slot];
    if (offset !== undefined && offset >= 0) return event.file.positionAt(action.span.start + offset).line;
  }
  return undefined;
}

/** A script that the debugger ran was refused: the reason for people, and the slot that failed. */
export function scriptRefusal(error: DriverError): {
  readonly text: string;
  readonly slot: number | undefined;
} {
  const match = REFUSED_SLOT.exec(error.message);
  const slot = match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
  return { text: error.message.replace(REFUSED_SLOT, ''), slot };
}
