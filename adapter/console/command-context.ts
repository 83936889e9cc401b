/** What a command of the debugger's command line works with. */

import type { KdClient } from '../../driver/kd/kd-client';
import type { CompileMode } from '../../script-engine/compiler/compile';
import type { GlobalTable } from '../../script-engine/compiler/global-table';
import type { Command } from '../../script-engine/command-file/command-file';
import type { ArmedEvents } from '../arming/armed-events';
import type { SymbolTable } from '../symbols/symbol-table';
import type { OutputSinks } from './output-sinks';

/** Where the texts of commands go. */
export interface ConsoleIo {
  /** A result, with its line end. */
  print(text: string): void;
  /** A text of the target, as it is. */
  write(text: string): void;
  /** A sentence for the user that is no result: what was refused, what happened meanwhile. */
  say(text: string): void;
  /** How far a long command is; undefined when it has ended. */
  progress(text: string | undefined): void;
}

/** A connected target and what is known about it. */
export interface ConsoleTarget {
  readonly client: KdClient;
  readonly symbols: SymbolTable;
  /** How scripts are compiled for it. */
  readonly mode: CompileMode;
  dispose(): Promise<void>;
}

/** Preferences of `settings`, by their names. */
export type Settings = Map<string, string>;

/** What outlives a connection. */
export interface ConsoleState {
  readonly io: ConsoleIo;
  readonly settings: Settings;
  readonly outputs: OutputSinks;
  /** Text of a file that a command names; undefined when it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
}

/** What a command knows that wants a halted target. */
export interface CommandContext extends ConsoleState {
  readonly target: ConsoleTarget;
  readonly client: KdClient;
  readonly symbols: SymbolTable;
  readonly globals: GlobalTable;
  readonly events: ArmedEvents;
  /** Aborted by Ctrl-C; a long command ends at its next piece. */
  readonly signal: AbortSignal;
}

/** A command as it was typed. */
export interface CommandLine {
  readonly command: Command;
  /** The text that the spans of `command` are about. */
  readonly text: string;
  /** The command alone, as the target's own client would get it. */
  readonly line: string;
}
