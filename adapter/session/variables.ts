import type { DebugProtocol } from '@vscode/debugprotocol';
import type { RegisterFile } from '../../driver/debuggee';
import { generalRegisterOrder, registerByName } from '../../script-engine/catalog/registers';
import { FIRST_EVENT_TAG } from '../arming/armed-events';
import { programScopes, programVariables, setProgramVariable } from './c-variables';
import { eventOf } from './call-stack';
import type { CoreView } from './core-view';
import type { DebugSession } from './debug-session';
import { contextOf } from './event-context';
import { evaluateExpression } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

type Variable = DebugProtocol.Variable;

const SEGMENT_NAMES = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const;

/** Bits of RFLAGS by name, low to high. `iopl` has two. */
const FLAGS: readonly { name: string; bit: number; width: number; meaning: string }[] = [
  { name: 'cf', bit: 0, width: 1, meaning: 'carry' },
  { name: 'pf', bit: 2, width: 1, meaning: 'parity' },
  { name: 'af', bit: 4, width: 1, meaning: 'adjust' },
  { name: 'zf', bit: 6, width: 1, meaning: 'zero' },
  { name: 'sf', bit: 7, width: 1, meaning: 'sign' },
  { name: 'tf', bit: 8, width: 1, meaning: 'trap' },
  { name: 'if', bit: 9, width: 1, meaning: 'interrupts enabled' },
  { name: 'df', bit: 10, width: 1, meaning: 'direction' },
  { name: 'of', bit: 11, width: 1, meaning: 'overflow' },
  { name: 'iopl', bit: 12, width: 2, meaning: 'I/O privilege level' },
  { name: 'nt', bit: 14, width: 1, meaning: 'nested task' },
  { name: 'rf', bit: 16, width: 1, meaning: 'resume' },
  { name: 'ac', bit: 18, width: 1, meaning: 'alignment check' },
];

/** DAP `scopes`: the registers, and the event that stopped the target. Registers exist for the innermost frame alone. */
export async function scopes(
  session: DebugSession,
  args: DebugProtocol.ScopesArguments,
): Promise<{ scopes: DebugProtocol.Scope[] }> {
  const live = session.requireLive();
  const entry = session.frames.get(args.frameId);
  if (entry === undefined) throw new RequestError('This frame belongs to an earlier stop.', false);
  const ofProgram = await programScopes(session, live, entry);
  // Callers have saved registers at most; showing the present ones for them would mislead.
  if (entry.frame.origin !== 'registers') return { scopes: ofProgram };
  const view = await live.view(entry.core);
  const found: DebugProtocol.Scope[] = [
    ...ofProgram,
    {
      name: 'Registers',
      presentationHint: 'registers',
      variablesReference: session.variables.add({ kind: 'registers', core: entry.core }),
      namedVariables: generalRegisterOrder.length + 3,
      expensive: false,
    },
  ];
  if (eventOf(live, view) !== undefined) {
    found.push({
      name: 'Event',
      variablesReference: session.variables.add({ kind: 'event', core: entry.core }),
      expensive: false,
    });
  }
  return { scopes: found };
}

/** DAP `variables`. */
export async function variables(
  session: DebugSession,
  args: DebugProtocol.VariablesArguments,
): Promise<{ variables: Variable[] }> {
  const live = session.requireLive();
  const container = session.variables.get(args.variablesReference);
  if (container === undefined) throw new RequestError('These variables belong to an earlier stop.', false);
  if ('frame' in container) {
    const { start: first = 0, count = 0, format } = args;
    const wanted = count === 0 ? Infinity : count;
    return { variables: await programVariables(session, container, first, wanted, format?.hex === true) };
  }
  const view = await live.view(container.core);
  const all = await contentsOf(session, live, view, container.kind);
  const start = args.start ?? 0;
  return {
    variables: all.slice(
      start,
      args.count === undefined || args.count === 0 ? undefined : start + args.count,
    ),
  };
}

async function contentsOf(
  session: DebugSession,
  live: LiveTarget,
  view: CoreView,
  kind: 'registers' | 'flags' | 'segments' | 'event',
): Promise<Variable[]> {
  switch (kind) {
    case 'registers':
      return registerVariables(session, live, view, await view.registers());
    case 'flags':
      return flagVariables((await view.registers()).rflags);
    case 'segments': {
      const registers = await view.registers();
      return SEGMENT_NAMES.map((name) => plain(name, `0x${registers[name].toString(16)}`, `@${name}`));
    }
    case 'event':
      return eventVariables(live, view);
  }
}

