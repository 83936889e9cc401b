/** Calls that move bytes between memory and descriptors. */

import { OPEN_FLAG, type Description } from '../descriptors';
import { readiness } from '../epoll';
import { ERRNO, fail, GuestError } from '../errno';
import type { GuestProcess } from '../process';
import { SIGNAL_CODE } from '../signal-queue';
import { raiseSignal } from '../signal-sending';
import { SIGNAL } from '../signals';
import { ATOMIC_BYTES, POLL } from '../streams';
import type { CallTable } from './call';

/** One call moves at most this much. */
const MAX_BYTES = 16 << 20;
/** The limit of Linux for one buffer. */
const MAX_TRANSFER_BYTES = 0x7fff_f000;
const IO_VECTOR_BYTES = 16;
const MAX_IO_VECTORS = 1024;

interface Piece {
  readonly address: number;
  readonly sizeBytes: number;
}

function readable(process: GuestProcess, fd: number): Description {
  const description = process.descriptors.description(fd | 0);
  const isUnreadable =
    (description.flags & OPEN_FLAG.accessMode) === OPEN_FLAG.writeOnly ||
    (description.flags & OPEN_FLAG.path) !== 0;
  return isUnreadable ? fail('EBADF') : description;
}

function writable(process: GuestProcess, fd: number): Description {
  const description = process.descriptors.description(fd | 0);
  return (description.flags & OPEN_FLAG.accessMode) === OPEN_FLAG.readOnly ? fail('EBADF') : description;
}

const mayWait = ({ flags }: Description): boolean => (flags & OPEN_FLAG.nonBlocking) === 0;

function sizeOf(pieces: readonly Piece[]): number {
  return Math.min(
    pieces.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
    MAX_BYTES,
  );
}

/** Reads into the pieces; waits where there is nothing yet. */
export function readPieces(
  process: GuestProcess,
  fd: number,
  pieces: readonly Piece[],
  offset?: number,
): number {
  const description = readable(process, fd);
  if (offset !== undefined) checkPosition(description, offset);
  const take = (): number => {
    const bytes = description.file.read(sizeOf(pieces), offset);
    let done = 0;
    for (const { address, sizeBytes } of pieces) {
      const part = bytes.subarray(done, done + sizeBytes);
      process.space.write(address, part);
      done += part.length;
    }
    return done;
  };
  return mayWait(description) ? process.blockUntil(take, { isRestartable: true }) : take();
}

export function writePieces(
  process: GuestProcess,
  fd: number,
  pieces: readonly Piece[],
  offset?: number,
): number {
  const description = writable(process, fd);
  if (offset !== undefined) checkPosition(description, offset);
  const bytes = new Uint8Array(sizeOf(pieces));
  let gathered = 0;
  for (const { address, sizeBytes } of pieces) {
    const part = process.space.read(address, Math.min(sizeBytes, bytes.length - gathered));
    bytes.set(part, gathered);
    gathered += part.length;
  }
  return writeBytes(process, description, bytes, offset);
}

/** A wait for room can be interrupted when a part is written; that part then is the result. */
export function writeBytes(
  process: GuestProcess,
  description: Description,
  bytes: Uint8Array,
  offset?: number,
): number {
  const thread = process.current;
  let done = 0;
  const put = (): number => {
    try {
      do done += description.file.write(bytes.subarray(done), offset);
      while (done < bytes.length && offset === undefined);
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      const isBroken = error.result === -ERRNO.EPIPE;
      if (isBroken) {
        const info = { signal: SIGNAL.SIGPIPE, code: SIGNAL_CODE.fromProcess, value: 0n, sender: process.id };
        raiseSignal(thread, info);
      }
      const isOver = isBroken || !mayWait(description) || error.result !== -ERRNO.EAGAIN;
      if (done === 0 || !isOver) throw error;
    }
    return done;
  };
  if (!mayWait(description)) return put();
  return process.blockUntil(put, { isRestartable: true, interrupted: () => (done > 0 ? done : undefined) });
}

function checkPosition({ file }: Description, offset: number): void {
  if (offset < 0) fail('EINVAL');
  if (file.path === undefined && file.poll !== undefined) fail('ESPIPE');
}

