import type { Debuggee } from '../../driver/debuggee';
import type { ConsoleEvent } from '../../driver/embedded/embedded-machine';
import { connectKdDebuggee } from '../../driver/kd/kd-debuggee';
import { ConnectionAddressError, parseConnectionAddress } from '../../driver/kd/streams/connection-address';
import { openStream } from '../../driver/kd/streams/open-stream';
import { SymbolTable } from '../symbols/symbol-table';
import { programFile } from './launch-target';
import { imageOf, loadModules } from './module-symbols';
import { type Target, TargetError } from './target';
import { within } from './time-limit';

export interface RemoteTargetConfig {
  /** `tcp:HOST:PORT` or `pipe:PATH`. */
  readonly connection: string;
  /** File with the symbols of the target's main program, where it is not found under the target's own path for it. */
  readonly program?: string;
  /** Build signature of a real HyperDbg debuggee (driver-protocol 8.2). */
  readonly signature?: string;
  /** Folders with PDB and image files of Windows modules, plain or laid out like a symbol server. */
  readonly symbolPath?: readonly string[];
  readonly signal?: AbortSignal;
  /** Gets a sentence about each symbol file that does not fit. */
  readonly report?: (sentence: string) => void;
}

export type OpenRemoteTarget = (config: RemoteTargetConfig) => Promise<Target>;

const CLOSE_LIMIT_MS = 800;

/**
 * Connects to a target that somebody else has started, and halts it. Rejects with TargetError for a wrong configuration, with
 * DriverError when the target cannot be reached; nothing is left open then.
 */
export async function remoteTarget(config: RemoteTargetConfig): Promise<Target> {
  const { signature, signal } = config;
  const address = addressOf(config.connection);
  const program = config.program === undefined ? undefined : await programFile(config.program);
  const stream = await openStream(address, signal === undefined ? {} : { signal });
  const debuggee = await connectKdDebuggee(stream, {
    ...(signature === undefined ? {} : { signature }),
    ...(signal === undefined ? {} : { signal }),
  });
  const console = exitsOf(debuggee);
  const symbols = new SymbolTable();
  const windows = {
    symbolPath: config.symbolPath ?? [],
    report: config.report ?? (() => undefined),
  };
  try {
    await debuggee.pause();
    await loadModules(symbols, debuggee, program, windows);
  } catch (error) {
    await within(CLOSE_LIMIT_MS, debuggee.close());
    throw error;
  }
  const [main] = debuggee.modules;
  const image = program?.image ?? (main === undefined ? undefined : await imageOf(main.path));
  return {
    debuggee,
    symbols,
    program: program?.path ?? main?.path,
    isAttached: true,
    onConsole: console,
    loadsLibraries: image?.sectionNamed('.interp') !== undefined,
    async refreshModules() {
      await debuggee.reloadModules();
      return loadModules(symbols, debuggee, program, windows);
    },
    async dispose() {
      await within(CLOSE_LIMIT_MS, debuggee.close());
    },
  };
}

function addressOf(connection: string) {
  try {
    return parseConnectionAddress(connection);
  } catch (error) {
    if (error instanceof ConnectionAddressError) throw new TargetError(error.message, 'program');
    throw error;
  }
}

/** The guest's console is where it was started, but its end is told here too. */
function exitsOf(debuggee: Debuggee): Target['onConsole'] {
  let listener: ((event: ConsoleEvent) => void) | undefined;
  let exit: ConsoleEvent | undefined;
  debuggee.listen({
    exited: (code) => {
      exit = { kind: 'exited', code, signal: undefined };
      listener?.(exit);
    },
  });
  return (receiver) => {
    listener = receiver;
    if (exit !== undefined) receiver(exit);
  };
}
