/** Calls on threads, signals and the process itself. */

import { randomFillSync } from 'node:crypto';
import { fail } from '../errno';
import type { GuestProcess } from '../process';
import { returnFromSignal } from '../signal-delivery';
import { SIGNAL } from '../signals';
import type { CallArguments, CallTable } from './call';
import { readTimespec } from './time';

const CLONE = {
  vm: 0x100,
  settls: 0x8_0000,
  parentSetTid: 0x10_0000,
  childClearTid: 0x20_0000,
  thread: 0x1_0000,
  childSetTid: 0x100_0000,
} as const;

/** Threads only: a second process would need a second address space. */
function clone(process: GuestProcess, [flags, stack, parentTid, childTid, tls]: CallArguments): number {
  if ((flags & CLONE.vm) === 0 || (flags & CLONE.thread) === 0) return fail('ENOSYS');
  const { cpu, space } = process;
  const thread = process.startThread(() => {
    cpu.general[0] = 0n;
    cpu.leaveSystemCall();
    if (stack !== 0) cpu.general[4] = BigInt(stack);
    if ((flags & CLONE.settls) !== 0) cpu.engine.writeRegister('fsBase', BigInt(tls));
  });
  if ((flags & CLONE.parentSetTid) !== 0) space.writeU32(parentTid, thread.id);
  if ((flags & CLONE.childSetTid) !== 0) space.writeU32(childTid, thread.id);
  if ((flags & CLONE.childClearTid) !== 0) thread.clearTidAddress = childTid;
  return thread.id;
}

const FUTEX = {
  wait: 0,
  wake: 1,
  requeue: 3,
  compareRequeue: 4,
  waitBitset: 9,
  wakeBitset: 10,
  commandMask: 0x7f,
} as const;

function futex(process: GuestProcess, [address, operation, value, timeout, second]: CallArguments): number {
  const command = operation & FUTEX.commandMask;
  switch (command) {
    case FUTEX.wait:
    case FUTEX.waitBitset: {
      if (process.space.readU32(address) !== value >>> 0) return fail('EAGAIN');
      process.current.wait = { kind: 'futex', address, ...deadline(process, timeout, command) };
      return 0;
    }
    case FUTEX.wake:
    case FUTEX.wakeBitset:
      return process.wake(address, value);
    case FUTEX.requeue:
    case FUTEX.compareRequeue:
      return process.wake(address, value) + process.requeue(address, second, timeout);
    default:
      return fail('ENOSYS');
  }
}

/** FUTEX_WAIT takes a duration, FUTEX_WAIT_BITSET a time of the monotonic clock. */
function deadline(process: GuestProcess, timeout: number, command: number): { deadlineMs?: number } {
  if (timeout === 0) return {};
  const ms = readTimespec(process, timeout);
  return { deadlineMs: command === FUTEX.wait ? performance.now() + ms : ms };
}

const SIGNAL_ACTION_BYTES = 32;
const SIGSTOP = 19;

function signalAction(process: GuestProcess, signal: number, action: number, old: number): number {
  if (action !== 0 && (signal === SIGNAL.SIGKILL || signal === SIGSTOP)) fail('EINVAL');
  const before = process.signalActions.get(signal) ?? new Uint8Array(SIGNAL_ACTION_BYTES);
  if (action !== 0) process.signalActions.set(signal, process.space.read(action, SIGNAL_ACTION_BYTES));
  if (old !== 0) process.space.write(old, before);
  return 0;
}

/** The handler runs as soon as the call is over, unless the signal is blocked. */
function sendSignal(process: GuestProcess, signal: number): number {
  if (signal === 0) return 0;
  process.sendSignal(signal);
  return 0;
}

function signalReturn(process: GuestProcess): number {
  process.registersAreSet = true;
  returnFromSignal(process);
  return 0;
}

const ARCH = { setGs: 0x1001, setFs: 0x1002, getFs: 0x1003, getGs: 0x1004 } as const;

function archPrctl(process: GuestProcess, code: number, address: number): number {
  const { engine } = process.cpu;
  switch (code) {
    case ARCH.setFs:
      engine.writeRegister('fsBase', BigInt(address));
      return 0;
    case ARCH.setGs:
      engine.writeRegister('gsBase', BigInt(address));
      return 0;
    case ARCH.getFs:
      process.space.writeU64(address, engine.readRegister('fsBase'));
      return 0;
    case ARCH.getGs:
      process.space.writeU64(address, engine.readRegister('gsBase'));
      return 0;
    default:
      return fail('EINVAL');
  }
}

