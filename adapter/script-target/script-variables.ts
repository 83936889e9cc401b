import type { DebugProtocol } from '@vscode/debugprotocol';
import { registerByName, type Register } from '../../script-engine/catalog/registers';
import {
  execute,
  lookAt,
  type FrameContext,
  type FrameResult,
} from '../../script-engine/debugger/frame-expression';
import {
  childCount,
  childValues,
  floatBits,
  frameValues,
  globalValues,
  rawValue,
  typeText,
  valueText,
  writeValue,
  type ScriptValue,
} from '../../script-engine/debugger/script-values';
import { isFloating, valueKindOf } from '../../script-engine/semantics/types';
import { RequestError } from '../session/request-error';
import { resultText } from './script-results';
import type { ScriptContainer, ScriptSession } from './script-session';

/** DAP `scopes` of a frame of the script. */
export function scriptScopes(script: ScriptSession, frameId: number): DebugProtocol.ScopesResponse['body'] {
  script.context(frameId);
  const reference = (container: ScriptContainer): number => script.addContainer(container);
  return {
    scopes: [
      {
        name: 'Locals',
        presentationHint: 'locals',
        variablesReference: reference({ kind: 'locals', frame: frameId }),
        expensive: false,
      },
      { name: 'Globals', variablesReference: reference({ kind: 'globals' }), expensive: false },
      {
        name: 'Registers',
        presentationHint: 'registers',
        variablesReference: reference({ kind: 'registers' }),
        expensive: false,
      },
    ],
  };
}

/** DAP `variables`. */
export function scriptVariables(
  script: ScriptSession,
  args: DebugProtocol.VariablesArguments,
): DebugProtocol.VariablesResponse['body'] {
  const container = script.container(args.variablesReference);
  if (container.kind === 'registers') {
    const { registerNames } = script.world;
    return { variables: registerNames.map((name) => registerVariable(script, name)) };
  }
  const count = args.count === undefined || args.count === 0 ? Infinity : args.count;
  const values = valuesOf(script, container, args.start ?? 0, count);
  return { variables: values.map((value) => shown(script, value)) };
}

function valuesOf(
  script: ScriptSession,
  container: Exclude<ScriptContainer, { kind: 'registers' }>,
  start = 0,
  count = Infinity,
): ScriptValue[] {
  const { execution } = script.debuggee.run;
  switch (container.kind) {
    case 'locals':
      return frameValues(execution, script.context(container.frame).frame);
    case 'globals':
      return globalValues(execution, script.debuggee.block.globals);
    case 'children':
      return childValues(execution, container.value, start, count);
  }
}

function shown(script: ScriptSession, value: ScriptValue): DebugProtocol.Variable {
  const { execution } = script.debuggee.run;
  return {
    name: value.name,
    value: valueText(execution, value),
    type: typeText(value.type),
    ...children(script, value),
  };
}

function children(
  script: ScriptSession,
  value: ScriptValue,
): Pick<
  DebugProtocol.Variable,
  'variablesReference' | 'indexedVariables' | 'namedVariables' | 'memoryReference'
> {
  const { type, address } = value;
  const count = childCount(value);
  const target = type?.kind === 'pointer' ? rawValue(script.debuggee.run.execution, value) : address;
  const memoryReference = `0x${(target ?? address).toString(16)}`;
  if (count === 0) return { variablesReference: 0, memoryReference };
  return {
    variablesReference: script.addContainer({ kind: 'children', value }),
    memoryReference,
    ...(type?.kind === 'array' ? { indexedVariables: count } : { namedVariables: count }),
  };
}

function registerNamed(name: string): Register {
  const register = registerByName(name.replace(/^@/, ''));
  if (register === undefined) throw new RequestError(`There is no register "${name}".`, false);
  return register;
}

function registerVariable(script: ScriptSession, name: string): DebugProtocol.Variable {
  const { machine } = script.world;
  const { id, generalIndex } = registerNamed(name);
  const value =
    generalIndex === undefined ? machine.readRegister(id) : (machine.generalRegisters[generalIndex] ?? 0n);
  const text = `0x${value.toString(16)}`;
  return { name, value: text, evaluateName: `@${name}`, variablesReference: 0, memoryReference: text };
}

