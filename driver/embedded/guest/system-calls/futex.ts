/** Futexes: waiting for a word in memory, which processes can share. */

import { ERRNO, fail } from '../errno';
import type { GuestProcess } from '../process';
import type { Wait } from '../thread';
import type { CallArguments, CallTable } from './call';
import { untilMs } from './time';
import { readTimespec } from './time-values';

const FUTEX = {
  wait: 0,
  wake: 1,
  requeue: 3,
  compareRequeue: 4,
  wakeOperation: 5,
  waitBits: 9,
  wakeBits: 10,
  commandMask: 0x7f,
  realTimeClock: 0x100,
} as const;
const CLOCK = { realTime: 0, monotonic: 1 } as const;
const ALL_BITS = -1;
const MAX_WOKEN = 0x7fff_ffff;

function futex(process: GuestProcess, a: CallArguments): number {
  const [address, operation, value, timeout, second, third] = a;
  const { space } = process;
  const { scheduler } = process.world;
  if (address % 4 !== 0) fail('EINVAL');
  const key = space.physical(address);
  switch (operation & FUTEX.commandMask) {
    case FUTEX.wait:
      return wait(process, a, ALL_BITS, false);
    case FUTEX.waitBits:
      return (third | 0) === 0 ? fail('EINVAL') : wait(process, a, third | 0, true);
    case FUTEX.wake:
      return scheduler.wake(key, value | 0);
    case FUTEX.wakeBits:
      return (third | 0) === 0 ? fail('EINVAL') : scheduler.wake(key, value | 0, third | 0);
    case FUTEX.compareRequeue:
      if (space.readU32(address) !== third >>> 0) return fail('EAGAIN');
      return scheduler.wake(key, value | 0) + scheduler.requeue(key, space.physical(second), limit(timeout));
    case FUTEX.requeue:
      return requeue(process, key, value | 0, second, timeout);
    case FUTEX.wakeOperation:
      return wakeOperation(process, a);
    default:
      process.tellMissing(
        `the guest used futex operation 0n${operation}, which the embedded machine lacks; it got ENOSYS`,
      );
      return fail('ENOSYS');
  }
}

/** Tells of those that it has woken only. */
function requeue(
  process: GuestProcess,
  key: number,
  wakeLimit: number,
  second: number,
  requeueLimit: number,
): number {
  const { scheduler } = process.world;
  const woken = scheduler.wake(key, wakeLimit);
  scheduler.requeue(key, process.space.physical(second), limit(requeueLimit));
  return woken;
}

const limit = (count: number): number => Math.min(count >>> 0, MAX_WOKEN);

/** FUTEX_WAIT takes a duration, FUTEX_WAIT_BITSET a time of a clock. */
function wait(
  process: GuestProcess,
  [address, operation, value, timeout]: CallArguments,
  bits: number,
  isAbsolute: boolean,
): number {
  const { space } = process;
  if (space.readU32(address) !== value >>> 0) return fail('EAGAIN');
  const futexWait: Wait = { futex: { key: space.physical(address), bits }, isRestartable: timeout === 0 };
  if (timeout === 0) return process.block(futexWait);
  const clock = (operation & FUTEX.realTimeClock) !== 0 ? CLOCK.realTime : CLOCK.monotonic;
  const time = readTimespec(process, timeout);
  const ms = isAbsolute ? untilMs(process, clock, time) : time;
  return process.block({
    ...futexWait,
    deadlineMs: performance.now() + ms,
    timedOut: () => -ERRNO.ETIMEDOUT,
  });
}

const OPERATIONS: readonly ((old: number, argument: number) => number)[] = [
  (_, argument) => argument,
  (old, argument) => old + argument,
  (old, argument) => old | argument,
  (old, argument) => old & ~argument,
  (old, argument) => old ^ argument,
];
const COMPARISONS: readonly ((old: number, argument: number) => boolean)[] = [
  (old, argument) => old === argument,
  (old, argument) => old !== argument,
  (old, argument) => old < argument,
  (old, argument) => old <= argument,
  (old, argument) => old > argument,
  (old, argument) => old >= argument,
];
const signed12 = (value: number): number => (value << 20) >> 20;

/** Changes the second word, wakes the first's waiters, and the second's when its old value compares (futex(2)). */
function wakeOperation(
  process: GuestProcess,
  [address, , value, secondLimit, second, code]: CallArguments,
): number {
  const { space } = process;
  const { scheduler } = process.world;
  const operation = (code >>> 28) & 7;
  const isShift = code >>> 31 !== 0;
  const argument = signed12(code >>> 12);
  const change = OPERATIONS[operation] ?? fail('ENOSYS');
  const compare = COMPARISONS[(code >>> 24) & 15] ?? fail('ENOSYS');
  const old = space.readU32(second) | 0;
  space.writeU32(second, change(old, isShift ? 1 << (argument & 31) : argument) >>> 0);
  const woken = scheduler.wake(space.physical(address), value | 0);
  if (!compare(old, signed12(code))) return woken;
  return woken + scheduler.wake(space.physical(second), limit(secondLimit));
}

export const futexCalls: CallTable = {
  202: ['futex', (process, a) => futex(process, a)],
};
