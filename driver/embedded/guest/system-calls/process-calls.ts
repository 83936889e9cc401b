/** Calls about the process itself: who it is, what it may use, the machine it runs on. */

import { randomFillSync } from 'node:crypto';
import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';

const USER_ID = 1000;
const INIT_ID = 1;
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

const PRCTL = {
  setDeathSignal: 1,
  getDeathSignal: 2,
  getDumpable: 3,
  setDumpable: 4,
  setName: 15,
  getName: 16,
  setNoNewPrivileges: 38,
  getNoNewPrivileges: 39,
  setAnonymousName: 0x5356_4d41,
} as const;
const NAME_BYTES = 16;

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function prctl(process: GuestProcess, option: number, argument: number): number {
  const { current, space } = process;
  switch (option) {
    case PRCTL.setName:
      current.name = Buffer.from(readName(process, argument)).toString('latin1');
      return 0;
    case PRCTL.getName: {
      const bytes = new Uint8Array(NAME_BYTES);
      const name = current.name ?? baseName(process.executable);
      bytes.set(Buffer.from(name, 'latin1').subarray(0, NAME_BYTES - 1));
      space.write(argument, bytes);
      return 0;
    }
    case PRCTL.getDumpable:
      return 1;
    case PRCTL.getDeathSignal:
      space.writeU32(argument, 0);
      return 0;
    case PRCTL.setDumpable:
    case PRCTL.setDeathSignal:
    case PRCTL.setNoNewPrivileges:
    case PRCTL.setAnonymousName:
    case PRCTL.getNoNewPrivileges:
      return 0;
    default:
      return fail('EINVAL');
  }
}

