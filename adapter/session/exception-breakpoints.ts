import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import { stopAction, wishKey } from './break-script';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** A processor exception that a filter can be for. */
export interface ProcessorException {
  readonly vector: number;
  readonly mnemonic: string;
  readonly name: string;
}

/** Faults after which a program usually cannot go on. */
const FAULTS: readonly ProcessorException[] = [
  { vector: 0x00, mnemonic: '#DE', name: 'Division error' },
  { vector: 0x06, mnemonic: '#UD', name: 'Invalid instruction' },
  { vector: 0x0d, mnemonic: '#GP', name: 'General protection fault' },
  { vector: 0x0e, mnemonic: '#PF', name: 'Page fault' },
];

export const EXCEPTION_FILTERS: readonly DebugProtocol.ExceptionBreakpointsFilter[] = FAULTS.map(
  ({ vector, mnemonic, name }) => ({
    filter: `exception-${vector.toString(16)}`,
    label: `${name} (${mnemonic})`,
    description: `Stops before the guest handles vector ${vector.toString(16)}, as !exception ${vector.toString(16)} does.`,
    default: false,
    supportsCondition: true,
    conditionDescription: 'A condition of the script language, e.g. @rip == main!checksum',
  }),
);

interface ExceptionBreakpoint {
  readonly id: number;
  readonly key: string;
  readonly tag: bigint;
  readonly exception: ProcessorException;
}

/** VMM_EVENT_TYPE_ENUM of `!exception`. */
const EXCEPTION_OCCURRED = 16;
const ALL = 0xffffffff;

/** Exception filters: `!exception` events that stop. */
export class ExceptionBreakpoints {
  #all: ExceptionBreakpoint[] = [];

  constructor(private readonly nextId: () => number) {}

  /** Replaces all of them. The target must stand still. */
  async replace(
    live: LiveTarget,
    wanted: readonly DebugProtocol.ExceptionFilterOptions[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const keys = wanted.map(keyOf);
    for (const old of this.#all.filter(({ key }) => !keys.includes(key))) {
      await live.debuggee.modifyEvent(old.tag, 'clear');
    }
    this.#all = this.#all.filter(({ key }) => keys.includes(key));
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const wish of wanted) {
      try {
        const { id } = this.#all.find(({ key }) => key === keyOf(wish)) ?? (await this.#add(live, wish));
        answers.push({ id, verified: true });
      } catch (error) {
        if (!(error instanceof DriverError || error instanceof RequestError)) throw error;
        answers.push({ id: this.nextId(), verified: false, reason: 'failed', message: error.message });
      }
    }
    return answers;
  }

  byTag(tag: bigint): ExceptionBreakpoint | undefined {
    return this.#all.find((breakpoint) => breakpoint.tag === tag);
  }

  async #add(live: LiveTarget, wish: DebugProtocol.ExceptionFilterOptions): Promise<ExceptionBreakpoint> {
    const index = EXCEPTION_FILTERS.findIndex(({ filter }) => filter === wish.filterId);
    const exception = FAULTS[index];
    if (exception === undefined)
      throw new RequestError(`There is no exception filter "${wish.filterId}".`, false);
    const id = this.nextId();
    const action = await stopAction(live, id, { condition: wish.condition });
    const tag = live.events.nextTag();
    const options = [BigInt(exception.vector)];
    const everywhere = {
      coreId: ALL,
      processId: ALL,
      stage: 1,
      shortCircuit: false,
      condition: undefined,
    } as const;
    await live.debuggee.registerEvent({ tag, type: EXCEPTION_OCCURRED, options, ...everywhere });
    try {
      await live.debuggee.addAction(tag, action, true);
    } catch (error) {
      await live.debuggee.modifyEvent(tag, 'clear');
      throw error;
    }
    const made = { id, key: keyOf(wish), tag, exception };
    this.#all.push(made);
    return made;
  }
}

function keyOf({ filterId, condition }: DebugProtocol.ExceptionFilterOptions): string {
  return `${filterId} ${wishKey({ condition })}`;
}
