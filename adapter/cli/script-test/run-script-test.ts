import { DriverError } from '../../../driver/driver-error';
import { loadUnicornCalls, NativeCallsError } from '../../../driver/embedded/load-unicorn-calls';
import type { CodeRunner } from '../../../driver/embedded/events/event-host';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { type CommandFile, readCommandFile } from '../../../script-engine/command-file/command-file';
import { planCommand } from '../../../script-engine/command-file/plan';
import { readScriptTest, type ScriptTest } from '../../../script-engine/command-file/script-test';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import type { Diagnostic } from '../../../script-engine/diagnostic';
import { scriptFile } from '../../arming/script-file';
import { readBeside } from '../input-file';
import { plainPages } from './named-memory';
import type { ScratchCpu } from './scratch-cpu';
import { followSteps } from './follow-steps';
import { type Happening, TestWorld } from './test-world';

/** An expectation that was not met. */
export interface ExpectationFailure {
  /** Of the header line, from 1. */
  readonly line: number;
  readonly text: string;
}

export interface ScriptTestReport {
  readonly file: string;
  /** The test's name; the file's path when the header gives none. */
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'unavailable';
  readonly failures: readonly ExpectationFailure[];
  /** Why the test could not run on this computer. */
  readonly unavailable?: string;
}

/** Runs the test in the header of a file. Nothing that a header or a script holds makes it reject. */
export async function runScriptTest(path: string, text: string): Promise<ScriptTestReport> {
  const test = readScriptTest(text);
  const id = test.id ?? path;
  const commandFile = readCommandFile(text, test.args, path);
  const failures = failuresOf(path, text, [...test.diagnostics, ...commandFile.diagnostics]);
  if (test.steps.length === 0 && failures.length === 0) {
    failures.push({
      line: 1,
      text: 'there is no //@ header that expects anything, so there is nothing to test',
    });
  }
  const report = (): ScriptTestReport => ({
    file: path,
    id,
    outcome: failures.length === 0 ? 'passed' : 'failed',
    failures,
  });
  if (failures.length > 0) return report();
  const cpu = holdsMachineCode(commandFile) ? await startCpu() : undefined;
  if (typeof cpu === 'string') return { file: path, id, outcome: 'unavailable', failures, unavailable: cpu };
  try {
    const world = new TestWorld(test.processName ?? '', cpu?.pages ?? plainPages(), cpu?.codeRunner ?? noCpu);
    failures.push(...(await runIn(world, path, text, test, commandFile)));
    return report();
  } finally {
    cpu?.dispose();
  }
}

function holdsMachineCode({ commands }: CommandFile): boolean {
  return commands.some(({ blocks }) => blocks.some(({ kind }) => kind === 'code' || kind === 'condition'));
}

/** Without machine code in the file nobody calls it. */
const noCpu: CodeRunner = { run: () => ({ ok: false, error: 'there is no CPU' }) };

/** The CPU, or the reason why there is none. */
async function startCpu(): Promise<ScratchCpu | string> {
  try {
    await loadUnicornCalls();
  } catch (error) {
    if (!(error instanceof NativeCallsError)) throw error;
    return error.message;
  }
  const { startScratchCpu, UnicornUnavailableError } = await import('./scratch-cpu.js');
  try {
    return startScratchCpu();
  } catch (error) {
    if (error instanceof UnicornUnavailableError) return error.message;
    throw error;
  }
}

async function runIn(
  world: TestWorld,
  path: string,
  text: string,
  test: ScriptTest,
  commandFile: CommandFile,
): Promise<ExpectationFailure[]> {
  const language = {
    globals: new GlobalTable(),
    symbols: { resolve: (name: string) => test.symbols.get(name) },
  };
  const context = {
    ...language,
    text,
    assembler: loadAssembler,
    readFile: (name: string) => readBeside(path, name),
  };
  const loaded: Happening[] = [];
  defineFirstMemory(test, world);
  for (const command of commandFile.commands) {
    const planned = await planCommand(command, context);
    const failures = failuresOf(path, text, planned.diagnostics);
    if (planned.plan === undefined || failures.length > 0) return failures;
    try {
      loaded.push(world.apply(planned.plan));
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      return [{ line: lineOf(path, text, command.span.start), text: error.message }];
    }
  }
  const { unmet, hits } = followSteps(test, world, loaded, language);
  const failures = unmet.map(({ span, text: failure }) => ({
    line: lineOf(path, text, span.start),
    text: failure,
  }));
  if (test.hits !== undefined && test.hits !== hits) {
    const line = lineOf(path, text, text.search(/^\/\/@[ \t]*hits:/im));
    failures.push({ line, text: `hits: expected ${test.hits}, but there were ${hits}` });
  }
  return failures;
}

/** Memory that is named before anything happens is there when the file is loaded. */
function defineFirstMemory({ steps }: ScriptTest, { memory }: TestWorld): void {
  for (const step of steps) {
    if (step.kind !== 'memory') return;
    memory.define(step.address, step.bytes);
  }
}

/** Errors of the author as failures; warnings are for `hds check`. */
function failuresOf(path: string, text: string, diagnostics: readonly Diagnostic[]): ExpectationFailure[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ message, span }) => ({ line: lineOf(path, text, span.start), text: message }));
}

function lineOf(path: string, text: string, offset: number): number {
  return scriptFile(path, text).positionAt(offset).line;
}
