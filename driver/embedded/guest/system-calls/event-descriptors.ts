/** Things that happen, behind descriptors: eventfd, timerfd, signalfd. And pipes and socket pairs. */

import { OPEN_FLAG } from '../descriptors';
import { fail } from '../errno';
import { streamFile, type OpenFile } from '../open-file';
import type { GuestProcess } from '../process';
import type { SignalInfo } from '../signal-queue';
import { UNBLOCKABLE } from '../signals';
import { createPipe, createSocketPair, POLL_READ, POLL_WRITE } from '../streams';
import type { CallTable } from './call';
import { clockMs } from './time';
import { clockSetting, tellTimer } from './timer-calls';
import type { GuestTimer } from '../timers';

const COUNTER_BYTES = 8;
const COUNTER_LIMIT = 2n ** 64n - 1n;
const SEMAPHORE = 1;

/** Non-blocking and close-on-exec have the same bits in the flags of all calls that make descriptors. */
export function addWithFlags(process: GuestProcess, file: OpenFile, flags: number, mode: number): number {
  return process.descriptors.add(file, {
    flags: mode | (flags & OPEN_FLAG.nonBlocking),
    closeOnExec: (flags & OPEN_FLAG.closeOnExec) !== 0,
  });
}

const encode = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);

function eventDescriptor(process: GuestProcess, initial: number, flags: number): number {
  let count = BigInt(initial >>> 0);
  let arrivals = 0;
  const read = (sizeBytes: number): Uint8Array => {
    if (sizeBytes < COUNTER_BYTES) fail('EINVAL');
    if (count === 0n) fail('EAGAIN');
    const taken = (flags & SEMAPHORE) !== 0 ? 1n : count;
    count -= taken;
    return encode(taken);
  };
  const write = (bytes: Uint8Array): number => {
    if (bytes.length < COUNTER_BYTES) fail('EINVAL');
    const added = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (added === COUNTER_LIMIT) fail('EINVAL');
    if (count + added >= COUNTER_LIMIT) fail('EAGAIN');
    count += added;
    arrivals++;
    return bytes.length;
  };
  const file = {
    ...streamFile(read, write),
    poll: () => (count > 0n ? POLL_READ : 0) | (count < COUNTER_LIMIT - 1n ? POLL_WRITE : 0),
    arrivals: () => arrivals,
  };
  return addWithFlags(process, file, flags, OPEN_FLAG.readWrite);
}

interface TimerDescriptor {
  readonly timer: GuestTimer;
  readonly clock: number;
  /** It has been set anew: what has gone by counts no more. */
  readonly reset: () => void;
}

const timerDescriptors = new WeakMap<OpenFile, TimerDescriptor>();

function createTimerDescriptor(process: GuestProcess, clock: number, flags: number): number {
  clockMs(process, clock);
  let expired = 0;
  let arrivals = 0;
  const timer = process.timers.add((times) => {
    expired += times;
    arrivals++;
  });
  const read = (sizeBytes: number): Uint8Array => {
    if (sizeBytes < COUNTER_BYTES) fail('EINVAL');
    timer.expire(performance.now());
    if (expired === 0) fail('EAGAIN');
    const taken = expired;
    expired = 0;
    return encode(BigInt(taken));
  };
  const file: OpenFile = {
    ...streamFile(read, () => fail('EINVAL')),
    poll: () => {
      timer.expire(performance.now());
      return expired > 0 ? POLL_READ : 0;
    },
    arrivals: () => arrivals,
    close: () => process.timers.remove(timer),
  };
  timerDescriptors.set(file, { timer, clock, reset: () => (expired = 0) });
  return addWithFlags(process, file, flags, OPEN_FLAG.readWrite);
}

const timerOf = (process: GuestProcess, fd: number): TimerDescriptor =>
  timerDescriptors.get(process.descriptors.get(fd | 0)) ?? fail('EINVAL');

function setTimerDescriptor(
  process: GuestProcess,
  fd: number,
  flags: number,
  next: number,
  old: number,
): number {
  const { timer, clock, reset } = timerOf(process, fd);
  const before = timer.setting;
  timer.set(clockSetting(process, clock, flags, next));
  reset();
  if (old !== 0) tellTimer(process, old, before);
  return 0;
}

const SIGNAL_RECORD_BYTES = 128;

