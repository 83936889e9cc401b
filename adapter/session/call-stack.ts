import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ArmedEvent } from '../arming/armed-events';
import { StackWalk, type WalkedFrame } from '../target/stack-walk';
import type { AssemblyPlace } from './assembly-sources';
import type { CoreView } from './core-view';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { coreOf, threadIdOf } from './thread-ids';

/** DAP `threads`: the cores of the target. */
export async function threads(session: DebugSession): Promise<{ threads: DebugProtocol.Thread[] }> {
  const { live } = session;
  if (live === undefined) return { threads: [] };
  const current = live.isStopped ? await live.view() : undefined;
  const process = await current?.process();
  return {
    threads: live.cores.map((core) => {
      const isCurrent = core === current?.core && process !== undefined;
      const owner = isCurrent
        ? ` · ${process.processName} (process ${process.processId}, thread ${process.threadId})`
        : '';
      return { id: threadIdOf(core), name: `Core ${core}${owner}` };
    }),
  };
}

/** The stack of a core at the present stop. */
export async function stackOf(session: DebugSession, live: LiveTarget, core: number): Promise<StackWalk> {
  const view = await live.view(core);
  return session.frames.walk(
    core,
    async () => new StackWalk(await view.registers(), live.readMemory, live.symbols, live.isReturnAddress),
  );
}

/** DAP `stackTrace`. */
export async function stackTrace(
  session: DebugSession,
  args: DebugProtocol.StackTraceArguments,
): Promise<DebugProtocol.StackTraceResponse['body']> {
  const live = session.requireLive();
  const core = coreOf(args.threadId);
  const view = await live.view(core);
  const stack = await stackOf(session, live, core);
  const start = Math.max(0, args.startFrame ?? 0);
  const end = args.levels === undefined || args.levels <= 0 ? Infinity : start + args.levels;
  const frames = await stack.frames(end);
  const stackFrames: DebugProtocol.StackFrame[] = [];
  for (let index = start; index < Math.min(end, frames.length); index++) {
    const frame = frames[index];
    if (frame !== undefined) stackFrames.push(await dapFrame(session, live, view, frame, index));
  }
  // One more than known makes a client ask again (DAP, StackTraceResponse.totalFrames).
  return { stackFrames, totalFrames: frames.length + (stack.isComplete ? 0 : 1) };
}

async function dapFrame(
  session: DebugSession,
  live: LiveTarget,
  view: CoreView,
  frame: WalkedFrame,
  index: number,
): Promise<DebugProtocol.StackFrame> {
  const address = frame.instructionPointer;
  const hex = `0x${address.toString(16)}`;
  const place = live.symbols.placeOf(address);
  const source = await sourceOfFrame(session, live, view, frame, index);
  const assembly = source === undefined ? await assemblyOfFrame(session, live, frame, index) : undefined;
  const line = source?.line ?? assembly?.line;
  const shownSource = source === undefined ? assembly?.source : session.sourceOf(source.file);
  return {
    id: session.frames.add(view.core, frame),
    name: place?.text ?? hex,
    line: line === undefined ? 0 : session.clientLine(line),
    column: line === undefined ? 0 : session.clientColumn(1),
    ...(shownSource === undefined ? {} : { source: shownSource }),
    instructionPointerReference: hex,
    ...(place === undefined ? {} : { moduleId: place.moduleName }),
    presentationHint: frame.origin === 'scan' ? 'subtle' : 'normal',
  };
}

/** The event whose action stopped the target. */
export function eventOf(live: LiveTarget, view: CoreView): ArmedEvent | undefined {
  return view.stop.reason === 'event' ? live.events.byTag(view.stop.eventTag) : undefined;
}

async function assemblyOfFrame(
  session: DebugSession,
  live: LiveTarget,
  { instructionPointer }: WalkedFrame,
  index: number,
): Promise<AssemblyPlace | undefined> {
  const place = await session.assembly.placeOf(session, live, instructionPointer);
  // The line before a return address is the call.
  return place === undefined || index === 0 || place.line === 1 ? place : { ...place, line: place.line - 1 };
}

/** An event's stop shows the line of the event; every other frame the line of the program, if its source is on this computer. */
async function sourceOfFrame(
  session: DebugSession,
  live: LiveTarget,
  view: CoreView,
  frame: WalkedFrame,
  index: number,
): Promise<{ file: string; line: number } | undefined> {
  const event = index === 0 ? eventOf(live, view) : undefined;
  if (event !== undefined && event.file.isOnDisk) return { file: event.file.path, line: event.line };
  // A return address belongs to the line of the call before it.
  const address = index === 0 ? frame.instructionPointer : frame.instructionPointer - 1n;
  const line = live.symbols.lineOf(address);
  if (line === undefined || !(await session.sources.exists(line.file))) return undefined;
  return line;
}
