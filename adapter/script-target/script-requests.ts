/** DAP on a script that runs in the adapter itself: who answers which request after `launch` with `"target": "script"`. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ScriptOutcome } from '../../script-engine/evaluator/interpretation';
import type { Call, Handlers } from '../session/dap-server';
import type { DebugSession } from '../session/debug-session';
import { endSession } from '../session/launch';
import { addressOfReference } from '../session/memory';
import { notStopped, RequestError } from '../session/request-error';
import type { LaunchArguments } from '../session/request-table';
import { readScriptConfig } from './script-config';
import type { ScriptStop, StepKind } from './script-debuggee';
import { ScriptSession } from './script-session';
import {
  evaluateInScript,
  scriptScopes,
  scriptVariables,
  setScriptExpression,
  setScriptVariable,
} from './script-variables';

const THREAD_ID = 1;
const MAX_READ_BYTES = 1 << 20;

/** What a script cannot do, although a target can: the client hears it before it asks. */
const LACKING: DebugProtocol.Capabilities = {
  supportsFunctionBreakpoints: false,
  supportsInstructionBreakpoints: false,
  supportsDataBreakpoints: false,
  supportsDataBreakpointBytes: false,
  supportsDisassembleRequest: false,
  supportsModulesRequest: false,
  supportsGotoTargetsRequest: false,
};

/** DAP `launch` with `"target": "script"`. */
export function launchScript(session: DebugSession, args: LaunchArguments, call: Call): void {
  const config = readScriptConfig(args);
  const script = new ScriptSession(session, config, {
    stopped: (stop) => tellStop(session, script, stop),
    ended: (outcome) => tellEnd(session, script, outcome),
    message: (text, line) => session.output.line('console', text, { path: script.file.path, line }),
  });
  session.server.serve(handlersOf(session, script));
  call.after(() => {
    session.server.emitEvent('capabilities', { capabilities: LACKING });
    session.server.emitEvent('process', {
      name: script.file.path,
      isLocalProcess: false,
      startMethod: 'launch',
      pointerSize: 64,
    });
    session.output.line('console', `debugging ${script.debuggee.block.label} in ${script.world.label}`);
    session.server.emitEvent('initialized');
  });
}

function tellStop(session: DebugSession, script: ScriptSession, stop: ScriptStop): void {
  script.forget();
  session.server.emitEvent('stopped', {
    reason: stop.reason,
    threadId: THREAD_ID,
    allThreadsStopped: true,
    ...(stop.reason === 'breakpoint' ? { hitBreakpointIds: stop.hitIds } : {}),
    ...(stop.reason === 'exception' ? { text: errorText(stop.error), description: 'The script failed' } : {}),
  });
}

function errorText({ text, detail }: { readonly text: string; readonly detail?: string }): string {
  return detail === undefined ? text : `${text}: ${detail}`;
}

function tellEnd(session: DebugSession, script: ScriptSession, outcome: ScriptOutcome): void {
  const { error, result, instructions } = outcome;
  if (error === undefined) {
    const value = result === undefined ? '' : `, result 0x${BigInt.asUintN(64, result).toString(16)}`;
    session.output.line('console', `the script ended after ${instructions} instructions${value}`);
  } else {
    const line = script.debuggee.run.lineOf(error.slot);
    session.output.line('stderr', errorText(error), { path: script.file.path, line });
  }
  session.server.emitEvent('exited', { exitCode: error === undefined ? 0 : 1 });
  session.terminated();
}

type Answer<Command extends keyof Handlers> = ReturnType<Handlers[Command]>;

function handlersOf(session: DebugSession, script: ScriptSession): Handlers {
  const { debuggee } = script;
  const goOn = (call: Call, step?: StepKind): void => {
    if (debuggee.isRunning || debuggee.stop === undefined) throw notStopped();
    script.forget();
    // The answer goes first: a stop can follow at once, and a client must not see it before.
    call.after(() => debuggee.resume(step));
  };
  const end = async (
    args: DebugProtocol.DisconnectArguments | DebugProtocol.TerminateArguments,
    call: Call,
  ): Promise<void> => {
    debuggee.dispose();
    await endSession(session, args, call);
    session.terminated();
  };
  return {
    ...refusals(),
    initialize: () => {
      throw new RequestError('This session has been initialized already.', false);
    },
    configurationDone: (_args, call) => call.after(() => debuggee.begin(script.config.stopOnEntry)),
    disconnect: end,
    terminate: end,
    cancel: () => undefined,
    setBreakpoints: (args) => setBreakpoints(session, script, args),
    breakpointLocations: (args) => breakpointLocations(session, script, args),
    setExceptionBreakpoints: (args) => ({
      breakpoints: args.filters.map(() => ({
        verified: false,
        message: 'A script has no processor exceptions; its own errors always stop.',
      })),
    }),
    exceptionInfo: () => exceptionInfo(script),
    continue: (_args, call) => {
      goOn(call);
      return { allThreadsContinued: true };
    },
    pause: () => debuggee.pause(),
    next: (_args, call) => goOn(call, 'over'),
    stepIn: (_args, call) => goOn(call, 'in'),
    stepOut: (_args, call) => goOn(call, 'out'),
    threads: () => ({ threads: [{ id: THREAD_ID, name: debuggee.block.label }] }),
    stackTrace: (args) => stackTrace(session, script, args),
    scopes: (args) => scriptScopes(script, args.frameId),
    variables: (args) => scriptVariables(script, args),
    setVariable: (args) => setScriptVariable(script, args),
    evaluate: (args) => evaluateInScript(script, args),
    setExpression: (args) => setScriptExpression(script, args),
    readMemory: (args) => readMemory(script, args),
    writeMemory: (args) => writeMemory(session, script, args),
    loadedSources: () => ({ sources: [session.sourceOf(script.file.path)] }),
    source: () => ({ content: script.file.text }),
  };
}

