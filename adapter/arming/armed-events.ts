import type { EventPlan } from '../../script-engine/command-file/event-plan';
import { linesOf, type ScriptFile } from './script-file';

/** Tags start here (driver-protocol 5.1); scripts name an event by the distance. */
export const FIRST_EVENT_TAG = 0x1000000n;

export interface ArmedEvent {
  /** Counts from 1 in the order of arming. */
  readonly number: number;
  readonly tag: bigint;
  readonly plan: EventPlan;
  readonly file: ScriptFile;
  /** First and last line of the command, from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** The command without its blocks: `!epthook main!checksum`. */
  readonly label: string;
}

/** All events of a debugging session, by tag. Tags are never used twice. */
export class ArmedEvents {
  readonly #byTag = new Map<bigint, ArmedEvent>();
  #count = 0;

  get all(): readonly ArmedEvent[] {
    return [...this.#byTag.values()];
  }

  /** The event of a message or stop, whose tag may have lost its upper half (driver-protocol 4). */
  byTag(tag: bigint | undefined): ArmedEvent | undefined {
    return tag === undefined ? undefined : this.#byTag.get(tag);
  }

  /** Reserves the next tag. */
  nextTag(): bigint {
    return FIRST_EVENT_TAG + BigInt(this.#count++);
  }

  add(tag: bigint, plan: EventPlan, file: ScriptFile): ArmedEvent {
    const { first, last } = linesOf(file, plan.span);
    const event: ArmedEvent = {
      number: Number(tag - FIRST_EVENT_TAG) + 1,
      tag,
      plan,
      file,
      line: first,
      lastLine: last,
      label: labelOf(plan, file.text),
    };
    this.#byTag.set(tag, event);
    return event;
  }

  remove(tag: bigint): void {
    this.#byTag.delete(tag);
  }
}

const BLOCK_WORDS = /\s*\b(?:script|code|condition|asm|output)\s*$/i;

function labelOf(plan: EventPlan, text: string): string {
  const source = text.slice(plan.span.start, plan.span.end);
  const brace = source.indexOf('{');
  let label = (brace < 0 ? source : source.slice(0, brace)).replace(/\s+/g, ' ').trim();
  while (BLOCK_WORDS.test(label)) label = label.replace(BLOCK_WORDS, '');
  return label === '' ? plan.command : label;
}
