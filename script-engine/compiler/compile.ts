import type { Diagnostic } from '../diagnostic';
import { checkConstants } from '../semantics/constant-checks';
import type { FunctionScope, ScriptNames } from '../semantics/scope';
import type { Span } from '../syntax/span';
import { parseTokens } from '../syntax/parser';
import { TokenKind } from '../syntax/token-kind';
import { tokenSpan, type SyntaxTree } from '../syntax/tree';
import { generateCode } from './code-generator';
import type { CompiledScript, SymbolResolver } from './compiled-script';
import type { Failure } from './generator-core';
import type { GlobalTable } from './global-table';
import { expandIncludes, type Expanded, type RepeatedInclude } from './include';
import { upstreamError } from './upstream-position';

/**
 * `exact`: upstream's bytes whatever they do. `safe`: bytes that avoid the faults of its evaluator, with a note for each;
 * what has no such bytes is an error (script-language 13).
 */
export type CompileMode = 'exact' | 'safe';

export interface CompileOptions {
  /** Names of globals that earlier scripts of this debugger defined; new ones are added when the script is accepted. */
  readonly globals: GlobalTable;
  /** Without it a `module!name` is not an error, but a script that uses one is not compiled. */
  readonly symbols?: SymbolResolver;
  /** Text of an `#include`; without it every include is an error. */
  readonly readInclude?: (name: string) => string | undefined;
  /** Instance information of a hardware debugger: makes `@hw_pinN` and `@hw_portN` known. */
  readonly hardware?: { readonly pins: number; readonly ports: number };
  /** Without it `exact`. */
  readonly mode?: CompileMode;
  /** How characters of strings become bytes; `latin1` takes one byte per character, as the golden vectors do. */
  readonly encoding?: 'utf8' | 'latin1';
}

/** The first error as upstream would report it (script-language 12). */
export interface UpstreamError {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface CompileResult {
  readonly script: CompiledScript | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly upstreamError: UpstreamError | undefined;
}

/** Everything that is known about a script: for editors, which want names and the tree too. */
export interface ScriptAnalysis extends CompileResult {
  /** Of the text with its includes spliced in; equal to the source when it includes nothing. */
  readonly tree: SyntaxTree;
  /** Variables of the main program first, then of each function in order. */
  readonly scopes: readonly FunctionScope[];
  readonly names: ScriptNames;
  /** An offset of the tree's text in the source; text of an included file is at its `#include`. */
  readonly originalOffset: (offset: number) => number;
}

/** Compiles a script to the symbol buffer; never throws. */
export function compileScript(source: string, options: CompileOptions): CompileResult {
  const { script, diagnostics, upstreamError } = analyseScript(source, options);
  return { script, diagnostics, upstreamError };
}

/** Compiles a script and keeps what was learned on the way; never throws. */
export function analyseScript(source: string, options: CompileOptions): ScriptAnalysis {
  const expanded = expandIncludes(source, options.hardware, options.readInclude);
  const tree = parseTokens(expanded.tokens, expanded.unread);
  const generated = generateCode(tree, options);
  const { scopes, names } = generated;
  const first = firstError(tree, generated.failure);
  const safe = options.mode === 'safe';
  let usable = first === undefined && !generated.incomplete;
  const constants = first === undefined ? checkConstants(tree) : [];
  const found = [...tree.diagnostics, ...generated.diagnostics, ...constants];
  const diagnostics = found.map((diagnostic): Diagnostic => {
    const located = inOriginal(diagnostic, expanded);
    if (!safe || !brokenCodes.has(diagnostic.code)) return located;
    usable = false;
    return { ...located, severity: 'error' };
  });
  for (const repeated of expanded.repeated)
    diagnostics.push(inclusionAgain(repeated, expanded.originalSpan(tokenSpan(tree.tokens, repeated.token))));
  const originalOffset = (offset: number): number =>
    offset < 0 ? offset : expanded.originalSpan({ start: offset, end: offset }).start;
  diagnostics.sort((a, b) => a.span.start - b.span.start);
  return {
    script: usable
      ? scriptOfSource(generated.script, tree.tokens.source !== source, originalOffset)
      : undefined,
    diagnostics,
    upstreamError: first === undefined ? undefined : upstreamError(tree.tokens, first.token, first.code),
    tree,
    scopes,
    names,
    originalOffset,
  };
}

/** Slots lead to the text that the author sees, not to the one with its includes spliced in. */
function scriptOfSource(
  script: CompiledScript,
  hasIncludes: boolean,
  originalOffset: (offset: number) => number,
): CompiledScript {
  if (!hasIncludes) return script;
  return { ...script, sourceOffsets: script.sourceOffsets.map(originalOffset) };
}

/** A diagnostic of the expanded text for the author, who sees the original one. */
function inOriginal(diagnostic: Diagnostic, { originalSpan, fileAt }: Expanded): Diagnostic {
  const { fix, ...plain } = diagnostic;
  const span = originalSpan(diagnostic.span);
  const place = fileAt(diagnostic.span.start);
  if (place !== undefined) {
    // A fix would change another file.
    return { ...plain, span, message: `${place.chain.join(' → ')}, line ${place.line}: ${plain.message}` };
  }
  return fix === undefined
    ? { ...plain, span }
    : { ...plain, span, fix: { ...fix, span: originalSpan(fix.span) } };
}

function inclusionAgain({ chain, isCycle }: RepeatedInclude, span: Span): Diagnostic {
  if (!isCycle) {
    const message = 'This file was included before; HyperDbg reads it once and skips it now.';
    return { code: 'included-before', severity: 'information', message, span };
  }
  const message =
    `A file includes itself: ${chain.join(' → ')}. HyperDbg reads it once and skips it here; ` +
    'take one of the includes out.';
  return { code: 'include-cycle', severity: 'warning', message, span };
}

/** Warnings about code that cannot do what it says (script-language 13); in `safe` mode they are errors. */
const brokenCodes: ReadonlySet<string> = new Set([
  'array-of-float',
  'array-of-short',
  'dereference-without-effect',
  'element-assignment',
  'float-compound',
  'function-not-implemented',
  'increment-without-effect',
  'printf-aggregate',
  'printf-too-long',
  'printf-type',
  'stack-overflow',
  'too-many-values',
]);

/** Which mistake upstream meets first: one of the grammar or one of the meaning. */
function firstError(tree: SyntaxTree, failure: Failure | undefined): Failure | undefined {
  const { stop, tokens } = tree;
  if (stop === undefined || failure === undefined) return failure ?? stop;
  if (failure.token !== stop.token) return failure.token < stop.token ? failure : stop;
  // At the same token upstream acts first when the token may follow an expression at all.
  return mayFollowExpression(tokens.kinds[stop.token] ?? 0) ? failure : stop;
}

function mayFollowExpression(kind: TokenKind): boolean {
  switch (kind) {
    case TokenKind.CloseParen:
    case TokenKind.CloseBracket:
    case TokenKind.CloseBrace:
    case TokenKind.Semicolon:
    case TokenKind.Comma:
    case TokenKind.Assign:
      return true;
    default:
      return false;
  }
}
