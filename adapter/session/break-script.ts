/**
 * The script that makes an event stop for a breakpoint on its lines. It is an action of the event, so condition, hit count
 * and log message are decided inside the target; a script variable switches it, because an action cannot be taken back.
 */

import type { ActionRequest } from '../../driver/debuggee';
import { compileInSession, runStatements, withSymbolAddresses } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';
import { type HitCondition, parseHitCondition } from './hit-condition';

export interface BreakWish {
  readonly condition?: string | undefined;
  readonly hitCondition?: string | undefined;
  readonly logMessage?: string | undefined;
}

/** Holds the number of the breakpoint that stopped the target last. */
export const HIT_VARIABLE = '.hyperdbg_hit';

export function switchVariable(number: number): string {
  return `.hyperdbg_switch_${number}`;
}

/** The action for breakpoint `number`, switched off; a sentence when the wish is wrong. */
export async function compileBreakScript(
  live: LiveTarget,
  number: number,
  wish: BreakWish,
): Promise<ActionRequest | string> {
  const made = breakScript(number, wish);
  if (!made.ok) return made.message;
  // A script can only read variables that an earlier one has assigned.
  await runStatements(
    live,
    breakVariables(number)
      .map((name) => `${name} = 0;`)
      .join(' '),
  );
  const compiled = compileWish(live, number, wish, made.source);
  if (!compiled.ok) return `The condition or log message does not compile: ${compiled.message}`;
  const { bytes, symbolCount } = compiled.script;
  return { kind: 'script', bytes, symbolCount, bufferSizeBytes: 0 };
}

/** What makes an event stop: a plain break, or a script where the wish has conditions. Rejects with RequestError. */
export async function stopAction(live: LiveTarget, number: number, wish: BreakWish): Promise<ActionRequest> {
  if (isPlainWish(wish)) return { kind: 'break' };
  const action = await compileBreakScript(live, number, wish);
  if (typeof action === 'string') throw new RequestError(action);
  await runStatements(live, `${switchVariable(number)} = 1;`);
  return action;
}

/** One wish, one text: breakpoints with the same key are the same. */
export function wishKey({ condition, hitCondition, logMessage }: BreakWish): string {
  return JSON.stringify([condition?.trim() ?? '', hitCondition?.trim() ?? '', logMessage?.trim() ?? '']);
}

/** Neither condition nor hit count nor log message. */
export function isPlainWish(wish: BreakWish): boolean {
  return wishKey(wish) === wishKey({});
}

/** Tries the text as it is, then with bare names of functions and variables as their addresses. */
function compileWish(
  live: LiveTarget,
  number: number,
  { condition, hitCondition, logMessage }: BreakWish,
  source: string,
): ReturnType<typeof compileInSession> {
  const plain = compileInSession(live, source);
  if (plain.ok) return plain;
  const replaced = breakScript(number, {
    condition: condition === undefined ? undefined : withSymbolAddresses(live, condition),
    hitCondition,
    logMessage: logMessage?.replace(/\{[^{}]+\}/g, (value) => withSymbolAddresses(live, value)),
  });
  const second = replaced.ok ? compileInSession(live, replaced.source) : plain;
  return second.ok ? second : plain;
}

function countVariable(number: number): string {
  return `.hyperdbg_count_${number}`;
}

/** The script variables that the action of breakpoint `number` uses. */
export function breakVariables(number: number): readonly string[] {
  return [HIT_VARIABLE, switchVariable(number), countVariable(number)];
}

export type BreakScript =
  { readonly ok: true; readonly source: string } | { readonly ok: false; readonly message: string };

/** Source of the action for breakpoint `number`. */
export function breakScript(number: number, wish: BreakWish): BreakScript {
  const hit = wish.hitCondition?.trim() ? parseHitCondition(wish.hitCondition) : undefined;
  if (wish.hitCondition?.trim() && hit === undefined) {
    return {
      ok: false,
      message: `"${wish.hitCondition}" is no hit count; write a decimal number, or < <= == >= > % before one.`,
    };
  }
  const effect = wish.logMessage?.trim()
    ? printStatement(wish.logMessage)
    : `${HIT_VARIABLE} = 0n${number}; pause();`;
  const counted = hit === undefined ? effect : countedEffect(number, hit, effect);
  const condition = wish.condition?.trim();
  const body = condition ? `if (${condition}) { ${counted} }` : counted;
  return { ok: true, source: `if (${switchVariable(number)} == 1) { ${body} }` };
}

function countedEffect(number: number, hit: HitCondition, effect: string): string {
  const variable = countVariable(number);
  const test =
    hit.operator === '%' ? `${variable} % 0n${hit.count} == 0` : `${variable} ${hit.operator} 0n${hit.count}`;
  return `${variable} = ${variable} + 1; if (${test}) { ${effect} }`;
}

/** `{expression}` in a log message becomes its value in hexadecimal. */
function printStatement(message: string): string {
  const values: string[] = [];
  const format = message
    .split(/(\{[^{}]+\})/)
    .map((part) => {
      if (/^\{[^{}]+\}$/.test(part)) {
        values.push(part.slice(1, -1));
        return '%llx';
      }
      return part.replace(/[\\"]/g, '\\$&').replace(/%/g, '%%');
    })
    .join('');
  return `printf(${[`"${format}\\n"`, ...values].join(', ')});`;
}
