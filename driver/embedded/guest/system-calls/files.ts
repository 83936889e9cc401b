/** Calls on files and descriptors. */

import { OPEN_FLAG } from '../descriptors';
import { fail } from '../errno';
import { MemoryFile } from '../memory-nodes';
import { openNode, type OpenFile } from '../open-file';
import type { GuestProcess } from '../process';
import type { CallArguments, CallTable } from './call';
import { AT_FDCWD, findNode, resolvePath } from './paths';
import { describeSelf } from './self-files';

const RIGHT = { execute: 1, write: 2, read: 4 } as const;
const READ_BITS = 0o444;
const SEEK_CURRENT = 1;
const WRITE_BITS = 0o222;
const EXECUTE_BITS = 0o111;

function open(
  process: GuestProcess,
  directoryFd: number,
  pathAddress: number,
  flags: number,
  mode: number,
): number {
  const guest = resolvePath(process, directoryFd, pathAddress);
  const closeOnExec = (flags & OPEN_FLAG.closeOnExec) !== 0;
  const own = describeSelf(process, guest);
  if (own !== undefined) return own.add(closeOnExec);
  const file = openFile(process, guest, flags, mode);
  const told = OPEN_FLAG.accessMode | OPEN_FLAG.append | OPEN_FLAG.nonBlocking | OPEN_FLAG.path;
  return process.descriptors.add(file, { closeOnExec, flags: flags & told });
}

function openFile(process: GuestProcess, guest: string, flags: number, mode: number): OpenFile {
  const { files } = process;
  const write = (flags & OPEN_FLAG.accessMode) !== OPEN_FLAG.readOnly;
  const creates = (flags & OPEN_FLAG.create) !== 0;
  const isExclusive = creates && (flags & OPEN_FLAG.exclusive) !== 0;
  const followLast = !isExclusive && (flags & OPEN_FLAG.noFollow) === 0;
  const before = files.find(guest, { followLast });
  if (before !== undefined && isExclusive) fail('EEXIST');
  if (before === undefined && !creates) findNode(process, guest, followLast);
  const node = before ?? create(process, guest, mode);
  const { kind, mode: rights } = files.linkStatus(node);
  if (kind === 'link') fail('ELOOP');
  if ((flags & OPEN_FLAG.directory) !== 0 && kind !== 'directory') fail('ENOTDIR');
  if (before !== undefined && kind === 'file') checkRights(rights, flags);
  const append = (flags & OPEN_FLAG.append) !== 0;
  const file = openNode(files, guest, node, { write, append });
  if (write && (flags & OPEN_FLAG.truncate) !== 0 && kind === 'file') file.truncate(0);
  return file;
}

function create(process: GuestProcess, guest: string, mode: number): MemoryFile {
  const file = process.files.createFile(guest);
  file.mode = mode & 0o7777 & ~process.umask;
  return file;
}

function checkRights(rights: number, flags: number): void {
  const mode = flags & OPEN_FLAG.accessMode;
  if (mode !== OPEN_FLAG.writeOnly && (rights & READ_BITS) === 0) fail('EACCES');
  if (mode !== OPEN_FLAG.readOnly && (rights & WRITE_BITS) === 0) fail('EACCES');
}

function memoryFile(process: GuestProcess, name: string, flags: number): number {
  const file = new MemoryFile();
  file.mode = 0o777;
  file.links = 0;
  return process.descriptors.add(
    openNode(process.files, `/memfd:${name} (deleted)`, file, { write: true, append: false }),
    { closeOnExec: (flags & 1) !== 0 },
  );
}

const FCNTL = {
  duplicate: 0,
  getDescriptorFlags: 1,
  setDescriptorFlags: 2,
  getFlags: 3,
  setFlags: 4,
  getLock: 5,
  setLock: 6,
  setLockWait: 7,
  setOwner: 8,
  getOwner: 9,
  getFileLock: 36,
  setFileLock: 37,
  setFileLockWait: 38,
  duplicateCloseOnExec: 1030,
  setPipeBytes: 1031,
  getPipeBytes: 1032,
} as const;
const CLOSE_ON_EXEC = 1;
const UNLOCKED = 2;
const PIPE_BYTES = 1 << 16;
const CHANGEABLE = OPEN_FLAG.append | OPEN_FLAG.nonBlocking;

