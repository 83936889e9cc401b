/** Arms a command file on a target: plans every command first, so that a file with a mistake changes nothing. */

import type { ActionRequest, Debuggee, EventRequest } from '../../driver/debuggee';
import { DriverError } from '../../driver/driver-error';
import { loadAssembler } from '../../script-engine/asm/assembler';
import { type Command, readCommandFile } from '../../script-engine/command-file/command-file';
import type { CommandPlan, EventPlan, PlannedAction } from '../../script-engine/command-file/event-plan';
import { planCommand } from '../../script-engine/command-file/plan';
import type { CompileMode } from '../../script-engine/compiler/compile';
import type { SymbolResolver } from '../../script-engine/compiler/compiled-script';
import type { GlobalTable } from '../../script-engine/compiler/global-table';
import { type ArmedEvent, type ArmedEvents, FIRST_EVENT_TAG } from './armed-events';
import { scriptRefusal } from './run-error';
import { type ScriptFile, scriptFile } from './script-file';
import { problemAt, problemsOf, type ScriptProblem } from './script-problem';

export interface ArmRequest {
  readonly text: string;
  /** Shown in messages and used as `$arg0`. */
  readonly fileName: string;
  /** False for text that a user typed; it has no lines to link to. */
  readonly isOnDisk?: boolean;
  /** Values of `$arg1`, `$arg2` … */
  readonly args?: readonly string[];
  /** Must be halted. */
  readonly debuggee: Debuggee;
  readonly symbols: SymbolResolver;
  /** How the scripts are compiled: what the target wants. */
  readonly mode?: CompileMode;
  /** The script variables of this debugging session. */
  readonly globals: GlobalTable;
  /** Events of this session; the armed ones are added. */
  readonly events: ArmedEvents;
  /** An action that runs before those of the script, for an event that has just been registered. */
  readonly firstAction?: (event: ArmedEvent) => Promise<ActionRequest | undefined>;
  /** Text of a file that a command names; undefined when it cannot be read. */
  readonly readFile?: (path: string) => string | undefined;
}

/** What a `?` line printed. */
export interface LoadOutput {
  readonly file: ScriptFile;
  readonly line: number;
  readonly text: string;
}

export interface ArmResult {
  /** False when there was any error; then nothing of this call is armed. */
  readonly ok: boolean;
  readonly armed: readonly ArmedEvent[];
  readonly outputs: readonly LoadOutput[];
  /** Errors, and warnings about commands that have no effect here. */
  readonly problems: readonly ScriptProblem[];
}

