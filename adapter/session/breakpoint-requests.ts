import type { DebugProtocol } from '@vscode/debugprotocol';
import type { CodeBreakpointWish } from './code-breakpoints';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { addressOfReference } from './memory';
import { samePath } from './script-breakpoints';

type Answer = { breakpoints: DebugProtocol.Breakpoint[] };

/** DAP `setBreakpoints`: lines of armed command files. */
export async function setBreakpoints(
  session: DebugSession,
  args: DebugProtocol.SetBreakpointsArguments,
): Promise<Answer> {
  const file = args.source.path;
  const wanted = (args.breakpoints ?? []).map((wish) => ({ ...wish, line: session.ownLine(wish.line) }));
  if (file === undefined) {
    return { breakpoints: wanted.map(() => ({ verified: false, message: 'This source has no path.' })) };
  }
  const live = session.requireLive();
  const breakpoints = await live.whileHalted(() =>
    isProgramSource(live, file)
      ? replaceSourceBreakpoints(session, live, file, wanted)
      : session.scriptBreakpoints.replace(live, file, wanted),
  );
  return { breakpoints: breakpoints.map((breakpoint) => toClient(session, breakpoint, args.source)) };
}

function isProgramSource(live: LiveTarget, file: string): boolean {
  const isScript = live.events.all.some((event) => samePath(event.file.path, file));
  return !isScript && live.symbols.codeOf(file, 0) !== undefined;
}

/** Lines of the program's own source, where it was built with line information. */
async function replaceSourceBreakpoints(
  session: DebugSession,
  live: LiveTarget,
  file: string,
  wanted: readonly DebugProtocol.SourceBreakpoint[],
): Promise<DebugProtocol.Breakpoint[]> {
  const wishes = wanted.map((wish): CodeBreakpointWish | undefined => {
    const code = live.symbols.codeOf(file, wish.line);
    const { condition, hitCondition, logMessage } = wish;
    return code === undefined ? undefined : { ...code, condition, hitCondition, logMessage };
  });
  const placed = await session.codeBreakpoints.replace(
    live,
    `source ${file}`,
    wishes.filter((wish) => wish !== undefined),
  );
  return wishes.map((wish, i) => {
    const found = wish === undefined ? undefined : placed.shift();
    const message = 'The program has no code at or below this line.';
    return found ?? { verified: false, line: wanted[i]?.line ?? 0, reason: 'failed', message };
  });
}

function toClient(
  session: DebugSession,
  breakpoint: DebugProtocol.Breakpoint,
  source: DebugProtocol.Source,
): DebugProtocol.Breakpoint {
  const { line, endLine, ...rest } = breakpoint;
  return {
    ...rest,
    source,
    ...(line === undefined ? {} : { line: session.clientLine(line) }),
    ...(endLine === undefined ? {} : { endLine: session.clientLine(endLine) }),
  };
}

/** DAP `breakpointLocations`: the first line of each event in the range. */
export function breakpointLocations(
  session: DebugSession,
  args: DebugProtocol.BreakpointLocationsArguments,
): { breakpoints: DebugProtocol.BreakpointLocation[] } {
  const file = args.source.path;
  const first = session.ownLine(args.line);
  const last = args.endLine === undefined ? first : session.ownLine(args.endLine);
  const events = (session.live?.events.all ?? []).filter(
    (event) =>
      file !== undefined && samePath(event.file.path, file) && event.line <= last && event.lastLine >= first,
  );
  const lines = new Set(events.map((event) => Math.max(event.line, first)));
  return { breakpoints: [...lines].map((line) => ({ line: session.clientLine(line) })) };
}

/** DAP `setFunctionBreakpoints`: symbols, or addresses as the script language writes them. */
export async function setFunctionBreakpoints(
  session: DebugSession,
  args: DebugProtocol.SetFunctionBreakpointsArguments,
): Promise<Answer> {
  const live = session.requireLive();
  const wanted = args.breakpoints.map(({ name, condition, hitCondition }) => ({
    address: name,
    condition,
    hitCondition,
  }));
  return {
    breakpoints: await live.whileHalted(() => session.codeBreakpoints.replace(live, 'function', wanted)),
  };
}

/** DAP `setInstructionBreakpoints`. */
export async function setInstructionBreakpoints(
  session: DebugSession,
  args: DebugProtocol.SetInstructionBreakpointsArguments,
): Promise<Answer> {
  const live = session.requireLive();
  const wanted = args.breakpoints.map(({ instructionReference, offset, condition, hitCondition }) => ({
    address: addressOfReference(instructionReference, offset),
    condition,
    hitCondition,
  }));
  return {
    breakpoints: await live.whileHalted(() => session.codeBreakpoints.replace(live, 'instruction', wanted)),
  };
}
