import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import type { Stop } from '../../driver/debuggee';
import { type BreakWish, isPlainWish, stopAction, wishKey } from './break-script';
import { evaluateExpression } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** Whose list a breakpoint is on; clients replace one list at a time. */
export type CodeBreakpointOwner = 'function' | 'instruction' | `source ${string}`;

export interface CodeBreakpointWish extends BreakWish {
  readonly address: bigint | string;
  /** Line of a source breakpoint, where it is now. */
  readonly line?: number;
}

/** How the target stops there. */
type Means =
  | { readonly kind: 'int3' }
  /** A hidden hook whose script decides: a false condition costs no packet. */
  | { readonly kind: 'event'; readonly tag: bigint };

interface CodeBreakpoint {
  readonly id: number;
  readonly owner: CodeBreakpointOwner;
  readonly address: bigint;
  readonly key: string;
  readonly means: Means;
}

interface Placed {
  /** Its id in the target. */
  readonly targetId: bigint;
  /** What the int3 replaced, shown instead of it. */
  readonly originalByte: number | undefined;
}

export interface CodeHit {
  readonly owner: CodeBreakpointOwner;
  readonly ids: readonly number[];
}

/** VMM_EVENT_TYPE_ENUM of `!epthook`. */
const HIDDEN_HOOK_EXEC_CC = 8;
const ALL = 0xffffffff;

/** Breakpoints on addresses: those of functions, of instructions and of source lines. */
export class CodeBreakpoints {
  #all: CodeBreakpoint[] = [];
  readonly #placed = new Map<bigint, Placed>();

  constructor(private readonly nextId: () => number) {}

  /** Replaces all breakpoints of one list. The target must stand still. */
  async replace(
    live: LiveTarget,
    owner: CodeBreakpointOwner,
    wanted: readonly CodeBreakpointWish[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const before = this.#all.filter((breakpoint) => breakpoint.owner === owner);
    this.#all = this.#all.filter((breakpoint) => breakpoint.owner !== owner);
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const wish of wanted) {
      try {
        answers.push(await this.#place(live, owner, wish, before));
      } catch (error) {
        if (!(error instanceof DriverError || error instanceof RequestError)) throw error;
        answers.push({ id: this.nextId(), verified: false, reason: 'failed', message: error.message });
      }
    }
    await this.#removeUnused(live, before);
    return answers;
  }

  /** Which breakpoints a stop belongs to; undefined for stops that are not ours. */
  hitBy(stop: Stop): CodeHit | undefined {
    const hit = this.#all.filter(({ means, address }) =>
      means.kind === 'event'
        ? stop.reason === 'event' && stop.eventTag === means.tag
        : stop.reason === 'breakpoint' && this.#placed.get(address)?.targetId === stop.eventTag,
    );
    const [first] = hit;
    return first === undefined ? undefined : { owner: first.owner, ids: hit.map(({ id }) => id) };
  }

  /** The target's id of the int3 at an address, if there is one. */
  targetIdAt(address: bigint): bigint | undefined {
    return this.#placed.get(address)?.targetId;
  }

  /** Puts back the bytes that breakpoints replaced, in a copy of memory from `address` on. */
  hideIn(bytes: Uint8Array, address: bigint): void {
    for (const [at, { originalByte }] of this.#placed) {
      const offset = at - address;
      if (originalByte !== undefined && offset >= 0n && offset < BigInt(bytes.length)) {
        if (bytes[Number(offset)] === 0xcc) bytes[Number(offset)] = originalByte;
      }
    }
  }

  async #place(
    live: LiveTarget,
    owner: CodeBreakpointOwner,
    wish: CodeBreakpointWish,
    before: readonly CodeBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint> {
    const address = typeof wish.address === 'bigint' ? wish.address : await addressOf(live, wish.address);
    const key = wishKey(wish);
    const same = before.find((old) => old.address === address && old.key === key && !this.#all.includes(old));
    const breakpoint = same ?? (await this.#add(live, owner, address, wish, key));
    this.#all.push(breakpoint);
    const place = live.symbols.placeOf(address)?.text ?? `0x${address.toString(16)}`;
    return {
      id: breakpoint.id,
      verified: true,
      instructionReference: `0x${address.toString(16)}`,
      message: `At ${place}.`,
      ...(wish.line === undefined ? {} : { line: wish.line }),
    };
  }

  async #add(
    live: LiveTarget,
    owner: CodeBreakpointOwner,
    address: bigint,
    wish: CodeBreakpointWish,
    key: string,
  ): Promise<CodeBreakpoint> {
    const id = this.nextId();
    if (!isPlainWish(wish)) {
      return { id, owner, address, key, means: { kind: 'event', tag: await hook(live, id, address, wish) } };
    }
    if (!this.#placed.has(address)) {
      const [originalByte] = await live.debuggee.readMemory(address, 1);
      const targetId = await live.debuggee.setBreakpoint(address);
      this.#placed.set(address, { targetId, originalByte });
    }
    return { id, owner, address, key, means: { kind: 'int3' } };
  }

  async #removeUnused(live: LiveTarget, before: readonly CodeBreakpoint[]): Promise<void> {
    for (const old of before) {
      if (old.means.kind === 'event' && !this.#all.includes(old)) {
        await live.debuggee.modifyEvent(old.means.tag, 'clear');
      }
    }
    for (const [address, { targetId }] of [...this.#placed]) {
      if (this.#all.some((one) => one.address === address && one.means.kind === 'int3')) continue;
      await live.debuggee.clearBreakpoint(targetId);
      this.#placed.delete(address);
    }
  }
}

/** Registers the event of a breakpoint that has a condition, a hit count or a log message. Resolves with its tag. */
async function hook(
  live: LiveTarget,
  id: number,
  address: bigint,
  wish: CodeBreakpointWish,
): Promise<bigint> {
  const action = await stopAction(live, id, wish);
  const tag = live.events.nextTag();
  await live.debuggee.registerEvent({
    tag,
    type: HIDDEN_HOOK_EXEC_CC,
    coreId: ALL,
    processId: ALL,
    stage: 1,
    shortCircuit: false,
    options: [address],
    condition: undefined,
  });
  try {
    await live.debuggee.addAction(tag, action, true);
  } catch (error) {
    await live.debuggee.modifyEvent(tag, 'clear');
    throw error;
  }
  return tag;
}

/** Address of a symbol, a number or an expression that a user typed. */
export async function addressOf(live: LiveTarget, text: string): Promise<bigint> {
  const known = live.symbols.resolve(text.trim());
  if (known !== undefined) return known;
  if (/^[A-Za-z_]\w*$/.test(text.trim()) && !/^[0-9a-f]+$/i.test(text.trim())) {
    throw new RequestError(
      `No unique function or variable is named "${text.trim()}"; write module!name, or an address in hexadecimal.`,
    );
  }
  return evaluateExpression(live, text);
}
