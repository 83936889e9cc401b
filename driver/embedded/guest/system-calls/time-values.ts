/** Times in the guest's memory (struct timespec, struct timeval) as milliseconds. */

import { fail } from '../errno';
import type { GuestProcess } from '../process';

const NANOSECONDS_PER_MS = 1e6;
const MICROSECONDS_PER_MS = 1e3;

function read(process: GuestProcess, address: number, perMs: number): number {
  const seconds = Number(BigInt.asIntN(64, process.space.readU64(address)));
  const part = Number(BigInt.asIntN(64, process.space.readU64(address + 8)));
  if (seconds < 0 || part < 0 || part >= 1000 * perMs) return fail('EINVAL');
  return seconds * 1000 + part / perMs;
}

function write(process: GuestProcess, address: number, ms: number, perMs: number): void {
  const seconds = Math.floor(ms / 1000);
  process.space.writeU64(address, BigInt(seconds));
  process.space.writeU64(address + 8, BigInt(Math.floor((ms - seconds * 1000) * perMs)));
}

/** EINVAL for a time below 0, or with too large a part. */
export const readTimespec = (process: GuestProcess, address: number): number =>
  read(process, address, NANOSECONDS_PER_MS);
export const readTimeval = (process: GuestProcess, address: number): number =>
  read(process, address, MICROSECONDS_PER_MS);
export const writeTimespec = (process: GuestProcess, address: number, ms: number): void =>
  write(process, address, ms, NANOSECONDS_PER_MS);
export const writeTimeval = (process: GuestProcess, address: number, ms: number): void =>
  write(process, address, ms, MICROSECONDS_PER_MS);
