/** One command of a file with all that is known about it; valid at every place of the file (see moved.ts). */

import type { CompileMode } from '../compiler/compile';
import type { SymbolResolver } from '../compiler/compiled-script';
import type { Diagnostic } from '../diagnostic';
import { draftCommand } from './command-draft';
import { type Command, readCommand } from './command-file';
import { movedCommand, movedDiagnostic, movedSpan } from './moved';
import type { GlobalUse, ObservedGlobals } from './observed-globals';
import { type OutputName, type OutputUse, outputUseOf } from './outputs';
import { Report } from './report';
import type { SplitCommand } from './split';

export interface CheckOptions {
  /** Values of `$arg1`, `$arg2` …; without them what depends on arguments is not checked. */
  readonly args?: readonly string[];
  /** Without it a symbol that cannot be resolved is no error. */
  readonly symbols?: SymbolResolver;
  readonly readFile?: (path: string) => string | undefined;
  /** How scripts will be compiled for the target that they are meant for. */
  readonly mode?: CompileMode;
}

/** A command as it was read, with its positions at one place of a file. */
export interface CommandText {
  /** Where it stood when it was read. */
  readonly readAt: number;
  readonly length: number;
  /** undefined for a comment. */
  readonly command: Command | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the check of a command found, with the same positions, and on what that depends. */
interface Findings {
  readonly diagnostics: readonly Diagnostic[];
  readonly globals: GlobalUse;
  /** Files that were read, and what they held. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

/** Of names with their positions when the command stands `distance` further on. */
function movedOutputs({ created, named }: OutputUse, distance: number): OutputUse {
  const moved = (name: OutputName): OutputName => ({ ...name, span: movedSpan(name.span, distance) });
  return { created: created && moved(created), named: named.map(moved) };
}

/** Reads a command of a text. */
export function commandTextOf(text: string, split: SplitCommand, { args }: CheckOptions): CommandText {
  const { start, end } = split.span;
  return { readAt: start, length: end - start, ...readCommand(text, split, args) };
}

/**
 * Reads a command so that it keeps nothing of the text around it: a part of a string keeps all of the string alive, and
 * an editor makes a new one with every key.
 */
export function detachedCommandText(text: string, split: SplitCommand, options: CheckOptions): CommandText {
  const { start, end } = split.span;
  // The engine has no other way to copy a string.
  const own = JSON.parse(JSON.stringify(text.slice(start, end))) as string;
  const diagnostics = split.diagnostics.map((diagnostic) => movedDiagnostic(diagnostic, -start));
  return commandTextOf(own, { span: { start: 0, end: own.length }, diagnostics }, options);
}

export class CheckedCommand {
  #movedTo: number;
  #moved: Command | undefined;
  readonly #outputs: OutputUse | undefined;

  private constructor(
    readonly text: CommandText,
    readonly findings: Findings,
  ) {
    this.#movedTo = text.readAt;
    this.#moved = text.command;
    this.#outputs = text.command && outputUseOf(text.command);
  }

  /** Checks a command behind those whose globals are in the table, and adds its own. */
  static check(text: CommandText, globals: ObservedGlobals, options: CheckOptions): CheckedCommand {
    const report = new Report();
    const files = new Map<string, string | undefined>();
    const { symbols, readFile, mode } = options;
    globals.takeUse();
    if (text.command !== undefined) {
      draftCommand(text.command, {
        report,
        globals,
        symbols,
        readFile: readFile && notingFiles(readFile, files),
        mode,
        targetValues: new Map(),
        targetExpressions: new Map(),
      });
    }
    const { diagnostics } = report;
    return new CheckedCommand(text, { diagnostics, globals: globals.takeUse(), files });
  }

  /** The same command behind other ones: itself when it does not depend on what has changed. */
  checkedAgain(globals: ObservedGlobals, options: CheckOptions): CheckedCommand {
    const { globals: use, files } = this.findings;
    const sameFiles = [...files].every(([path, held]) => options.readFile?.(path) === held);
    if (sameFiles && globals.wouldServe(use) && globals.repeat(use)) return this;
    return CheckedCommand.check(this.text, globals, options);
  }

  /** With its positions when it stands at `start`. */
  commandAt(start: number): Command | undefined {
    if (start !== this.#movedTo) {
      const { command, readAt } = this.text;
      this.#moved = command && movedCommand(command, start - readAt);
      this.#movedTo = start;
    }
    return this.#moved;
  }

  /** Of reading it, with their positions when it stands at `start`. */
  readDiagnosticsAt(start: number): readonly Diagnostic[] {
    return this.#moveDiagnostics(this.text.diagnostics, start);
  }

  /** Of reading and of checking it. */
  diagnosticsAt(start: number): readonly Diagnostic[] {
    const { diagnostics } = this.findings;
    return [...this.readDiagnosticsAt(start), ...this.#moveDiagnostics(diagnostics, start)];
  }

  /** What it does with outputs, with positions when it stands at `start`. */
  outputsAt(start: number): OutputUse | undefined {
    return this.#outputs && movedOutputs(this.#outputs, start - this.text.readAt);
  }

  #moveDiagnostics(diagnostics: readonly Diagnostic[], start: number): readonly Diagnostic[] {
    const distance = start - this.text.readAt;
    if (distance === 0) return diagnostics;
    return diagnostics.map((diagnostic) => movedDiagnostic(diagnostic, distance));
  }
}

function notingFiles(
  readFile: (path: string) => string | undefined,
  files: Map<string, string | undefined>,
): (path: string) => string | undefined {
  return (path) => {
    if (!files.has(path)) files.set(path, readFile(path));
    return files.get(path);
  };
}