/** At most 15 bytes, and not more than there are. */
function readName(process: GuestProcess, address: number): number[] {
  const bytes: number[] = [];
  while (bytes.length < NAME_BYTES - 1) {
    const byte = process.space.read(address + bytes.length, 1)[0] ?? 0;
    if (byte === 0) break;
    bytes.push(byte);
  }
  return bytes;
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
const RLIMIT_COUNT = 16;
const RLIMIT_DEFAULTS: Readonly<Record<number, bigint>> = { 3: 8n << 20n, 4: 0n, 7: 1024n };

/** Kept and told, but nothing is held to them. */
function resourceLimit(process: GuestProcess, resource: number, next: number, old: number): number {
  if (resource < 0 || resource >= RLIMIT_COUNT) fail('EINVAL');
  const { space, limits } = process;
  const [soft, hard] = limits.get(resource) ?? [
    RLIMIT_DEFAULTS[resource] ?? RLIMIT_INFINITY,
    RLIMIT_INFINITY,
  ];
  if (next !== 0) {
    const wanted = [space.readU64(next), space.readU64(next + 8)] as const;
    if (wanted[0] > wanted[1]) fail('EINVAL');
    if (wanted[1] > hard) fail('EPERM');
    limits.set(resource, wanted);
  }
  if (old !== 0) {
    space.writeU64(old, soft);
    space.writeU64(old + 8, hard);
  }
  return 0;
}

const SYSINFO_BYTES = 112;
const MEMORY_BYTES = 512n << 20n;

function systemInformation(process: GuestProcess, address: number): number {
  const bytes = new Uint8Array(SYSINFO_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(Math.ceil(performance.now() / 1000)), true);
  view.setBigUint64(32, MEMORY_BYTES, true);
  view.setBigUint64(40, MEMORY_BYTES / 2n, true);
  view.setUint16(80, new Set(process.world.scheduler.threads).size, true);
  view.setUint32(104, 1, true);
  process.space.write(address, bytes);
  return 0;
}

const MAX_RANDOM_BYTES = 1 << 20;
const CPU_SET_BYTES = 8;

function affinity(process: GuestProcess, sizeBytes: number, address: number): number {
  if (sizeBytes < CPU_SET_BYTES || sizeBytes % 8 !== 0) fail('EINVAL');
  process.space.writeU64(address, (1n << BigInt(process.world.coreCount)) - 1n);
  return CPU_SET_BYTES;
}

function currentCpu(process: GuestProcess, cpu: number, node: number): number {
  if (cpu !== 0) process.space.writeU32(cpu, 0);
  if (node !== 0) process.space.writeU32(node, 0);
  return 0;
}

const SCHEDULERS = { other: 0, fifo: 1, roundRobin: 2, batch: 3, idle: 5 } as const;
const isRealTime = (policy: number): boolean =>
  policy === SCHEDULERS.fifo || policy === SCHEDULERS.roundRobin;

function priorityBound(policy: number, realTime: number): number {
  if (!Object.values<number>(SCHEDULERS).includes(policy)) return fail('EINVAL');
  return isRealTime(policy) ? realTime : 0;
}

const MEMBARRIER_QUERY = 0;
const MAX_NICE = 40;
const DEFAULT_NICE = 20;

function ids(process: GuestProcess, addresses: readonly number[]): number {
  for (const address of addresses) process.space.writeU32(address, USER_ID);
  return 0;
}

/** Only the number that it has already can be taken. */
const setId = (id: number): number => (id === -1 || id === USER_ID ? 0 : fail('EPERM'));

const groupId = (process: GuestProcess): number => process.groupId;

export const processCalls: CallTable = {
  // It waits for the end of its turn, so that whoever else can run gets one.
  24: ['sched_yield', (process) => process.block({ deadlineMs: performance.now() })],
  39: ['getpid', (process) => process.id],
  63: ['uname', (process, [address]) => uname(process, address)],
  95: [
    'umask',
    (process, [mask]) => {
      const before = process.umask;
      process.umask = mask & 0o777;
      return before;
    },
  ],
  97: ['getrlimit', (process, [resource, to]) => resourceLimit(process, resource, 0, to)],
  99: ['sysinfo', (process, [address]) => systemInformation(process, address)],
  102: ['getuid', () => USER_ID],
  104: ['getgid', () => USER_ID],
  105: ['setuid', (_, [id]) => setId(id | 0)],
  106: ['setgid', (_, [id]) => setId(id | 0)],
  107: ['geteuid', () => USER_ID],
  108: ['getegid', () => USER_ID],
  109: ['setpgid', (process, [, group]) => ((process.groupId = group | 0 || process.id), 0)],
  110: [
    'getppid',
    (process) => (process.parent?.end === undefined ? (process.parent?.id ?? INIT_ID) : INIT_ID),
  ],
  111: ['getpgrp', (process) => groupId(process)],
  112: [
    'setsid',
    (process) => (process.groupId === process.id ? fail('EPERM') : (process.groupId = process.id)),
  ],
  113: ['setreuid', (_, [real, effective]) => setId(real | 0) || setId(effective | 0)],
  114: ['setregid', (_, [real, effective]) => setId(real | 0) || setId(effective | 0)],
  115: ['getgroups', () => 0],
  117: ['setresuid', (_, [real, effective]) => setId(real | 0) || setId(effective | 0)],
  118: ['getresuid', (process, [real, effective, saved]) => ids(process, [real, effective, saved])],
  119: ['setresgid', (_, [real, effective]) => setId(real | 0) || setId(effective | 0)],
  120: ['getresgid', (process, [real, effective, saved]) => ids(process, [real, effective, saved])],
  121: ['getpgid', (process) => groupId(process)],
  124: ['getsid', (process) => groupId(process)],
  135: ['personality', () => 0],
  140: ['getpriority', () => DEFAULT_NICE],
  141: ['setpriority', (_, [, , nice]) => ((nice | 0) < -MAX_NICE ? fail('EPERM') : 0)],
  142: ['sched_setparam', () => 0],
  143: ['sched_getparam', (process, [, address]) => (process.space.writeU32(address, 0), 0)],
  144: ['sched_setscheduler', (_, [, policy]) => (isRealTime(policy) ? fail('EPERM') : 0)],
  145: ['sched_getscheduler', () => SCHEDULERS.other],
  146: ['sched_get_priority_max', (_, [policy]) => priorityBound(policy, 99)],
  147: ['sched_get_priority_min', (_, [policy]) => priorityBound(policy, 1)],
  148: [
    'sched_rr_get_interval',
    (process, [, address]) => {
      process.space.write(address, new Uint8Array(BigUint64Array.of(0n, 10_000_000n).buffer));
      return 0;
    },
  ],
  157: ['prctl', (process, [option, argument]) => prctl(process, option | 0, argument)],
  158: ['arch_prctl', (process, [code, address]) => archPrctl(process, code, address)],
  160: ['setrlimit', (process, [resource, from]) => resourceLimit(process, resource, from, 0)],
  186: ['gettid', (process) => process.current.id],
  203: ['sched_setaffinity', () => 0],
  204: ['sched_getaffinity', (process, [, sizeBytes, to]) => affinity(process, sizeBytes, to)],
  273: ['set_robust_list', () => 0],
  302: [
    'prlimit64',
    (process, [pid, resource, next, old]) =>
      pid === 0 || pid === process.id ? resourceLimit(process, resource, next, old) : fail('ESRCH'),
  ],
  309: ['getcpu', (process, [cpu, node]) => currentCpu(process, cpu, node)],
  318: [
    'getrandom',
    (process, [address, sizeBytes]) => {
      const bytes = randomFillSync(new Uint8Array(Math.min(sizeBytes, MAX_RANDOM_BYTES)));
      process.space.write(address, bytes);
      return bytes.length;
    },
  ],
  // One CPU at a time runs guest threads, in the order in which they wrote: there is nothing to put in order.
  324: ['membarrier', (_, [command]) => (command === MEMBARRIER_QUERY ? 0x1f : 0)],
  // The C library does without restartable sequences.
  334: ['rseq', () => fail('ENOSYS')],
};
