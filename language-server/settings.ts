/** What a client wants to have its way: initializationOptions first, the section `hyperdbg` of its settings later. */

import type { CompileMode } from '../script-engine/compiler/compile';
import type { Severity } from '../script-engine/diagnostic';

export interface Settings {
  /** How scripts are compiled for the machine that they are meant for. */
  readonly compileMode: CompileMode | undefined;
  /** Severity of diagnostics by their code, where it is not their own. */
  readonly rules: ReadonlyMap<string, Severity | 'off'>;
  /** Base of numbers without a prefix, shown behind them. */
  readonly radixHints: boolean;
  /** Names of parameters, shown before arguments. */
  readonly parameterHints: boolean;
  /** What a script costs each time its event fires, shown at its block. */
  readonly costHints: boolean;
  /** Where docs/diagnostics.md is found: diagnostics link to it. */
  readonly diagnosticsPage: string | undefined;
}

export const DEFAULT_SETTINGS: Settings = {
  compileMode: undefined,
  rules: new Map(),
  radixHints: true,
  parameterHints: true,
  costHints: true,
  diagnosticsPage: undefined,
};

const SEVERITIES: ReadonlySet<unknown> = new Set<Severity | 'off'>([
  'error',
  'warning',
  'information',
  'hint',
  'off',
]);

/** The settings with what a client says; what it does not say, or says in another form, stays as it was. */
export function settingsFrom(said: unknown, before: Settings): Settings {
  const own = memberOf(said, 'hyperdbg') ?? said;
  const hints = memberOf(own, 'inlayHints');
  const diagnostics = memberOf(own, 'diagnostics');
  const rules = memberOf(diagnostics, 'rules');
  return {
    compileMode: modeIn(memberOf(own, 'compileMode')) ?? before.compileMode,
    rules: rules === undefined ? before.rules : rulesIn(rules),
    radixHints: truth(memberOf(hints, 'radix'), before.radixHints),
    parameterHints: truth(memberOf(hints, 'parameterNames'), before.parameterHints),
    costHints: truth(memberOf(hints, 'cost'), before.costHints),
    diagnosticsPage: text(memberOf(own, 'diagnosticsPage')) ?? before.diagnosticsPage,
  };
}

function modeIn(said: unknown): CompileMode | undefined {
  return said === 'exact' || said === 'safe' ? said : undefined;
}

function rulesIn(said: unknown): ReadonlyMap<string, Severity | 'off'> {
  if (typeof said !== 'object' || said === null) return new Map();
  return new Map(Object.entries(said).filter((rule): rule is [string, Severity | 'off'] => isRule(rule[1])));
}

function isRule(said: unknown): said is Severity | 'off' {
  return SEVERITIES.has(said);
}

function truth(said: unknown, otherwise: boolean): boolean {
  return typeof said === 'boolean' ? said : otherwise;
}

function text(said: unknown): string | undefined {
  return typeof said === 'string' ? said : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
