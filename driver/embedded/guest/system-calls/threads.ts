/** Making and ending threads and processes. */

import { fail } from '../errno';
import { guestPath } from '../file-system';
import { readElf, NotRunnableError } from '../elf';
import type { GuestProcess } from '../process';
import { waitStatus } from '../processes';
import type { CallArguments, CallTable } from './call';
import { AT_FDCWD, findNode, resolvePath } from './paths';

const CLONE = {
  exitSignalMask: 0xff,
  vm: 0x100,
  vfork: 0x4000,
  thread: 0x1_0000,
  settls: 0x8_0000,
  parentSetTid: 0x10_0000,
  childClearTid: 0x20_0000,
  childSetTid: 0x100_0000,
} as const;
const SIGCHLD = 17;

function clone(process: GuestProcess, a: CallArguments): number {
  return (a[0] & CLONE.thread) === 0 ? cloneProcess(process, a) : cloneThread(process, a);
}

function cloneThread(process: GuestProcess, [flags, stack, parentTid, childTid, tls]: CallArguments): number {
  if ((flags & CLONE.vm) === 0) return fail('EINVAL');
  const { cpu, space, current } = process;
  const thread = process.startThread(() => {
    cpu.general[0] = 0n;
    cpu.leaveSystemCall();
    if (stack !== 0) cpu.general[4] = BigInt(stack);
    if ((flags & CLONE.settls) !== 0) cpu.engine.writeRegister('fsBase', BigInt(tls));
  });
  thread.blocked = current.blocked;
  if ((flags & CLONE.parentSetTid) !== 0) space.writeU32(parentTid, thread.id);
  if ((flags & CLONE.childSetTid) !== 0) space.writeU32(childTid, thread.id);
  if ((flags & CLONE.childClearTid) !== 0) thread.clearTidAddress = childTid;
  return thread.id;
}

function cloneProcess(
  process: GuestProcess,
  [flags, stack, parentTid, childTid, tls]: CallArguments,
): number {
  const waits = (flags & CLONE.vfork) !== 0;
  const { child, thread } = process.world.processes.fork(process, {
    sharesMemory: (flags & CLONE.vm) !== 0,
    stack,
    threadPointer: (flags & CLONE.settls) === 0 ? undefined : tls,
    exitSignal: flags & CLONE.exitSignalMask,
  });
  if ((flags & CLONE.parentSetTid) !== 0) process.space.writeU32(parentTid, child.id);
  if ((flags & CLONE.childSetTid) !== 0) child.space.writeU32(childTid, child.id);
  if ((flags & CLONE.childClearTid) !== 0) thread.clearTidAddress = childTid;
  child.isBorrower = waits;
  if (!waits) return child.id;
  // The parent has to stay away from what the child uses; nothing but the child ends that.
  return process.block({ isUnstoppable: true, attempt: () => (child.isBorrower ? undefined : child.id) });
}

const PROGRAM_LIMITS = { words: 4096, depth: 4 } as const;

/** NULL-terminated pointers to texts. */
function readTexts(process: GuestProcess, address: number): string[] {
  const texts: string[] = [];
  for (let at = address; address !== 0; at += 8) {
    const pointer = Number(process.space.readU64(at));
    if (pointer === 0) break;
    if (texts.length >= PROGRAM_LIMITS.words) fail('E2BIG');
    texts.push(process.space.readString(pointer, 1 << 17));
  }
  return texts;
}

interface Program {
  readonly path: string;
  readonly arguments: readonly string[];
}

function execute(process: GuestProcess, path: string, argumentsAt: number, environmentAt: number): number {
  const wanted = { path, arguments: readTexts(process, argumentsAt) };
  const environment = readTexts(process, environmentAt);
  const found = findProgram(process, wanted, PROGRAM_LIMITS.depth);
  const [name = '', ...rest] = found.arguments;
  process.world.processes.execute(process, {
    path: found.path,
    name,
    image: found.image,
    arguments: rest,
    environment,
  });
  process.registersAreSet = true;
  return 0;
}

/** A script leads to the interpreter in its first line, which gets the script as an argument. */
function findProgram(
  process: GuestProcess,
  program: Program,
  depth: number,
): Program & { image: ReturnType<typeof readElf> } {
  const node = findNode(process, program.path);
  const status = process.files.status(node);
  if (status.kind !== 'file' || (status.mode & 0o111) === 0) return fail('EACCES');
  const bytes = process.files.bytesOf(node);
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21)
    return { ...program, image: imageOf(process, program.path, bytes) };
  if (depth === 0) return fail('ELOOP');
  const line = Buffer.from(bytes.subarray(2, 256)).toString('utf8').split('\n')[0] ?? '';
  const [, interpreter = fail('ENOEXEC'), argument] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
  const given = argument === undefined || argument === '' ? [] : [argument];
  const names = [interpreter, ...given, program.path, ...program.arguments.slice(1)];
  return findProgram(process, { path: guestPath(interpreter), arguments: names }, depth - 1);
}

