/** Answers one golden vector in the form of the reference (vectors/script/README, tools/run_vectors.py). */

import { SymbolKind } from '../catalog/opcodes';
import { compileScript, type CompileOptions, type CompileResult } from '../compiler/compile';
import type { CompiledScript } from '../compiler/compiled-script';
import { GlobalTable } from '../compiler/global-table';
import { runScript, type RunOptions } from '../evaluator/interpreter';
import { prepareScript, SYMBOL_BYTES } from '../evaluator/prepare';
import { ScriptSession } from '../evaluator/session';
import { answer, jsonNumber, registersOfJson, type UserModeResult } from './user-mode';
import { UserModeMachine } from './user-mode-machine';
import { userModeBases } from './user-mode-map';

export interface VectorRequest {
  readonly id?: string;
  /** One character a byte. */
  readonly source: string;
  readonly regs?: Readonly<Record<string, string>>;
  /** Symbol to address in hex without prefix. */
  readonly syms?: Readonly<Record<string, string>>;
  /** Pins and ports of a hardware debugger. */
  readonly hwdbg?: readonly number[];
  readonly files?: Readonly<Record<string, string>>;
  /** Scripts that were parsed and run before in the same session. */
  readonly prev?: readonly string[];
  readonly want?: readonly string[];
}

export type ParseAnswer =
  | { readonly ok: true; readonly code: string; readonly pointer: number }
  | {
      readonly ok: false;
      readonly error: { readonly text: string; readonly line: number; readonly column: number };
    };

export interface EvalAnswer extends UserModeResult {
  readonly globals: Readonly<Record<string, string>>;
  readonly memory: readonly { readonly offset: string; readonly hex: string }[];
}

export interface VectorAnswer {
  readonly id?: string;
  readonly parse: ParseAnswer;
  readonly eval?: EvalAnswer;
}

/** `compileAfter` chooses the tier of the evaluator. */
export type VectorOptions = Pick<RunOptions, 'compileAfter'>;

/** The answer to one request; a script that upstream crashes on gets an error like any other. */
export function answerVector(request: VectorRequest, options: VectorOptions = {}): VectorAnswer {
  const globals = new GlobalTable();
  const session = new ScriptSession({ bases: userModeBases });
  for (const source of request.prev ?? []) {
    const { script } = compileScript(source, compileOptions(request, globals));
    if (script !== undefined) evaluate(script, request, globals, session, options);
  }
  const compiled = compileScript(request.source, compileOptions(request, globals));
  const { script } = compiled;
  return {
    ...(request.id === undefined ? {} : { id: request.id }),
    parse: parseAnswer(compiled),
    ...(script !== undefined && request.want?.includes('eval')
      ? { eval: evaluate(script, request, globals, session, options) }
      : {}),
  };
}

function compileOptions(request: VectorRequest, globals: GlobalTable): CompileOptions {
  const { syms = {}, files = {}, hwdbg } = request;
  const [pins, ports] = hwdbg ?? [];
  return {
    globals,
    symbols: {
      resolve: (name) => {
        const address = Object.hasOwn(syms, name) ? syms[name] : undefined;
        return address === undefined ? undefined : BigInt(`0x${address}`);
      },
    },
    readInclude: (name) => (Object.hasOwn(files, name) ? files[name] : undefined),
    ...(pins === undefined || ports === undefined ? {} : { hardware: { pins, ports } }),
    mode: 'exact',
    encoding: 'latin1',
  };
}

function parseAnswer({ script, diagnostics, upstreamError }: CompileResult): ParseAnswer {
  if (script !== undefined) return { ok: true, code: codeOf(script), pointer: script.symbolCount };
  if (upstreamError !== undefined) {
    const { text, line, column } = upstreamError;
    return { ok: false, error: { text, line, column } };
  }
  const first = diagnostics.find(({ severity }) => severity === 'error');
  return { ok: false, error: { text: first?.message ?? 'not compiled', line: 0, column: 0 } };
}

/** `T/L/V` in hex for each symbol; the payload of strings behind a quote. */
export function codeOf(script: CompiledScript): string {
  const { bytes, symbolCount } = script;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const symbols: string[] = [];
  for (let slot = 0; slot < symbolCount;) {
    const at = slot * SYMBOL_BYTES;
    const type = view.getBigUint64(at, true);
    const length = view.getBigUint64(at + 8, true);
    const kind = Number(type & 0xffff_ffffn);
    const isString = kind === SymbolKind.STRING || kind === SymbolKind.WSTRING;
    const value = isString
      ? `"${hexOf(bytes.subarray(at + 16, at + 16 + Number(length)))}`
      : view.getBigUint64(at + 16, true).toString(16);
    symbols.push(`${type.toString(16)}/${length.toString(16)}/${value}`);
    slot += isString ? Math.floor((16 + Number(length)) / SYMBOL_BYTES) + 1 : 1;
  }
  return symbols.join(' ');
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function evaluate(
  script: CompiledScript,
  request: VectorRequest,
  globals: GlobalTable,
  session: ScriptSession,
  options: VectorOptions,
): EvalAnswer {
  const registers = registersOfJson(request.regs ?? {});
  const machine = new UserModeMachine(typeof registers === 'string' ? undefined : registers);
  const outcome = runScript(prepareScript(script.bytes, script.symbolCount), machine, session, {
    ...options,
    upstreamFaults: true,
    registersArePins: request.hwdbg !== undefined,
  });
  const names = [...globals.names()];
  return {
    ...answer(outcome, machine),
    globals: Object.fromEntries(names.map((name, index) => [name, jsonNumber(session.globals[index] ?? 0n)])),
    memory: machine.memory
      .changedRuns()
      .map((run) => ({ offset: `0x${run.offset.toString(16)}`, hex: hexOf(run.bytes) })),
  };
}
