import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import type { EventRequest } from '../../driver/debuggee';
import { stopAction, wishKey } from './break-script';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** What a `dataId` says. */
export interface WatchedRange {
  readonly address: bigint;
  readonly sizeBytes: bigint;
}

interface DataBreakpoint {
  readonly id: number;
  readonly tag: bigint;
  readonly key: string;
  readonly description: string;
}

/** VMM_EVENT_TYPE_ENUM of `!monitor` for the access (driver-protocol 5.6). */
const MONITOR_TYPES: Readonly<Record<DebugProtocol.DataBreakpointAccessType, number>> = {
  readWrite: 1,
  read: 4,
  write: 5,
};
const ALL = 0xffffffff;
const STAGE_PRE = 1;
const STAGE_POST = 2;

export function dataIdOf({ address, sizeBytes }: WatchedRange): string {
  return `0x${address.toString(16)}/${sizeBytes}`;
}

export function rangeOf(dataId: string): WatchedRange {
  const match = /^(0x[0-9a-f]+)\/(\d+)$/.exec(dataId);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RequestError(
      `"${dataId}" is no data of this adapter; ask for it with dataBreakpointInfo.`,
      false,
    );
  }
  return { address: BigInt(match[1]), sizeBytes: BigInt(match[2]) };
}

/** Data breakpoints: `!monitor` events that stop. They need no debug registers, so neither number nor length is limited to four. */
export class DataBreakpoints {
  #all: DataBreakpoint[] = [];

  constructor(private readonly nextId: () => number) {}

  /** Replaces all of them. The target must stand still. */
  async replace(
    live: LiveTarget,
    wanted: readonly DebugProtocol.DataBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const keys = wanted.map(keyOf);
    // Old ones go first: a page can carry one hook only.
    for (const old of this.#all.filter(({ key }) => !keys.includes(key))) {
      await live.debuggee.modifyEvent(old.tag, 'clear');
    }
    this.#all = this.#all.filter(({ key }) => keys.includes(key));
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const wish of wanted) {
      try {
        const { id, description } =
          this.#all.find(({ key }) => key === keyOf(wish)) ?? (await this.#add(live, wish));
        answers.push({ id, verified: true, message: description });
      } catch (error) {
        if (!(error instanceof DriverError || error instanceof RequestError)) throw error;
        answers.push({ id: this.nextId(), verified: false, reason: 'failed', message: error.message });
      }
    }
    return answers;
  }

  /** The breakpoint whose event has this tag. */
  byTag(tag: bigint): { readonly id: number; readonly description: string } | undefined {
    return this.#all.find((breakpoint) => breakpoint.tag === tag);
  }

  async #add(live: LiveTarget, wish: DebugProtocol.DataBreakpoint): Promise<DataBreakpoint> {
    const range = rangeOf(wish.dataId);
    const access = wish.accessType ?? 'write';
    const id = this.nextId();
    const action = await stopAction(live, id, { condition: wish.condition, hitCondition: wish.hitCondition });
    const tag = live.events.nextTag();
    await live.debuggee.registerEvent(monitorOf(tag, range, access));
    try {
      await live.debuggee.addAction(tag, action, true);
    } catch (error) {
      await live.debuggee.modifyEvent(tag, 'clear');
      throw error;
    }
    const place = live.symbols.dataAt(range.address) ?? `0x${range.address.toString(16)}`;
    const description = `${ACCESS_WORDS[access]} ${place} (${range.sizeBytes} bytes)`;
    const made = { id, tag, key: keyOf(wish), description };
    this.#all.push(made);
    return made;
  }
}

const ACCESS_WORDS: Readonly<Record<DebugProtocol.DataBreakpointAccessType, string>> = {
  read: 'Read of',
  write: 'Write to',
  readWrite: 'Access to',
};

function keyOf(wish: DebugProtocol.DataBreakpoint): string {
  const { dataId, accessType, condition, hitCondition } = wish;
  return `${dataId} ${accessType ?? 'write'} ${wishKey({ condition, hitCondition })}`;
}

function monitorOf(
  tag: bigint,
  { address, sizeBytes }: WatchedRange,
  access: DebugProtocol.DataBreakpointAccessType,
): EventRequest {
  return {
    tag,
    type: MONITOR_TYPES[access],
    coreId: ALL,
    processId: ALL,
    // Behind a write the new value can be seen; before a read the address register has not been overwritten.
    stage: access === 'write' ? STAGE_POST : STAGE_PRE,
    shortCircuit: false,
    options: [address, address + sizeBytes - 1n],
    condition: undefined,
  };
}
