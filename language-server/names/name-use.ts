import type { Span } from '../../script-engine/syntax/span';

export type NameKind =
  'local' | 'parameter' | 'global' | 'function' | 'struct' | 'type' | 'member' | 'output';

/** What happens to a name at a place. `update` is `+=` and `++`. */
export type NameRole = 'declaration' | 'write' | 'update' | 'read';

/** A name at one place of a file. */
export interface NameUse {
  readonly kind: NameKind;
  readonly name: string;
  /** The function of a local or parameter (empty: the main program), the struct of a member (empty: not known). */
  readonly owner: string;
  /** Which script of its command it stands in: names other than globals and outputs live for one script. */
  readonly script: number;
  readonly role: NameRole;
  readonly span: Span;
  /** At a declaration: it as a reader would want to see it. */
  readonly detail?: string;
  /** At the declaration of a function or struct: all of it. */
  readonly extent?: Span;
  /** The struct that the name leads to. */
  readonly leadsTo?: string;
}

/** Where names without a prefix belong to a function. */
export interface ScopeExtent {
  readonly script: number;
  readonly name: string;
  readonly span: Span;
}

/** All names of one command, in the order of the text. */
export interface CommandNames {
  readonly uses: readonly NameUse[];
  readonly scopes: readonly ScopeExtent[];
}
