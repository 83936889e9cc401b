import type { Diagnostic } from '../../script-engine/diagnostic';
import { scriptFile } from '../arming/script-file';
import { say } from './console-io';

/** Zero-based, in UTF-16 units, as in the language server protocol. */
export interface JsonPosition {
  readonly line: number;
  readonly character: number;
}

/** A diagnostic as `--json` prints it (cli.md, `hds check`). */
export interface DiagnosticJson {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly range: { readonly start: JsonPosition; readonly end: JsonPosition };
}

/** Diagnostics with their places in the text, in the order of the text. */
export function diagnosticsJson(
  path: string,
  text: string,
  diagnostics: readonly Diagnostic[],
): DiagnosticJson[] {
  const file = scriptFile(path, text);
  const jsonPosition = (offset: number): JsonPosition => {
    const { line, column } = file.positionAt(offset);
    return { line: line - 1, character: column - 1 };
  };
  return inTextOrder(diagnostics).map(({ code, severity, message, span }) => ({
    code,
    severity,
    message,
    range: { start: jsonPosition(span.start), end: jsonPosition(span.end) },
  }));
}

/** Writes `file:line:column: severity: message [code]`, the line and a mark under the place to stderr. */
export function sayDiagnostics(path: string, text: string, diagnostics: readonly Diagnostic[]): void {
  const file = scriptFile(path, text);
  const lines = text.split(/\r?\n/);
  for (const { code, severity, message, span } of inTextOrder(diagnostics)) {
    const { line, column } = file.positionAt(span.start);
    say(`${path}:${line}:${column}: ${severity}: ${message} [${code}]`);
    const source = lines[line - 1] ?? '';
    if (source.trim() === '') continue;
    const markedLength = Math.max(1, Math.min(span.end - span.start, source.length - column + 1));
    say(`    ${source.replaceAll('\t', ' ')}`);
    say(`    ${' '.repeat(column - 1)}${'^'.repeat(markedLength)}`);
  }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/** `1 file`, `3 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function inTextOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
}
