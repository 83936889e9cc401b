import type { DebugProtocol } from '@vscode/debugprotocol';
import { EXCEPTION_FILTERS } from './exception-breakpoints';
import type { DebugSession } from './debug-session';

/** Everything the adapter can do; each entry has its handler in `handlers.ts`. */
export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsInstructionBreakpoints: true,
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  supportsExceptionFilterOptions: true,
  supportsExceptionInfoRequest: true,
  exceptionBreakpointFilters: [...EXCEPTION_FILTERS],
  supportsBreakpointLocationsRequest: true,
  supportsSteppingGranularity: true,
  supportsDelayedStackTraceLoading: true,
  supportsGotoTargetsRequest: true,
  supportsClipboardContext: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsEvaluateForHovers: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsDisassembleRequest: true,
  supportsModulesRequest: true,
  supportsLoadedSourcesRequest: true,
  supportsCancelRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
};

/** DAP `initialize`. */
export function initialize(
  session: DebugSession,
  args: DebugProtocol.InitializeRequestArguments,
): DebugProtocol.Capabilities {
  session.client = args;
  return CAPABILITIES;
}
