/** The program's own variables as DAP shows them. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluateC } from './c-expression';
import {
  addressOf,
  childCount,
  childrenOf,
  numberIn,
  readValue,
  showValue,
  UNREADABLE,
  type CValue,
} from './c-value';
import type { DebugSession } from './debug-session';
import { FrameVariables, type FoundVariable } from './frame-variables';
import type { FrameEntry } from './frame-store';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';
import type { VariableContainer } from './variable-store';

type Variable = DebugProtocol.Variable;
export type CContainer = Extract<VariableContainer, { readonly kind: 'arguments' | 'locals' | 'c value' }>;

const NO_PLACE = '<optimized out>';

/** Scopes of a frame whose function has debug information: arguments and locals, those that it has. */
export async function programScopes(
  session: DebugSession,
  live: LiveTarget,
  { core, frame }: FrameEntry,
): Promise<DebugProtocol.Scope[]> {
  const variables = new FrameVariables(live, frame);
  if (!variables.isKnown) return [];
  const all = await variables.all();
  return (['arguments', 'locals'] as const).flatMap((kind) => {
    const found = all.filter(({ isParameter }) => isParameter === (kind === 'arguments'));
    if (found.length === 0) return [];
    return {
      name: kind === 'arguments' ? 'Arguments' : 'Locals',
      presentationHint: kind,
      variablesReference: session.variables.add({ kind, core, frame: variables }),
      namedVariables: found.length,
      expensive: false,
    };
  });
}

/** What is in a scope or a value; `count` children from `start` on. */
export async function programVariables(
  session: DebugSession,
  container: CContainer,
  start: number,
  count: number,
  hex: boolean,
): Promise<Variable[]> {
  const { frame, core } = container;
  if (container.kind === 'c value') {
    const children = await childrenOf(frame, container.value, start, count);
    return Promise.all(
      children.map(async ({ name, value }) => ({
        name,
        ...(await shownValue(session, core, frame, value, hex)),
      })),
    );
  }
  const wanted = (await frame.all())
    .filter(({ isParameter }) => isParameter === (container.kind === 'arguments'))
    .slice(start, start + count);
  return Promise.all(wanted.map((found) => shownVariable(session, core, frame, found, hex)));
}

async function shownVariable(
  session: DebugSession,
  core: number,
  frame: FrameVariables,
  { name, value, typeName }: FoundVariable,
  hex: boolean,
): Promise<Variable> {
  if (value !== undefined) return { name, ...(await shownValue(session, core, frame, value, hex)) };
  return {
    name,
    value: NO_PLACE,
    ...(typeName === undefined ? {} : { type: typeName }),
    variablesReference: 0,
    presentationHint: { attributes: ['readOnly'] },
  };
}

