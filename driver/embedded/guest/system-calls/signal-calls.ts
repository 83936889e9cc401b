/** Signals: their handlers, masks, sending and waiting for them, the alternate stack. */

import { ERRNO, fail, GuestError } from '../errno';
import type { GuestProcess } from '../process';
import { encodeInfo, isOnAlternateStack, returnFromSignal } from '../signal-delivery';
import { SIGNAL_CODE, type SignalInfo } from '../signal-queue';
import { isIgnored, sendSignal } from '../signal-sending';
import { LAST_SIGNAL, SIGNAL, UNBLOCKABLE } from '../signals';
import type { GuestThread } from '../thread';
import type { CallTable } from './call';
import { readTimespec } from './time-values';

const SIGNAL_ACTION_BYTES = 32;
const SIGNAL_SET_BYTES = 8;
const HOW = { block: 0, unblock: 1, set: 2 } as const;

function checkSignal(signal: number): void {
  if (signal < 1 || signal > LAST_SIGNAL) fail('EINVAL');
}

function signalAction(
  process: GuestProcess,
  signal: number,
  action: number,
  old: number,
  setBytes: number,
): number {
  checkSignal(signal);
  if (setBytes !== SIGNAL_SET_BYTES) fail('EINVAL');
  if (action !== 0 && (signal === SIGNAL.SIGKILL || signal === SIGNAL.SIGSTOP)) fail('EINVAL');
  const before = process.signalActions.get(signal) ?? new Uint8Array(SIGNAL_ACTION_BYTES);
  if (action !== 0) {
    process.signalActions.set(signal, process.space.read(action, SIGNAL_ACTION_BYTES));
    // What is ignored from now on is not kept either (POSIX, sigaction).
    if (isIgnored(process, signal))
      for (const { pending } of [process, ...process.threads]) pending.drop(signal);
  }
  if (old !== 0) process.space.write(old, before);
  return 0;
}

function changeMask(process: GuestProcess, how: number, set: number, old: number, setBytes: number): number {
  if (setBytes !== SIGNAL_SET_BYTES) fail('EINVAL');
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
  const { current } = process;
  process.space.writeU64(address, (current.pending.bits | process.pending.bits) & current.blocked);
  return 0;
}

function suspend(process: GuestProcess, set: number): number {
  const { current } = process;
  const mask = process.space.readU64(set) & ~UNBLOCKABLE;
  current.suspended = current.blocked;
  current.blocked = mask;
  return process.block({});
}

function timedWait(process: GuestProcess, set: number, info: number, timeout: number): number {
  const thread = process.current;
  const wanted = process.space.readU64(set) & ~UNBLOCKABLE;
  const deadline = timeout === 0 ? {} : { deadlineMs: performance.now() + readTimespec(process, timeout) };
  const take = (): number | undefined => {
    const taken = thread.pending.take(wanted) ?? process.pending.take(wanted);
    if (taken === undefined) return undefined;
    if (info !== 0) process.space.write(info, encodeInfo(taken));
    return taken.signal;
  };
  return process.blockUntil(take, { ...deadline, timedOut: () => -ERRNO.EAGAIN });
}

/** The processes that a `kill` means: its own group is all there are. */
function receivers(process: GuestProcess, pid: number): GuestProcess[] {
  const all = new Set(process.world.scheduler.threads.map((thread) => thread.process));
  if (pid > 0) return [...all].filter(({ id }) => id === pid);
  return pid === -1 ? [...all].filter((other) => other !== process) : [...all];
}

function kill(process: GuestProcess, pid: number, signal: number, info: Partial<SignalInfo> = {}): number {
  const found = receivers(process, pid);
  if (found.length === 0 && !process.isChild(pid)) fail('ESRCH');
  if (signal === 0) return 0;
  checkSignal(signal);
  const sent = { signal, code: SIGNAL_CODE.fromProcess, value: 0n, sender: process.id, ...info };
  for (const receiver of found) sendSignal(receiver, sent);
  return 0;
}

function threadOf(process: GuestProcess, id: number, groupId?: number): GuestThread {
  const thread = process.world.scheduler.threads.find((candidate) => candidate.id === id);
  if (thread === undefined || (groupId !== undefined && thread.process.id !== groupId)) return fail('ESRCH');
  return thread;
}

