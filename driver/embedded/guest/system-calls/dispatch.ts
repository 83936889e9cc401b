/** The Linux x86-64 system call table: one entry for each call, in the file of its subject. */

import { ERRNO, GuestError } from '../errno';
import { OutOfMemoryError } from '../../memory/physical-memory';
import type { GuestProcess } from '../process';
import { linuxCallName } from './call-names';
import type { CallArguments, CallHandler, CallTable } from './call';
import { restoreMask } from '../scheduler';
import { deliverPending } from '../signal-delivery';
import { hasSignal, interruptWait } from '../signal-sending';
import { eventDescriptorCalls } from './event-descriptors';
import { fileStatusCalls } from './file-status';
import { fileCalls } from './files';
import { futexCalls } from './futex';
import { memoryCalls } from './memory';
import { nameCalls } from './names';
import { processCalls } from './process-calls';
import { readinessCalls } from './readiness';
import { signalCalls } from './signal-calls';
import { threadCalls } from './threads';
import { timeCalls } from './time';
import { timerCalls } from './timer-calls';
import { transferCalls } from './transfer';

/** Every call that the machine has. */
export const CALLS: CallTable = {
  ...eventDescriptorCalls,
  ...fileCalls,
  ...fileStatusCalls,
  ...futexCalls,
  ...memoryCalls,
  ...nameCalls,
  ...processCalls,
  ...readinessCalls,
  ...signalCalls,
  ...threadCalls,
  ...timeCalls,
  ...timerCalls,
  ...transferCalls,
};

/** rdi rsi rdx r10 r8 r9, as indexes into GUEST_REGS. */
const ARGUMENT_REGISTERS = [7, 6, 2, 10, 8, 9] as const;
const RAX = 0;

/** Calls that C libraries try on the way and do without: clone3, rseq. Nobody wants to hear of them. */
const OPTIONAL_CALLS: ReadonlySet<number> = new Set([435, 334]);

/**
 * Serves the call that the CPU stands at and moves it behind the instruction. Calls that the machine does not have answer
 * ENOSYS, as an older kernel would, and are told once each.
 */
export function serveSystemCall(process: GuestProcess): void {
  const { cpu, current } = process;
  process.registersAreSet = false;
  current.call = cpu.general[RAX] ?? 0n;
  const number = Number(BigInt.asUintN(32, current.call));
  const handler = CALLS[number]?.[1];
  if (handler === undefined && !OPTIONAL_CALLS.has(number)) process.tellMissing(missingCall(number));
  const result = call(handler, process);
  if (process.end !== undefined) return;
  if (!process.registersAreSet) {
    cpu.general[RAX] = BigInt.asUintN(64, BigInt(result));
    cpu.leaveSystemCall();
  }
  if (current.wait === undefined) restoreMask(current);
  else if (hasSignal(current) && current.wait.isUnstoppable !== true) interruptWait(current);
  if (current.wait === undefined) deliverPending(process);
}

function missingCall(number: number): string {
  const name = linuxCallName(number);
  const which =
    name === undefined
      ? `system call 0n${number}, which Linux does not have either`
      : `${name} (0n${number})`;
  return `the guest called ${which}; it got ENOSYS, because the embedded machine does not have it`;
}

function call(handler: CallHandler | undefined, process: GuestProcess): number | bigint {
  if (handler === undefined) return -ERRNO.ENOSYS;
  const argument = (index: number): number => Number(BigInt.asIntN(64, process.cpu.general[index] ?? 0n));
  const [a, b, c, d, e, f] = ARGUMENT_REGISTERS;
  const values: CallArguments = [
    argument(a),
    argument(b),
    argument(c),
    argument(d),
    argument(e),
    argument(f),
  ];
  try {
    return handler(process, values);
  } catch (error) {
    if (error instanceof GuestError) return error.result;
    if (error instanceof OutOfMemoryError) return -ERRNO.ENOMEM;
    throw error;
  }
}