async function shownValue(
  session: DebugSession,
  core: number,
  frame: FrameVariables,
  value: CValue,
  hex: boolean,
): Promise<Omit<Variable, 'name'>> {
  const { named, indexed } = childCount(value.type);
  const address = addressOf(value);
  const shown = await showValue(frame, value, hex);
  // What a pointer points to is what people want to see in the memory view.
  const pointed = value.type.kind === 'pointer' ? /^0x[0-9a-f]+/.exec(shown)?.[0] : undefined;
  const memoryReference = pointed ?? (address === undefined ? undefined : `0x${address.toString(16)}`);
  return {
    value: shown,
    type: value.type.name,
    evaluateName: value.expression,
    variablesReference:
      named + indexed === 0 ? 0 : session.variables.add({ kind: 'c value', core, frame, value }),
    ...(named === 0 ? {} : { namedVariables: named }),
    ...(indexed === 0 ? {} : { indexedVariables: indexed }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
  };
}

/** The C value that a text means in a frame; undefined when the text is none of the program's names. */
export async function evaluateInProgram(
  session: DebugSession,
  live: LiveTarget,
  { core, frame }: FrameEntry,
  text: string,
  hex: boolean,
): Promise<DebugProtocol.EvaluateResponse['body'] | undefined> {
  const variables = new FrameVariables(live, frame);
  const result = await evaluateC(text, variables);
  if (result.kind === 'not C') return undefined;
  if (result.kind === 'problem') throw new RequestError(result.text, false);
  const { value, ...rest } = await shownValue(session, core, variables, result.value, hex);
  if (value === UNREADABLE) {
    const where = rest.memoryReference === undefined ? '' : `: there is no memory at ${rest.memoryReference}`;
    throw new RequestError(`"${text}" cannot be read${where}.`, false);
  }
  return { result: value, ...rest };
}

/**
 * A script expression with the values of the frame's variables put in for their names: scripts do not know them. Aggregates
 * and names behind a sign of the script language stay as they are.
 */
export async function withProgramValues(
  live: LiveTarget,
  { frame }: FrameEntry,
  expression: string,
): Promise<string> {
  const variables = new FrameVariables(live, frame);
  if (!variables.isKnown) return expression;
  const values = new Map<string, string>();
  for (const { name, value } of await variables.all()) {
    if (value === undefined || !['scalar', 'enumeration', 'pointer'].includes(value.type.kind)) continue;
    const bytes = await readValue(variables, value);
    if (bytes.length < value.type.sizeBytes) continue;
    values.set(name, `0x${BigInt.asUintN(64, numberIn(bytes, value.type, value.bits)).toString(16)}`);
  }
  const isProgramName = /(?<![\w@$.!"])[A-Za-z_]\w*(?![\w!"]|\s*\()/g;
  return expression.replace(isProgramName, (name) => values.get(name) ?? name);
}

/** Changes a variable of a scope or a part of a value; answers what it is then. */
export async function setProgramVariable(
  session: DebugSession,
  live: LiveTarget,
  container: CContainer,
  name: string,
  text: string,
): Promise<DebugProtocol.SetVariableResponse['body']> {
  const { frame, core } = container;
  const value =
    container.kind === 'c value'
      ? (await childrenOf(frame, container.value, ...placeOfChild(container.value, name))).find(
          (child) => child.name === name,
        )?.value
      : (await frame.all()).find((found) => found.name === name)?.value;
  if (value === undefined) throw new RequestError(`"${name}" has no place here and cannot be changed.`);
  return changed(session, live, core, frame, value, text);
}

/** Elements of a long array are not all made to find one of them. */
function placeOfChild({ type }: CValue, name: string): [start: number, count: number] {
  const index = /^\[(\d+)\]$/.exec(name)?.[1];
  return type.kind === 'array' && index !== undefined ? [Number(index), 1] : [0, Infinity];
}

/** DAP `setExpression` for an expression of the program; undefined when it is none. */
export async function setInProgram(
  session: DebugSession,
  live: LiveTarget,
  { core, frame }: FrameEntry,
  expression: string,
  text: string,
): Promise<DebugProtocol.SetExpressionResponse['body'] | undefined> {
  const variables = new FrameVariables(live, frame);
  const result = await evaluateC(expression, variables);
  if (result.kind === 'not C') return undefined;
  if (result.kind === 'problem') throw new RequestError(result.text);
  return changed(session, live, core, variables, result.value, text);
}

async function changed(
  session: DebugSession,
  live: LiveTarget,
  core: number,
  frame: FrameVariables,
  value: CValue,
  text: string,
): Promise<Omit<Variable, 'name'>> {
  await frame.write(value, text);
  live.invalidateViews();
  const isRegister = value.place.kind === 'register';
  if (isRegister) session.frames.forgetWalks();
  session.invalidate(isRegister ? ['stacks', 'variables'] : ['variables']);
  const now = isRegister
    ? { ...value, place: { kind: 'value' as const, bytes: frame.parsed(value, text) } }
    : value;
  return shownValue(session, core, frame, now, false);
}
