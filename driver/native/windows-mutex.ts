/** Named mutexes: one holder on a computer. Windows frees them when the process ends, however it ends. */

import { isInvalid, windowsCalls } from './windows-library';

const ALREADY_EXISTS = 183;

export interface NamedMutex {
  free(): void;
}

/** The mutex, or the Windows error number: 183 while another process holds it, 5 when that one belongs to another user. */
export function takeNamedMutex(name: string): NamedMutex | number {
  const calls = windowsCalls();
  const handle = calls.createMutex(null, 1, name);
  const status = calls.lastError();
  if (isInvalid(handle)) return status;
  if (status === ALREADY_EXISTS) {
    calls.closeHandle(handle);
    return status;
  }
  return { free: () => void calls.closeHandle(handle) };
}
