import { launchScript } from '../script-target/script-requests';
import { attach } from './attach';
import {
  breakpointLocations,
  setBreakpoints,
  setFunctionBreakpoints,
  setInstructionBreakpoints,
} from './breakpoint-requests';
import { stackTrace, threads } from './call-stack';
import { dataBreakpointInfo, setDataBreakpoints } from './data-breakpoint-requests';
import type { Handlers } from './dap-server';
import type { DebugSession } from './debug-session';
import { disassemble } from './disassembly';
import { listEvents, modifyEvents } from './event-list';
import { evaluate, setExpression } from './evaluate';
import { exceptionInfo, setExceptionBreakpoints } from './exception-requests';
import { goto, gotoTargets } from './goto';
import { initialize } from './initialize';
import { configurationDone, endSession, launch } from './launch';
import { readMemory, writeMemory } from './memory';
import { loadedSources, modules, source } from './modules-and-sources';
import { continueTarget, pause, step, stepOut } from './run-control';
import { scopes, setVariable, variables } from './variables';

/** Who answers which request. */
export function handlersOf(session: DebugSession): Handlers {
  return {
    initialize: (args) => initialize(session, args),
    launch: (args, call) =>
      args.target === 'script' ? launchScript(session, args, call) : launch(session, args, call),
    attach: (args, call) => attach(session, args, call),
    configurationDone: (args, call) => configurationDone(session, args, call),
    disconnect: (args, call) => endSession(session, args, call),
    terminate: (args, call) => endSession(session, args, call),
    cancel: (args) => {
      if (args.requestId !== undefined) session.server.cancel(args.requestId);
    },
    setBreakpoints: (args) => setBreakpoints(session, args),
    breakpointLocations: (args) => breakpointLocations(session, args),
    setFunctionBreakpoints: (args) => setFunctionBreakpoints(session, args),
    setInstructionBreakpoints: (args) => setInstructionBreakpoints(session, args),
    dataBreakpointInfo: (args) => dataBreakpointInfo(session, args),
    setDataBreakpoints: (args) => setDataBreakpoints(session, args),
    setExceptionBreakpoints: (args) => setExceptionBreakpoints(session, args),
    exceptionInfo: (args) => exceptionInfo(session, args),
    continue: (args, call) => continueTarget(session, args, call),
    pause: (args, call) => pause(session, args, call),
    next: (args, call) => step(session, 'over', args, call),
    stepIn: (args, call) => step(session, 'in', args, call),
    stepOut: (args, call) => stepOut(session, args, call),
    gotoTargets: (args) => gotoTargets(session, args),
    goto: (args, call) => goto(session, args, call),
    threads: () => threads(session),
    stackTrace: (args) => stackTrace(session, args),
    scopes: (args) => scopes(session, args),
    variables: (args) => variables(session, args),
    setVariable: (args) => setVariable(session, args),
    evaluate: (args) => evaluate(session, args),
    setExpression: (args) => setExpression(session, args),
    readMemory: (args, call) => readMemory(session, args, call),
    writeMemory: (args) => writeMemory(session, args),
    disassemble: (args) => disassemble(session, args),
    modules: (args) => modules(session, args),
    loadedSources: () => loadedSources(session),
    source: (args) => source(session, args),
    hyperdbgEvents: () => listEvents(session),
    hyperdbgModifyEvents: (args) => modifyEvents(session, args),
  };
}
