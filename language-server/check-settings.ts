/** What a client says about the machine that scripts are meant for. */

import type { CompileMode } from '../script-engine/compiler/compile';

/** `compileMode` of initializationOptions, or of the section `hyperdbg` of its settings; anything else is nothing. */
export function compileModeIn(settings: unknown): CompileMode | undefined {
  const own = memberOf(settings, 'compileMode') ?? memberOf(memberOf(settings, 'hyperdbg'), 'compileMode');
  return own === 'exact' || own === 'safe' ? own : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
