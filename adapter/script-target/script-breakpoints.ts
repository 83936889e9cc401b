import type { DebugProtocol } from '@vscode/debugprotocol';
import type { FrameContext } from '../../script-engine/debugger/frame-expression';
import { lookAt } from '../../script-engine/debugger/frame-expression';
import { type HitCondition, parseHitCondition } from '../session/hit-condition';
import { samePath } from '../session/script-breakpoints';
import { isTrue, resultText } from './script-results';

interface LineBreakpoint {
  readonly id: number;
  readonly line: number;
  readonly condition: string | undefined;
  readonly hitCondition: HitCondition | undefined;
  readonly logMessage: string | undefined;
  hits: number;
}

/** What the breakpoints of a line want when a run gets there. */
export interface BreakpointVerdict {
  readonly hitIds: readonly number[];
  /** Texts of log points, and of conditions that cannot be decided. */
  readonly messages: readonly string[];
}

/** Breakpoints on lines of the debugged script. */
export class ScriptLineBreakpoints {
  #set: LineBreakpoint[] = [];

  constructor(
    private readonly nextId: () => number,
    private readonly file: string,
    /** Lines of the script that have something to stop at. */
    private readonly stopLines: ReadonlySet<number>,
  ) {}

  /** Replaces the breakpoints of a file; lines are our own, from 1. */
  replace(
    file: string | undefined,
    wanted: readonly DebugProtocol.SourceBreakpoint[],
  ): DebugProtocol.Breakpoint[] {
    if (file === undefined || !samePath(file, this.file))
      return wanted.map(({ line }) => ({ verified: false, line, message: this.#otherFile() }));
    this.#set = [];
    return wanted.map((wish) => this.#add(wish));
  }

  #otherFile(): string {
    return `This session debugs the script of ${this.file}; put the breakpoint there.`;
  }

  #add(wish: DebugProtocol.SourceBreakpoint): DebugProtocol.Breakpoint {
    const id = this.nextId();
    const line = this.#lineFrom(wish.line);
    if (line === undefined) {
      const message = 'The script that is debugged has no statement on this line or behind it.';
      return { id, verified: false, line: wish.line, message };
    }
    const hitText = wish.hitCondition?.trim() ?? '';
    const hitCondition = hitText === '' ? undefined : parseHitCondition(hitText);
    if (hitText !== '' && hitCondition === undefined) {
      const message = `"${hitText}" is no hit count; write a decimal number, or < <= == >= > % before one.`;
      return { id, verified: false, line, message };
    }
    const condition = wish.condition?.trim() ? wish.condition : undefined;
    const logMessage = wish.logMessage?.trim() ? wish.logMessage : undefined;
    this.#set.push({ id, line, condition, hitCondition, logMessage, hits: 0 });
    return { id, verified: true, line };
  }

  #lineFrom(line: number): number | undefined {
    return [...this.stopLines].filter((candidate) => candidate >= line).sort((a, b) => a - b)[0];
  }

  /** Whether there is anything to decide on a line. */
  covers(line: number): boolean {
    return this.#set.some((breakpoint) => breakpoint.line === line);
  }

  /** Decides about a new visit to a line. */
  visit(line: number, context: FrameContext): BreakpointVerdict {
    const hitIds: number[] = [];
    const messages: string[] = [];
    for (const breakpoint of this.#set) {
      if (breakpoint.line !== line) continue;
      const { condition, hitCondition, logMessage, id } = breakpoint;
      const verdict = condition === undefined ? true : isTrue(lookAt(context, condition), context);
      if (typeof verdict === 'string') {
        // A condition that cannot be decided stops: its author wants to know.
        messages.push(`The condition "${condition ?? ''}" cannot be evaluated here: ${verdict}`);
        hitIds.push(id);
        continue;
      }
      if (!verdict) continue;
      breakpoint.hits++;
      if (hitCondition !== undefined && !isHit(hitCondition, breakpoint.hits)) continue;
      if (logMessage === undefined) hitIds.push(id);
      else messages.push(filled(logMessage, context));
    }
    return { hitIds, messages };
  }
}

function isHit({ operator, count }: HitCondition, hits: number): boolean {
  switch (operator) {
    case '<':
      return hits < count;
    case '<=':
      return hits <= count;
    case '==':
      return hits === count;
    case '>=':
      return hits >= count;
    case '>':
      return hits > count;
    case '%':
      return hits % count === 0;
  }
}

/** `{expression}` becomes its value. */
function filled(message: string, context: FrameContext): string {
  return message.replaceAll(/\{([^{}]+)\}/g, (_, expression: string) =>
    resultText(lookAt(context, expression), context),
  );
}
