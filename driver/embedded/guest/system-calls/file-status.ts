/** Calls that tell about files: stat and its kin, directories, links. */

import type { DirectoryEntry } from '../descriptors';
import { fail } from '../errno';
import type { FileStatus } from '../file-system';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';
import { findNode, resolvePath } from './files';

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const BLOCK_BYTES = 4096;
const MODE_BITS = { file: 0o100000, directory: 0o040000, device: 0o020000, pipe: 0o010000 } as const;
const OWNER = 1000;

/** struct stat of x86-64, 144 bytes. */
function encodeStat(status: FileStatus): Uint8Array {
  const bytes = new Uint8Array(144);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 1n, true);
  view.setBigUint64(8, BigInt(status.inode), true);
  view.setBigUint64(16, 1n, true);
  view.setUint32(24, MODE_BITS[status.kind] | status.mode, true);
  view.setUint32(28, OWNER, true);
  view.setUint32(32, OWNER, true);
  view.setBigInt64(48, BigInt(status.sizeBytes), true);
  view.setBigInt64(56, BigInt(BLOCK_BYTES), true);
  view.setBigInt64(64, BigInt(Math.ceil(status.sizeBytes / 512)), true);
  const seconds = BigInt(Math.floor(status.modifiedMs / 1000));
  for (const offset of [72, 88, 104]) view.setBigInt64(offset, seconds, true);
  return bytes;
}

const STATX_BASIC = 0x7ff;

/** struct statx, 256 bytes. */
function encodeStatx(status: FileStatus): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATX_BASIC, true);
  view.setUint32(4, BLOCK_BYTES, true);
  view.setUint32(16, 1, true);
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
  return process.files.status(findNode(process, resolvePath(process, directoryFd, pathAddress)));
}

function stat(process: GuestProcess, address: number, status: FileStatus): number {
  process.space.write(address, encodeStat(status));
  return 0;
}

const DIRENT_HEADER_BYTES = 19;
const ENTRY_TYPE = { file: 8, directory: 4 } as const;

function encodeEntry(entry: DirectoryEntry, position: number): Uint8Array {
  const name = Buffer.from(entry.name, 'utf8');
  const sizeBytes = (DIRENT_HEADER_BYTES + name.length + 1 + 7) & ~7;
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(entry.inode), true);
  view.setBigInt64(8, BigInt(position), true);
  view.setUint16(16, sizeBytes, true);
  view.setUint8(18, entry.isDirectory ? ENTRY_TYPE.directory : ENTRY_TYPE.file);
  bytes.set(name, DIRENT_HEADER_BYTES);
  return bytes;
}

function getDirectoryEntries(process: GuestProcess, fd: number, address: number, roomBytes: number): number {
  const directory = process.descriptors.get(fd | 0).directory ?? fail('ENOTDIR');
  let used = 0;
  while (directory.entries[0] !== undefined) {
    const bytes = encodeEntry(directory.entries[0], used + 1);
    if (used + bytes.length > roomBytes) break;
    process.space.write(address + used, bytes);
    used += bytes.length;
    directory.entries.shift();
  }
  return used === 0 && directory.entries.length > 0 ? fail('EINVAL') : used;
}

function readLink(process: GuestProcess, guest: string, address: number, roomBytes: number): number {
  const target = Buffer.from(process.files.readLink(guest), 'utf8').subarray(0, roomBytes);
  process.space.write(address, target);
  return target.length;
}

function workingDirectory(process: GuestProcess, address: number, roomBytes: number): number {
  const bytes = Buffer.from(`${process.workingDirectory}\0`, 'utf8');
  if (bytes.length > roomBytes) fail('ERANGE');
  process.space.write(address, bytes);
  return bytes.length;
}

export const fileStatusCalls: CallTable = {
  4: ['stat', (process, [name, to]) => stat(process, to, statusOf(process, AT_FDCWD, name, 0))],
  5: ['fstat', (process, [fd, to]) => stat(process, to, process.descriptors.get(fd | 0).status())],
  6: ['lstat', (process, [name, to]) => stat(process, to, statusOf(process, AT_FDCWD, name, 0))],
  79: ['getcwd', (process, [address, roomBytes]) => workingDirectory(process, address, roomBytes)],
  89: [
    'readlink',
    (process, [name, to, room]) => readLink(process, resolvePath(process, AT_FDCWD, name), to, room),
  ],
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
