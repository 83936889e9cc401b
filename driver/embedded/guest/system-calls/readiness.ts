/** Calls that wait until one of several descriptors is ready: poll, select, epoll. */

import { OPEN_FLAG } from '../descriptors';
import { EpollSet, readiness } from '../epoll';
import { fail, GuestError } from '../errno';
import type { GuestProcess } from '../process';
import { UNBLOCKABLE } from '../signals';
import { POLL } from '../streams';
import type { CallArguments, CallTable } from './call';
import { readTimespec, readTimeval, writeTimespec, writeTimeval } from './time-values';

const POLL_ENTRY_BYTES = 8;
const MAX_POLL_ENTRIES = 1024;
const SIGNAL_SET_BYTES = 8;

/** undefined waits without a limit. */
type TimeoutMs = number | undefined;

/** Waits for `attempt` to give a number above 0; 0 is the result at the end of the time. */
function waitFor(process: GuestProcess, timeoutMs: TimeoutMs, attempt: () => number): number {
  if (timeoutMs !== undefined && timeoutMs <= 0) return attempt();
  const deadline = timeoutMs === undefined ? {} : { deadlineMs: performance.now() + timeoutMs };
  return process.blockUntil(() => attempt() || undefined, { ...deadline, timedOut: attempt });
}

/** The mask that ppoll and its kin put in force for their own time; 0 is none. */
function changeMask(process: GuestProcess, address: number, sizeBytes: number): void {
  if (address === 0) return;
  if (sizeBytes !== SIGNAL_SET_BYTES) fail('EINVAL');
  const { current } = process;
  const mask = process.space.readU64(address);
  current.suspended = current.blocked;
  current.blocked = mask & ~UNBLOCKABLE;
}

function readyOf(process: GuestProcess, fd: number): number {
  try {
    return readiness(process.descriptors.get(fd));
  } catch (error) {
    if (error instanceof GuestError) return POLL.invalid;
    throw error;
  }
}

function poll(process: GuestProcess, entries: number, count: number, timeoutMs: TimeoutMs): number {
  if (count < 0 || count > MAX_POLL_ENTRIES) fail('EINVAL');
  const { space } = process;
  return waitFor(process, timeoutMs, () => {
    let ready = 0;
    for (let index = 0; index < count; index++) {
      const at = entries + index * POLL_ENTRY_BYTES;
      const fd = space.readU32(at) | 0;
      const asked = space.readU32(at + 4) & 0xffff;
      const told = POLL.error | POLL.hangUp | POLL.invalid;
      const can = fd < 0 ? 0 : readyOf(process, fd) & (asked | told);
      space.writeU32(at + 4, asked | (can << 16));
      if (can !== 0) ready++;
    }
    return ready;
  });
}

/** What makes a descriptor a member of the answer, by argument: read, write, exceptional. */
const SELECTED = [POLL.in | POLL.hangUp | POLL.error, POLL.out | POLL.error, POLL.priority] as const;

function select(process: GuestProcess, [count, ...sets]: CallArguments, timeoutMs: TimeoutMs): number {
  if (count < 0 || count > MAX_POLL_ENTRIES) fail('EINVAL');
  const { space } = process;
  const sizeBytes = Math.ceil(count / 64) * 8;
  const asked = SELECTED.map((bits, which) => {
    const address = sets[which] ?? 0;
    return { address, bits, set: address === 0 ? undefined : space.read(address, sizeBytes) };
  });
  return waitFor(process, timeoutMs, () => {
    const answers = asked.map(({ address, bits, set }) => ({
      address,
      answer: set === undefined ? undefined : selected(process, set, count, bits),
    }));
    for (const { address, answer } of answers) if (answer !== undefined) space.write(address, answer.members);
    return answers.reduce((total, { answer }) => total + (answer?.count ?? 0), 0);
  });
}

function selected(
  process: GuestProcess,
  set: Uint8Array,
  count: number,
  bits: number,
): { members: Uint8Array; count: number } {
  const members = new Uint8Array(set.length);
  let found = 0;
  for (let fd = 0; fd < count; fd++) {
    const byte = fd >> 3;
    const bit = 1 << (fd & 7);
    if (((set[byte] ?? 0) & bit) === 0) continue;
    if ((readiness(process.descriptors.get(fd)) & bits) === 0) continue;
    members[byte] = (members[byte] ?? 0) | bit;
    found++;
  }
  return { members, count: found };
}

