/** Error numbers of Linux x86-64, as system calls return them (negated). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EPIPE: 32,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  ENOTSOCK: 88,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ETIMEDOUT: 110,
} as const;

export type ErrorName = keyof typeof ERRNO;

/** A system call fails with this error; the dispatcher turns it into the call's result. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  constructor(readonly errorName: ErrorName) {
    super(errorName);
  }
  get result(): number {
    return -ERRNO[this.errorName];
  }
}

export function fail(errorName: ErrorName): never {
  throw new GuestError(errorName);
}
