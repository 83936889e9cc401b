/** Calls on files and descriptors. */

import path from 'node:path';
import { openNode, streamFile, type OpenFile } from '../descriptors';
import { fail } from '../errno';
import type { Node } from '../file-system';
import { SIGNAL } from '../signals';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';

const AT_FDCWD = -100;
const OPEN = {
  accessMode: 3,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  append: 0o2000,
  directory: 0o200000,
};
const FCNTL = { dupFd: 0, getFd: 1, setFd: 2, getFlags: 3, setFlags: 4, dupFdCloexec: 1030 } as const;
/** One call moves at most this much, as on Linux. */
const MAX_TRANSFER_BYTES = 0x7fff_f000;
const MAX_READ_BYTES = 16 << 20;
const IO_VECTOR_BYTES = 16;
const MAX_IO_VECTORS = 1024;
const PIPE_LIMIT_BYTES = 1 << 16;

/** The absolute, normalised path that a call means. */
export function resolvePath(process: GuestProcess, directoryFd: number, address: number): string {
  const text = process.space.readString(address);
  if (text === '') return fail('ENOENT');
  if (text.startsWith('/')) return path.posix.normalize(text).replace(/(?<=.)\/$/, '');
  const base =
    (directoryFd | 0) === AT_FDCWD ? process.workingDirectory : directoryOf(process, directoryFd | 0);
  return path.posix.resolve(base, text);
}

function directoryOf(process: GuestProcess, fd: number): string {
  return process.descriptors.get(fd).directory?.path ?? fail('ENOTDIR');
}

export function findNode(process: GuestProcess, guest: string): Node {
  return process.files.find(guest) ?? fail('ENOENT');
}

function open(process: GuestProcess, directoryFd: number, pathAddress: number, flags: number): number {
  const guest = resolvePath(process, directoryFd, pathAddress);
  const write = (flags & OPEN.accessMode) !== 0;
  const before = process.files.find(guest);
  if (before !== undefined && (flags & OPEN.create) !== 0 && (flags & OPEN.exclusive) !== 0) fail('EEXIST');
  const node = before ?? ((flags & OPEN.create) !== 0 ? process.files.createFile(guest) : fail('ENOENT'));
  if ((flags & OPEN.directory) !== 0 && process.files.status(node).kind !== 'directory') fail('ENOTDIR');
  const file = openNode(process.files, guest, node, { write, append: (flags & OPEN.append) !== 0 });
  if (write && (flags & OPEN.truncate) !== 0 && node.kind === 'memory file') file.truncate(0);
  return process.descriptors.add(file);
}

function read(
  process: GuestProcess,
  fd: number,
  address: number,
  sizeBytes: number,
  offset?: number,
): number {
  const bytes = process.descriptors.get(fd | 0).read(Math.min(sizeBytes, MAX_READ_BYTES), offset);
  process.space.write(address, bytes);
  return bytes.length;
}

function write(
  process: GuestProcess,
  fd: number,
  address: number,
  sizeBytes: number,
  offset?: number,
): number {
  const bytes = process.space.read(address, Math.min(sizeBytes, MAX_READ_BYTES));
  return process.descriptors.get(fd | 0).write(bytes, offset);
}

function eachVector(
  process: GuestProcess,
  vectors: number,
  count: number,
  use: (address: number, sizeBytes: number) => number,
): number {
  if (count < 0 || count > MAX_IO_VECTORS) fail('EINVAL');
  let total = 0;
  for (let index = 0; index < count; index++) {
    const at = vectors + index * IO_VECTOR_BYTES;
    const sizeBytes = Number(process.space.readU64(at + 8));
    if (sizeBytes > MAX_TRANSFER_BYTES) fail('EINVAL');
    if (sizeBytes === 0) continue;
    const moved = use(Number(process.space.readU64(at)), sizeBytes);
    total += moved;
    if (moved < sizeBytes) break;
  }
  return total;
}

const RETRY_MS = 1;

/** The thread waits, and makes the same call anew. */
export function callAgain(process: GuestProcess): void {
  process.registersAreSet = true;
  process.current.wait = { kind: 'sleep', deadlineMs: performance.now() + RETRY_MS };
}

function pipe(process: GuestProcess, address: number): number {
  const chunks: Uint8Array[] = [];
  let held = 0;
  const closed = { read: false, write: false };
  const reader = streamFile(
    (sizeBytes) => {
      const first = chunks.shift();
      if (first === undefined) {
        if (!closed.write) callAgain(process);
        return new Uint8Array(0);
      }
      if (first.length > sizeBytes) chunks.unshift(first.subarray(sizeBytes));
      const taken = first.subarray(0, sizeBytes);
      held -= taken.length;
      return taken;
    },
    () => fail('EBADF'),
  );
  const writer = streamFile(
    () => fail('EBADF'),
    (bytes) => {
      if (closed.read) {
        process.sendSignal(SIGNAL.SIGPIPE);
        fail('EPIPE');
      }
      // The reader is this very process: waiting for it would be waiting for ever.
      if (held + bytes.length > PIPE_LIMIT_BYTES) fail('EAGAIN');
      chunks.push(bytes.slice());
      held += bytes.length;
      return bytes.length;
    },
  );
  const readEnd: OpenFile = {
    ...reader,
    isReadable: () => chunks.length > 0 || closed.write,
    close: () => void (closed.read = true),
  };
  const writeEnd: OpenFile = { ...writer, close: () => void (closed.write = true) };
  process.space.writeU32(address, process.descriptors.add(readEnd));
  process.space.writeU32(address + 4, process.descriptors.add(writeEnd));
  return 0;
}

