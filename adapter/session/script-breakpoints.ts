import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import type { Stop } from '../../driver/debuggee';
import type { ArmedEvent } from '../arming/armed-events';
import {
  type BreakWish,
  compileBreakScript,
  HIT_VARIABLE,
  isPlainWish,
  switchVariable,
  wishKey,
} from './break-script';
import { evaluateExpression, runStatements } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** What makes an event stop or print for breakpoints. It stays with the event; breakpoints come and go. */
interface BreakAction {
  readonly number: number;
  readonly event: ArmedEvent;
  /** What it was made from; another wish needs another action. */
  readonly key: string;
  /** The event stops by a break action of its own; nothing was added. */
  readonly isOwnBreak: boolean;
  readonly isLogPoint: boolean;
  isOn: boolean;
}

/** A stop of an event for breakpoints on its lines. */
export interface EventStop {
  readonly ids: readonly number[];
  /** The event's older actions run when the target goes on (driver-protocol 5.3). */
  readonly isBeforeOtherActions: boolean;
}

interface ScriptBreakpoint {
  readonly id: number;
  /** Breakpoints on several lines of one event share it, so that the event stops once. */
  readonly action: BreakAction;
}

const NOT_PART = 'This file is not armed in this session; name it as "script" in the launch configuration.';
const NO_EVENT = 'No event command of this file covers this line; put the breakpoint on a line of one.';

export function samePath(a: string, b: string): boolean {
  const [one, other] = [path.resolve(a), path.resolve(b)];
  return process.platform === 'win32' ? one.toLowerCase() === other.toLowerCase() : one === other;
}

/** Breakpoints on lines of armed command files. */
export class ScriptBreakpoints {
  #actions: BreakAction[] = [];
  #set: ScriptBreakpoint[] = [];

  constructor(private readonly nextId: () => number) {}

  /** Replaces the breakpoints of one file. The target must stand still. */
  async replace(
    live: LiveTarget,
    file: string,
    wanted: readonly DebugProtocol.SourceBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const events = live.events.all.filter((event) => samePath(event.file.path, file));
    const isOfFile = ({ action }: ScriptBreakpoint): boolean => events.includes(action.event);
    const before = this.#set.filter(isOfFile);
    this.#set = this.#set.filter((breakpoint) => !isOfFile(breakpoint));
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const wish of wanted) {
      const event = events.find(({ line, lastLine }) => wish.line >= line && wish.line <= lastLine);
      if (event === undefined) {
        answers.push(this.#failed(wish.line, events.length === 0 ? NOT_PART : NO_EVENT));
        continue;
      }
      answers.push(await this.#place(live, event, wish, before));
    }
    for (const action of this.#actions.filter(({ event }) => events.includes(event))) {
      const isWanted = this.#set.some((breakpoint) => breakpoint.action === action);
      await switchAction(live, action, isWanted);
    }
    return answers;
  }

  /** Breakpoints that explain a stop of an event; undefined when its own script or action stopped. */
  async hitBy(live: LiveTarget, stop: Stop): Promise<EventStop | undefined> {
    const event = live.events.byTag(stop.eventTag);
    const active = this.#set.filter(({ action }) => action.event === event && !action.isLogPoint);
    if (event === undefined || active.length === 0) return undefined;
    const own = active.filter(({ action }) => action.isOwnBreak);
    if (own.length > 0) return { ids: own.map(({ id }) => id), isBeforeOtherActions: false };
    const number = Number(await evaluateExpression(live, HIT_VARIABLE));
    if (number === 0) return undefined;
    await runStatements(live, `${HIT_VARIABLE} = 0;`);
    const ids = active.filter(({ action }) => action.number === number).map(({ id }) => id);
    return { ids, isBeforeOtherActions: true };
  }

  /** An event was cleared: ids of the breakpoints that hold no more. */
  forget(event: ArmedEvent): readonly number[] {
    const gone = this.#set.filter(({ action }) => action.event === event);
    this.#set = this.#set.filter(({ action }) => action.event !== event);
    this.#actions = this.#actions.filter((action) => action.event !== event);
    return gone.map(({ id }) => id);
  }

  async #place(
    live: LiveTarget,
    event: ArmedEvent,
    wish: DebugProtocol.SourceBreakpoint,
    before: ScriptBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint> {
    const key = wishKey(wish);
    try {
      const action =
        this.#actions.find((present) => present.event === event && present.key === key) ??
        (await this.#add(live, event, wish, key));
      const same = before.findIndex((breakpoint) => breakpoint.action === action);
      const id = before.splice(same, same < 0 ? 0 : 1)[0]?.id ?? this.nextId();
      this.#set.push({ id, action });
      return verified(id, action);
    } catch (error) {
      if (!(error instanceof DriverError || error instanceof RequestError)) throw error;
      return this.#failed(event.line, error.message);
    }
  }

  async #add(live: LiveTarget, event: ArmedEvent, wish: BreakWish, key: string): Promise<BreakAction> {
    const number = this.nextId();
    const isOwnBreak = isPlainWish(wish) && event.plan.actions.some(({ kind }) => kind === 'break');
    if (!isOwnBreak) {
      const action = await compileBreakScript(live, number, wish);
      if (typeof action === 'string') throw new RequestError(action);
      await live.debuggee.addAction(event.tag, action, true);
    }
    const isLogPoint = (wish.logMessage?.trim() ?? '') !== '';
    const made = { number, event, key, isOwnBreak, isLogPoint, isOn: false };
    this.#actions.push(made);
    return made;
  }

  #failed(line: number, message: string): DebugProtocol.Breakpoint {
    return { id: this.nextId(), verified: false, line, reason: 'failed', message };
  }
}

async function switchAction(live: LiveTarget, action: BreakAction, isOn: boolean): Promise<void> {
  if (action.isOn === isOn) return;
  if (!action.isOwnBreak) {
    await runStatements(live, `${switchVariable(action.number)} = ${isOn ? 1 : 0};`);
  }
  action.isOn = isOn;
}

function verified(id: number, { event, isLogPoint }: BreakAction): DebugProtocol.Breakpoint {
  const effect = isLogPoint ? 'Prints' : 'Stops';
  return {
    id,
    verified: true,
    line: event.line,
    endLine: event.lastLine,
    message: `${effect} when event ${event.number} fires (${event.label}), before its script runs.`,
  };
}
