import type { Span } from './syntax/span';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** Something to tell the author of a script (style: "Errors: three kinds", kind 1). */
export interface Diagnostic {
  /** Stable name in kebab-case, e.g. `undefined-variable`; the same in editor, command line and documents. */
  readonly code: string;
  readonly severity: Severity;
  /** What, where and what next, one or two sentences. */
  readonly message: string;
  readonly span: Span;
  /** A replacement that cures it, offered as a quick fix. */
  readonly fix?: { readonly title: string; readonly span: Span; readonly text: string };
}