const UTS_FIELD_BYTES = 65;
const UTS_NAMES = ['Linux', 'embedded', '6.1.0', '#1 HyperDbg embedded target', 'x86_64', '(none)'];

function uname(process: GuestProcess, address: number): number {
  const bytes = new Uint8Array(UTS_NAMES.length * UTS_FIELD_BYTES);
  for (const [index, name] of UTS_NAMES.entries()) bytes.set(Buffer.from(name), index * UTS_FIELD_BYTES);
  process.space.write(address, bytes);
  return 0;
}

const RLIMIT_INFINITY = 2n ** 64n - 1n;
const RLIMIT = { stack: 3, files: 7 } as const;

function resourceLimit(process: GuestProcess, resource: number, address: number): number {
  if (address === 0) return 0;
  const limit = resource === RLIMIT.stack ? 8n << 20n : resource === RLIMIT.files ? 1024n : RLIMIT_INFINITY;
  process.space.writeU64(address, limit);
  process.space.writeU64(address + 8, limit);
  return 0;
}

function sleepingYield(process: GuestProcess): number {
  process.current.wait = { kind: 'sleep', deadlineMs: performance.now() };
  return 0;
}

const USER_ID = 1000;
const MAX_RANDOM_BYTES = 1 << 20;

export const threadCalls: CallTable = {
  13: ['rt_sigaction', (process, [signal, action, old]) => signalAction(process, signal, action, old)],
  15: ['rt_sigreturn', (process) => signalReturn(process)],
  24: ['sched_yield', (process) => sleepingYield(process)],
  34: ['pause', (process) => ((process.current.wait = { kind: 'for ever' }), 0)],
  39: ['getpid', (process) => process.id],
  56: ['clone', (process, a) => clone(process, a)],
  57: ['fork', () => fail('ENOSYS')],
  58: ['vfork', () => fail('ENOSYS')],
  59: ['execve', () => fail('ENOSYS')],
  60: ['exit', (process, [code]) => (process.endThread(code), 0)],
  61: ['wait4', () => fail('ECHILD')],
  62: [
    'kill',
    (process, [pid, signal]) =>
      pid === process.id || pid === 0 ? sendSignal(process, signal) : fail('ESRCH'),
  ],
  63: ['uname', (process, [address]) => uname(process, address)],
  97: ['getrlimit', (process, [resource, address]) => resourceLimit(process, resource, address)],
  102: ['getuid', () => USER_ID],
  104: ['getgid', () => USER_ID],
  107: ['geteuid', () => USER_ID],
  108: ['getegid', () => USER_ID],
  110: ['getppid', () => 1],
  111: ['getpgrp', (process) => process.id],
  157: ['prctl', () => 0],
  158: ['arch_prctl', (process, [code, address]) => archPrctl(process, code, address)],
  186: ['gettid', (process) => process.current.id],
  200: ['tkill', (process, [, signal]) => sendSignal(process, signal)],
  202: ['futex', (process, a) => futex(process, a)],
  204: [
    'sched_getaffinity',
    (process, [, sizeBytes, address]) => {
      if (sizeBytes < 8) fail('EINVAL');
      process.space.writeU64(address, 1n);
      return 8;
    },
  ],
  218: [
    'set_tid_address',
    (process, [address]) => {
      process.current.clearTidAddress = address;
      return process.current.id;
    },
  ],
  231: ['exit_group', (process, [code]) => (process.exit(code), 0)],
  234: ['tgkill', (process, [, , signal]) => sendSignal(process, signal)],
  273: ['set_robust_list', () => 0],
  302: ['prlimit64', (process, [, resource, , address]) => resourceLimit(process, resource, address)],
  318: [
    'getrandom',
    (process, [address, sizeBytes]) => {
      const bytes = randomFillSync(new Uint8Array(Math.min(sizeBytes, MAX_RANDOM_BYTES)));
      process.space.write(address, bytes);
      return bytes.length;
    },
  ],
  // The C library falls back to clone, and does without restartable sequences.
  334: ['rseq', () => fail('ENOSYS')],
  435: ['clone3', () => fail('ENOSYS')],
};