function registerVariables(
  session: DebugSession,
  live: LiveTarget,
  view: CoreView,
  registers: RegisterFile,
): Variable[] {
  const general = generalRegisterOrder.map((name, i) => pointer(live, name, registers.general[i] ?? 0n));
  const flags = FLAGS.filter(
    ({ bit, width }) => width === 1 && ((registers.rflags >> BigInt(bit)) & 1n) !== 0n,
  );
  return [
    ...general,
    pointer(live, 'rip', registers.rip),
    {
      name: 'rflags',
      value: `0x${registers.rflags.toString(16)}`,
      type: flags.map(({ name }) => name.toUpperCase()).join(' '),
      evaluateName: '@rflags',
      variablesReference: session.variables.add({ kind: 'flags', core: view.core }),
      namedVariables: FLAGS.length,
    },
    {
      name: 'segments',
      value: SEGMENT_NAMES.map((name) => `${name}=${registers[name].toString(16)}`).join(' '),
      variablesReference: session.variables.add({ kind: 'segments', core: view.core }),
      namedVariables: SEGMENT_NAMES.length,
      presentationHint: { attributes: ['readOnly'] },
    },
  ];
}

function flagVariables(rflags: bigint): Variable[] {
  return FLAGS.map(({ name, bit, width, meaning }) => ({
    name,
    value: ((rflags >> BigInt(bit)) & BigInt((1 << width) - 1)).toString(16),
    type: meaning,
    evaluateName: `@${name}`,
    variablesReference: 0,
  }));
}

function pointer(live: LiveTarget, name: string, value: bigint): Variable {
  const hex = `0x${value.toString(16)}`;
  const place = live.symbols.placeOf(value);
  return {
    name,
    // The value alone: clients and people copy it into expressions.
    value: hex,
    ...(place === undefined ? {} : { type: place.text }),
    evaluateName: `@${name}`,
    variablesReference: 0,
    memoryReference: hex,
  };
}

function plain(name: string, value: string, evaluateName?: string): Variable {
  return { name, value, variablesReference: 0, ...(evaluateName === undefined ? {} : { evaluateName }) };
}

async function eventVariables(live: LiveTarget, view: CoreView): Promise<Variable[]> {
  const event = eventOf(live, view);
  if (event === undefined) return [];
  const process = await view.process();
  const context = await contextOf(live, view, event);
  const hexContext = `0x${context?.toString(16)}`;
  const readOnly = { presentationHint: { attributes: ['readOnly'] } };
  return [
    plain('number', String(event.number)),
    plain('id', `0x${(event.tag - FIRST_EVENT_TAG).toString(16)}`, '$event_id'),
    plain('tag', `0x${event.tag.toString(16)}`, '$event_tag'),
    plain('command', event.label),
    plain('stage', view.stop.stage ?? 'pre'),
    ...(context === undefined
      ? []
      : [{ ...plain('context', hexContext, '$context'), memoryReference: hexContext }]),
    plain('process', `${process.processName} (${process.processId})`),
    plain('thread', String(process.threadId)),
    plain('core', String(view.core)),
  ].map((variable) => ({ ...variable, ...readOnly }));
}

/** DAP `setVariable`: writes a register or a flag. */
export async function setVariable(
  session: DebugSession,
  args: DebugProtocol.SetVariableArguments,
): Promise<DebugProtocol.SetVariableResponse['body']> {
  const live = session.requireLive();
  const container = session.variables.get(args.variablesReference);
  if (container === undefined) throw new RequestError('These variables belong to an earlier stop.', false);
  if ('frame' in container) return setProgramVariable(session, live, container, args.name, args.value);
  if (container.kind === 'event' || args.name === 'segments') {
    throw new RequestError(`"${args.name}" cannot be changed.`);
  }
  await live.view(container.core);
  return writeRegister(session, live, args.name, args.value);
}

/** Registers that decide where the stack is and who called whom. */
const STACK_REGISTERS: ReadonlySet<string> = new Set(['rip', 'rsp', 'rbp']);

/** Writes a register by name and answers what it holds then. */
export async function writeRegister(
  session: DebugSession,
  live: LiveTarget,
  name: string,
  text: string,
): Promise<{ value: string; memoryReference?: string }> {
  const register = registerByName(name.replace(/^@/, ''));
  if (register === undefined) throw new RequestError(`"${name}" is no register that can be written.`);
  const value = await evaluateExpression(live, text);
  await live.debuggee.writeRegister(register.id, value);
  live.invalidateViews();
  const written = await live.debuggee.readRegister(register.id);
  session.frames.forgetWalks();
  // A client that is told of other stacks closes what the user has opened of them.
  session.invalidate(STACK_REGISTERS.has(register.parent) ? ['stacks', 'variables'] : ['variables']);
  const hex = `0x${written.toString(16)}`;
  return { value: hex, memoryReference: hex };
}
