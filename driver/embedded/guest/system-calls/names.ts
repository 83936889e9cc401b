/** Calls that change names, rights and times in the guest's file system. */

import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';
import { AT_FDCWD, findNode, resolvePath } from './paths';

const REMOVE_DIRECTORY = 0x200;
const NO_REPLACE = 1;
const OWNER = 1000;
const UTIME = { now: 0x3fff_ffffn, omit: 0x3fff_fffen } as const;

function changeDirectory(process: GuestProcess, guest: string): number {
  if (process.files.status(findNode(process, guest)).kind !== 'directory') fail('ENOTDIR');
  process.workingDirectory = guest;
  return 0;
}

function makeDirectory(process: GuestProcess, guest: string, mode: number): number {
  process.files.createDirectory(guest).mode = mode & 0o7777 & ~process.umask;
  return 0;
}

function remove(process: GuestProcess, guest: string, kind: 'file' | 'directory'): number {
  findNode(process, guest, false);
  process.files.remove(guest, kind);
  return 0;
}

function rename(process: GuestProcess, from: string, to: string, flags: number): number {
  if ((flags & ~NO_REPLACE) !== 0) fail('EINVAL');
  if (flags !== 0 && process.files.find(to, { followLast: false }) !== undefined) fail('EEXIST');
  process.files.rename(from, to);
  return 0;
}

function link(process: GuestProcess, from: string, to: string): number {
  if (process.files.status(findNode(process, from)).kind === 'directory') fail('EPERM');
  process.files.addName(from, to);
  return 0;
}

function makeLink(process: GuestProcess, target: number, guest: string): number {
  process.files.createLink(guest, process.space.readString(target));
  return 0;
}

function changeMode(process: GuestProcess, guest: string, mode: number): number {
  const node = findNode(process, guest);
  const changed = node.kind === 'memory directory' ? node : process.files.writable(guest);
  changed.mode = mode & 0o7777;
  return 0;
}

const pathOf = (process: GuestProcess, fd: number): string =>
  process.descriptors.get(fd | 0).path ?? process.descriptors.get(fd | 0).directory?.path ?? fail('EINVAL');

/** There is one user. */
function changeOwner(process: GuestProcess, guest: string, user: number, group: number): number {
  findNode(process, guest);
  for (const id of [user | 0, group | 0]) if (id !== -1 && id !== OWNER) fail('EPERM');
  return 0;
}

/** The second of the two times is that of the last change; the other one is not kept. */
function changeTimes(process: GuestProcess, guest: string, times: number): number {
  const node = findNode(process, guest);
  const changed = node.kind === 'memory directory' ? node : process.files.writable(guest);
  const part = times === 0 ? UTIME.now : process.space.readU64(times + 24);
  if (part === UTIME.omit) return 0;
  const seconds = times === 0 ? 0n : process.space.readU64(times + 16);
  changed.modifiedMs = part === UTIME.now ? Date.now() : Number(seconds) * 1000 + Number(part) / 1e6;
  return 0;
}

/** Extended attributes do not exist here, as on a file system that has none. */
const noAttributes = (): never => fail('EOPNOTSUPP');

export const nameCalls: CallTable = {
  80: ['chdir', (process, [name]) => changeDirectory(process, resolvePath(process, AT_FDCWD, name))],
  81: [
    'fchdir',
    (process, [fd]) =>
      changeDirectory(process, process.descriptors.get(fd | 0).directory?.path ?? fail('ENOTDIR')),
  ],
  82: [
    'rename',
    (process, [from, to]) =>
      rename(process, resolvePath(process, AT_FDCWD, from), resolvePath(process, AT_FDCWD, to), 0),
  ],
  83: [
    'mkdir',
    (process, [name, mode]) => makeDirectory(process, resolvePath(process, AT_FDCWD, name), mode),
  ],
  84: ['rmdir', (process, [name]) => remove(process, resolvePath(process, AT_FDCWD, name), 'directory')],
  86: [
    'link',
    (process, [from, to]) =>
      link(process, resolvePath(process, AT_FDCWD, from), resolvePath(process, AT_FDCWD, to)),
  ],
  87: ['unlink', (process, [name]) => remove(process, resolvePath(process, AT_FDCWD, name), 'file')],
  88: [
    'symlink',
    (process, [target, name]) => makeLink(process, target, resolvePath(process, AT_FDCWD, name)),
  ],
  90: ['chmod', (process, [name, mode]) => changeMode(process, resolvePath(process, AT_FDCWD, name), mode)],
  91: ['fchmod', (process, [fd, mode]) => changeMode(process, pathOf(process, fd), mode)],
  92: [
    'chown',
    (process, [name, user, group]) => changeOwner(process, resolvePath(process, AT_FDCWD, name), user, group),
  ],
  93: ['fchown', (process, [fd, user, group]) => changeOwner(process, pathOf(process, fd), user, group)],
  94: [
    'lchown',
    (process, [name, user, group]) => changeOwner(process, resolvePath(process, AT_FDCWD, name), user, group),
  ],
  188: ['setxattr', noAttributes],
  189: ['lsetxattr', noAttributes],
  190: ['fsetxattr', noAttributes],
  191: ['getxattr', noAttributes],
  192: ['lgetxattr', noAttributes],
  193: ['fgetxattr', noAttributes],
  194: ['listxattr', noAttributes],
  195: ['llistxattr', noAttributes],
  196: ['flistxattr', noAttributes],
  258: [
    'mkdirat',
    (process, [directory, name, mode]) => makeDirectory(process, resolvePath(process, directory, name), mode),
  ],
  260: [
    'fchownat',
    (process, [directory, name, user, group]) =>
      changeOwner(process, resolvePath(process, directory, name), user, group),
  ],
  263: [
    'unlinkat',
    (process, [directory, name, flags]) =>
      remove(
        process,
        resolvePath(process, directory, name),
        (flags & REMOVE_DIRECTORY) !== 0 ? 'directory' : 'file',
      ),
  ],
  264: [
    'renameat',
    (process, [fromDirectory, from, toDirectory, to]) =>
      rename(process, resolvePath(process, fromDirectory, from), resolvePath(process, toDirectory, to), 0),
  ],
  265: [
    'linkat',
    (process, [fromDirectory, from, toDirectory, to]) =>
      link(process, resolvePath(process, fromDirectory, from), resolvePath(process, toDirectory, to)),
  ],
  266: [
    'symlinkat',
    (process, [target, directory, name]) => makeLink(process, target, resolvePath(process, directory, name)),
  ],
  268: [
    'fchmodat',
    (process, [directory, name, mode]) => changeMode(process, resolvePath(process, directory, name), mode),
  ],
  280: [
    'utimensat',
    (process, [directory, name, times]) =>
      changeTimes(
        process,
        name === 0 ? pathOf(process, directory) : resolvePath(process, directory, name),
        times,
      ),
  ],
  316: [
    'renameat2',
    (process, [fromDirectory, from, toDirectory, to, flags]) =>
      rename(
        process,
        resolvePath(process, fromDirectory, from),
        resolvePath(process, toDirectory, to),
        flags,
      ),
  ],
};
