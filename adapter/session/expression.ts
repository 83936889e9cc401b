/** Expressions and statements of the script language, run once in the halted target. */

import type { ScriptResult } from '../../driver/debuggee';
import { DriverError } from '../../driver/driver-error';
import { functionByName } from '../../script-engine/catalog/functions';
import { registerByName } from '../../script-engine/catalog/registers';
import { compileScript } from '../../script-engine/compiler/compile';
import type { CompiledScript } from '../../script-engine/compiler/compiled-script';
import { scriptRefusal } from '../arming/run-error';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

const FORMATS = 'formats(';

type Compilation =
  | { readonly ok: true; readonly script: CompiledScript }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** Compiles a text with the session's variables and symbols. */
export function compileInSession(live: LiveTarget, source: string): Compilation {
  const { globals, symbols, scriptMode: mode } = live;
  const { script, diagnostics } = compileScript(source, { globals, symbols, mode });
  const error = diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (error !== undefined) return { ok: false, message: error.message, offset: error.span.start };
  if (script === undefined) return { ok: false, message: 'the script engine refused it', offset: 0 };
  return { ok: true, script };
}

/** A text that compiles as one expression, ready to run; undefined script with the reason otherwise. */
export function compileExpression(live: LiveTarget, text: string): Compilation {
  const expression = text.trim().replace(/;$/, '').trim();
  if (expression === '') return { ok: false, message: 'there is nothing to evaluate', offset: 0 };
  // A second statement behind the expression would make a hover change the target.
  if (expression.includes(';') || !isBalanced(expression)) {
    return { ok: false, message: 'this is not a single expression', offset: 0 };
  }
  const plain = compileInSession(live, `${FORMATS}${expression});`);
  if (plain.ok) return plain;
  const replaced = withSymbolAddresses(live, expression);
  if (replaced !== expression) {
    const second = compileInSession(live, `${FORMATS}${replaced});`);
    if (second.ok) return second;
  }
  return { ...plain, offset: Math.max(0, plain.offset - FORMATS.length) };
}

/** Value of an expression in the halted target. Rejects with RequestError for texts that do not compile. */
export async function evaluateExpression(live: LiveTarget, text: string): Promise<bigint> {
  const compiled = compileExpression(live, text);
  if (!compiled.ok) throw notAnExpression(text, compiled.message);
  const result = await runCompiled(live, compiled.script, true);
  if (result.value === undefined) {
    throw new RequestError(
      `"${text}" has no value here: ${result.text.trim() || 'the target gave none'}.`,
      false,
    );
  }
  return result.value;
}

/** Runs statements in the halted target. Rejects with RequestError for texts that do not compile. */
export async function runStatements(live: LiveTarget, source: string): Promise<ScriptResult> {
  const compiled = compileInSession(live, source);
  if (!compiled.ok)
    throw new RequestError(`${compiled.message} (at character ${compiled.offset + 1})`, false);
  return runCompiled(live, compiled.script, false);
}

async function runCompiled(
  live: LiveTarget,
  { bytes, symbolCount }: CompiledScript,
  expectValue: boolean,
): Promise<ScriptResult> {
  try {
    return await live.debuggee.runScript(bytes, symbolCount, expectValue);
  } catch (error) {
    if (error instanceof DriverError) throw new RequestError(scriptRefusal(error).text, false);
    throw error;
  }
}

export function notAnExpression(text: string, reason: string): RequestError {
  return new RequestError(`"${text}" cannot be evaluated: ${reason}`, false);
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const char of text.replace(/"(?:\\.|[^"\\])*"/g, '')) {
    if (char === '(') depth++;
    if (char === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

/** Scripts look up `module!name` alone; people also type the bare name of a function or variable. */
export function withSymbolAddresses(live: LiveTarget, expression: string): string {
  const addressOrWord = (word: string): string => {
    if (registerByName(word) !== undefined) return word;
    const address = live.symbols.resolve(word);
    return address === undefined ? word : `0x${address.toString(16)}`;
  };
  return expression
    .split(/("(?:\\.|[^"\\])*")/)
    .map((part) =>
      part.startsWith('"') ? part : part.replace(/(?<![\w@$.!])[A-Za-z_]\w*(?![\w!]|\s*\()/g, addressOrWord),
    )
    .join('');
}

/** Categories of functions that change nothing in the target and print nothing. */
const LOOKING_CATEGORIES = new Set(['memory-read', 'arithmetic', 'disassembler', 'string', 'timing']);

/** Whether evaluating this text leaves the target as it is: what hovering may do. */
export function onlyLooks(expression: string): boolean {
  const calls = expression.matchAll(/([A-Za-z_]\w*)\s*\(/g);
  return [...calls].every(([, name]) => {
    if (name === 'sizeof') return true;
    const called = functionByName(name ?? '');
    if (called?.returnsValue !== true) return false;
    // Of the memory functions those with a value translate or check, the others write.
    return LOOKING_CATEGORIES.has(called.category) || called.category === 'memory';
  });
}
