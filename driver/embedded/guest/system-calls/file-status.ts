/** Calls that tell about files: stat and its kin, directories, links. */

import { fail } from '../errno';
import type { FileStatus } from '../file-system';
import type { DirectoryEntry } from '../open-file';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';
import { AT_FDCWD, findNode, resolvePath } from './paths';
import { describeSelf } from './self-files';

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const BLOCK_BYTES = 4096;
const MODE_BITS = {
  file: 0o100000,
  directory: 0o040000,
  device: 0o020000,
  pipe: 0o010000,
  socket: 0o140000,
  link: 0o120000,
} as const;
const OWNER = 1000;

/** struct stat of x86-64, 144 bytes. */
function encodeStat(status: FileStatus): Uint8Array {
  const bytes = new Uint8Array(144);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 1n, true);
  view.setBigUint64(8, BigInt(status.inode), true);
  view.setBigUint64(16, BigInt(status.links ?? 1), true);
  view.setUint32(24, MODE_BITS[status.kind] | status.mode, true);
  view.setUint32(28, OWNER, true);
  view.setUint32(32, OWNER, true);
  view.setBigInt64(48, BigInt(status.sizeBytes), true);
  view.setBigInt64(56, BigInt(BLOCK_BYTES), true);
  view.setBigInt64(64, BigInt(Math.ceil(status.sizeBytes / 512)), true);
  const seconds = BigInt(Math.floor(status.modifiedMs / 1000));
  const part = BigInt(Math.floor((status.modifiedMs % 1000) * 1e6));
  for (const offset of [72, 88, 104]) {
    view.setBigInt64(offset, seconds, true);
    view.setBigInt64(offset + 8, part, true);
  }
  return bytes;
}

const STATX_BASIC = 0x7ff;

/** struct statx, 256 bytes. */
function encodeStatx(status: FileStatus): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATX_BASIC, true);
  view.setUint32(4, BLOCK_BYTES, true);
  view.setUint32(16, status.links ?? 1, true);
  view.setUint32(20, OWNER, true);
  view.setUint32(24, OWNER, true);
  view.setUint16(28, MODE_BITS[status.kind] | status.mode, true);
  view.setBigUint64(32, BigInt(status.inode), true);
  view.setBigUint64(40, BigInt(status.sizeBytes), true);
  view.setBigUint64(48, BigInt(Math.ceil(status.sizeBytes / 512)), true);
  const seconds = BigInt(Math.floor(status.modifiedMs / 1000));
  for (const offset of [64, 80, 96, 112]) view.setBigInt64(offset, seconds, true);
  return bytes;
}

function statusOf(
  process: GuestProcess,
  directoryFd: number,
  pathAddress: number,
  flags: number,
): FileStatus {
  if ((flags & AT_EMPTY_PATH) !== 0 && process.space.readString(pathAddress) === '') {
    return process.descriptors.get(directoryFd | 0).status();
  }
  const guest = resolvePath(process, directoryFd, pathAddress);
  const own = describeSelf(process, guest);
  if (own !== undefined) return own.status;
  const followLast = (flags & AT_SYMLINK_NOFOLLOW) === 0;
  const node = findNode(process, guest, followLast);
  return followLast ? process.files.status(node) : process.files.linkStatus(node);
}

function stat(process: GuestProcess, address: number, status: FileStatus): number {
  process.space.write(address, encodeStat(status));
  return 0;
}

const DIRENT_HEADER_BYTES = 19;
const ENTRY_TYPE = { file: 8, directory: 4, device: 2, pipe: 1, socket: 12, link: 10 } as const;

function encodeEntry(entry: DirectoryEntry, position: number): Uint8Array {
  const name = Buffer.from(entry.name, 'utf8');
  const sizeBytes = (DIRENT_HEADER_BYTES + name.length + 1 + 7) & ~7;
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(entry.inode), true);
  view.setBigInt64(8, BigInt(position), true);
  view.setUint16(16, sizeBytes, true);
  view.setUint8(18, ENTRY_TYPE[entry.kind]);
  bytes.set(name, DIRENT_HEADER_BYTES);
  return bytes;
}