function fcntl(process: GuestProcess, fd: number, command: number, argument: number): number {
  const { descriptors } = process;
  const description = descriptors.description(fd);
  switch (command) {
    case FCNTL.duplicate:
    case FCNTL.duplicateCloseOnExec:
      return descriptors.duplicate(fd, {
        lowest: argument | 0,
        closeOnExec: command === FCNTL.duplicateCloseOnExec,
      });
    case FCNTL.getDescriptorFlags:
      return descriptors.isClosedOnExec(fd) ? CLOSE_ON_EXEC : 0;
    case FCNTL.setDescriptorFlags:
      descriptors.setCloseOnExec(fd, (argument & CLOSE_ON_EXEC) !== 0);
      return 0;
    case FCNTL.getFlags:
      return description.flags;
    case FCNTL.setFlags:
      description.flags = (description.flags & ~CHANGEABLE) | (argument & CHANGEABLE);
      description.file.append = (argument & OPEN_FLAG.append) !== 0;
      return 0;
    // Nobody but the guest has its files open, and a process does not lock itself out.
    case FCNTL.getLock:
    case FCNTL.getFileLock:
      process.space.write(argument, Uint8Array.of(UNLOCKED, 0));
      return 0;
    case FCNTL.setLock:
    case FCNTL.setLockWait:
    case FCNTL.setFileLock:
    case FCNTL.setFileLockWait:
    case FCNTL.setOwner:
    case FCNTL.getOwner:
      return 0;
    case FCNTL.setPipeBytes:
    case FCNTL.getPipeBytes:
      return description.file.available === undefined ? fail('EBADF') : PIPE_BYTES;
    default:
      return fail('EINVAL');
  }
}

const IOCTL = { bytesToRead: 0x541b, nonBlocking: 0x5421, notOnExec: 0x5450, onExec: 0x5451 } as const;

function ioctl(process: GuestProcess, fd: number, request: number, argument: number): number {
  const description = process.descriptors.description(fd);
  switch (request) {
    case IOCTL.bytesToRead:
      process.space.writeU32(argument, description.file.available?.() ?? fail('ENOTTY'));
      return 0;
    case IOCTL.nonBlocking: {
      const isOn = process.space.readU32(argument) !== 0;
      description.flags = (description.flags & ~OPEN_FLAG.nonBlocking) | (isOn ? OPEN_FLAG.nonBlocking : 0);
      return 0;
    }
    case IOCTL.notOnExec:
    case IOCTL.onExec:
      process.descriptors.setCloseOnExec(fd, request === IOCTL.onExec);
      return 0;
    default:
      return fail('ENOTTY');
  }
}

function access(process: GuestProcess, directoryFd: number, pathAddress: number, wanted: number): number {
  const guest = resolvePath(process, directoryFd, pathAddress);
  if (describeSelf(process, guest) !== undefined) return 0;
  const { mode, kind } = process.files.status(findNode(process, guest));
  const isRefused =
    ((wanted & RIGHT.read) !== 0 && (mode & READ_BITS) === 0) ||
    ((wanted & RIGHT.write) !== 0 && (mode & WRITE_BITS) === 0) ||
    ((wanted & RIGHT.execute) !== 0 && kind !== 'directory' && (mode & EXECUTE_BITS) === 0);
  return isRefused ? fail('EACCES') : 0;
}

function closeRange(process: GuestProcess, first: number, last: number, flags: number): number {
  const onExec = (flags & 4) !== 0;
  for (const fd of process.descriptors.numbers) {
    if (fd < first >>> 0 || fd > last >>> 0) continue;
    if (onExec) process.descriptors.setCloseOnExec(fd, true);
    else process.descriptors.close(fd);
  }
  return 0;
}

function truncate(process: GuestProcess, guest: string, sizeBytes: number): number {
  if (sizeBytes < 0) fail('EINVAL');
  const node = findNode(process, guest);
  if (process.files.status(node).kind === 'directory') fail('EISDIR');
  process.files.writable(guest).resize(sizeBytes);
  return 0;
}

function truncateOpen(process: GuestProcess, fd: number, sizeBytes: number): number {
  const { file, flags } = process.descriptors.description(fd | 0);
  if (sizeBytes < 0 || (flags & OPEN_FLAG.accessMode) === OPEN_FLAG.readOnly) fail('EINVAL');
  file.truncate(sizeBytes);
  return 0;
}

