/** Clocks and sleeping. */

import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';
import { readTimespec, writeTimespec, writeTimeval } from './time-values';

const NANOSECONDS = 1_000_000_000n;
const TIMER_ABSTIME = 1;

/** Milliseconds by clock number. The CPU is the process's alone, so that its time is what has passed since its start. */
const CLOCKS: Readonly<Record<number, (process: GuestProcess) => number>> = {
  0: () => realTime(),
  1: () => performance.now(),
  2: (process) => performance.now() - process.startedMs,
  3: (process) => performance.now() - process.startedMs,
  4: () => performance.now(),
  5: () => realTime(),
  6: () => performance.now(),
  7: () => performance.now(),
  8: () => realTime(),
  9: () => performance.now(),
  11: () => realTime(),
};

/** Finer than Date.now(), and a change of this computer's clock is not followed. */
const realTime = (): number => performance.timeOrigin + performance.now();

/** A clock by its number; a negative one is the time of a process or thread. */
export function clockMs(process: GuestProcess, id: number): number {
  const clock = (id | 0) < 0 ? CLOCKS[2] : CLOCKS[id];
  return clock === undefined ? fail('EINVAL') : clock(process);
}

/** Milliseconds from now to a time of the clock. */
export const untilMs = (process: GuestProcess, id: number, timeMs: number): number =>
  Math.max(0, timeMs - clockMs(process, id));

function sleep(process: GuestProcess, ms: number, remainder: number): number {
  const deadlineMs = performance.now() + ms;
  const interrupted = (): undefined => {
    if (remainder !== 0) writeTimespec(process, remainder, Math.max(0, deadlineMs - performance.now()));
    return undefined;
  };
  return process.block({ deadlineMs, interrupted });
}

function clockSleep(
  process: GuestProcess,
  id: number,
  flags: number,
  request: number,
  remainder: number,
): number {
  const ms = readTimespec(process, request);
  const isAbsolute = (flags & TIMER_ABSTIME) !== 0;
  return sleep(process, isAbsolute ? untilMs(process, id, ms) : ms, isAbsolute ? 0 : remainder);
}

function clockTime(process: GuestProcess, id: number, address: number): number {
  const nanoseconds = BigInt(Math.round(clockMs(process, id) * 1e6));
  process.space.writeU64(address, nanoseconds / NANOSECONDS);
  process.space.writeU64(address + 8, nanoseconds % NANOSECONDS);
  return 0;
}

function timeOfDay(process: GuestProcess, time: number, zone: number): number {
  if (time !== 0) writeTimeval(process, time, realTime());
  if (zone !== 0) process.space.writeU64(zone, 0n);
  return 0;
}

const USAGE_BYTES = 144;
const TICKS_PER_SECOND = 100;

/** All the time counts as the program's own, as on a machine that nobody else uses. */
function usage(process: GuestProcess, who: number, address: number): number {
  if (who < -1 || who > 1) fail('EINVAL');
  process.space.write(address, new Uint8Array(USAGE_BYTES));
  if (who !== -1) writeTimeval(process, address, performance.now() - process.startedMs);
  return 0;
}

function times(process: GuestProcess, address: number): number {
  const ticks = (ms: number): number => Math.round((ms / 1000) * TICKS_PER_SECOND);
  if (address !== 0) {
    process.space.write(address, new Uint8Array(32));
    process.space.writeU64(address, BigInt(ticks(performance.now() - process.startedMs)));
  }
  return ticks(performance.now());
}

function seconds(process: GuestProcess, address: number): number {
  const now = Math.floor(realTime() / 1000);
  if (address !== 0) process.space.writeU64(address, BigInt(now));
  return now;
}

function resolution(process: GuestProcess, id: number, address: number): number {
  clockMs(process, id);
  if (address !== 0) process.space.write(address, new Uint8Array(BigUint64Array.of(0n, 1n).buffer));
  return 0;
}

export const timeCalls: CallTable = {
  35: [
    'nanosleep',
    (process, [request, remainder]) => sleep(process, readTimespec(process, request), remainder),
  ],
  96: ['gettimeofday', (process, [time, zone]) => timeOfDay(process, time, zone)],
  98: ['getrusage', (process, [who, address]) => usage(process, who | 0, address)],
  100: ['times', (process, [address]) => times(process, address)],
  201: ['time', (process, [address]) => seconds(process, address)],
  227: ['clock_settime', () => fail('EPERM')],
  228: ['clock_gettime', (process, [id, address]) => clockTime(process, id, address)],
  229: ['clock_getres', (process, [id, address]) => resolution(process, id, address)],
  230: [
    'clock_nanosleep',
    (process, [id, flags, request, remainder]) => clockSleep(process, id, flags, request, remainder),
  ],
};
