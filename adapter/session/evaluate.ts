import type { DebugProtocol } from '@vscode/debugprotocol';
import { eventByCommand } from '../../script-engine/catalog/events';
import { functionByName } from '../../script-engine/catalog/functions';
import { generalRegisterOrder, registerByName } from '../../script-engine/catalog/registers';
import { evaluateInProgram, setInProgram, withProgramValues } from './c-variables';
import { isConsoleCommand, runConsoleCommand } from './console-commands';
import type { DebugSession } from './debug-session';
import {
  compileExpression,
  evaluateExpression,
  notAnExpression,
  onlyLooks,
  runStatements,
} from './expression';
import { armText } from './launch';
import type { LiveTarget } from './live-target';
import { notStopped, RequestError } from './request-error';
import { writeRegister } from './variables';

const RSP = generalRegisterOrder.indexOf('rsp');
const RBP = generalRegisterOrder.indexOf('rbp');

type Result = DebugProtocol.EvaluateResponse['body'];

/** DAP `evaluate`. */
export async function evaluate(
  session: DebugSession,
  args: DebugProtocol.EvaluateArguments,
): Promise<Result> {
  const live = session.requireLive();
  if (args.context === 'repl') return evaluateInConsole(session, live, args);
  if (!live.isStopped) throw notStopped();
  const frame = session.frames.get(args.frameId);
  if (frame !== undefined) await live.view(frame.core);
  const hex = args.format?.hex;
  const ofProgram = frame && (await evaluateInProgram(session, live, frame, args.expression, hex === true));
  if (ofProgram !== undefined) return ofProgram;
  if (args.context === 'hover') checkHover(args.expression);
  const text = hoverText(args);
  const script = frame === undefined ? text : await withProgramValues(live, frame, text);
  return shown(live, await evaluateExpression(live, script), hex !== false);
}

/** Hovering must not change the target, and a word of the language is explained by the language server. */
function checkHover(expression: string): void {
  if (functionByName(expression.trim()) !== undefined || !onlyLooks(expression)) {
    throw new RequestError('Hovering does not run functions.', false);
  }
}

/** An editor hovers over a word without its sign: `rax` of `@rax`. */
function hoverText(args: DebugProtocol.EvaluateArguments): string {
  const text = args.expression.trim();
  return args.context === 'hover' && registerByName(text) !== undefined ? `@${text}` : text;
}

function shown(live: LiveTarget, value: bigint, withAddress: boolean): Result {
  const hex = `0x${value.toString(16)}`;
  const place = live.symbols.placeOf(value);
  return {
    result: hex,
    type: place === undefined ? `${BigInt.asIntN(64, value)} in decimal` : place.text,
    variablesReference: 0,
    ...(withAddress ? { memoryReference: hex } : {}),
  };
}

/** What the debug console takes: an expression, statements with or without `?`, or an event command to arm. */
async function evaluateInConsole(
  session: DebugSession,
  live: LiveTarget,
  { expression: typed, frameId, format }: DebugProtocol.EvaluateArguments,
): Promise<Result> {
  const trimmed = typed.trim();
  if (trimmed === '') return textResult('');
  if (isCommand(trimmed)) return textResult(await armText(session, live, trimmed));
  const frame = live.isStopped ? session.frames.get(frameId) : undefined;
  const ofProgram = frame && (await evaluateInProgram(session, live, frame, trimmed, format?.hex === true));
  if (ofProgram !== undefined) return ofProgram;
  if (isConsoleCommand(trimmed)) {
    const before = live.isStopped ? await stackPlace(live) : undefined;
    const printed = await runConsoleCommand(session, live, trimmed);
    await tellChanges(session, live, before);
    return textResult(printed);
  }
  const { source: text, isStatement } = statementOf(trimmed);
  const source = frame === undefined || isStatement ? text : await withProgramValues(live, frame, text);
  return live.whileHalted(async () => {
    const expression = isStatement ? undefined : compileExpression(live, source);
    if (expression?.ok === true) return shown(live, await evaluateExpression(live, source), true);
    if (expression !== undefined && !looksLikeStatements(source)) {
      throw notAnExpression(source, expression.message);
    }
    const before = live.isStopped ? await stackPlace(live) : undefined;
    const { text: printed } = await runStatements(live, source);
    live.invalidateViews();
    await tellChanges(session, live, before);
    return textResult(printed.replace(/\n$/, ''));
  });
}

/** What a statement or command may have changed; `before` is the place of the stack then. */
async function tellChanges(
  session: DebugSession,
  live: LiveTarget,
  before: string | undefined,
): Promise<void> {
  session.frames.forgetWalks();
  if (!live.isStopped) return;
  const hasMoved = (await stackPlace(live)) !== before;
  session.invalidate(hasMoved ? ['stacks', 'variables'] : ['variables']);
}

/** What a stack begins with: a statement that leaves it alone leaves the frames that a client shows alone. */
async function stackPlace(live: LiveTarget): Promise<string> {
  const { rip, general } = await live.debuggee.readRegisters();
  return [rip, general[RSP], general[RBP]].join();
}

function isCommand(text: string): boolean {
  const [word = ''] = text.split(/[\s{]/, 1);
  return eventByCommand(word.toLowerCase()) !== undefined || word.toLowerCase() === 'events';
}

/** Takes the `?` and the braces of the debugger's own command off. */
function statementOf(text: string): { source: string; isStatement: boolean } {
  if (!text.startsWith('?')) return { source: text, isStatement: false };
  const body = text.slice(1).trim();
  const inBraces = /^\{([\s\S]*)\}$/.exec(body);
  return { source: inBraces?.[1]?.trim() ?? body, isStatement: looksLikeStatements(inBraces?.[1] ?? body) };
}

function looksLikeStatements(text: string): boolean {
  return /[;}]\s*$/.test(text);
}

function textResult(result: string): Result {
  return { result, variablesReference: 0 };
}

/** DAP `setExpression`: registers, and memory that a dereference names. */
export async function setExpression(
  session: DebugSession,
  args: DebugProtocol.SetExpressionArguments,
): Promise<DebugProtocol.SetExpressionResponse['body']> {
  const live = session.requireLive();
  const frame = session.frames.get(args.frameId);
  await live.view(frame?.core);
  const name = args.expression.trim();
  const ofProgram = frame && (await setInProgram(session, live, frame, name, args.value));
  if (ofProgram !== undefined) return ofProgram;
  if (registerByName(name.replace(/^@/, '')) !== undefined) {
    return writeRegister(session, live, name, args.value);
  }
  const target = /^(?:poi|dq|dd|dw|db)\s*\(([\s\S]*)\)$/.exec(name);
  if (target === null) {
    throw new RequestError(
      `"${name}" cannot be assigned; write a register, or poi(address), dd(address), db(address).`,
    );
  }
  const address = await evaluateExpression(live, target[1] ?? '');
  const value = await evaluateExpression(live, args.value);
  await live.debuggee.writeMemory(address, littleEndian(value, sizeOfAccess(name)));
  live.invalidateViews();
  session.invalidate(['stacks', 'variables']);
  return { value: `0x${value.toString(16)}` };
}

function sizeOfAccess(name: string): number {
  if (name.startsWith('db')) return 1;
  if (name.startsWith('dw')) return 2;
  return name.startsWith('dd') ? 4 : 8;
}

function littleEndian(value: bigint, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
