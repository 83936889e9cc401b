/** Diagnostics of a whole command file, at once and without a target. */

import type { SymbolResolver } from '../compiler/compiled-script';
import { GlobalTable } from '../compiler/global-table';
import type { Diagnostic } from '../diagnostic';
import { draftCommand } from './command-draft';
import { readCommandFile } from './command-file';
import { Report } from './report';

export interface CheckOptions {
  /** Values of `$arg1`, `$arg2` …; without them what depends on arguments is not checked. */
  readonly args?: readonly string[];
  /** Without it a symbol that cannot be resolved is no error. */
  readonly symbols?: SymbolResolver;
  readonly readFile?: (path: string) => string | undefined;
}

/** Commands, options, bytes and scripts of a file, in the order of the file; instructions of `asm` blocks are not checked. */
export function checkCommandFile(text: string, options: CheckOptions = {}): readonly Diagnostic[] {
  const file = readCommandFile(text, options.args);
  const globals = new GlobalTable();
  const report = new Report();
  for (const command of file.commands) {
    draftCommand(command, {
      report,
      globals,
      symbols: options.symbols,
      readFile: options.readFile,
      mode: undefined,
      targetValues: new Map(),
      targetExpressions: new Map(),
    });
  }
  return [...file.diagnostics, ...report.diagnostics].sort((one, two) => one.span.start - two.span.start);
}
