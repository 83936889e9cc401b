/** Expressions and statements in a frame of a stopped script, with its variables. */

import { analyseScript, type CompileMode } from '../compiler/compile';
import type { SymbolResolver } from '../compiler/compiled-script';
import { GlobalTable } from '../compiler/global-table';
import { Execution } from '../evaluator/execution';
import { interpretToEnd } from '../evaluator/interpretation';
import type { ScriptMachine, ScriptMemory } from '../evaluator/script-machine';
import { ScriptSession } from '../evaluator/session';
import { isFloating } from '../semantics/types';
import { debugInfoOf, frameSlot } from './debug-info';
import type { CallFrame } from './debug-run';
import {
  childCount,
  childValues,
  frameValues,
  globalValues,
  rawValue,
  typeText,
  valueText,
  writeValue,
  type ScriptValue,
} from './script-values';

export interface FrameContext {
  readonly execution: Execution;
  readonly frame: CallFrame;
  readonly globals: GlobalTable;
  readonly symbols: SymbolResolver;
  readonly mode: CompileMode;
}

export type FrameResult =
  /** A variable, an element or a member. */
  | { readonly kind: 'place'; readonly value: ScriptValue; readonly isVariable: boolean }
  | { readonly kind: 'number'; readonly number: bigint; readonly printed: string }
  /** Statements that have no value. */
  | { readonly kind: 'done'; readonly printed: string }
  /** `hasRun`: it compiled, and failed on the way. */
  | { readonly kind: 'refused'; readonly reason: string; readonly hasRun: boolean };

/** An expression that a person or a client typed must not keep the adapter busy for long. */
const MOST_INSTRUCTIONS = 100_000;

const PATH = /^(\.?[A-Za-z_]\w*)((?:\s*(?:\.|->)\s*[A-Za-z_]\w*|\s*\[\s*(?:0n\d+|(?:0x)?[0-9a-f]+)\s*\])*)$/i;
const STEP = /(\.|->)\s*([A-Za-z_]\w*)|\[\s*(?:0n(\d+)|(?:0x)?([0-9a-f]+))\s*\]/gi;

/** The place that a name with members and constant indexes leads to; undefined when the text is no such path. */
export function placeOf(context: FrameContext, text: string): FrameResult | undefined {
  const [, name, rest = ''] = PATH.exec(text.trim()) ?? [];
  const { execution, frame, globals } = context;
  const variables = [...frameValues(execution, frame), ...globalValues(execution, globals)];
  let value = variables.find((variable) => variable.name === name);
  if (value === undefined) return undefined;
  const steps = [...rest.matchAll(STEP)];
  for (const [, , member, decimal, hexadecimal] of steps) {
    if (value.type?.kind === 'pointer') value = childValues(execution, value)[0] ?? value;
    const wanted = member ?? Number(decimal ?? `0x${hexadecimal ?? ''}`);
    const found: ScriptValue | undefined =
      typeof wanted === 'number'
        ? value.type?.kind === 'array'
          ? childValues(execution, value, wanted, 1)[0]
          : undefined
        : value.type?.kind === 'struct'
          ? childValues(execution, value).find((child) => child.name === wanted)
          : undefined;
    if (found === undefined) return undefined;
    value = found;
  }
  return { kind: 'place', value: { ...value, name: text.trim() }, isVariable: steps.length === 0 };
}

/** Value of an expression. Nothing of the script or its machine changes, whatever the text does. */
export function lookAt(context: FrameContext, text: string): FrameResult {
  const expression = text.trim().replace(/;$/, '').trim();
  return placeOf(context, expression) ?? valueOf(context, expression, false);
}

/** The language takes comparisons in conditions only; a debugger takes them anywhere. */
function valueOf(context: FrameContext, expression: string, forGood: boolean): FrameResult {
  const value = runSnippet(context, `formats(${expression});`, forGood);
  if (value.kind !== 'refused' || value.hasRun) return value;
  const truth = runSnippet(context, `if (${expression}) { formats(1); } else { formats(0); }`, forGood);
  return truth.kind === 'refused' ? value : truth;
}

/** Runs an expression or statements for good: variables, registers and memory keep what they were given. */
export function execute(context: FrameContext, text: string): FrameResult {
  const expression = text.trim().replace(/;$/, '').trim();
  const place = placeOf(context, expression);
  if (place !== undefined) return place;
  const asValue = valueOf(context, expression, true);
  if (asValue.kind !== 'refused' || asValue.hasRun) return asValue;
  const source = /[;}]$/.test(text.trim()) ? text.trim() : `${text.trim()};`;
  return runSnippet(context, source, true);
}

interface Shadow {
  readonly value: ScriptValue;
  readonly bits: bigint;
  readonly declaration: string;
}