function killThread(
  process: GuestProcess,
  id: number,
  signal: number,
  groupId?: number,
  info: Partial<SignalInfo> = {},
): number {
  const thread = threadOf(process, id, groupId);
  if (signal === 0) return 0;
  checkSignal(signal);
  const sent = { signal, code: SIGNAL_CODE.fromThread, value: 0n, sender: process.id, ...info };
  sendSignal(thread.process, sent, thread);
  return 0;
}

/** si_code and si_value of a struct siginfo that the sender has written. */
function queuedInfo(process: GuestProcess, address: number): Partial<SignalInfo> {
  const { space } = process;
  const code = space.readU32(address + 8) | 0;
  if (code >= 0) fail('EPERM');
  return { code, sender: space.readU32(address + 16), value: space.readU64(address + 24) };
}

function signalReturn(process: GuestProcess): number {
  process.registersAreSet = true;
  try {
    returnFromSignal(process);
  } catch (error) {
    // The frame is gone or was never there.
    if (!(error instanceof GuestError)) throw error;
    process.kill(SIGNAL.SIGSEGV);
  }
  return 0;
}

const RSP = 4;
const STACK_FLAG = { onStack: 1, disabled: 2, autoDisarm: 2 ** 31 } as const;
const MIN_STACK_BYTES = 2048;

function alternateStack(process: GuestProcess, next: number, old: number): number {
  const { current, space, cpu } = process;
  const before = current.alternateStack;
  const isOnIt = isOnAlternateStack(current, cpu.general[RSP] ?? 0n);
  if (next !== 0) {
    if (isOnIt) fail('EPERM');
    const flags = space.readU32(next + 8) & ~STACK_FLAG.autoDisarm & ~STACK_FLAG.onStack;
    if (flags !== 0 && flags !== STACK_FLAG.disabled) fail('EINVAL');
    const stack = { address: space.readU64(next), sizeBytes: space.readU64(next + 16) };
    const isOff = flags === STACK_FLAG.disabled;
    if (!isOff && stack.sizeBytes < MIN_STACK_BYTES) fail('ENOMEM');
    current.alternateStack = isOff ? undefined : stack;
  }
  if (old !== 0) {
    const flags = before === undefined ? STACK_FLAG.disabled : isOnIt ? STACK_FLAG.onStack : 0;
    space.writeU64(old, before?.address ?? 0n);
    space.writeU64(old + 8, BigInt(flags));
    space.writeU64(old + 16, before?.sizeBytes ?? 0n);
  }
  return 0;
}

export const signalCalls: CallTable = {
  13: [
    'rt_sigaction',
    (process, [signal, action, old, setBytes]) => signalAction(process, signal | 0, action, old, setBytes),
  ],
  14: [
    'rt_sigprocmask',
    (process, [how, set, old, setBytes]) => changeMask(process, how | 0, set, old, setBytes),
  ],
  15: ['rt_sigreturn', (process) => signalReturn(process)],
  34: ['pause', (process) => process.block({})],
  62: ['kill', (process, [pid, signal]) => kill(process, pid | 0, signal | 0)],
  127: ['rt_sigpending', (process, [address]) => pending(process, address)],
  128: ['rt_sigtimedwait', (process, [set, info, timeout]) => timedWait(process, set, info, timeout)],
  129: [
    'rt_sigqueueinfo',
    (process, [pid, signal, info]) => kill(process, pid | 0, signal | 0, queuedInfo(process, info)),
  ],
  130: ['rt_sigsuspend', (process, [set]) => suspend(process, set)],
  131: ['sigaltstack', (process, [next, old]) => alternateStack(process, next, old)],
  200: ['tkill', (process, [id, signal]) => killThread(process, id | 0, signal | 0)],
  234: ['tgkill', (process, [group, id, signal]) => killThread(process, id | 0, signal | 0, group | 0)],
  297: [
    'rt_tgsigqueueinfo',
    (process, [group, id, signal, info]) =>
      killThread(process, id | 0, signal | 0, group | 0, queuedInfo(process, info)),
  ],
};
