/** Interval timers and POSIX timers. */

import { fail } from '../errno';
import type { GuestProcess } from '../process';
import { SIGNAL_CODE } from '../signal-queue';
import { sendSignal } from '../signal-sending';
import { LAST_SIGNAL, SIGNAL } from '../signals';
import type { GuestTimer, TimerSetting } from '../timers';
import type { CallTable } from './call';
import { clockMs, untilMs } from './time';
import { readTimespec, readTimeval, writeTimespec, writeTimeval } from './time-values';

/**
 * ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF. The CPU is the program's alone, so that the time it uses is the time that
 * passes.
 */
const INTERVAL_SIGNALS = [SIGNAL.SIGALRM, SIGNAL.SIGVTALRM, SIGNAL.SIGPROF] as const;
const REAL = 0;
const OFF: TimerSetting = { leftMs: undefined, intervalMs: 0 };

function intervalTimer(process: GuestProcess, which: number): GuestTimer {
  const signal = INTERVAL_SIGNALS[which] ?? fail('EINVAL');
  const known = process.intervalTimers.get(which);
  if (known !== undefined) return known;
  const info = { signal, code: SIGNAL_CODE.fromKernel, value: 0n, sender: 0 };
  const timer = process.timers.add(() => sendSignal(process, info));
  process.intervalTimers.set(which, timer);
  return timer;
}

function tell(
  process: GuestProcess,
  address: number,
  { leftMs, intervalMs }: TimerSetting,
  write: typeof writeTimeval,
): void {
  if (address === 0) return;
  write(process, address, intervalMs);
  write(process, address + 16, leftMs ?? 0);
}

function settingAt(process: GuestProcess, address: number, read: typeof readTimeval): TimerSetting {
  const intervalMs = read(process, address);
  const leftMs = read(process, address + 16);
  return { intervalMs, leftMs: leftMs > 0 ? leftMs : undefined };
}

function setInterval(process: GuestProcess, which: number, next: number, old: number): number {
  const timer = intervalTimer(process, which);
  const before = timer.setting;
  timer.set(next === 0 ? OFF : settingAt(process, next, readTimeval));
  tell(process, old, before, writeTimeval);
  return 0;
}

function alarm(process: GuestProcess, seconds: number): number {
  const timer = intervalTimer(process, REAL);
  const { leftMs } = timer.setting;
  timer.set({ leftMs: seconds > 0 ? seconds * 1000 : undefined, intervalMs: 0 });
  // A part of a second counts as one, for 0 would mean that there was no alarm.
  return leftMs === undefined ? 0 : Math.max(1, Math.round(leftMs / 1000));
}

const ABSOLUTE = 1;

/** The setting of timer_settime and timerfd_settime, which can name a time of the clock. */
export function clockSetting(
  process: GuestProcess,
  clock: number,
  flags: number,
  address: number,
): TimerSetting {
  const setting = settingAt(process, address, readTimespec);
  if (setting.leftMs === undefined || (flags & ABSOLUTE) === 0) return setting;
  return { ...setting, leftMs: untilMs(process, clock, setting.leftMs) };
}

/** struct itimerspec of a timer. */
export function tellTimer(process: GuestProcess, address: number, setting: TimerSetting): void {
  tell(process, address, setting, writeTimespec);
}

/** Offsets in struct sigevent. */
const EVENT = { value: 0, signal: 8, notify: 12, thread: 16 } as const;
const NOTIFY = { signal: 0, none: 1, thread: 4 } as const;

/** The timers of a process: its clock, and how often it has gone off since its signal was sent. */
const clocks = new WeakMap<GuestTimer, number>();

function createTimer(process: GuestProcess, clock: number, event: number, address: number): number {
  clockMs(process, clock);
  const { space } = process;
  const id = Math.max(-1, ...process.posixTimers.keys()) + 1;
  const signal = event === 0 ? SIGNAL.SIGALRM : space.readU32(event + EVENT.signal);
  const notify = event === 0 ? NOTIFY.signal : space.readU32(event + EVENT.notify);
  const value = event === 0 ? BigInt(id) : space.readU64(event + EVENT.value);
  if (notify !== NOTIFY.none && (signal < 1 || signal > LAST_SIGNAL)) fail('EINVAL');
  const threadId = notify === NOTIFY.thread ? space.readU32(event + EVENT.thread) : undefined;
  const threadOf = () => process.threads.find((thread) => thread.id === threadId);
  if (threadId !== undefined && threadOf() === undefined) fail('EINVAL');
  const timer = process.timers.add(() => {
    if (notify === NOTIFY.none) return;
    sendSignal(process, { signal, code: SIGNAL_CODE.fromTimer, value, sender: id }, threadOf());
  });
  clocks.set(timer, clock);
  process.posixTimers.set(id, timer);
  space.writeU32(address, id);
  return 0;
}

const timerOf = (process: GuestProcess, id: number): GuestTimer =>
  process.posixTimers.get(id | 0) ?? fail('EINVAL');

function setTimer(process: GuestProcess, id: number, flags: number, next: number, old: number): number {
  const timer = timerOf(process, id);
  const before = timer.setting;
  timer.set(clockSetting(process, clocks.get(timer) ?? 0, flags, next));
  tellTimer(process, old, before);
  return 0;
}

function deleteTimer(process: GuestProcess, id: number): number {
  process.timers.remove(timerOf(process, id));
  process.posixTimers.delete(id | 0);
  return 0;
}

export const timerCalls: CallTable = {
  36: [
    'getitimer',
    (process, [which, to]) => (tell(process, to, intervalTimer(process, which).setting, writeTimeval), 0),
  ],
  37: ['alarm', (process, [seconds]) => alarm(process, seconds >>> 0)],
  38: ['setitimer', (process, [which, next, old]) => setInterval(process, which, next, old)],
  222: ['timer_create', (process, [clock, event, address]) => createTimer(process, clock, event, address)],
  223: ['timer_settime', (process, [id, flags, next, old]) => setTimer(process, id, flags, next, old)],
  224: ['timer_gettime', (process, [id, to]) => (tellTimer(process, to, timerOf(process, id).setting), 0)],
  // A timer that goes off again before its signal is taken sends none anew, and the times in between are not counted.
  225: ['timer_getoverrun', (process, [id]) => (timerOf(process, id), 0)],
  226: ['timer_delete', (process, [id]) => deleteTimer(process, id)],
};
