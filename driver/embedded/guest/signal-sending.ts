/** Sending signals: who gets one, and whom it wakes. */

import type { GuestProcess } from './process';
import { signalBit, type SignalInfo } from './signal-queue';
import { IGNORED_SIGNALS } from './signals';
import type { GuestThread } from './thread';

export const HANDLER = { default: 0n, ignore: 1n } as const;

/** struct sigaction of the kernel. */
export interface SignalAction {
  readonly handler: bigint;
  readonly flags: bigint;
  readonly restorer: bigint;
  readonly mask: bigint;
}

export function signalAction(process: GuestProcess, signal: number): SignalAction {
  const set = process.signalActions.get(signal);
  const words = set === undefined ? [] : new BigUint64Array(set.slice().buffer);
  const [handler = HANDLER.default, flags = 0n, restorer = 0n, mask = 0n] = words;
  return { handler, flags, restorer, mask };
}

/** Whether the signal goes by without any effect when it is let in. */
export function isIgnored(process: GuestProcess, signal: number): boolean {
  const { handler } = signalAction(process, signal);
  return handler === HANDLER.ignore || (handler === HANDLER.default && IGNORED_SIGNALS.has(signal));
}

/** Whether the thread has a signal to take now. */
export function hasSignal({ pending, process, blocked }: GuestThread): boolean {
  return ((pending.bits | process.pending.bits) & ~blocked) !== 0n;
}

/** To one thread (tgkill), or to any thread of the process that lets it in. */
export function sendSignal(process: GuestProcess, info: SignalInfo, thread?: GuestThread): void {
  if (process.end !== undefined) return;
  const bit = signalBit(info.signal);
  const lets = (candidate: GuestThread): boolean => (candidate.blocked & bit) === 0n;
  const candidates = thread === undefined ? process.threads : [thread];
  // One that is blocked is kept even when it is ignored: sigtimedwait can ask for it.
  if (isIgnored(process, info.signal) && candidates.some(lets)) return;
  (thread?.pending ?? process.pending).add(info);
  const open = candidates.filter(lets);
  // Who is not waiting takes it by itself.
  const taker = open.find(({ wait }) => wait === undefined) ?? open[0];
  if (taker?.wait !== undefined && taker.wait.isUnstoppable !== true) interruptWait(taker);
}

/** Of the thread's own doing (SIGPIPE): it takes the signal when the call is over. */
export function raiseSignal({ process, blocked, pending }: GuestThread, info: SignalInfo): void {
  const isLetIn = (blocked & signalBit(info.signal)) === 0n;
  if (!isLetIn || !isIgnored(process, info.signal)) pending.add(info);
}

/** Ends the thread's wait for the sake of a signal; what its call returns is settled at delivery. */
export function interruptWait(thread: GuestThread): void {
  thread.interrupted = thread.wait;
  thread.wait = undefined;
  thread.wakeResult = undefined;
}