/** As `select`, with the time that is left written back, which is what Linux does. */
function timedSelect(
  process: GuestProcess,
  a: CallArguments,
  read: typeof readTimeval,
  write: typeof writeTimeval,
): number {
  const at = a[4];
  if (at === 0) return select(process, a, undefined);
  const limit = read(process, at);
  const started = performance.now();
  const leave = (result: number): number => {
    write(process, at, Math.max(0, limit - (performance.now() - started)));
    return result;
  };
  const result = select(process, a, limit);
  const { wait } = process.current;
  if (wait?.attempt === undefined) return leave(result);
  const { attempt, timedOut } = wait;
  process.current.wait = {
    ...wait,
    attempt: () => {
      const ready = attempt();
      return ready === undefined ? undefined : leave(ready);
    },
    timedOut: () => leave(timedOut?.() ?? 0),
  };
  return 0;
}

/** The sixth argument of pselect6 leads to the mask's address and size. */
function pselect(process: GuestProcess, a: CallArguments): number {
  const [, , , , , mask] = a;
  if (mask !== 0) {
    const { space } = process;
    changeMask(process, Number(space.readU64(mask)), Number(space.readU64(mask + 8)));
  }
  return timedSelect(process, a, readTimespec, writeTimespec);
}

const EPOLL_CLOSE_ON_EXEC = OPEN_FLAG.closeOnExec;
const EPOLL_EVENT_BYTES = 12;
const MAX_EPOLL_EVENTS = 4096;

function createEpoll(process: GuestProcess, flags: number): number {
  if ((flags & ~EPOLL_CLOSE_ON_EXEC) !== 0) fail('EINVAL');
  return process.descriptors.add(new EpollSet().file, { closeOnExec: (flags & EPOLL_CLOSE_ON_EXEC) !== 0 });
}

const epollOf = (process: GuestProcess, fd: number): EpollSet =>
  process.descriptors.get(fd | 0).epoll ?? fail('EINVAL');

function controlEpoll(process: GuestProcess, [set, operation, fd, address]: CallArguments): number {
  const { space } = process;
  const event =
    address === 0 ? undefined : { events: space.readU32(address), data: space.readU64(address + 4) };
  const epoll = epollOf(process, set);
  epoll.control(operation, fd | 0, process.descriptors.description(fd | 0), event);
  return 0;
}

function waitEpoll(
  process: GuestProcess,
  set: number,
  events: number,
  limit: number,
  timeoutMs: TimeoutMs,
): number {
  if (limit <= 0 || limit > MAX_EPOLL_EVENTS) fail('EINVAL');
  const epoll = epollOf(process, set);
  return waitFor(process, timeoutMs, () => {
    const taken = epoll.take(limit);
    for (const [index, event] of taken.entries()) {
      process.space.writeU32(events + index * EPOLL_EVENT_BYTES, event.events);
      process.space.writeU64(events + index * EPOLL_EVENT_BYTES + 4, event.data);
    }
    return taken.length;
  });
}

const milliseconds = (value: number): TimeoutMs => ((value | 0) < 0 ? undefined : value | 0);

const timespec = (process: GuestProcess, address: number): TimeoutMs =>
  address === 0 ? undefined : readTimespec(process, address);

export const readinessCalls: CallTable = {
  7: ['poll', (process, [entries, count, ms]) => poll(process, entries, count, milliseconds(ms))],
  23: ['select', (process, a) => timedSelect(process, a, readTimeval, writeTimeval)],
  213: ['epoll_create', (process, [size]) => ((size | 0) <= 0 ? fail('EINVAL') : createEpoll(process, 0))],
  232: [
    'epoll_wait',
    (process, [set, events, limit, ms]) => waitEpoll(process, set, events, limit | 0, milliseconds(ms)),
  ],
  233: ['epoll_ctl', (process, a) => controlEpoll(process, a)],
  270: ['pselect6', (process, a) => pselect(process, a)],
  271: [
    'ppoll',
    (process, [entries, count, timeout, mask, maskBytes]) => {
      const limit = timespec(process, timeout);
      changeMask(process, mask, maskBytes);
      return poll(process, entries, count, limit);
    },
  ],
  281: [
    'epoll_pwait',
    (process, [set, events, limit, ms, mask, maskBytes]) => {
      changeMask(process, mask, maskBytes);
      return waitEpoll(process, set, events, limit | 0, milliseconds(ms));
    },
  ],
  291: ['epoll_create1', (process, [flags]) => createEpoll(process, flags)],
  441: [
    'epoll_pwait2',
    (process, [set, events, limit, timeout, mask, maskBytes]) => {
      const time = timespec(process, timeout);
      changeMask(process, mask, maskBytes);
      return waitEpoll(process, set, events, limit | 0, time);
    },
  ],
};
