/**
 * Entering and leaving the guest's signal handlers (Linux x86-64: struct rt_sigframe). A signal that is blocked stays
 * pending; the others are delivered when a system call is over or a thread gets the CPU.
 */

import { fail } from './errno';
import type { GuestProcess } from './process';
import { IGNORED_SIGNALS, signalBit } from './signals';

export interface SignalInfo {
  readonly signal: number;
  /** si_code: who sent it. */
  readonly code: number;
  /** si_addr of a fault. */
  readonly address: bigint;
}

/** si_code values. */
export const SIGNAL_CODE = { fromThread: -6, fromProcess: 0, fault: 1 } as const;

const HANDLER = { default: 0n, ignore: 1n } as const;
const FLAG = {
  siginfo: 4n,
  onStack: 0x0800_0000n,
  noDefer: 0x4000_0000n,
  resetHandler: 0x8000_0000n,
} as const;
const RED_ZONE_BYTES = 128;

/** Offsets in the frame: return address, ucontext, siginfo. */
const FRAME = { context: 8, machineContext: 48, mask: 304, info: 312, sizeBytes: 440 } as const;
/** struct sigcontext: registers in this order, as indexes into GUEST_REGS; then RIP and RFLAGS. */
const SAVED_REGISTERS = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4] as const;
const CR2_SLOT = 22;
const RDI = 7;
const RSI = 6;
const RDX = 2;
const RSP = 4;
const RAX = 0;

/** Delivers the signal to the running thread: enters its handler, ignores it, or ends the process. */
export function deliverSignal(process: GuestProcess, info: SignalInfo): void {
  const action = process.signalActions.get(info.signal);
  const [handler = HANDLER.default, flags = 0n, restorer = 0n, mask = 0n] =
    action === undefined ? [] : new BigUint64Array(action.slice().buffer);
  if (handler === HANDLER.ignore && info.code !== SIGNAL_CODE.fault) return;
  if (handler === HANDLER.default || handler === HANDLER.ignore || restorer === 0n) {
    if (!IGNORED_SIGNALS.has(info.signal)) process.kill(info.signal);
    return;
  }
  if ((flags & FLAG.resetHandler) !== 0n) process.signalActions.delete(info.signal);
  const { cpu, current } = process;
  const alternate = (flags & FLAG.onStack) === 0n ? undefined : current.alternateStack;
  const stack = cpu.general[RSP] ?? 0n;
  const isOnIt =
    alternate !== undefined && stack > alternate.address && stack <= alternate.address + alternate.sizeBytes;
  const top = alternate === undefined || isOnIt ? stack : alternate.address + alternate.sizeBytes;
  const frame = writeFrame(process, info, restorer, Number(top));
  current.blocked |= mask | ((flags & FLAG.noDefer) === 0n ? signalBit(info.signal) : 0n);
  cpu.rip = handler;
  cpu.general[RSP] = BigInt(frame);
  cpu.general[RDI] = BigInt(info.signal);
  const isDetailed = (flags & FLAG.siginfo) !== 0n;
  cpu.general[RSI] = isDetailed ? BigInt(frame + FRAME.info) : 0n;
  cpu.general[RDX] = isDetailed ? BigInt(frame + FRAME.context) : 0n;
  cpu.general[RAX] = 0n;
}

function writeFrame(process: GuestProcess, info: SignalInfo, restorer: bigint, stack: number): number {
  const { cpu, space } = process;
  const top = stack - RED_ZONE_BYTES - FRAME.sizeBytes;
  // A handler finds the stack as after a call: 8 below a multiple of 16.
  const frame = top - (top % 16) - 8;
  const bytes = new Uint8Array(FRAME.sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, restorer, true);
  const slots = [...SAVED_REGISTERS.map((index) => cpu.general[index] ?? 0n), cpu.rip, cpu.rflags];
  for (const [slot, value] of slots.entries())
    view.setBigUint64(FRAME.machineContext + 8 * slot, value, true);
  view.setBigUint64(FRAME.machineContext + 8 * CR2_SLOT, info.address, true);
  view.setInt32(FRAME.info, info.signal, true);
  view.setInt32(FRAME.info + 8, info.code, true);
  if (info.code === SIGNAL_CODE.fault) view.setBigUint64(FRAME.info + 16, info.address, true);
  else view.setInt32(FRAME.info + 16, process.id, true);
  view.setBigUint64(FRAME.mask, process.current.suspended ?? process.current.blocked, true);
  process.current.suspended = undefined;
  space.write(frame, bytes);
  const saved = cpu.createSaved();
  saved.save();
  process.signalFrames.get(frame)?.dispose();
  process.signalFrames.set(frame, saved);
  return frame;
}

/** rt_sigreturn: takes back what the handler's frame holds, which the handler may have changed. */
export function returnFromSignal(process: GuestProcess): void {
  const { cpu, space } = process;
  const frame = Number(cpu.general[RSP] ?? 0n) - 8;
  const saved = process.signalFrames.get(frame) ?? fail('EFAULT');
  const registers = space.read(frame + FRAME.machineContext, 8 * (SAVED_REGISTERS.length + 2));
  const view = new DataView(registers.buffer);
  // Vector and floating-point registers come from the saved state, the general ones from the frame.
  process.current.blocked = space.readU64(frame + FRAME.mask);
  saved.restore();
  saved.dispose();
  process.signalFrames.delete(frame);
  for (const [slot, index] of SAVED_REGISTERS.entries())
    cpu.general[index] = view.getBigUint64(8 * slot, true);
  cpu.rip = view.getBigUint64(8 * SAVED_REGISTERS.length, true);
}

/** Enters the handlers of the signals that the running thread lets in. */
export function deliverPending(process: GuestProcess): void {
  for (const signal of [...process.pendingSignals]) {
    if (process.end !== undefined || (process.current.blocked & signalBit(signal)) !== 0n) continue;
    process.pendingSignals.delete(signal);
    deliverSignal(process, { signal, code: SIGNAL_CODE.fromThread, address: 0n });
  }
}