/** Variables of the frame that the text names, as declarations that give the snippet variables of the same value. */
function shadowsOf({ execution, frame }: FrameContext, text: string): Shadow[] | string {
  const words = new Set(text.replace(/"(?:\\.|[^"\\])*"/g, '').match(/(?<![\w@$.!])[A-Za-z_]\w*/g));
  const shadows: Shadow[] = [];
  for (const value of frameValues(execution, frame)) {
    if (!words.has(value.name)) continue;
    const { type, name } = value;
    const isAggregate = type?.kind === 'array' || type?.kind === 'struct';
    if (isAggregate || (type?.kind === 'pointer' && childCount(value) === 0))
      return `\`${name}\` is ${typeText(type)}; name one of its elements or members by a number, e.g. ${name}[0]`;
    const bits = rawValue(execution, value) ?? 0n;
    const isPlain = type === undefined || type.kind === 'void';
    const shown = isFloating(type) ? valueText(execution, value) : `0x${bits.toString(16)}`;
    if (isFloating(type) && !/^-?\d+(?:\.\d+)?$/.test(shown))
      return `\`${name}\` is ${shown}, which the language cannot write`;
    const written = isFloating(type) && !shown.includes('.') ? `${shown}.0` : shown;
    const declared = isPlain ? name : `${typeText(type)} ${name}`;
    shadows.push({ value, bits, declaration: `${declared} = ${written}; ` });
  }
  return shadows;
}

function runSnippet(context: FrameContext, text: string, forGood: boolean): FrameResult {
  const shadows = shadowsOf(context, text);
  if (typeof shadows === 'string') return { kind: 'refused', reason: shadows, hasRun: false };
  const prefix = shadows.map(({ declaration }) => declaration).join('');
  const source = prefix + text;
  const { symbols, mode } = context;
  const globals = forGood ? context.globals : copyOf(context.globals);
  const analysis = analyseScript(source, { globals, symbols, mode });
  const { script, diagnostics } = analysis;
  if (script === undefined) {
    const error = diagnostics.find(({ severity }) => severity === 'error');
    return { kind: 'refused', reason: error?.message ?? 'it does not compile', hasRun: false };
  }
  const info = debugInfoOf(analysis, script, source, mode === 'safe');
  const [main] = info.functions;
  const own = context.execution;
  const machine = forGood ? printing(own.machine) : lookingOnly(own.machine);
  const { session } = own;
  const room = new ScriptSession({
    globals: forGood ? session.globals : session.globals.slice(),
    bases: session.bases,
  });
  // Behind the frames of the script, so that pointers to its variables lead to them.
  room.stack.set(own.stack);
  const run = new Execution(info.prepared, machine, room, false, false);
  run.stackIndex = own.stackIndex;
  run.baseIndex = own.stackIndex;
  const outcome = interpretToEnd(run, MOST_INSTRUCTIONS, 0);
  if (outcome.error !== undefined) {
    const { text: what, detail } = outcome.error;
    return { kind: 'refused', reason: detail === undefined ? what : `${what}: ${detail}`, hasRun: true };
  }
  if (forGood && main !== undefined) {
    own.stack.set(room.stack.subarray(0, own.stackIndex));
    for (const { value, bits } of shadows) {
      const variable = main.scope.variables.get(value.name);
      const now = variable && room.stack[own.stackIndex + frameSlot(main, variable)];
      if (now !== undefined && now !== bits) writeValue(own, value, now, true);
    }
  }
  const { result } = outcome;
  const printed = machine.printed();
  return result === undefined ? { kind: 'done', printed } : { kind: 'number', number: result, printed };
}

function copyOf(table: GlobalTable): GlobalTable {
  const copy = new GlobalTable();
  for (const name of table.names()) {
    const global = table.get(name);
    if (global !== undefined) copy.define(name, global.type, global.implicit);
  }
  return copy;
}

type SnippetMachine = ScriptMachine & { printed(): string };

function printing(machine: ScriptMachine): SnippetMachine {
  const texts: string[] = [];
  return {
    ...delegated(machine),
    services: machine.services,
    print: (text) => void texts.push(text),
    printed: () => texts.join(''),
  };
}

/** A machine that takes every change for itself and forgets it. */
function lookingOnly(machine: ScriptMachine): SnippetMachine {
  const nothing = (): void => undefined;
  return {
    ...delegated(machine),
    generalRegisters: machine.generalRegisters.slice(),
    writeRegister: nothing,
    memory: readOnly(machine.memory),
    services: {
      pause: nothing,
      flush: nothing,
      shortCircuit: nothing,
      enableEvent: nothing,
      disableEvent: nothing,
      clearEvent: nothing,
      injectInterrupt: nothing,
      unavailable: (name) => machine.services.unavailable(name),
    },
    print: nothing,
    printed: () => '',
  };
}

function delegated(machine: ScriptMachine): Omit<ScriptMachine, 'print' | 'services'> {
  return {
    mode: machine.mode,
    generalRegisters: machine.generalRegisters,
    memory: machine.memory,
    readRegister: (id) => machine.readRegister(id),
    writeRegister: (id, value) => machine.writeRegister(id, value),
    readPseudoRegister: (id) => machine.readPseudoRegister(id),
  };
}

function readOnly(memory: ScriptMemory): ScriptMemory {
  return {
    read: (address, size) => memory.read(address, size),
    write: (address, bytes) => memory.read(address, bytes.length) !== undefined,
    readPhysical: (address, size) => memory.readPhysical(address, size),
    writePhysical: (address, bytes) => memory.readPhysical(address, bytes.length) !== undefined,
    virtualToPhysical: (address) => memory.virtualToPhysical(address),
    physicalToVirtual: (address) => memory.physicalToVirtual(address),
  };
}