function vectors(process: GuestProcess, address: number, count: number): Piece[] {
  if (count < 0 || count > MAX_IO_VECTORS) fail('EINVAL');
  return Array.from({ length: count }, (_, index) => {
    const at = address + index * IO_VECTOR_BYTES;
    const sizeBytes = Number(process.space.readU64(at + 8));
    if (sizeBytes > MAX_TRANSFER_BYTES) fail('EINVAL');
    return { address: Number(process.space.readU64(at)), sizeBytes };
  });
}

/** The file position of preadv2 and pwritev2: -1 is the file's own. */
const ownPosition = (offset: number): number | undefined => (offset === -1 ? undefined : offset);

/** sendfile, copy_file_range and splice: from one descriptor to the other inside the kernel. */
function copyBetween(
  process: GuestProcess,
  from: { readonly fd: number; readonly offsetAt: number },
  to: { readonly fd: number; readonly offsetAt: number },
  sizeBytes: number,
): number {
  const { space } = process;
  const source = readable(process, from.fd);
  const target = writable(process, to.fd);
  const positionOf = (at: number): number | undefined => (at === 0 ? undefined : Number(space.readU64(at)));
  const start = positionOf(from.offsetAt);
  const goal = positionOf(to.offsetAt);
  const copy = (): number => {
    // What has been taken out of a pipe cannot be put back, so the other side must have room for it.
    if ((readiness(target.file) & POLL.out) === 0) return fail('EAGAIN');
    const room = target.file.poll === undefined ? MAX_BYTES : ATOMIC_BYTES;
    const bytes = source.file.read(Math.min(sizeBytes, room), start);
    if (bytes.length === 0) return 0;
    const done = target.file.write(bytes, goal);
    if (done < bytes.length && start === undefined) source.file.seek(done - bytes.length, 1);
    if (start !== undefined) space.writeU64(from.offsetAt, BigInt(start + done));
    if (goal !== undefined) space.writeU64(to.offsetAt, BigInt(goal + done));
    return done;
  };
  return mayWait(source) ? process.blockUntil(copy, { isRestartable: true }) : copy();
}

export const transferCalls: CallTable = {
  0: ['read', (process, [fd, address, sizeBytes]) => readPieces(process, fd, [{ address, sizeBytes }])],
  1: ['write', (process, [fd, address, sizeBytes]) => writePieces(process, fd, [{ address, sizeBytes }])],
  17: [
    'pread64',
    (process, [fd, address, sizeBytes, offset]) => readPieces(process, fd, [{ address, sizeBytes }], offset),
  ],
  18: [
    'pwrite64',
    (process, [fd, address, sizeBytes, offset]) => writePieces(process, fd, [{ address, sizeBytes }], offset),
  ],
  19: ['readv', (process, [fd, v, n]) => readPieces(process, fd, vectors(process, v, n))],
  20: ['writev', (process, [fd, v, n]) => writePieces(process, fd, vectors(process, v, n))],
  40: [
    'sendfile',
    (process, [to, from, offsetAt, sizeBytes]) =>
      copyBetween(process, { fd: from, offsetAt }, { fd: to, offsetAt: 0 }, sizeBytes),
  ],
  275: [
    'splice',
    (process, [from, fromAt, to, toAt, sizeBytes]) =>
      copyBetween(process, { fd: from, offsetAt: fromAt }, { fd: to, offsetAt: toAt }, sizeBytes),
  ],
  295: ['preadv', (process, [fd, v, n, offset]) => readPieces(process, fd, vectors(process, v, n), offset)],
  296: ['pwritev', (process, [fd, v, n, offset]) => writePieces(process, fd, vectors(process, v, n), offset)],
  326: [
    'copy_file_range',
    (process, [from, fromAt, to, toAt, sizeBytes]) =>
      copyBetween(process, { fd: from, offsetAt: fromAt }, { fd: to, offsetAt: toAt }, sizeBytes),
  ],
  327: [
    'preadv2',
    (process, [fd, v, n, offset]) => readPieces(process, fd, vectors(process, v, n), ownPosition(offset)),
  ],
  328: [
    'pwritev2',
    (process, [fd, v, n, offset]) => writePieces(process, fd, vectors(process, v, n), ownPosition(offset)),
  ],
};
