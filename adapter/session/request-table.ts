import type { DebugProtocol as P } from '@vscode/debugprotocol';
import type { EventList, ModifyEventsArguments } from './event-list';

/** Launch attributes as they come from a client: anything can be missing or of a wrong kind. */
export interface LaunchArguments extends P.LaunchRequestArguments {
  readonly program?: unknown;
  readonly args?: unknown;
  readonly env?: unknown;
  readonly cores?: unknown;
  readonly stdin?: unknown;
  readonly script?: unknown;
  readonly scripts?: unknown;
  readonly scriptArgs?: unknown;
  readonly stopOnEntry?: unknown;
  readonly countHits?: unknown;
  /** `script`: debug the script itself, in no target at all (adapter/script-target). */
  readonly target?: unknown;
  readonly event?: unknown;
  readonly occurrence?: unknown;
  readonly registers?: unknown;
  readonly memory?: unknown;
  readonly symbols?: unknown;
  readonly maxInstructions?: unknown;
}

/** Attach attributes as they come from a client. */
export interface AttachArguments extends P.AttachRequestArguments {
  readonly connection?: unknown;
  readonly program?: unknown;
  readonly signature?: unknown;
  readonly symbolPath?: unknown;
  readonly script?: unknown;
  readonly scripts?: unknown;
  readonly scriptArgs?: unknown;
  readonly stopOnEntry?: unknown;
  readonly countHits?: unknown;
}

type Body<Response extends P.Response> = Response['body'];

/** Every request we answer: its arguments and the body of its answer. */
export interface RequestTable {
  initialize: [P.InitializeRequestArguments, P.Capabilities];
  launch: [LaunchArguments, void];
  attach: [AttachArguments, void];
  configurationDone: [P.ConfigurationDoneArguments, void];
  disconnect: [P.DisconnectArguments, void];
  terminate: [P.TerminateArguments, void];
  cancel: [P.CancelArguments, void];
  setBreakpoints: [P.SetBreakpointsArguments, Body<P.SetBreakpointsResponse>];
  breakpointLocations: [P.BreakpointLocationsArguments, Body<P.BreakpointLocationsResponse>];
  setFunctionBreakpoints: [P.SetFunctionBreakpointsArguments, Body<P.SetFunctionBreakpointsResponse>];
  setInstructionBreakpoints: [
    P.SetInstructionBreakpointsArguments,
    Body<P.SetInstructionBreakpointsResponse>,
  ];
  dataBreakpointInfo: [P.DataBreakpointInfoArguments, Body<P.DataBreakpointInfoResponse>];
  setDataBreakpoints: [P.SetDataBreakpointsArguments, Body<P.SetDataBreakpointsResponse>];
  setExceptionBreakpoints: [P.SetExceptionBreakpointsArguments, Body<P.SetExceptionBreakpointsResponse>];
  exceptionInfo: [P.ExceptionInfoArguments, Body<P.ExceptionInfoResponse>];
  continue: [P.ContinueArguments, Body<P.ContinueResponse>];
  pause: [P.PauseArguments, void];
  next: [P.NextArguments, void];
  stepIn: [P.StepInArguments, void];
  stepOut: [P.StepOutArguments, void];
  gotoTargets: [P.GotoTargetsArguments, Body<P.GotoTargetsResponse>];
  goto: [P.GotoArguments, void];
  threads: [unknown, Body<P.ThreadsResponse>];
  stackTrace: [P.StackTraceArguments, Body<P.StackTraceResponse>];
  scopes: [P.ScopesArguments, Body<P.ScopesResponse>];
  variables: [P.VariablesArguments, Body<P.VariablesResponse>];
  setVariable: [P.SetVariableArguments, Body<P.SetVariableResponse>];
  evaluate: [P.EvaluateArguments, Body<P.EvaluateResponse>];
  setExpression: [P.SetExpressionArguments, Body<P.SetExpressionResponse>];
  readMemory: [P.ReadMemoryArguments, Body<P.ReadMemoryResponse>];
  writeMemory: [P.WriteMemoryArguments, Body<P.WriteMemoryResponse>];
  disassemble: [P.DisassembleArguments, Body<P.DisassembleResponse>];
  modules: [P.ModulesArguments, Body<P.ModulesResponse>];
  loadedSources: [P.LoadedSourcesArguments, Body<P.LoadedSourcesResponse>];
  source: [P.SourceArguments, Body<P.SourceResponse>];
  hyperdbgEvents: [unknown, EventList];
  hyperdbgModifyEvents: [ModifyEventsArguments, EventList];
}
