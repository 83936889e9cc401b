import type { Stop } from '../../driver/debuggee';
import type { CodeBreakpointOwner } from './code-breakpoints';
import type { DebugSession } from './debug-session';
import { isOwnPause, type LiveTarget, type StopCause } from './live-target';
import { tellModules } from './modules-and-sources';
import { threadIdOf } from './thread-ids';

interface StopText {
  readonly reason: string;
  readonly description: string;
  readonly hitBreakpointIds?: readonly number[];
}

/** Tells the client of a stop. */
export async function reportStop(
  session: DebugSession,
  live: LiveTarget,
  stop: Stop,
  cause: StopCause,
): Promise<void> {
  const generation = live.generation;
  await refreshModules(session, live, stop, cause);
  const text = await describeStop(session, live, stop, cause);
  if (live.generation !== generation || session.isEnded) return;
  if (stop.reason === 'event') session.activity.sawStop(live.events.byTag(stop.eventTag)?.tag);
  session.frames.clear();
  session.variables.clear();
  session.server.emitEvent('stopped', {
    reason: text.reason,
    description: text.description,
    text: text.description,
    threadId: threadIdOf(stop.core),
    allThreadsStopped: true,
    ...(text.hitBreakpointIds === undefined ? {} : { hitBreakpointIds: text.hitBreakpointIds }),
  });
}

/** Libraries come while the program runs; the target tells of them only when it is asked. */
async function refreshModules(
  session: DebugSession,
  live: LiveTarget,
  stop: Stop,
  cause: StopCause,
): Promise<void> {
  if (!live.target.loadsLibraries || cause === 'entry') return;
  if (live.hasSeenLibraries && live.symbols.isCode(stop.rip)) return;
  live.hasSeenLibraries = true;
  const known = live.symbols.modules.length;
  if (await live.target.refreshModules()) tellModules(session, live, known);
}

async function describeStop(
  session: DebugSession,
  live: LiveTarget,
  stop: Stop,
  cause: StopCause,
): Promise<StopText> {
  const place = live.symbols.placeOf(stop.rip)?.text ?? `0x${stop.rip.toString(16)}`;
  const hit = session.codeBreakpoints.hitBy(stop);
  if (hit !== undefined) {
    return { reason: reasonOf(hit.owner), description: `Breakpoint at ${place}`, hitBreakpointIds: hit.ids };
  }
  if (stop.reason === 'event') return describeEventStop(session, live, stop);
  if (stop.reason === 'breakpoint') return { reason: 'breakpoint', description: `Breakpoint at ${place}` };
  if (cause === 'entry') return { reason: 'entry', description: `Entry point ${place}` };
  if (cause === 'step' || stop.reason === 'step') return { reason: 'step', description: `Step to ${place}` };
  if (isOwnPause(stop)) return { reason: 'pause', description: `Paused at ${place}` };
  return { reason: stop.reason, description: `Stopped at ${place}: ${stop.reason}` };
}

function reasonOf(owner: CodeBreakpointOwner): string {
  return owner === 'function' || owner === 'instruction' ? `${owner} breakpoint` : 'breakpoint';
}

async function describeEventStop(session: DebugSession, live: LiveTarget, stop: Stop): Promise<StopText> {
  const data = session.dataBreakpoints.byTag(stop.eventTag);
  if (data !== undefined) {
    return { reason: 'data breakpoint', description: data.description, hitBreakpointIds: [data.id] };
  }
  const fault = session.exceptionBreakpoints.byTag(stop.eventTag);
  if (fault !== undefined) {
    const { name, mnemonic } = fault.exception;
    return { reason: 'exception', description: `${name} (${mnemonic})`, hitBreakpointIds: [fault.id] };
  }
  const event = live.events.byTag(stop.eventTag);
  if (event === undefined) {
    return { reason: 'event', description: `Event with tag 0x${stop.eventTag.toString(16)}` };
  }
  const stage = stop.stage === 'post' ? ' (post)' : '';
  const description = `Event ${event.number}: ${event.label}${stage}`;
  const hit = await session.scriptBreakpoints.hitBy(live, stop);
  if (hit === undefined) return { reason: 'event', description };
  if (hit.isBeforeOtherActions) live.hitCounters.stoppedBefore(event.tag);
  return { reason: 'breakpoint', description, hitBreakpointIds: hit.ids };
}
