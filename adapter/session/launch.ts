import { createReadStream, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ArmedEvent } from '../arming/armed-events';
import { type ArmRequest, armScript, type ArmResult } from '../arming/arm-script';
import { Deferred } from '../target/deferred';
import type { Target } from '../target/target';
import { within } from '../target/time-limit';
import type { Call } from './dap-server';
import type { DebugSession } from './debug-session';
import { readLaunchConfig, type StartConfig } from './launch-config';
import { LiveTarget } from './live-target';
import { RequestError } from './request-error';
import type { LaunchArguments } from './request-table';
import { background, resumeTarget } from './run-control';
import { tellModules } from './modules-and-sources';
import { reportStop } from './stop-report';
import { listenToTarget } from './target-output';

/** Disconnecting must never take longer (design: "never hang"). */
const END_LIMIT_MS = 900;
/** More errors of one script than this help nobody. */
const MAX_PROBLEMS_SHOWN = 50;

/** DAP `launch`: starts the machine, arms the scripts, and leaves the guest at its entry point. */
export async function launch(session: DebugSession, args: LaunchArguments, call: Call): Promise<void> {
  const config = readLaunchConfig(args);
  const input = config.stdin === undefined ? undefined : openInput(config.stdin);
  await startTarget(session, config, call, (signal) =>
    session.openTarget({
      program: config.program,
      arguments: config.args,
      ...(config.environment === undefined ? {} : { environment: config.environment }),
      ...(config.cores === undefined ? {} : { cores: config.cores }),
      ...(input === undefined ? {} : { input }),
      signal,
    }),
  );
}

/** Opens the file at once, so that a wrong path is told before anything has started. */
function openInput(file: string): Readable {
  try {
    return createReadStream(file, { fd: openSync(file, 'r') });
  } catch {
    throw new RequestError(
      `"stdin" in the launch configuration names "${file}", which cannot be read; name a file, or leave "stdin" out.`,
    );
  }
}

/** Opens the target, arms the scripts of the configuration, and makes it the session's. */
export async function startTarget(
  session: DebugSession,
  config: StartConfig,
  call: Call,
  open: (signal: AbortSignal) => Promise<Target>,
): Promise<void> {
  if (session.live !== undefined) throw new RequestError('This session has a target already.');
  const scripts = await Promise.all(config.scripts.map(readScript));
  const target = await openTarget(open, AbortSignal.any([session.startAbort.signal, call.signal]));
  const live = new LiveTarget(target);
  try {
    listenToTarget(session, live);
    for (const script of scripts) {
      const result = await armFile(live, script.path, script.text, config);
      tellArming(session, result);
      if (!result.ok) throw new RequestError(scriptRefusal(script.path, result));
    }
  } catch (error) {
    await within(END_LIMIT_MS, target.dispose());
    throw error;
  }
  session.live = live;
  session.activity.changed();
  session.stopOnEntry = config.stopOnEntry;
  live.onStopped({
    stopped: (stop, cause) => background(session, () => reportStop(session, live, stop, cause)),
  });
  call.after(() => {
    tellProcess(session, target);
    tellModules(session, live);
    session.server.emitEvent('initialized');
  });
}