/** Arms all commands of a text. Rejects only when the target is gone or halting it was forgotten. */
export async function armScript(request: ArmRequest): Promise<ArmResult> {
  const file = scriptFile(request.fileName, request.text, request.isOnDisk ?? true);
  const { commands, diagnostics } = readCommandFile(request.text, request.args ?? [], request.fileName);
  const problems = problemsOf(file, diagnostics);
  const plans: CommandPlan[] = [];
  for (const command of commands) {
    const plan = await planOf(command, file, request, problems);
    if (plan !== undefined) plans.push(plan);
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (problems.some(isError)) return { ok: false, armed: [], outputs: [], problems };
  return applyPlans(plans, file, request, problems);
}

class NoAssemblerError extends Error {
  override readonly name = 'NoAssemblerError';
}

function isError(problem: ScriptProblem): boolean {
  return problem.severity === 'error';
}

async function planOf(
  command: Command,
  file: ScriptFile,
  request: ArmRequest,
  problems: ScriptProblem[],
): Promise<CommandPlan | undefined> {
  const { text, symbols, globals, readFile, debuggee, mode } = request;
  try {
    const { plan, diagnostics } = await planCommand(command, {
      text,
      symbols,
      globals,
      assembler: () =>
        loadAssembler().catch((error: unknown) => {
          throw new NoAssemblerError(error instanceof Error ? error.message : String(error));
        }),
      // Addresses may be expressions over registers and memory (driver-protocol 9, "Address expression").
      evaluate: async ({ bytes, symbolCount }) => (await debuggee.runScript(bytes, symbolCount, true)).value,
      ...(readFile === undefined ? {} : { readFile }),
      ...(mode === undefined ? {} : { mode }),
    });
    problems.push(...problemsOf(file, diagnostics));
    return plan;
  } catch (error) {
    // The target refused an expression, or there is no assembler here: both belong to this command.
    if (!(error instanceof DriverError || error instanceof NoAssemblerError)) throw error;
    problems.push(problemAt(file, command.span.start, error.message));
    return undefined;
  }
}

async function applyPlans(
  plans: readonly CommandPlan[],
  file: ScriptFile,
  request: ArmRequest,
  problems: ScriptProblem[],
): Promise<ArmResult> {
  const armed: ArmedEvent[] = [];
  const outputs: LoadOutput[] = [];
  for (const plan of plans) {
    try {
      await applyPlan(plan, file, request, { armed, outputs, problems });
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      problems.push(refusedPlan(file, plan, error));
      problems.push(...(await disarm(armed, request)));
      return { ok: false, armed: [], outputs, problems };
    }
  }
  return { ok: true, armed, outputs, problems };
}

/** What the target refused, at the statement of a `?` line or else at the command. */
function refusedPlan(file: ScriptFile, plan: CommandPlan, error: DriverError): ScriptProblem {
  if (plan.kind !== 'evaluate') {
    const { span } = plan.kind === 'event' ? plan.event : plan;
    return problemAt(file, span.start, error.message);
  }
  const { text, slot } = scriptRefusal(error);
  const offset = slot === undefined ? -1 : (plan.script.sourceOffsets[slot] ?? -1);
  return problemAt(file, offset < 0 ? plan.span.start : plan.codeSpan.start + offset, text);
}

interface Progress {
  readonly armed: ArmedEvent[];
  readonly outputs: LoadOutput[];
  readonly problems: ScriptProblem[];
}

async function applyPlan(
  plan: CommandPlan,
  file: ScriptFile,
  request: ArmRequest,
  progress: Progress,
): Promise<void> {
  const { debuggee } = request;
  switch (plan.kind) {
    case 'event':
      await armEvent(plan.event, file, request, progress.armed);
      return;
    case 'evaluate': {
      const { bytes, symbolCount } = plan.script;
      const result = await debuggee.runScript(bytes, symbolCount, false);
      if (result.text !== '') {
        progress.outputs.push({ file, line: file.positionAt(plan.span.start).line, text: result.text });
      }
      return;
    }
    case 'modify':
      await debuggee.modifyEvent(plan.event === 'all' ? 'all' : FIRST_EVENT_TAG + plan.event, plan.verb);
      return;
    case 'other':
      progress.problems.push(problemAt(file, plan.span.start, plan.reason, 'warning'));
      return;
    default:
      assertNever(plan);
  }
}

async function armEvent(
  plan: EventPlan,
  file: ScriptFile,
  request: ArmRequest,
  armed: ArmedEvent[],
): Promise<void> {
  const { debuggee, events } = request;
  const tag = events.nextTag();
  await debuggee.registerEvent(eventRequest(tag, plan));
  // From here on the event exists in the target: a refused action must take it along.
  const event = events.add(tag, plan, file);
  armed.push(event);
  for (const action of plan.actions) await debuggee.addAction(tag, actionRequest(action), plan.immediate);
  // The action that was added last runs first (driver-protocol 5.3).
  const first = await request.firstAction?.(event);
  if (first !== undefined) await debuggee.addAction(tag, first, plan.immediate);
}

function eventRequest(tag: bigint, plan: EventPlan): EventRequest {
  const { type, coreId, processId, stage, shortCircuit, options, condition } = plan;
  return { tag, type, coreId, processId, stage, shortCircuit, options, condition };
}

function actionRequest(action: PlannedAction): ActionRequest {
  switch (action.kind) {
    case 'break':
      return { kind: 'break' };
    case 'code':
      return { kind: 'code', bytes: action.bytes, bufferSizeBytes: action.bufferSizeBytes };
    case 'script': {
      const { bytes, symbolCount } = action.script;
      return { kind: 'script', bytes, symbolCount, bufferSizeBytes: action.bufferSizeBytes };
    }
    default:
      return assertNever(action);
  }
}

/** Takes back what this call armed, newest first. What cannot be taken back is said. */
async function disarm(armed: readonly ArmedEvent[], request: ArmRequest): Promise<ScriptProblem[]> {
  const problems: ScriptProblem[] = [];
  for (const event of armed.toReversed()) {
    request.events.remove(event.tag);
    try {
      await request.debuggee.modifyEvent(event.tag, 'clear');
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const message = `Event ${event.number} (${event.label}) could not be cleared: ${error.message}`;
      problems.push(problemAt(event.file, event.plan.span.start, message));
    }
  }
  return problems;
}

function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
