/** Signals of Linux x86-64 that end a program by default. */
export const SIGNAL = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
} as const;

/** Signals whose default is to be ignored: CHLD, CONT, URG, WINCH. */
export const IGNORED_SIGNALS: ReadonlySet<number> = new Set([17, 18, 23, 28]);

export const signalBit = (signal: number): bigint => 1n << BigInt(signal - 1);

export function signalName(signal: number): string {
  const known = Object.entries(SIGNAL).find(([, number]) => number === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** The signal that the kernel sends for a CPU exception. */
export function signalOfException(vector: number): number {
  switch (vector) {
    case 0:
    case 16:
    case 19:
      return SIGNAL.SIGFPE;
    case 1:
    case 3:
      return SIGNAL.SIGTRAP;
    case 6:
      return SIGNAL.SIGILL;
    case 17:
      return SIGNAL.SIGBUS;
    default:
      return SIGNAL.SIGSEGV;
  }
}
