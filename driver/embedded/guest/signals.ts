/** Signals of Linux x86-64: numbers, names and what they do by default. */

import { SIGNAL_CODE, signalBit, type SignalInfo } from './signal-queue';

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
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export const LAST_SIGNAL = 64;

/** Signals whose default is to be ignored. */
export const IGNORED_SIGNALS: ReadonlySet<number> = new Set([
  SIGNAL.SIGCHLD,
  SIGNAL.SIGCONT,
  SIGNAL.SIGURG,
  SIGNAL.SIGWINCH,
]);
/** Signals whose default is to stop the process until a shell continues it. */
export const STOPPING_SIGNALS: ReadonlySet<number> = new Set([
  SIGNAL.SIGSTOP,
  SIGNAL.SIGTSTP,
  SIGNAL.SIGTTIN,
  SIGNAL.SIGTTOU,
]);

/** Nothing can block these. */
export const UNBLOCKABLE = signalBit(SIGNAL.SIGKILL) | signalBit(SIGNAL.SIGSTOP);

export function signalName(signal: number): string {
  const known = Object.entries(SIGNAL).find(([, number]) => number === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** What the kernel makes of a CPU exception: its signal, and where and why (si_addr, si_code). */
export function faultInfo(vector: number, address: bigint, isMapped: boolean): SignalInfo {
  const signal = signalOfException(vector);
  const code = FAULT_CODES[vector] ?? SIGNAL_CODE.fromKernel;
  if (vector === PAGE_FAULT)
    return { signal, code: isMapped ? ACCESS_ERROR : MAP_ERROR, value: address, sender: 0 };
  return { signal, code, value: code === SIGNAL_CODE.fromKernel ? 0n : address, sender: 0 };
}

const PAGE_FAULT = 14;
const MAP_ERROR = 1;
const ACCESS_ERROR = 2;
/** FPE_INTDIV, TRAP_TRACE, ILL_ILLOPN, FPE_FLTINV, BUS_ADRALN; the kernel names no address for others. */
const FAULT_CODES: Readonly<Record<number, number>> = { 0: 1, 1: 2, 6: 2, 16: 7, 17: 1, 19: 7 };

function signalOfException(vector: number): number {
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
