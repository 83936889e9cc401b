/** Requests of our own about events: what a view of them shows, and its switches. */

import { DriverError } from '../../driver/driver-error';
import { eventByCommand } from '../../script-engine/catalog/events';
import type { PlannedAction } from '../../script-engine/command-file/event-plan';
import type { ArmedEvent } from '../arming/armed-events';
import { FIRST_EVENT_TAG } from '../arming/armed-events';
import type { DebugSession } from './debug-session';
import { loadedDisassembler } from './disassembly';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

export const EVENTS_CHANGED = 'hyperdbgEventsChanged';

/** Actions and the state of one event, ready to be shown. Numbers of 64 bits are texts. */
export interface EventRow {
  /** Counts from 1 in the order of arming. */
  readonly number: number;
  readonly tag: string;
  /** What the command `events` and the scripts call the event. */
  readonly id: string;
  readonly command: string;
  readonly label: string;
  /** `cleared`: a script or the console removed it. */
  readonly state: 'enabled' | 'disabled' | 'cleared';
  /** Where it is set, for kinds with an address. */
  readonly address?: string;
  readonly place?: string;
  readonly stage: 'pre' | 'post' | 'all';
  readonly processId?: string;
  readonly core?: number;
  readonly hasCondition: boolean;
  /** How often it fired; only where the session counts, and as of the last stop. */
  readonly hits?: string;
  readonly stops: number;
  readonly messages: number;
  readonly lastMs?: number;
  readonly actions: readonly EventActionRow[];
  /** Where the command is, for commands of a file. */
  readonly path?: string;
  readonly line?: number;
}

export interface EventActionRow {
  readonly kind: PlannedAction['kind'];
  /** The text of a script, the instructions of code. */
  readonly detail: string;
  readonly bufferSizeBytes: number;
}

export interface ModifyEventsArguments {
  readonly verb: string;
  /** Tags as they are in the rows; all events when it is left out. */
  readonly tags?: readonly unknown[];
}

export interface EventList {
  readonly events: readonly EventRow[];
}

const VERBS = ['enable', 'disable', 'clear'] as const;
const STAGES = { 1: 'pre', 2: 'post', 3: 'all' } as const;
const ALL_OF_THEM = 0xffff_ffff;
const MAX_CODE_LINES = 64;

/** Request `hyperdbgEvents`: every event of the session. Asks the target only while it stands still. */
export async function listEvents(session: DebugSession): Promise<EventList> {
  const live = session.requireLive();
  return live.inTurn(async () => {
    if (live.isStopped) await readStates(live);
    return rowsOf(session, live);
  });
}

/** Request `hyperdbgModifyEvents`: enables, disables or clears events, and answers with what is there then. */
export async function modifyEvents(session: DebugSession, args: ModifyEventsArguments): Promise<EventList> {
  const live = session.requireLive();
  const verb = VERBS.find((known) => known === args.verb);
  if (verb === undefined) {
    throw new RequestError(`"${args.verb}" is nothing to do with events; ask for ${VERBS.join(', ')}.`);
  }
  const events = args.tags === undefined ? live.events.all : args.tags.map((tag) => eventNamed(live, tag));
  return live.whileHalted(async () => {
    for (const event of events) {
      await live.debuggee.modifyEvent(event.tag, verb);
      if (verb === 'clear') forget(session, live, event);
      else live.eventStates.set(event.tag, verb === 'enable' ? 'enabled' : 'disabled');
    }
    session.activity.changed();
    return rowsOf(session, live);
  });
}

function eventNamed(live: LiveTarget, tag: unknown): ArmedEvent {
  const event = live.events.all.find((known) => hex(known.tag) === tag);
  if (event === undefined) throw new RequestError(`There is no event with the tag ${String(tag)}.`);
  return event;
}

/** The event is gone; breakpoints on its lines cannot hold any more. */
function forget(session: DebugSession, live: LiveTarget, event: ArmedEvent): void {
  live.events.remove(event.tag);
  live.eventStates.delete(event.tag);
  for (const id of session.scriptBreakpoints.forget(event)) {
    const message = `Event ${event.number} (${event.label}) was cleared.`;
    session.server.emitEvent('breakpoint', {
      reason: 'changed',
      breakpoint: { id, verified: false, message },
    });
  }
}

/** Scripts and the console change events as well, so only the target knows. */
async function readStates(live: LiveTarget): Promise<void> {
  for (const { tag } of live.events.all) {
    try {
      const isEnabled = await live.debuggee.modifyEvent(tag, 'query');
      live.eventStates.set(tag, isEnabled ? 'enabled' : 'disabled');
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      live.eventStates.set(tag, 'cleared');
    }
  }
  await live.hitCounters.read(live);
}

function rowsOf(session: DebugSession, live: LiveTarget): Promise<EventList> {
  return Promise.all(live.events.all.map((event) => rowOf(session, live, event))).then((events) => ({
    events,
  }));
}

async function rowOf(session: DebugSession, live: LiveTarget, event: ArmedEvent): Promise<EventRow> {
  const { plan, tag, file } = event;
  const { stops, messages, lastMs } = session.activity.of(tag);
  const hits = live.hitCounters.hitsOf(tag);
  return {
    number: event.number,
    tag: hex(tag),
    id: (tag - FIRST_EVENT_TAG).toString(16),
    command: plan.command,
    label: event.label,
    state: live.eventStates.get(tag) ?? 'enabled',
    ...addressOf(live, event),
    stage: STAGES[plan.stage],
    ...(plan.processId === ALL_OF_THEM ? {} : { processId: hex(plan.processId) }),
    ...(plan.coreId === ALL_OF_THEM ? {} : { core: plan.coreId }),
    hasCondition: plan.condition !== undefined,
    ...(hits === undefined ? {} : { hits: hits.toString() }),
    stops,
    messages,
    ...(lastMs === undefined ? {} : { lastMs }),
    actions: await Promise.all(plan.actions.map((action) => actionRow(event, action))),
    ...(file.isOnDisk ? { path: file.path, line: event.line } : {}),
  };
}

function addressOf(live: LiveTarget, { plan }: ArmedEvent): { address?: string; place?: string } {
  const [address] = plan.options;
  const parameters = eventByCommand(plan.command)?.parameters ?? [];
  if (address === undefined || !parameters.some(({ kind }) => kind === 'address' || kind === 'range'))
    return {};
  const place = live.symbols.placeOf(address)?.text;
  return { address: hex(address), ...(place === undefined ? {} : { place }) };
}

async function actionRow({ file }: ArmedEvent, action: PlannedAction): Promise<EventActionRow> {
  switch (action.kind) {
    case 'break':
      return { kind: 'break', detail: '', bufferSizeBytes: 0 };
    case 'script': {
      const detail = file.text.slice(action.span.start, action.span.end).trim();
      return { kind: 'script', detail, bufferSizeBytes: action.bufferSizeBytes };
    }
    case 'code': {
      const code = await loadedDisassembler();
      const detail = code.decode(action.bytes, 0n, MAX_CODE_LINES).map(({ text }) => text);
      return { kind: 'code', detail: detail.join('\n'), bufferSizeBytes: action.bufferSizeBytes };
    }
  }
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
