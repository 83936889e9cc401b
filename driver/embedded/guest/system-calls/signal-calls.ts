/** Signal masks, pending signals, the alternate stack and the timer that sends SIGALRM. */

import { ERRNO, fail } from '../errno';
import type { GuestProcess } from '../process';
import { SIGNAL, signalBit } from '../signals';
import type { CallTable } from './call';

const HOW = { block: 0, unblock: 1, set: 2 } as const;
/** Nothing can block these. */
const UNBLOCKABLE = signalBit(SIGNAL.SIGKILL) | signalBit(19);

function changeMask(process: GuestProcess, how: number, set: number, old: number): number {
  const { current, space } = process;
  const before = current.blocked;
  if (set !== 0) {
    const mask = space.readU64(set);
    if (how === HOW.block) current.blocked |= mask;
    else if (how === HOW.unblock) current.blocked &= ~mask;
    else if (how === HOW.set) current.blocked = mask;
    else fail('EINVAL');
    current.blocked &= ~UNBLOCKABLE;
  }
  if (old !== 0) space.writeU64(old, before);
  return 0;
}

function pending(process: GuestProcess, address: number): number {
  const bits = [...process.pendingSignals].reduce((all, signal) => all | signalBit(signal), 0n);
  process.space.writeU64(address, bits & process.current.blocked);
  return 0;
}

function suspend(process: GuestProcess, set: number): number {
  const { current } = process;
  current.suspended = current.blocked;
  current.blocked = process.space.readU64(set) & ~UNBLOCKABLE;
  const canCome = [...process.pendingSignals].some((signal) => (current.blocked & signalBit(signal)) === 0n);
  if (!canCome) current.wait = { kind: 'for ever' };
  return -ERRNO.EINTR;
}

const STACK_DISABLED = 2n;

function alternateStack(process: GuestProcess, next: number, old: number): number {
  const { current, space } = process;
  const before = current.alternateStack;
  if (next !== 0) {
    const isOff = (space.readU64(next + 8) & STACK_DISABLED) !== 0n;
    const stack = { address: space.readU64(next), sizeBytes: space.readU64(next + 16) };
    current.alternateStack = isOff ? undefined : stack;
  }
  if (old !== 0) {
    space.writeU64(old, before?.address ?? 0n);
    space.writeU64(old + 8, before === undefined ? STACK_DISABLED : 0n);
    space.writeU64(old + 16, before?.sizeBytes ?? 0n);
  }
  return 0;
}

const readTimeval = (process: GuestProcess, at: number): number =>
  Number(process.space.readU64(at)) * 1000 + Number(process.space.readU64(at + 8)) / 1000;

function writeTimeval(process: GuestProcess, at: number, ms: number): void {
  process.space.writeU64(at, BigInt(Math.floor(ms / 1000)));
  process.space.writeU64(at + 8, BigInt(Math.floor((ms % 1000) * 1000)));
}

function setTimer(process: GuestProcess, which: number, next: number, old: number): number {
  if (which !== 0) fail('EINVAL');
  const before = process.timer;
  if (next !== 0) {
    const intervalMs = readTimeval(process, next);
    const ms = readTimeval(process, next + 16);
    process.timer = ms > 0 ? { dueMs: performance.now() + ms, intervalMs } : undefined;
  }
  if (old !== 0) {
    writeTimeval(process, old, before?.intervalMs ?? 0);
    writeTimeval(process, old + 16, before === undefined ? 0 : Math.max(0, before.dueMs - performance.now()));
  }
  return 0;
}

function alarm(process: GuestProcess, seconds: number): number {
  const before = process.timer;
  process.timer = seconds > 0 ? { dueMs: performance.now() + seconds * 1000, intervalMs: 0 } : undefined;
  return before === undefined ? 0 : Math.ceil(Math.max(0, before.dueMs - performance.now()) / 1000);
}

export const signalCalls: CallTable = {
  14: ['rt_sigprocmask', (process, [how, set, old]) => changeMask(process, how | 0, set, old)],
  37: ['alarm', (process, [seconds]) => alarm(process, seconds)],
  38: ['setitimer', (process, [which, next, old]) => setTimer(process, which, next, old)],
  127: ['rt_sigpending', (process, [address]) => pending(process, address)],
  130: ['rt_sigsuspend', (process, [set]) => suspend(process, set)],
  131: ['sigaltstack', (process, [next, old]) => alternateStack(process, next, old)],
};
