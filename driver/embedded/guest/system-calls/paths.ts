/** Paths in system calls. */

import path from 'node:path';
import { fail } from '../errno';
import type { Node } from '../file-system';
import type { GuestProcess } from '../process';

export const AT_FDCWD = -100;

/** The absolute, normalised path that a call means. */
export function resolvePath(process: GuestProcess, directoryFd: number, address: number): string {
  const text = process.space.readString(address);
  if (text === '') return fail('ENOENT');
  return absolutePath(process, directoryFd, text);
}

function absolutePath(process: GuestProcess, directoryFd: number, text: string): string {
  if (text.startsWith('/')) return path.posix.normalize(text).replace(/(?<=.)\/$/, '');
  const base =
    (directoryFd | 0) === AT_FDCWD ? process.workingDirectory : directoryOf(process, directoryFd | 0);
  return path.posix.resolve(base, text);
}

function directoryOf(process: GuestProcess, fd: number): string {
  return process.descriptors.get(fd).directory?.path ?? fail('ENOTDIR');
}

export function findNode(process: GuestProcess, guest: string, followLast = true): Node {
  const meant = guest === '/proc/self/exe' && followLast ? process.executable : guest;
  return (
    process.files.find(meant, { followLast }) ?? fail(blockedByFile(process, guest) ? 'ENOTDIR' : 'ENOENT')
  );
}

/** Something on the way is a file. */
function blockedByFile(process: GuestProcess, guest: string): boolean {
  const above = process.files.find(path.posix.dirname(guest));
  return above !== undefined && process.files.status(above).kind === 'file';
}
