import type { Readable } from 'node:stream';
import type { Debuggee } from '../../driver/debuggee';
import {
  type ConsoleEvent,
  type EmbeddedMachine,
  EmbeddedMachineError,
  startEmbeddedMachine,
} from '../../driver/embedded/embedded-machine';
import { connectKdDebuggee } from '../../driver/kd/kd-debuggee';
import { checkProgramFile, type ProgramFile, ProgramFileError } from '../symbols/program-file';
import { SymbolTable } from '../symbols/symbol-table';
import { loadModules } from './module-symbols';
import { type Target, TargetError } from './target';
import { within } from './time-limit';

export interface LaunchTargetConfig {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly readableFolders?: readonly string[];
  /** See EmbeddedMachineOptions. */
  readonly cores?: number;
  /** The program's standard input, which is at its end without. The stream is destroyed with the target. */
  readonly input?: Readable;
  readonly signal?: AbortSignal;
}

/** The makers of a target's two halves; tests bring their own. */
export interface TargetParts {
  readonly startMachine: typeof startEmbeddedMachine;
  readonly connect: typeof connectKdDebuggee;
}

export type OpenTarget = (config: LaunchTargetConfig) => Promise<Target>;

const CLOSE_LIMIT_MS = 300;
const DISPOSE_LIMIT_MS = 500;

/**
 * Starts `program` on the embedded machine and halts it at its entry point. Rejects with TargetError; nothing is left
 * running then.
 */
export async function launchTarget(
  config: LaunchTargetConfig,
  parts: TargetParts = { startMachine: startEmbeddedMachine, connect: connectKdDebuggee },
): Promise<Target> {
  const program = await programFile(config.program);
  const machine = await machineFor(config, program, parts);
  const console = bufferedConsole(machine);
  feed(machine, config.input);
  let debuggee: Debuggee;
  try {
    debuggee = await parts.connect(
      machine.stream,
      config.signal === undefined ? {} : { signal: config.signal },
    );
    await debuggee.pause();
  } catch (error) {
    config.input?.destroy();
    await within(DISPOSE_LIMIT_MS, machine.dispose());
    const failure = console.failure();
    throw new TargetError(failure ?? sentence(error), 'machine');
  }
  const symbols = new SymbolTable();
  await loadModules(symbols, debuggee, program);
  return {
    debuggee,
    symbols,
    program: program.path,
    scriptMode: 'exact',
    onConsole: console.listen,
    loadsLibraries: program.image.sectionNamed('.interp') !== undefined,
    async refreshModules() {
      await debuggee.reloadModules();
      return loadModules(symbols, debuggee, program);
    },
    async dispose() {
      config.input?.destroy();
      await within(CLOSE_LIMIT_MS, debuggee.close());
      await within(DISPOSE_LIMIT_MS, machine.dispose());
    },
  };
}

/** The program's file with its symbols. Rejects with TargetError. */
export async function programFile(program: string): Promise<ProgramFile> {
  try {
    return await checkProgramFile(program);
  } catch (error) {
    if (error instanceof ProgramFileError) throw new TargetError(error.message, 'program');
    throw error;
  }
}

async function machineFor(
  config: LaunchTargetConfig,
  program: ProgramFile,
  parts: TargetParts,
): Promise<EmbeddedMachine> {
  try {
    return await parts.startMachine({
      program: program.path,
      arguments: config.arguments,
      ...(config.environment === undefined ? {} : { environment: config.environment }),
      ...(config.cores === undefined ? {} : { cores: config.cores }),
      ...(config.input === undefined ? {} : { input: 'open' }),
      ...(config.readableFolders === undefined ? {} : { readableFolders: config.readableFolders }),
    });
  } catch (error) {
    if (error instanceof EmbeddedMachineError) throw new TargetError(error.message, error.origin);
    throw new TargetError(sentence(error), 'machine');
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Hands on what comes, and the end of it; an input that breaks off has ended as well. */
function feed(machine: EmbeddedMachine, input: Readable | undefined): void {
  input?.on('data', (bytes: Uint8Array) => machine.type(bytes));
  input?.once('close', () => machine.endInput());
  input?.once('end', () => machine.endInput());
  input?.once('error', () => machine.endInput());
}

/** Keeps console events until somebody listens: the machine speaks from its first moment on. */
function bufferedConsole(machine: EmbeddedMachine): {
  listen: (listener: (event: ConsoleEvent) => void) => void;
  failure: () => string | undefined;
} {
  let receiver: ((event: ConsoleEvent) => void) | undefined;
  const early: ConsoleEvent[] = [];
  machine.onConsole((event) => {
    if (receiver === undefined) early.push(event);
    else receiver(event);
  });
  return {
    listen(listener) {
      receiver = listener;
      for (const event of early.splice(0)) listener(event);
    },
    failure() {
      const failed = early.find((event) => event.kind === 'failed');
      return failed?.kind === 'failed' ? failed.reason : undefined;
    },
  };
}