function getDirectoryEntries(process: GuestProcess, fd: number, address: number, roomBytes: number): number {
  const directory = process.descriptors.get(fd | 0).directory ?? fail('ENOTDIR');
  let used = 0;
  for (let entry = directory.entries[directory.next]; entry !== undefined;) {
    const bytes = encodeEntry(entry, directory.next + 1);
    if (used + bytes.length > roomBytes) return used === 0 ? fail('EINVAL') : used;
    process.space.write(address + used, bytes);
    used += bytes.length;
    entry = directory.entries[++directory.next];
  }
  return used;
}

function readLink(process: GuestProcess, guest: string, address: number, roomBytes: number): number {
  if (roomBytes <= 0) fail('EINVAL');
  const text = guest === '/proc/self/exe' ? process.executable : process.files.readLink(guest);
  const target = Buffer.from(text, 'utf8').subarray(0, roomBytes);
  process.space.write(address, target);
  return target.length;
}

function workingDirectory(process: GuestProcess, address: number, roomBytes: number): number {
  const bytes = Buffer.from(`${process.workingDirectory}\0`, 'utf8');
  if (bytes.length > roomBytes) fail('ERANGE');
  process.space.write(address, bytes);
  return bytes.length;
}

const STATFS_BYTES = 120;
const TMPFS_MAGIC = 0x0102_1994n;
const TOTAL_BLOCKS = 1n << 17n;
const NAME_LIMIT = 255n;

/** struct statfs: a file system in memory, half of it free. */
function fileSystemStatus(process: GuestProcess, address: number): number {
  const bytes = new Uint8Array(STATFS_BYTES);
  const words = [TMPFS_MAGIC, BigInt(BLOCK_BYTES), TOTAL_BLOCKS, TOTAL_BLOCKS / 2n, TOTAL_BLOCKS / 2n];
  bytes.set(new Uint8Array(BigUint64Array.from([...words, TOTAL_BLOCKS, TOTAL_BLOCKS / 2n]).buffer));
  new DataView(bytes.buffer).setBigUint64(64, NAME_LIMIT, true);
  new DataView(bytes.buffer).setBigUint64(72, BigInt(BLOCK_BYTES), true);
  process.space.write(address, bytes);
  return 0;
}

export const fileStatusCalls: CallTable = {
  4: ['stat', (process, [name, to]) => stat(process, to, statusOf(process, AT_FDCWD, name, 0))],
  5: ['fstat', (process, [fd, to]) => stat(process, to, process.descriptors.get(fd | 0).status())],
  6: [
    'lstat',
    (process, [name, to]) => stat(process, to, statusOf(process, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW)),
  ],
  79: ['getcwd', (process, [address, roomBytes]) => workingDirectory(process, address, roomBytes)],
  89: [
    'readlink',
    (process, [name, to, room]) => readLink(process, resolvePath(process, AT_FDCWD, name), to, room),
  ],
  137: [
    'statfs',
    (process, [name, to]) => {
      findNode(process, resolvePath(process, AT_FDCWD, name));
      return fileSystemStatus(process, to);
    },
  ],
  138: ['fstatfs', (process, [fd, to]) => (process.descriptors.get(fd | 0), fileSystemStatus(process, to))],
  217: ['getdents64', (process, [fd, address, room]) => getDirectoryEntries(process, fd, address, room)],
  262: [
    'newfstatat',
    (process, [directory, name, to, flags]) => stat(process, to, statusOf(process, directory, name, flags)),
  ],
  267: [
    'readlinkat',
    (process, [directory, name, to, room]) =>
      readLink(process, resolvePath(process, directory, name), to, room),
  ],
  332: [
    'statx',
    (process, [directory, name, flags, , to]) => {
      process.space.write(to, encodeStatx(statusOf(process, directory, name, flags)));
      return 0;
    },
  ],
};
