import type { CompiledScript, SymbolResolver } from '../compiler/compiled-script';
import type { CompileMode } from '../compiler/compile';
import type { GlobalTable } from '../compiler/global-table';
import type { Report } from './report';

/** What planning a command needs to know. */
export interface DraftEnvironment {
  readonly report: Report;
  readonly globals: GlobalTable;
  /** Without it every symbol may exist: none is reported, and what depends on it is not checked. */
  readonly symbols: SymbolResolver | undefined;
  /** Text of a file that a script block or an `#include` names. */
  readonly readFile: ((path: string) => string | undefined) | undefined;
  readonly mode: CompileMode | undefined;
  /** Values of expressions that only the target could tell, by their text. */
  readonly targetValues: ReadonlyMap<string, bigint>;
  /**
   * Every expression is the target's, even one of numbers alone, and what only the driver refuses is the driver's to refuse:
   * as the original's command line does it (driver-protocol 9, "Address expression").
   */
  readonly asOriginal?: boolean;
  /** Expressions that want a target. */
  readonly targetExpressions: Map<string, CompiledScript>;
}