/** Opens the target, unless the client loses its patience: then whatever comes up late is ended again. */
async function openTarget(
  open: (signal: AbortSignal) => Promise<Target>,
  signal: AbortSignal,
): Promise<Target> {
  const opened = open(signal);
  const givenUp = new Deferred<never>();
  const giveUp = (): void =>
    givenUp.reject(new RequestError('The session ended while the target was starting.', false));
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([opened, givenUp.promise]);
  } catch (error) {
    if (signal.aborted) {
      opened.then(
        (late) => late.dispose(),
        () => undefined,
      );
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function readScript(file: string): Promise<{ path: string; text: string }> {
  try {
    return { path: path.resolve(file), text: await readFile(file, 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT'
        ? 'it does not exist'
        : code === 'EISDIR'
          ? 'it is a folder'
          : error instanceof Error
            ? error.message
            : String(error);
    throw new RequestError(
      `The script "${file}" cannot be read: ${reason}. Check "script" in the launch configuration.`,
    );
  }
}

function armFile(
  live: LiveTarget,
  file: string,
  text: string,
  { scriptArgs: args, countHits }: StartConfig,
): Promise<ArmResult> {
  live.countsHits = countHits;
  return armScript({
    text,
    fileName: file,
    args,
    debuggee: live.debuggee,
    symbols: live.symbols,
    mode: live.scriptMode,
    globals: live.globals,
    events: live.events,
    readFile: (name) => readBeside(file, name),
    ...hitCounting(live),
  });
}

function hitCounting(live: LiveTarget): Pick<ArmRequest, 'firstAction'> {
  if (!live.countsHits) return {};
  return { firstAction: ({ tag, number }) => live.hitCounters.actionFor(live, tag, number) };
}

/** A file that a script names, as seen from the script's folder. */
export function readBeside(script: string, name: string): string | undefined {
  try {
    return readFileSync(path.resolve(path.dirname(script), name), 'utf8');
  } catch (error) {
    // The compiler makes the diagnostic: it knows the place in the script.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** One sentence for the dialogue; all problems are in the console. */
function scriptRefusal(file: string, result: ArmResult): string {
  const errors = result.problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  if (first === undefined) return `The script "${file}" could not be armed.`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see the debug console)` : '';
  return `${path.basename(first.path)}:${first.line}:${first.column}: ${first.message}${more}`;
}

function tellArming(session: DebugSession, result: ArmResult): void {
  for (const output of result.outputs) {
    session.output.write('console', output.text, { path: output.file.path, line: output.line });
  }
  for (const problem of result.problems.slice(0, MAX_PROBLEMS_SHOWN)) {
    const category = problem.severity === 'error' ? 'stderr' : 'console';
    session.output.line(category, problem.text, { path: problem.path, line: problem.line });
  }
  for (const event of result.armed) tellArmed(session, event);
}

function tellArmed(session: DebugSession, event: ArmedEvent): void {
  const place = event.file.isOnDisk ? { path: event.file.path, line: event.line } : undefined;
  const where = place === undefined ? '' : ` at ${path.basename(place.path)}:${place.line}`;
  session.output.line(
    'console',
    `armed event ${event.number} (tag 0x${event.tag.toString(16)}): ${event.label}${where}`,
    place,
  );
}

/** Arms commands that a user typed. Answers with a sentence for the console; rejects when they are wrong. */
export async function armText(session: DebugSession, live: LiveTarget, text: string): Promise<string> {
  const result = await live.whileHalted(() =>
    armScript({
      text,
      fileName: 'console',
      isOnDisk: false,
      debuggee: live.debuggee,
      symbols: live.symbols,
      mode: live.scriptMode,
      globals: live.globals,
      events: live.events,
      ...hitCounting(live),
    }),
  );
  session.activity.changed();
  if (!result.ok) throw new RequestError(result.problems.map(({ message }) => message).join('\n'), false);
  const lines = [
    ...result.outputs.map((output) => output.text.replace(/\n$/, '')),
    ...result.problems.map(({ message }) => message),
    ...result.armed.map((event) => `armed event ${event.number}: ${event.label}`),
  ];
  return lines.join('\n');
}

function tellProcess(session: DebugSession, target: Target): void {
  if (target.program === undefined) return;
  session.server.emitEvent('process', {
    name: target.program,
    isLocalProcess: false,
    startMethod: target.isAttached === true ? 'attach' : 'launch',
    pointerSize: 64,
  });
}

/** DAP `configurationDone`: the guest runs, or the client sees it at its entry point. */
export function configurationDone(session: DebugSession, _args: unknown, call: Call): void {
  const live = session.requireLive();
  call.after(() =>
    background(session, async () => {
      const { halted } = live.debuggee;
      if (session.stopOnEntry && halted !== undefined) live.arrive(halted, 'entry');
      else await resumeTarget(live);
    }),
  );
}

/** DAP `disconnect` and `terminate`: ends the target within a second, whatever state it is in. */
export async function endSession(
  session: DebugSession,
  _args: DebugProtocol.DisconnectArguments | DebugProtocol.TerminateArguments,
  call: Call,
): Promise<void> {
  const isDisconnect = call.command === 'disconnect';
  session.isEnded = true;
  session.startAbort.abort();
  session.server.cancelAllBut(call);
  // What was cancelled gets its answer before the connection ends.
  await new Promise((resolve) => setImmediate(resolve));
  const { live } = session;
  session.live = undefined;
  if (live !== undefined) {
    await within(END_LIMIT_MS, live.target.dispose());
    session.terminated();
  }
  if (isDisconnect) call.after(() => session.endings.forEach((ending) => ending()));
}
