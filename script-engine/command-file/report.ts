import type { Diagnostic, Severity } from '../diagnostic';
import type { Span } from '../syntax/span';

/** Collects diagnostics. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];

  get hasErrors(): boolean {
    return this.diagnostics.some(({ severity }) => severity === 'error');
  }

  error(code: string, message: string, span: Span): undefined {
    return this.add('error', code, message, span);
  }

  warning(code: string, message: string, span: Span): undefined {
    return this.add('warning', code, message, span);
  }

  /** Answers undefined, so that a function can end with it where there is no value. */
  add(severity: Severity, code: string, message: string, span: Span, fix?: Diagnostic['fix']): undefined {
    this.diagnostics.push({ code, severity, message, span, ...(fix === undefined ? {} : { fix }) });
    return undefined;
  }
}