function imageOf(process: GuestProcess, path: string, bytes: Uint8Array): ReturnType<typeof readElf> {
  try {
    return readElf(bytes);
  } catch (error) {
    if (!(error instanceof NotRunnableError)) throw error;
    process.tellMissing(`the guest could not start "${path}", which ${error.message}; it got ENOEXEC`);
    return fail('ENOEXEC');
  }
}

const WAIT = { noHang: 1, noWait: 0x0100_0000 } as const;

/** The ended child that is meant, taken from the family; EAGAIN while it lives, ECHILD without any. */
function takeChild(process: GuestProcess, pid: number, keeps: boolean): GuestProcess {
  const meant = [...process.children].filter(({ id }) => pid <= 0 || id === pid);
  if (meant.length === 0) return fail('ECHILD');
  const ended = meant.find(({ end }) => end !== undefined) ?? fail('EAGAIN');
  if (!keeps) process.children.delete(ended);
  return ended;
}

function waitForChild(
  process: GuestProcess,
  pid: number,
  options: number,
  take: (child: GuestProcess) => number,
): number {
  const keeps = (options & WAIT.noWait) !== 0;
  if ((options & WAIT.noHang) !== 0) {
    const isThere = [...process.children].some(
      ({ id, end }) => (pid <= 0 || id === pid) && end !== undefined,
    );
    const isFamily = process.children.size > 0 && (pid <= 0 || process.isChild(pid));
    if (!isThere && isFamily) return 0;
    return take(takeChild(process, pid, keeps));
  }
  return process.blockUntil(() => take(takeChild(process, pid, keeps)), { isRestartable: true });
}

const USAGE_BYTES = 144;

function wait4(process: GuestProcess, pid: number, status: number, options: number, usage: number): number {
  return waitForChild(process, pid, options, (child) => {
    if (status !== 0 && child.end !== undefined) process.space.writeU32(status, waitStatus(child.end));
    if (usage !== 0) process.space.write(usage, new Uint8Array(USAGE_BYTES));
    return child.id;
  });
}

const WHICH = { all: 0, process: 1, group: 2 } as const;
const INFO_BYTES = 128;

function waitId(process: GuestProcess, which: number, id: number, info: number, options: number): number {
  if (which !== WHICH.all && which !== WHICH.process && which !== WHICH.group) fail('EINVAL');
  const pid = which === WHICH.process ? id : -1;
  if (info !== 0) process.space.write(info, new Uint8Array(INFO_BYTES));
  return waitForChild(process, pid, options, ({ id: childId, end }) => {
    if (info === 0 || end === undefined) return 0;
    const isSignal = end.signal !== undefined;
    const words = [SIGCHLD, 0, isSignal ? 2 : 1, 0, childId, 1000, isSignal ? end.signalNumber : end.code];
    process.space.write(info, new Uint8Array(Int32Array.from(words).buffer));
    return 0;
  });
}

export const threadCalls: CallTable = {
  56: ['clone', (process, a) => clone(process, a)],
  57: ['fork', (process) => cloneProcess(process, [SIGCHLD, 0, 0, 0, 0, 0])],
  58: ['vfork', (process) => cloneProcess(process, [CLONE.vm | CLONE.vfork | SIGCHLD, 0, 0, 0, 0, 0])],
  59: [
    'execve',
    (process, [name, argv, envp]) => execute(process, resolvePath(process, AT_FDCWD, name), argv, envp),
  ],
  60: ['exit', (process, [code]) => (process.endThread(code), 0)],
  61: ['wait4', (process, [pid, status, options, usage]) => wait4(process, pid | 0, status, options, usage)],
  218: [
    'set_tid_address',
    (process, [address]) => {
      process.current.clearTidAddress = address;
      return process.current.id;
    },
  ],
  231: ['exit_group', (process, [code]) => (process.exit(code), 0)],
  247: ['waitid', (process, [which, id, info, options]) => waitId(process, which, id | 0, info, options)],
  322: [
    'execveat',
    (process, [directory, name, argv, envp]) =>
      execute(process, resolvePath(process, directory, name), argv, envp),
  ],
  // The C library falls back to clone.
  435: ['clone3', () => fail('ENOSYS')],
};
