import type { ActionRequest } from '../../../driver/debuggee';
import { requireSuccess } from '../../../driver/driver-error';
import { type Delivery, EventCore, type Occurrence } from '../../../driver/embedded/events/event-core';
import type { CodeRunner } from '../../../driver/embedded/events/event-host';
import type { Register } from '../../../script-engine/catalog/registers';
import type { CommandPlan, EventPlan, PlannedAction } from '../../../script-engine/command-file/event-plan';
import { FIRST_EVENT_TAG } from '../../arming/armed-events';
import { NamedMemory, type PageStore } from './named-memory';
import { type Scene, SyntheticHost } from './synthetic-host';

/** What came of an occurrence, of `eval:` or of loading. */
export interface Happening {
  readonly lines: readonly string[];
  readonly asked: readonly string[];
  readonly errors: readonly string[];
  readonly hits: number;
  readonly codeRuns: Delivery['codeRuns'];
}

/** Several happenings as one: what all the `?` commands of a file did at load. */
export function joinHappenings(happenings: readonly Happening[]): Happening {
  return {
    lines: happenings.flatMap(({ lines }) => lines),
    asked: happenings.flatMap(({ asked }) => asked),
    errors: happenings.flatMap(({ errors }) => errors),
    hits: 0,
    codeRuns: [],
  };
}

/** What the header says of an occurrence, besides the event, the scene and the registers. */
export interface DeclaredOccurrence {
  readonly context: bigint;
  readonly stage: 'pre' | 'post';
  readonly access: 'r' | 'w' | 'x' | undefined;
}

/** HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE .. HIDDEN_HOOK_EXECUTE, with the accesses that they are for. */
const MONITOR_ACCESSES = ['rwx', 'rw', 'rx', 'wx', 'r', 'w', 'x'] as const;

/** An idle debuggee with the events of one file, in which declared things occur (script-tests.md). */
export class TestWorld {
  readonly memory: NamedMemory;
  readonly #host: SyntheticHost;
  readonly #core: EventCore;
  readonly #events: EventPlan[] = [];

  constructor(processName: string, pages: PageStore, codeRunner: CodeRunner) {
    this.memory = new NamedMemory(pages);
    this.#host = new SyntheticHost(this.memory, processName);
    this.#core = new EventCore(this.#host, codeRunner);
  }

  /** Does what one command of the file says. Throws DriverError when an event is refused. */
  apply(plan: CommandPlan): Happening {
    switch (plan.kind) {
      case 'event':
        this.#arm(plan.event);
        break;
      case 'evaluate':
        return this.run(plan.script.bytes, plan.script.symbolCount);
      case 'modify': {
        const tag = plan.event === 'all' ? plan.event : FIRST_EVENT_TAG + plan.event;
        requireSuccess(`"events" at load`, this.#core.modify(tag, plan.verb).status);
        break;
      }
      case 'other':
        break;
    }
    this.#host.takeAsked();
    return this.#happening([], 0, []);
  }

  /** Runs a compiled script once, outside of any event. */
  run(bytes: Uint8Array, symbolCount: number): Happening {
    const run = this.#core.runScript(bytes, symbolCount, (text) => this.#host.print(text));
    return this.#happening(run.error === undefined ? [] : [run.error.text], 0, []);
  }

  /** `eventNumber` counts from 1 in file order. Undefined when the file has no such event. */
  occur(
    eventNumber: number,
    scene: Scene,
    declared: DeclaredOccurrence,
    registers: Iterable<readonly [Register, bigint]>,
  ): Happening | undefined {
    const event = this.#events[eventNumber - 1];
    if (event === undefined) return undefined;
    this.#host.begin(scene);
    for (const [register, value] of registers) this.#host.write(register, value);
    const delivery = this.#core.deliver(occurrenceFor(event, declared), tagOf(eventNumber));
    return this.#happening(
      delivery.errors.map(({ reason }) => reason),
      delivery.hits.length,
      delivery.codeRuns,
    );
  }

  readRegister(register: Register): bigint {
    return this.#host.read(register);
  }

  /** The buffer that the event asked for. */
  bufferOf(event: number): { readonly address: bigint; read(): Uint8Array } | undefined {
    return this.#core.bufferOf(tagOf(event));
  }

  #arm(plan: EventPlan): void {
    this.#events.push(plan);
    const tag = tagOf(this.#events.length);
    requireSuccess(plan.command, this.#core.register({ ...plan, tag }));
    for (const action of plan.actions) {
      requireSuccess(`the action of ${plan.command}`, this.#core.addAction(tag, actionRequest(action)));
    }
  }

  #happening(errors: readonly string[], hits: number, codeRuns: Delivery['codeRuns']): Happening {
    const printed = this.#host.takePrinted();
    const lines = printed.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return { lines, asked: this.#host.takeAsked(), errors, hits, codeRuns };
  }
}

/** In a fresh session event ids count from 1 in file order (script-tests.md). */
function tagOf(event: number): bigint {
  return FIRST_EVENT_TAG + BigInt(event);
}

function actionRequest(action: PlannedAction): ActionRequest {
  if (action.kind !== 'script') return action;
  const { bytes, symbolCount } = action.script;
  return { kind: 'script', bytes, symbolCount, bufferSizeBytes: action.bufferSizeBytes };
}

function occurrenceFor(event: EventPlan, { stage, context, access }: DeclaredOccurrence): Occurrence {
  const letters = MONITOR_ACCESSES[event.type];
  if (letters === undefined) return { kind: 'instruction', type: event.type, stage, context };
  return { kind: 'access', access: access ?? firstAccess(letters), stage, context };
}

function firstAccess(letters: (typeof MONITOR_ACCESSES)[number]): 'r' | 'w' | 'x' {
  if (letters.includes('r')) return 'r';
  return letters.includes('w') ? 'w' : 'x';
}