function duplicate(process: GuestProcess, from: number, to: number): number {
  const file = process.descriptors.get(from);
  if (from !== to) process.descriptors.replace(to, file);
  return to;
}

function fcntl(process: GuestProcess, fd: number, command: number, argument: number): number {
  const file: OpenFile = process.descriptors.get(fd);
  switch (command) {
    case FCNTL.dupFd:
    case FCNTL.dupFdCloexec:
      return process.descriptors.add(file, argument);
    case FCNTL.getFd:
      return process.descriptors.closeOnExec.has(fd) ? 1 : 0;
    case FCNTL.setFd:
      if ((argument & 1) !== 0) process.descriptors.closeOnExec.add(fd);
      else process.descriptors.closeOnExec.delete(fd);
      return 0;
    case FCNTL.setFlags:
      return 0;
    case FCNTL.getFlags:
      return 2;
    default:
      return fail('EINVAL');
  }
}

const ACCESS_WRITE = 2;

function access(process: GuestProcess, directoryFd: number, pathAddress: number, mode: number): number {
  const guest = resolvePath(process, directoryFd, pathAddress);
  const node = findNode(process, guest);
  if ((mode & ACCESS_WRITE) !== 0 && node.kind === 'host') fail('EROFS');
  return 0;
}

function changeDirectory(process: GuestProcess, guest: string): number {
  if (process.files.status(findNode(process, guest)).kind !== 'directory') fail('ENOTDIR');
  process.workingDirectory = guest;
  return 0;
}

const REMOVE_DIRECTORY = 0x200;

export const fileCalls: CallTable = {
  0: ['read', (process, [fd, address, sizeBytes]) => read(process, fd, address, sizeBytes)],
  1: ['write', (process, [fd, address, sizeBytes]) => write(process, fd, address, sizeBytes)],
  2: ['open', (process, [name, flags]) => open(process, AT_FDCWD, name, flags)],
  3: [
    'close',
    (process, [fd]) => {
      process.descriptors.close(fd | 0);
      return 0;
    },
  ],
  8: ['lseek', (process, [fd, offset, whence]) => process.descriptors.get(fd | 0).seek(offset, whence)],
  16: ['ioctl', (process, [fd]) => (process.descriptors.get(fd | 0), fail('ENOTTY'))],
  17: [
    'pread64',
    (process, [fd, address, sizeBytes, offset]) => read(process, fd, address, sizeBytes, offset),
  ],
  18: [
    'pwrite64',
    (process, [fd, address, sizeBytes, offset]) => write(process, fd, address, sizeBytes, offset),
  ],
  19: ['readv', (process, [fd, v, n]) => eachVector(process, v, n, (a, size) => read(process, fd, a, size))],
  20: [
    'writev',
    (process, [fd, v, n]) => eachVector(process, v, n, (a, size) => write(process, fd, a, size)),
  ],
  21: ['access', (process, [name, mode]) => access(process, AT_FDCWD, name, mode)],
  22: ['pipe', (process, [address]) => pipe(process, address)],
  32: ['dup', (process, [fd]) => process.descriptors.add(process.descriptors.get(fd | 0))],
  33: ['dup2', (process, [from, to]) => duplicate(process, from | 0, to | 0)],
  72: ['fcntl', (process, [fd, command, argument]) => fcntl(process, fd | 0, command, argument)],
  74: ['fsync', () => 0],
  75: ['fdatasync', () => 0],
  77: [
    'ftruncate',
    (process, [fd, sizeBytes]) => {
      process.descriptors.get(fd | 0).truncate(sizeBytes);
      return 0;
    },
  ],
  80: ['chdir', (process, [name]) => changeDirectory(process, resolvePath(process, AT_FDCWD, name))],
  82: [
    'rename',
    (process, [from, to]) => {
      process.files.rename(resolvePath(process, AT_FDCWD, from), resolvePath(process, AT_FDCWD, to));
      return 0;
    },
  ],
  83: [
    'mkdir',
    (process, [name]) => {
      process.files.createDirectory(resolvePath(process, AT_FDCWD, name));
      return 0;
    },
  ],
  84: [
    'rmdir',
    (process, [name]) => {
      process.files.remove(resolvePath(process, AT_FDCWD, name), 'directory');
      return 0;
    },
  ],
  87: [
    'unlink',
    (process, [name]) => {
      process.files.remove(resolvePath(process, AT_FDCWD, name), 'file');
      return 0;
    },
  ],
  257: ['openat', (process, [directory, name, flags]) => open(process, directory, name, flags)],
  258: [
    'mkdirat',
    (process, [directory, name]) => {
      process.files.createDirectory(resolvePath(process, directory, name));
      return 0;
    },
  ],
  263: [
    'unlinkat',
    (process, [directory, name, flags]) => {
      const kind = (flags & REMOVE_DIRECTORY) !== 0 ? 'directory' : 'file';
      process.files.remove(resolvePath(process, directory, name), kind);
      return 0;
    },
  ],
  264: [
    'renameat',
    (process, [fromDirectory, from, toDirectory, to]) => {
      process.files.rename(resolvePath(process, fromDirectory, from), resolvePath(process, toDirectory, to));
      return 0;
    },
  ],
  269: ['faccessat', (process, [directory, name, mode]) => access(process, directory, name, mode)],
  292: ['dup3', (process, [from, to]) => duplicate(process, from | 0, to | 0)],
  293: ['pipe2', (process, [address]) => pipe(process, address)],
  439: ['faccessat2', (process, [directory, name, mode]) => access(process, directory, name, mode)],
};
