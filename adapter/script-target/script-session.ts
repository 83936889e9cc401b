import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readScriptTest } from '../../script-engine/command-file/script-test';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import { DebugRun } from '../../script-engine/debugger/debug-run';
import type { CallFrame } from '../../script-engine/debugger/debug-run';
import type { FrameContext } from '../../script-engine/debugger/frame-expression';
import type { ScriptValue } from '../../script-engine/debugger/script-values';
import { scriptFile, type ScriptFile } from '../arming/script-file';
import { readBeside } from '../cli/input-file';
import type { DebugSession } from '../session/debug-session';
import { notStopped, RequestError } from '../session/request-error';
import { scriptBlockOf } from './script-block';
import { ScriptLineBreakpoints } from './script-breakpoints';
import type { ScriptConfig } from './script-config';
import { ScriptDebuggee, type ScriptListener } from './script-debuggee';
import { scriptWorldOf, type ScriptWorld } from './script-world';

/** What a `variablesReference` of a stopped script stands for. */
export type ScriptContainer =
  | { readonly kind: 'locals'; readonly frame: number }
  | { readonly kind: 'globals' }
  | { readonly kind: 'registers' }
  | { readonly kind: 'children'; readonly value: ScriptValue };

/** One debugged script, and what its client holds of it. */
export class ScriptSession {
  readonly file: ScriptFile;
  readonly world: ScriptWorld;
  readonly debuggee: ScriptDebuggee;
  /** References and frames of the present stop. */
  readonly #containers: ScriptContainer[] = [];

  /** Reads, compiles and prepares the script. Throws RequestError where the configuration or the script is wrong. */
  constructor(
    readonly session: DebugSession,
    readonly config: ScriptConfig,
    listener: ScriptListener,
  ) {
    const file = path.resolve(config.script);
    this.file = scriptFile(file, textOf(config.script));
    const test = readScriptTest(this.file.text);
    const symbols = new Map([...test.symbols, ...config.symbols]);
    const block = scriptBlockOf(this.file, {
      event: config.event,
      scriptArgs: config.scriptArgs.length > 0 ? config.scriptArgs : test.args,
      globals: new GlobalTable(),
      symbols: { resolve: (name) => symbols.get(name) },
      readInclude: (name) => readBeside(file, name),
    });
    const print = (text: string): void => session.output.write('stdout', text, this.#printPlace());
    this.world = scriptWorldOf(config, test, block.event, print);
    const { machine, session: language } = this.world;
    const run = new DebugRun(block.info, block.lineOf, machine, language, config.maxInstructions);
    const breakpoints = new ScriptLineBreakpoints(() => session.nextBreakpointId(), file, run.stopLines());
    this.debuggee = new ScriptDebuggee(run, block, breakpoints, listener);
  }

  #printPlace(): { path: string; line: number } | undefined {
    const { run } = this.debuggee;
    const line = run.lineOf(run.execution.slot - 1);
    return line === 0 ? undefined : { path: this.file.path, line };
  }

  /** Frames of the stopped script, innermost first. */
  frames(): readonly CallFrame[] {
    this.requireStopped();
    return this.debuggee.run.frames;
  }

  requireStopped(): void {
    if (this.debuggee.isRunning || this.debuggee.stop === undefined) throw notStopped();
  }

  /** A frame by the id that the client got. */
  context(frameId: number | undefined): FrameContext {
    this.requireStopped();
    const context = this.debuggee.context((frameId ?? 1) - 1);
    if (context === undefined)
      throw new RequestError('This frame is gone: the script has run since then.', false);
    return context;
  }

  addContainer(container: ScriptContainer): number {
    return this.#containers.push(container);
  }

  container(reference: number): ScriptContainer {
    this.requireStopped();
    const container = this.#containers[reference - 1];
    if (container === undefined)
      throw new RequestError('These variables are gone: the script has run since then.', false);
    return container;
  }

  /** The script goes on: what the client holds means nothing any more. */
  forget(): void {
    this.#containers.length = 0;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(
      `The script "${file}" cannot be read: ${reason}. Check "script" in the launch configuration.`,
    );
  }
}