const FALLOCATE_KEEP_SIZE = 1;

function allocate(process: GuestProcess, [fd, mode, offset, sizeBytes]: CallArguments): number {
  if (offset < 0 || sizeBytes <= 0) fail('EINVAL');
  if (mode !== 0 && mode !== FALLOCATE_KEEP_SIZE) fail('EOPNOTSUPP');
  const { file, flags } = process.descriptors.description(fd | 0);
  if ((flags & OPEN_FLAG.accessMode) === OPEN_FLAG.readOnly) fail('EBADF');
  if (file.path === undefined) fail(file.poll === undefined ? 'ENODEV' : 'ESPIPE');
  const end = offset + sizeBytes;
  if (mode === 0 && end > file.status().sizeBytes) file.truncate(end);
  return 0;
}

function duplicateTo(process: GuestProcess, from: number, to: number, flags: number): number {
  if (from === to) return fail('EINVAL');
  return process.descriptors.duplicateTo(from, to, (flags & OPEN_FLAG.closeOnExec) !== 0);
}

function sameDescriptor(process: GuestProcess, fd: number): number {
  process.descriptors.get(fd);
  return fd;
}

/** Everything is where it belongs already. */
function synchronize(process: GuestProcess, fd: number): number {
  const { file } = process.descriptors.description(fd | 0);
  return file.path === undefined && file.poll !== undefined ? fail('EINVAL') : 0;
}

/** Advice changes nothing; what has no position cannot be given any. */
function advise(process: GuestProcess, fd: number): number {
  process.descriptors.get(fd | 0).seek(0, SEEK_CURRENT);
  return 0;
}

export const fileCalls: CallTable = {
  2: ['open', (process, [name, flags, mode]) => open(process, AT_FDCWD, name, flags, mode)],
  3: ['close', (process, [fd]) => (process.descriptors.close(fd | 0), 0)],
  8: ['lseek', (process, [fd, offset, whence]) => process.descriptors.get(fd | 0).seek(offset, whence)],
  16: ['ioctl', (process, [fd, request, argument]) => ioctl(process, fd | 0, request, argument)],
  21: ['access', (process, [name, mode]) => access(process, AT_FDCWD, name, mode)],
  32: ['dup', (process, [fd]) => process.descriptors.duplicate(fd | 0)],
  33: [
    'dup2',
    (process, [from, to]) =>
      from === to ? sameDescriptor(process, from | 0) : process.descriptors.duplicateTo(from | 0, to | 0),
  ],
  72: ['fcntl', (process, [fd, command, argument]) => fcntl(process, fd | 0, command, argument)],
  73: ['flock', (process, [fd]) => (process.descriptors.get(fd | 0), 0)],
  74: ['fsync', (process, [fd]) => synchronize(process, fd)],
  75: ['fdatasync', (process, [fd]) => synchronize(process, fd)],
  76: [
    'truncate',
    (process, [name, sizeBytes]) => truncate(process, resolvePath(process, AT_FDCWD, name), sizeBytes),
  ],
  77: ['ftruncate', (process, [fd, sizeBytes]) => truncateOpen(process, fd, sizeBytes)],
  85: [
    'creat',
    (process, [name, mode]) => {
      const flags = OPEN_FLAG.create | OPEN_FLAG.truncate | OPEN_FLAG.writeOnly;
      return open(process, AT_FDCWD, name, flags, mode);
    },
  ],
  162: ['sync', () => 0],
  187: ['readahead', (process, [fd]) => advise(process, fd)],
  221: ['fadvise64', (process, [fd]) => advise(process, fd)],
  257: ['openat', (process, [directory, name, flags, mode]) => open(process, directory, name, flags, mode)],
  269: ['faccessat', (process, [directory, name, mode]) => access(process, directory, name, mode)],
  285: ['fallocate', (process, a) => allocate(process, a)],
  292: ['dup3', (process, [from, to, flags]) => duplicateTo(process, from | 0, to | 0, flags)],
  306: ['syncfs', (process, [fd]) => (process.descriptors.get(fd | 0), 0)],
  319: [
    'memfd_create',
    (process, [name, flags]) => memoryFile(process, process.space.readString(name), flags),
  ],
  436: ['close_range', (process, [first, last, flags]) => closeRange(process, first, last, flags)],
  439: ['faccessat2', (process, [directory, name, mode]) => access(process, directory, name, mode)],
};