/** struct signalfd_siginfo. */
function signalRecord({ signal, code, sender, value, status }: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(SIGNAL_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signal, true);
  view.setInt32(8, code, true);
  view.setUint32(12, sender, true);
  view.setUint32(16, sender === 0 ? 0 : 1000, true);
  view.setInt32(40, status ?? 0, true);
  view.setUint32(44, Number(BigInt.asUintN(32, value)), true);
  view.setBigUint64(48, value, true);
  return bytes;
}

const signalDescriptors = new WeakMap<OpenFile, (mask: bigint) => void>();

function signalDescriptor(process: GuestProcess, fd: number, mask: number, flags: number): number {
  let wanted = process.space.readU64(mask) & ~UNBLOCKABLE;
  if ((fd | 0) !== -1) {
    const change = signalDescriptors.get(process.descriptors.get(fd | 0)) ?? fail('EINVAL');
    change(wanted);
    return fd | 0;
  }
  const thread = process.current;
  const read = (sizeBytes: number): Uint8Array => {
    if (sizeBytes < SIGNAL_RECORD_BYTES) fail('EINVAL');
    const records: Uint8Array[] = [];
    while ((records.length + 1) * SIGNAL_RECORD_BYTES <= sizeBytes) {
      const info = thread.pending.take(wanted) ?? process.pending.take(wanted);
      if (info === undefined) break;
      records.push(signalRecord(info));
    }
    return records.length === 0 ? fail('EAGAIN') : Buffer.concat(records);
  };
  const file: OpenFile = {
    ...streamFile(read, () => fail('EINVAL')),
    poll: () => (((thread.pending.bits | process.pending.bits) & wanted) !== 0n ? POLL_READ : 0),
  };
  signalDescriptors.set(file, (next) => (wanted = next));
  return addWithFlags(process, file, flags, OPEN_FLAG.readWrite);
}

const PIPE_FLAGS = OPEN_FLAG.nonBlocking | OPEN_FLAG.closeOnExec | 0o40000;

function pipe(process: GuestProcess, address: number, flags: number): number {
  if ((flags & ~PIPE_FLAGS) !== 0) fail('EINVAL');
  process.space.read(address, 8);
  const { reader, writer } = createPipe();
  process.space.writeU32(address, addWithFlags(process, reader, flags, OPEN_FLAG.readOnly));
  process.space.writeU32(address + 4, addWithFlags(process, writer, flags, OPEN_FLAG.writeOnly));
  return 0;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCKET_TYPE_MASK = 0xf;

function socketPair(process: GuestProcess, domain: number, type: number, address: number): number {
  if (domain !== AF_UNIX) fail('EAFNOSUPPORT');
  if ((type & SOCKET_TYPE_MASK) !== SOCK_STREAM) fail('EOPNOTSUPP');
  for (const [index, file] of createSocketPair().entries())
    process.space.writeU32(address + 4 * index, addWithFlags(process, file, type, OPEN_FLAG.readWrite));
  return 0;
}

const HOW = { read: 0, write: 1, both: 2 } as const;

function shutDown(process: GuestProcess, fd: number, how: number): number {
  const shut = process.descriptors.get(fd | 0).shutDown ?? fail('ENOTSOCK');
  if (how < HOW.read || how > HOW.both) fail('EINVAL');
  shut(how !== HOW.write, how !== HOW.read);
  return 0;
}

export const eventDescriptorCalls: CallTable = {
  22: ['pipe', (process, [address]) => pipe(process, address, 0)],
  48: ['shutdown', (process, [fd, how]) => shutDown(process, fd, how)],
  53: ['socketpair', (process, [domain, type, , address]) => socketPair(process, domain, type, address)],
  282: ['signalfd', (process, [fd, mask]) => signalDescriptor(process, fd, mask, 0)],
  283: ['timerfd_create', (process, [clock, flags]) => createTimerDescriptor(process, clock, flags)],
  284: ['eventfd', (process, [initial]) => eventDescriptor(process, initial, 0)],
  286: [
    'timerfd_settime',
    (process, [fd, flags, next, old]) => setTimerDescriptor(process, fd, flags, next, old),
  ],
  287: [
    'timerfd_gettime',
    (process, [fd, to]) => (tellTimer(process, to, timerOf(process, fd).timer.setting), 0),
  ],
  289: ['signalfd4', (process, [fd, mask, , flags]) => signalDescriptor(process, fd, mask, flags)],
  290: ['eventfd2', (process, [initial, flags]) => eventDescriptor(process, initial, flags)],
  293: ['pipe2', (process, [address, flags]) => pipe(process, address, flags)],
};
