/** Expressions that stand where a command wants a number: `formats(<text>);` (driver-protocol 9). */

import { analyseScript, type CompileMode } from '../compiler/compile';
import type { CompiledScript, SymbolResolver } from '../compiler/compiled-script';
import { GlobalTable } from '../compiler/global-table';
import { constantValueOf, type ConstantFault } from '../semantics/constant-value';
import { NodeKind } from '../syntax/node-kind';
import type { SyntaxTree } from '../syntax/tree';

export type ExpressionValue =
  | { readonly kind: 'value'; readonly value: bigint; readonly script: CompiledScript }
  /** It reads registers or memory, so only a halted target can tell. */
  | { readonly kind: 'needs target'; readonly script: CompiledScript }
  | { readonly kind: 'error'; readonly message: string };

const faultTexts: Readonly<Record<ConstantFault, string>> = {
  'division-by-zero': 'it divides by zero.',
  'shift-too-far': 'it shifts by 64 bits or more.',
  'quotient-overflow': 'its quotient does not fit 64 bits.',
};

/** Value of an expression of numbers and symbols; nothing is run for it. */
export function evaluateExpression(
  text: string,
  symbols: SymbolResolver | undefined,
  mode?: CompileMode,
): ExpressionValue {
  const { script, diagnostics, tree } = analyseScript(`formats(${text});`, {
    globals: new GlobalTable(),
    ...(symbols === undefined ? {} : { symbols }),
    ...(mode === undefined ? {} : { mode }),
  });
  if (script === undefined) {
    const first = diagnostics.find(({ severity }) => severity === 'error');
    return { kind: 'error', message: first?.message ?? 'It cannot be compiled.' };
  }
  const argument = argumentOf(tree);
  const constant =
    argument === undefined ? undefined : constantValueOf(tree, argument, (name) => symbols?.resolve(name));
  if (constant === undefined) return { kind: 'needs target', script };
  if (constant.kind === 'fault') return { kind: 'error', message: faultTexts[constant.fault] };
  return { kind: 'value', value: BigInt.asUintN(64, constant.value), script };
}

/** The node of the argument when the text made one statement and no more. */
function argumentOf({ nodes }: SyntaxTree): number | undefined {
  const call = nodes.kinds.indexOf(NodeKind.Call);
  const isOnly = call > 0 && nodes.firstNodes[call] === 0 && nodes.count === call + 2;
  return isOnly && nodes.firstNodes[call - 1] === 0 ? call - 1 : undefined;
}