/** DAP `setVariable`. The value is an expression of the script, in the innermost frame. */
export function setScriptVariable(
  script: ScriptSession,
  args: DebugProtocol.SetVariableArguments,
): DebugProtocol.SetVariableResponse['body'] {
  const container = script.container(args.variablesReference);
  if (container.kind === 'registers') {
    const context = script.context(undefined);
    const bits = numberFrom(lookAt(context, args.value), context, args.value);
    const { id, generalIndex } = registerNamed(args.name);
    const { machine } = script.world;
    if (generalIndex === undefined) machine.writeRegister(id, bits);
    else machine.generalRegisters[generalIndex] = BigInt.asUintN(64, bits);
    return { value: registerVariable(script, args.name).value };
  }
  const value = valuesOf(script, container).find(({ name }) => name === args.name);
  if (value === undefined) throw new RequestError(`There is no variable "${args.name}" here.`, false);
  const frame = container.kind === 'locals' ? container.frame : undefined;
  assign(script, script.context(frame), value, args.value, container.kind !== 'children');
  const { name: _name, ...body } = shown(script, value);
  return body;
}

/** DAP `setExpression`. */
export function setScriptExpression(
  script: ScriptSession,
  args: DebugProtocol.SetExpressionArguments,
): DebugProtocol.SetExpressionResponse['body'] {
  const context = script.context(args.frameId);
  const found = lookAt(context, args.expression);
  if (found.kind === 'place') {
    assign(script, context, found.value, args.value, found.isVariable);
    const { name: _name, ...body } = shown(script, found.value);
    return body;
  }
  const result = execute(context, `${args.expression} = ${args.value};`);
  if (result.kind === 'refused') throw refused(args.expression, result.reason);
  return { value: resultText(lookAt(context, args.expression), context) };
}

function assign(
  script: ScriptSession,
  context: FrameContext,
  value: ScriptValue,
  text: string,
  isVariable: boolean,
): void {
  const { type } = value;
  if (type?.kind === 'array' || type?.kind === 'struct') {
    throw new RequestError(
      `"${value.name}" is ${typeText(type)}; set one of its elements or members.`,
      false,
    );
  }
  const asNumber = Number(text);
  const isNumber = text.trim() !== '' && Number.isFinite(asNumber);
  if (isFloating(type) && !isNumber) throw refused(text, `${typeText(type)} takes a decimal number`);
  const bits = isFloating(type)
    ? floatBits(asNumber, valueKindOf(type))
    : numberFrom(lookAt(context, text), context, text);
  if (!writeValue(script.debuggee.run.execution, value, bits, isVariable))
    throw refused(text, `nothing is mapped at 0x${value.address.toString(16)}`);
  script.session.invalidate(['variables']);
}

function numberFrom(result: FrameResult, { execution }: FrameContext, text: string): bigint {
  switch (result.kind) {
    case 'number':
      return result.number;
    case 'place': {
      const bits = rawValue(execution, result.value);
      if (bits === undefined) throw refused(text, 'its memory cannot be read');
      return bits;
    }
    case 'done':
      throw refused(text, 'it has no value');
    case 'refused':
      throw refused(text, result.reason);
  }
}

function refused(text: string, reason: string): RequestError {
  return new RequestError(`"${text}" cannot be evaluated: ${reason}`, false);
}

/** DAP `evaluate`: only the Debug Console changes anything. */
export function evaluateInScript(
  script: ScriptSession,
  { expression, frameId, context: where }: DebugProtocol.EvaluateArguments,
): DebugProtocol.EvaluateResponse['body'] {
  const context = script.context(frameId);
  const isConsole = where === 'repl';
  const result = isConsole ? execute(context, expression) : lookAt(context, expression);
  if (result.kind === 'refused') throw refused(expression, result.reason);
  if (isConsole) script.session.invalidate(['variables']);
  if (result.kind === 'place') {
    const { value, type, ...rest } = shown(script, result.value);
    return { result: value, ...(type === undefined ? {} : { type }), ...rest };
  }
  const value = resultText(result, context);
  return {
    result: `${result.printed}${value}`.replace(/\n$/, ''),
    variablesReference: 0,
    ...(result.kind === 'number' ? { memoryReference: value } : {}),
  };
}
