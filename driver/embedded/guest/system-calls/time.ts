/** Clocks and waiting. */

import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallArguments, CallTable } from './call';

const CLOCK_REALTIME = 0;
const CLOCK_REALTIME_COARSE = 5;
const NANOSECONDS = 1_000_000_000n;
const POLL_ENTRY_BYTES = 8;
const POLL = { in: 1, out: 4 } as const;
const TIMER_ABSTIME = 1;

/** A struct timespec as milliseconds. */
export function readTimespec(process: GuestProcess, address: number): number {
  return Number(process.space.readU64(address)) * 1000 + Number(process.space.readU64(address + 8)) / 1e6;
}

function writeTime(process: GuestProcess, address: number, nanoseconds: bigint, unit: bigint): number {
  process.space.writeU64(address, nanoseconds / NANOSECONDS);
  process.space.writeU64(address + 8, (nanoseconds % NANOSECONDS) / unit);
  return 0;
}

function clock(process: GuestProcess, id: number): bigint {
  if (id === CLOCK_REALTIME || id === CLOCK_REALTIME_COARSE) return BigInt(Date.now()) * 1_000_000n;
  return BigInt(Math.round((performance.now() - process.startedMs) * 1e6));
}

function nanosleep(process: GuestProcess, request: number): number {
  if (process.space.readU64(request + 8) >= NANOSECONDS) fail('EINVAL');
  return sleep(process, readTimespec(process, request));
}

function sleep(process: GuestProcess, ms: number): number {
  process.current.wait = { kind: 'sleep', deadlineMs: performance.now() + ms };
  return 0;
}

function clockSleep(process: GuestProcess, id: number, flags: number, request: number): number {
  if (process.space.readU64(request + 8) >= NANOSECONDS) fail('EINVAL');
  const ms = readTimespec(process, request);
  return sleep(
    process,
    (flags & TIMER_ABSTIME) === 0 ? ms : Math.max(0, ms - Number(clock(process, id)) / 1e6),
  );
}

/** Everything the guest can open is ready at once, so waiting is needed only when there is nothing to wait for. */
function poll(process: GuestProcess, entries: number, count: number, timeoutMs: number): number {
  let ready = 0;
  for (let index = 0; index < count; index++) {
    const at = entries + index * POLL_ENTRY_BYTES;
    const asked = process.space.readU32(at + 4) & 0xffff;
    const file = process.descriptors.get(process.space.readU32(at) | 0);
    const can = file.isReadable?.() === false ? 0 : asked & (POLL.in | POLL.out);
    process.space.writeU32(at + 4, asked | (can << 16));
    if (can !== 0) ready++;
  }
  if (ready > 0) return ready;
  return timeoutMs < 0 ? ((process.current.wait = { kind: 'for ever' }), 0) : sleep(process, timeoutMs);
}

const bitCount = (byte: number): number => [...byte.toString(2)].filter((bit) => bit === '1').length;

/** As `poll`: the sets stay as they are, for all that is asked is ready. `unit` is the fraction's part of a millisecond. */
function select(process: GuestProcess, [count, read, write, , timeout]: CallArguments, unit: number): number {
  let ready = 0;
  for (const set of [read, write]) {
    if (set === 0) continue;
    for (const byte of process.space.read(set, Math.ceil(count / 8))) ready += bitCount(byte);
  }
  if (ready > 0) return ready;
  if (timeout === 0) return ((process.current.wait = { kind: 'for ever' }), 0);
  const seconds = Number(process.space.readU64(timeout));
  return sleep(process, seconds * 1000 + Number(process.space.readU64(timeout + 8)) / unit);
}

const USAGE_BYTES = 144;
const SYSINFO_BYTES = 112;
const TICKS_PER_SECOND = 100;

export const timeCalls: CallTable = {
  7: ['poll', (process, [entries, count, timeoutMs]) => poll(process, entries, count, timeoutMs | 0)],
  35: ['nanosleep', (process, [request]) => nanosleep(process, request)],
  96: [
    'gettimeofday',
    (process, [address]) =>
      address === 0 ? 0 : writeTime(process, address, clock(process, CLOCK_REALTIME), 1000n),
  ],
  98: ['getrusage', (process, [, address]) => (process.space.write(address, new Uint8Array(USAGE_BYTES)), 0)],
  99: ['sysinfo', (process, [address]) => (process.space.write(address, new Uint8Array(SYSINFO_BYTES)), 0)],
  100: [
    'times',
    (process) => Math.round(((performance.now() - process.startedMs) / 1000) * TICKS_PER_SECOND),
  ],
  201: [
    'time',
    (process, [address]) => {
      const seconds = Math.floor(Date.now() / 1000);
      if (address !== 0) process.space.writeU64(address, BigInt(seconds));
      return seconds;
    },
  ],
  228: ['clock_gettime', (process, [id, address]) => writeTime(process, address, clock(process, id), 1n)],
  229: ['clock_getres', (process, [, address]) => (address === 0 ? 0 : writeTime(process, address, 1n, 1n))],
  230: ['clock_nanosleep', (process, [id, flags, request]) => clockSleep(process, id, flags, request)],
  271: [
    'ppoll',
    (process, [entries, count, timeout]) =>
      poll(process, entries, count, timeout === 0 ? -1 : readTimespec(process, timeout)),
  ],
  23: ['select', (process, a) => select(process, a, 1e3)],
  270: ['pselect6', (process, a) => select(process, a, 1e6)],
};
