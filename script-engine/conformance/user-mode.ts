/** `hds eval`: one script without a target, on the fixed memory map of the golden vectors. */

import { generalRegisterOrder } from '../catalog/registers';
import { compileScript, type CompileOptions } from '../compiler/compile';
import { GlobalTable } from '../compiler/global-table';
import { runScript, type ScriptOutcome } from '../evaluator/interpreter';
import { prepareScript } from '../evaluator/prepare';
import { ScriptSession } from '../evaluator/session';
import { UserModeMachine } from './user-mode-machine';
import { userModeBases } from './user-mode-map';

export interface UserModeOptions {
  /** Initial general registers by name; missing ones are 0. */
  readonly regs?: Readonly<Record<string, bigint | number | string>>;
  readonly symbols?: ReadonlyMap<string, bigint>;
  /** At most the language's limit of 1,000,000. */
  readonly maxInstructions?: number;
  readonly readInclude?: (name: string) => string | undefined;
}

/** Ready to be printed as JSON. */
export interface UserModeResult {
  readonly ok: boolean;
  readonly output: string;
  /** The last `test_statement` or `formats` value, `0x0` when there is none. */
  readonly result: string;
  /** General registers that changed. */
  readonly regs: Readonly<Record<string, string>>;
  readonly error?: string;
}

/** A number as JSON answers write it. */
export function jsonNumber(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Numbers of JSON texts: hex with or without `0x`, as the vectors write them. */
export function numberOfJson(value: bigint | number | string): bigint | undefined {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? BigInt.asUintN(64, BigInt(value)) : undefined;
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(value)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
}

/** Registers by name, or the sentence that says which one is wrong. */
export function registersOfJson(
  regs: Readonly<Record<string, bigint | number | string>>,
): ReadonlyMap<string, bigint> | string {
  const known = new Map<string, bigint>();
  for (const [name, given] of Object.entries(regs)) {
    const value = numberOfJson(given);
    const lower = name.toLowerCase();
    if (!generalRegisterOrder.some((register) => register === lower)) {
      return `There is no register ${name} in user mode: there are ${generalRegisterOrder.join(' ')}.`;
    }
    if (value === undefined) return `The value of ${name} is no 64-bit number: write it as "0x…".`;
    known.set(lower, value);
  }
  return known;
}

/** Compiles a script and runs it in user mode; mistakes and run-time errors are in `error`. Never throws. */
export function evaluateInUserMode(text: string, options: UserModeOptions = {}): UserModeResult {
  // The language knows no carriage returns (script-language 2.1).
  const source = text.replaceAll('\r', '');
  const registers = registersOfJson(options.regs ?? {});
  if (typeof registers === 'string') return refused(registers);
  const { symbols, readInclude, maxInstructions } = options;
  const compileOptions: CompileOptions = {
    globals: new GlobalTable(),
    symbols: { resolve: (name) => symbols?.get(name) },
    ...(readInclude === undefined ? {} : { readInclude }),
  };
  const { script, diagnostics } = compileScript(source, compileOptions);
  if (script === undefined) {
    const first = diagnostics.find(({ severity }) => severity === 'error');
    return refused(
      `${place(source, first?.span.start ?? 0)}: ${first?.message ?? 'The script cannot be compiled.'}`,
    );
  }
  const machine = new UserModeMachine(registers);
  const prepared = prepareScript(script.bytes, script.symbolCount);
  const outcome = runScript(prepared, machine, new ScriptSession({ bases: userModeBases }), {
    ...(maxInstructions === undefined ? {} : { maxInstructions }),
  });
  return answer(outcome, machine);
}

function refused(error: string): UserModeResult {
  return { ok: false, output: '', result: '0x0', regs: {}, error };
}

function place(source: string, offset: number): string {
  const lines = source.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/** The parts of an answer that the command line and the vectors have in common. */
export function answer(outcome: ScriptOutcome, machine: UserModeMachine): UserModeResult {
  return {
    ok: outcome.ok,
    output: machine.output,
    result: jsonNumber(outcome.result ?? 0n),
    regs: Object.fromEntries(
      [...machine.changedRegisters()].map(([name, value]) => [name, jsonNumber(value)]),
    ),
    ...(outcome.error === undefined ? {} : { error: outcome.error.text }),
  };
}
