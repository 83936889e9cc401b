/** Runs scripts for the scripted debuggee with the real evaluator. */

import { runScript } from '../../../script-engine/evaluator/interpreter';
import { prepareScript } from '../../../script-engine/evaluator/prepare';
import type { ScriptMachine } from '../../../script-engine/evaluator/script-machine';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import type { ScriptedDebuggee } from './scripted-debuggee';

const sessions = new WeakMap<ScriptedDebuggee, ScriptSession>();

export interface ScriptTextRun {
  readonly text: string;
  readonly value: bigint | undefined;
  readonly paused: boolean;
}

export function runScriptText(
  debuggee: ScriptedDebuggee,
  bytes: Uint8Array,
  symbolCount: number,
): ScriptTextRun {
  let session = sessions.get(debuggee);
  if (session === undefined) sessions.set(debuggee, (session = new ScriptSession()));
  let text = '';
  let paused = false;
  const machine: ScriptMachine = {
    mode: 'kernel',
    generalRegisters: debuggee.general,
    readRegister: (id) => debuggee.registerValue(id),
    writeRegister: (id, value) => void debuggee.writeRegister(id, value),
    readPseudoRegister: (id) => (id === CONTEXT_ID ? debuggee.context : 0n),
    memory: {
      read: (address, sizeBytes) => {
        const found = debuggee.bytesAt(address, sizeBytes);
        return found.length === sizeBytes ? found : undefined;
      },
      write: (address, written) => {
        void debuggee.writeMemory(address, written);
        return true;
      },
      readPhysical: () => undefined,
      writePhysical: () => false,
      virtualToPhysical: () => undefined,
      physicalToVirtual: () => undefined,
    },
    services: {
      pause: () => (paused = true),
      flush: () => undefined,
      shortCircuit: () => undefined,
      enableEvent: () => undefined,
      disableEvent: () => undefined,
      clearEvent: () => undefined,
      injectInterrupt: () => undefined,
      unavailable: (name) => `${name} is not available`,
    },
    print: (printed) => (text += printed),
  };
  const outcome = runScript(prepareScript(bytes, symbolCount), machine, session);
  return { text: outcome.ok ? text : `${text}${outcome.error?.text ?? ''}`, value: outcome.result, paused };
}

/** `$context` (script-language 10). */
const CONTEXT_ID = 10;
