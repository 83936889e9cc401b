import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugSession } from './debug-session';
import { RequestError } from './request-error';
import { coreOf } from './thread-ids';

/** DAP `setExceptionBreakpoints`. Clients send it with empty lists too, before anything is launched. */
export async function setExceptionBreakpoints(
  session: DebugSession,
  args: DebugProtocol.SetExceptionBreakpointsArguments,
): Promise<{ breakpoints: DebugProtocol.Breakpoint[] }> {
  const wanted = [...(args.filters ?? []).map((filterId) => ({ filterId })), ...(args.filterOptions ?? [])];
  const { live } = session;
  if (live === undefined && wanted.length === 0) return { breakpoints: [] };
  const target = session.requireLive();
  return {
    breakpoints: await target.whileHalted(() => session.exceptionBreakpoints.replace(target, wanted)),
  };
}

/** DAP `exceptionInfo` for a stop of an exception filter. */
export async function exceptionInfo(
  session: DebugSession,
  args: DebugProtocol.ExceptionInfoArguments,
): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
  const live = session.requireLive();
  const { stop } = await live.view(coreOf(args.threadId));
  const found = stop.reason === 'event' ? session.exceptionBreakpoints.byTag(stop.eventTag) : undefined;
  if (found === undefined) throw new RequestError('This stop is no exception.', false);
  const place = live.symbols.placeOf(stop.rip)?.text ?? `0x${stop.rip.toString(16)}`;
  return {
    exceptionId: found.exception.mnemonic,
    description: `${found.exception.name} at ${place}`,
    breakMode: 'always',
  };
}
