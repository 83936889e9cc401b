/** Expressions that stand where a command wants a number: `formats(<text>);` (driver-protocol 9). */

import { SymbolKind } from '../catalog/opcodes';
import { type CompileMode, compileScript } from '../compiler/compile';
import type { CompiledScript, SymbolResolver } from '../compiler/compiled-script';
import { GlobalTable } from '../compiler/global-table';
import { runScript } from '../evaluator/interpreter';
import { prepareScript } from '../evaluator/prepare';
import type { ScriptMachine } from '../evaluator/script-machine';
import { ScriptSession } from '../evaluator/session';

export type ExpressionValue =
  | { readonly kind: 'value'; readonly value: bigint }
  /** It reads registers or memory, so only a halted target can tell. */
  | { readonly kind: 'needs target'; readonly script: CompiledScript }
  | { readonly kind: 'error'; readonly message: string };

/** No registers and no memory, and a note when the script wanted memory. */
function emptyMachine(touched: () => void): ScriptMachine {
  const nothing = (): undefined => {
    touched();
    return undefined;
  };
  return {
    mode: 'user',
    generalRegisters: new BigUint64Array(16),
    readRegister: () => 0n,
    writeRegister: () => undefined,
    readPseudoRegister: () => 0n,
    memory: {
      read: nothing,
      write: () => {
        touched();
        return false;
      },
      readPhysical: nothing,
      writePhysical: () => false,
      virtualToPhysical: nothing,
      physicalToVirtual: nothing,
    },
    services: {
      pause: () => undefined,
      flush: () => undefined,
      shortCircuit: () => undefined,
      enableEvent: () => undefined,
      disableEvent: () => undefined,
      clearEvent: () => undefined,
      injectInterrupt: () => undefined,
      unavailable: (name) => `${name} needs a target`,
    },
    print: touched,
  };
}

function namesTargetState(kinds: Uint8Array): boolean {
  return kinds.some((kind) => kind === SymbolKind.REGISTER || kind === SymbolKind.PSEUDO_REG);
}

/** Value of an expression of numbers and symbols. */
export function evaluateExpression(
  text: string,
  symbols: SymbolResolver | undefined,
  mode?: CompileMode,
): ExpressionValue {
  const source = `formats(${text});`;
  const options = {
    ...(symbols === undefined ? {} : { symbols }),
    ...(mode === undefined ? {} : { mode }),
  };
  const { script, diagnostics } = compileScript(source, { globals: new GlobalTable(), ...options });
  if (script === undefined) {
    const first = diagnostics.find(({ severity }) => severity === 'error');
    return { kind: 'error', message: first?.message ?? 'It cannot be compiled.' };
  }
  const prepared = prepareScript(script.bytes, script.symbolCount);
  if (namesTargetState(prepared.kinds)) return { kind: 'needs target', script };
  let touched = false;
  const machine = emptyMachine(() => {
    touched = true;
  });
  const outcome = runScript(prepared, machine, new ScriptSession());
  if (touched) return { kind: 'needs target', script };
  if (!outcome.ok || outcome.result === undefined) {
    return { kind: 'error', message: outcome.error?.detail ?? 'It has no value.' };
  }
  return { kind: 'value', value: outcome.result };
}
