import type { Diagnostic, Severity } from '../../script-engine/diagnostic';
import type { ScriptFile } from './script-file';

/** Something wrong with a command file, with its place in words. */
export interface ScriptProblem {
  readonly severity: Severity;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The sentence alone. */
  readonly message: string;
  /** `file:line:column: message`. */
  readonly text: string;
}

export function problemAt(
  file: ScriptFile,
  offset: number,
  message: string,
  severity: Severity = 'error',
): ScriptProblem {
  const { line, column } = file.positionAt(offset);
  return {
    severity,
    path: file.path,
    line,
    column,
    message,
    text: `${file.path}:${line}:${column}: ${message}`,
  };
}

export function problemsOf(file: ScriptFile, diagnostics: readonly Diagnostic[]): ScriptProblem[] {
  return diagnostics.map((diagnostic) =>
    problemAt(file, diagnostic.span.start, diagnostic.message, diagnostic.severity),
  );
}