/** What a script session has no answer to. */
function refusals(): Pick<
  Handlers,
  | 'launch'
  | 'attach'
  | 'setFunctionBreakpoints'
  | 'setInstructionBreakpoints'
  | 'dataBreakpointInfo'
  | 'setDataBreakpoints'
  | 'gotoTargets'
  | 'goto'
  | 'disassemble'
  | 'modules'
  | 'hyperdbgEvents'
  | 'hyperdbgModifyEvents'
> {
  const message = 'A script is debugged here, without a target: only breakpoints on its lines exist.';
  const unverified = (breakpoints: readonly unknown[]) => ({
    breakpoints: breakpoints.map(() => ({ verified: false, message })),
  });
  const none = (what: string) => (): never => {
    throw new RequestError(`A script is debugged here, without a target: there is no ${what}.`, false);
  };
  const second = (): never => {
    throw new RequestError('This session has a target already.');
  };
  return {
    launch: second,
    attach: second,
    setFunctionBreakpoints: (args) => unverified(args.breakpoints),
    setInstructionBreakpoints: (args) => unverified(args.breakpoints),
    setDataBreakpoints: (args) => unverified(args.breakpoints),
    dataBreakpointInfo: () => ({ dataId: null, description: message }),
    gotoTargets: () => ({ targets: [] }),
    goto: none('instruction pointer to set'),
    disassemble: none('machine code'),
    modules: () => ({ modules: [], totalModules: 0 }),
    hyperdbgEvents: () => ({ events: [] }),
    hyperdbgModifyEvents: () => ({ events: [] }),
  };
}

function setBreakpoints(
  session: DebugSession,
  { debuggee }: ScriptSession,
  { source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
): Answer<'setBreakpoints'> {
  const wanted = breakpoints.map((wish) => ({ ...wish, line: session.ownLine(wish.line) }));
  const set = debuggee.breakpoints.replace(source.path, wanted);
  return { breakpoints: set.map((one) => ({ ...one, line: session.clientLine(one.line ?? 1) })) };
}

function breakpointLocations(
  session: DebugSession,
  { debuggee }: ScriptSession,
  { line, endLine = line }: DebugProtocol.BreakpointLocationsArguments,
): Answer<'breakpointLocations'> {
  const [first, last] = [session.ownLine(line), session.ownLine(endLine)];
  const lines = [...debuggee.run.stopLines()].filter((one) => one >= first && one <= last);
  return { breakpoints: lines.sort((a, b) => a - b).map((one) => ({ line: session.clientLine(one) })) };
}

function exceptionInfo({ debuggee: { stop } }: ScriptSession): Answer<'exceptionInfo'> {
  if (stop?.reason !== 'exception')
    throw new RequestError('The script did not stop because of an error.', false);
  return { exceptionId: 'script-error', description: errorText(stop.error), breakMode: 'always' };
}

function stackTrace(
  session: DebugSession,
  script: ScriptSession,
  { startFrame = 0, levels = 0 }: DebugProtocol.StackTraceArguments,
): Answer<'stackTrace'> {
  const { run } = script.debuggee;
  const frames = script.frames().map((frame, index) => ({
    id: index + 1,
    name: frame.owner.name === 'main' ? script.debuggee.block.label : frame.owner.name,
    source: session.sourceOf(script.file.path),
    line: session.clientLine(run.lineOf(frame.slot)),
    column: session.clientColumn(1),
  }));
  const end = levels === 0 ? frames.length : startFrame + levels;
  return { stackFrames: frames.slice(startFrame, end), totalFrames: frames.length };
}

function readMemory(
  script: ScriptSession,
  { memoryReference, offset, count }: DebugProtocol.ReadMemoryArguments,
): Answer<'readMemory'> {
  script.requireStopped();
  const address = addressOfReference(memoryReference, offset);
  const { addresses } = script.debuggee.run.execution;
  const wanted = Math.min(Math.max(0, count), MAX_READ_BYTES);
  const parts: Uint8Array[] = [];
  let done = 0;
  while (done < wanted) {
    const part = addresses.readSome(BigInt.asUintN(64, address + BigInt(done)), wanted - done);
    if (part.length === 0) break;
    parts.push(part);
    done += part.length;
  }
  return {
    address: `0x${address.toString(16)}`,
    ...(done === 0 ? {} : { data: Buffer.concat(parts).toString('base64') }),
    ...(done < wanted ? { unreadableBytes: wanted - done } : {}),
  };
}

function writeMemory(
  session: DebugSession,
  script: ScriptSession,
  { memoryReference, offset = 0, data }: DebugProtocol.WriteMemoryArguments,
): Answer<'writeMemory'> {
  script.requireStopped();
  const address = addressOfReference(memoryReference, offset);
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  if (!script.debuggee.run.execution.addresses.write(address, bytes)) {
    throw new RequestError(
      `The script's memory has not all of the ${bytes.length} bytes at 0x${address.toString(16)}; nothing was written.`,
    );
  }
  session.invalidate(['variables']);
  if (session.client.supportsMemoryEvent === true)
    session.server.emitEvent('memory', { memoryReference, offset, count: bytes.length });
  return { bytesWritten: bytes.length };
}
