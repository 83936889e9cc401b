import type { Debuggee } from '../../driver/debuggee';
import type { ConsoleEvent } from '../../driver/embedded/embedded-machine';
import type { CompileMode } from '../../script-engine/compiler/compile';
import type { SymbolTable } from '../symbols/symbol-table';

/** A machine that a session works on, halted, with the symbols of its modules. */
export interface Target {
  readonly debuggee: Debuggee;
  readonly symbols: SymbolTable;
  /** The guest program, where it is known. */
  readonly program: string | undefined;
  /** Somebody else has started it: it outlives the session. */
  readonly isAttached?: boolean;
  /** The one receiver of console events; what came before is delivered at once. */
  onConsole(listener: (event: ConsoleEvent) => void): void;
  /** Asks the target which modules it has by now and reads the symbols of new ones. True when there were any. */
  refreshModules(): Promise<boolean>;
  /** How scripts are compiled for it; without it `safe`, because a real HyperDbg has the faults that this avoids. */
  readonly scriptMode?: CompileMode;
  /** Whether libraries are loaded while the program runs. */
  readonly loadsLibraries: boolean;
  /** Ends the target. Never takes longer than a second, whatever state the target is in. */
  dispose(): Promise<void>;
}

/** The target cannot be had. The message is one sentence for the user and names the cure. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  constructor(
    message: string,
    /** `program`: the user's file is missing or unfit; `machine`: this computer lacks something (exit status 3). */
    readonly origin: 'program' | 'machine',
  ) {
    super(message);
  }
}
