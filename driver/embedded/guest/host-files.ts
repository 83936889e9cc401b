/** Calls on this computer's files, with the guest's errors. */

import fs from 'node:fs';
import { GuestError, type ErrorName } from './errno';

export function isLink(hostPath: string): boolean {
  return fs.lstatSync(hostPath, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** undefined for what does not exist or cannot be reached. */
export function realPath(hostPath: string): string | undefined {
  try {
    return fs.realpathSync(hostPath);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

const HOST_ERRORS: Readonly<Record<string, ErrorName>> = {
  ENOENT: 'ENOENT',
  ENOTDIR: 'ENOTDIR',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  EISDIR: 'EISDIR',
  EINVAL: 'EINVAL',
  ELOOP: 'ELOOP',
};

/** Runs a call on this computer's files; its errors become the guest's. */
export function hostCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error)) throw new GuestError(HOST_ERRORS[error.code ?? ''] ?? 'EIO');
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error;
}
