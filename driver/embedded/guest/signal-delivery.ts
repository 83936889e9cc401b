/**
 * Entering and leaving the guest's signal handlers (Linux x86-64: struct rt_sigframe). A signal that is blocked stays
 * pending; the others are delivered when a system call is over or a thread gets the CPU.
 */

import { ERRNO, fail, GuestError } from './errno';
import type { GuestProcess } from './process';
import { restoreMask } from './scheduler';
import { SIGNAL_CODE, signalBit, type SignalInfo } from './signal-queue';
import { HANDLER, isIgnored, signalAction, type SignalAction } from './signal-sending';
import { signalName, SIGNAL, STOPPING_SIGNALS, UNBLOCKABLE } from './signals';
import type { GuestThread } from './thread';

const FLAG = {
  onStack: 0x0800_0000n,
  restart: 0x1000_0000n,
  noDefer: 0x4000_0000n,
  resetHandler: 0x8000_0000n,
} as const;
const RED_ZONE_BYTES = 128;
const SYSCALL_BYTES = 2n;

/** Offsets in the frame: return address, ucontext and its parts, siginfo. */
const FRAME = { context: 8, stack: 24, machineContext: 48, mask: 304, info: 312, sizeBytes: 440 } as const;
/** struct sigcontext: registers in this order, as indexes into GUEST_REGS; then RIP and RFLAGS. */
const SAVED_REGISTERS = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4] as const;
/** More slots of it. */
const SLOT = { error: 19, trap: 20, cr2: 22 } as const;
const RDI = 7;
const RSI = 6;
const RDX = 2;
const RSP = 4;
const RAX = 0;

/** The CPU exception behind a signal. */
export interface Fault {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: bigint;
}

/** A fault cannot wait: a program that blocks or ignores its signal dies of it. */
export function deliverFault(process: GuestProcess, info: SignalInfo, fault: Fault): void {
  const isBlocked = (process.current.blocked & signalBit(info.signal)) !== 0n;
  if (isBlocked || signalAction(process, info.signal).handler === HANDLER.ignore) process.kill(info.signal);
  else deliver(process, info, fault);
}

/** Enters the handlers of the signals that the running thread lets in, and settles the call that one has interrupted. */
export function deliverPending(process: GuestProcess): void {
  const thread = process.current;
  for (;;) {
    if (process.end !== undefined) return;
    const info = thread.pending.take(~thread.blocked) ?? process.pending.take(~thread.blocked);
    if (info === undefined) break;
    deliver(process, info);
  }
  if (thread.interrupted === undefined) return;
  // What was to interrupt it has no effect after all.
  restoreMask(thread);
  beginAnew(process, thread);
}

/** Enters the signal's handler, ignores it, or ends the process. */
function deliver(process: GuestProcess, info: SignalInfo, fault?: Fault): void {
  const { signal } = info;
  const action = signalAction(process, signal);
  if (isIgnored(process, signal)) return;
  if (action.handler === HANDLER.default || action.restorer === 0n) {
    if (STOPPING_SIGNALS.has(signal)) process.tellMissing(unstopped(signal));
    else process.kill(signal);
    return;
  }
  if ((action.flags & FLAG.resetHandler) !== 0n) process.signalActions.delete(signal);
  settleCall(process, (action.flags & FLAG.restart) !== 0n);
  try {
    enterHandler(process, action, info, fault);
  } catch (error) {
    // No room for the frame: the stack has run into its end.
    if (!(error instanceof GuestError)) throw error;
    process.kill(SIGNAL.SIGSEGV);
  }
}

const unstopped = (signal: number): string =>
  `${signalName(signal)} would have stopped the guest until a shell continues it; there is no shell, so it runs on`;

/** What the interrupted call returns, or that it begins anew when the handler is over. */
function settleCall(process: GuestProcess, canRestart: boolean): void {
  const thread = process.current;
  const { interrupted } = thread;
  if (interrupted === undefined) return;
  const result = interrupted.interrupted?.();
  if (result === undefined && canRestart && interrupted.isRestartable === true) {
    beginAnew(process, thread);
    return;
  }
  thread.interrupted = undefined;
  process.cpu.general[RAX] = BigInt.asUintN(64, BigInt(result ?? -ERRNO.EINTR));
}

function beginAnew({ cpu }: GuestProcess, thread: GuestThread): void {
  thread.interrupted = undefined;
  cpu.rip -= SYSCALL_BYTES;
  cpu.general[RAX] = thread.call;
}

function enterHandler(process: GuestProcess, action: SignalAction, info: SignalInfo, fault?: Fault): void {
  const { cpu, current } = process;
  const { flags, handler, mask, restorer } = action;
  const alternate = (flags & FLAG.onStack) === 0n ? undefined : current.alternateStack;
  const stack = cpu.general[RSP] ?? 0n;
  const useAlternate = alternate !== undefined && !isOnAlternateStack(current, stack);
  // The red zone belongs to the code that was interrupted, on its own stack only.
  const top = useAlternate ? Number(alternate.address + alternate.sizeBytes) : Number(stack) - RED_ZONE_BYTES;
  if (alternate === undefined) forgetLeftFrames(process, Number(stack));
  const frame = writeFrame(process, info, fault, restorer, top);
  const own = (flags & FLAG.noDefer) === 0n ? signalBit(info.signal) : 0n;
  current.blocked = (current.blocked | mask | own) & ~UNBLOCKABLE;
  cpu.rip = handler;
  cpu.general[RSP] = BigInt(frame);
  cpu.general[RDI] = BigInt(info.signal);
  cpu.general[RSI] = BigInt(frame + FRAME.info);
  cpu.general[RDX] = BigInt(frame + FRAME.context);
  cpu.general[RAX] = 0n;
}

export function isOnAlternateStack({ alternateStack }: GuestThread, stack: bigint): boolean {
  if (alternateStack === undefined) return false;
  const { address, sizeBytes } = alternateStack;
  return stack > address && stack <= address + sizeBytes;
}

function writeFrame(
  process: GuestProcess,
  info: SignalInfo,
  fault: Fault | undefined,
  restorer: bigint,
  stack: number,
): number {
  const { cpu, space, current } = process;
  const top = stack - FRAME.sizeBytes;
  // A handler finds the stack as after a call: 8 below a multiple of 16.
  const frame = top - (top % 16) - 8;
  const bytes = new Uint8Array(FRAME.sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, restorer, true);
  view.setBigUint64(FRAME.stack, current.alternateStack?.address ?? 0n, true);
  view.setBigUint64(FRAME.stack + 16, current.alternateStack?.sizeBytes ?? 0n, true);
  const slots = [...SAVED_REGISTERS.map((index) => cpu.general[index] ?? 0n), cpu.rip, cpu.rflags];
  const setSlot = (slot: number, value: bigint): void =>
    view.setBigUint64(FRAME.machineContext + 8 * slot, value, true);
  for (const [slot, value] of slots.entries()) setSlot(slot, value);
  setSlot(SLOT.error, BigInt(fault?.errorCode ?? 0));
  setSlot(SLOT.trap, BigInt(fault?.vector ?? 0));
  setSlot(SLOT.cr2, fault?.address ?? 0n);
  writeInfo(new DataView(bytes.buffer, FRAME.info), info, fault !== undefined);
  view.setBigUint64(FRAME.mask, current.suspended ?? current.blocked, true);
  space.write(frame, bytes);
  current.suspended = undefined;
  keepState(process, frame);
  return frame;
}

const USER_ID = 1000;

/** struct siginfo (signal, error, code, then what the code says). */
function writeInfo(view: DataView, info: SignalInfo, isFault: boolean): void {
  const { signal, code, value, sender, status } = info;
  view.setInt32(0, signal, true);
  view.setInt32(8, code, true);
  if (isFault) {
    view.setBigUint64(16, value, true);
    return;
  }
  view.setInt32(16, sender, true);
  view.setInt32(20, code === SIGNAL_CODE.fromTimer || sender === 0 ? 0 : USER_ID, true);
  view.setBigUint64(24, status === undefined ? value : BigInt(status), true);
}

/** struct siginfo as sigtimedwait and signalfd users see it. */
export function encodeInfo(info: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(128);
  writeInfo(new DataView(bytes.buffer), info, false);
  return bytes;
}

/** Keeps the vector and floating-point registers, which the frame has no room for. */
function keepState(process: GuestProcess, frame: number): void {
  const { cpu, current, signalFrames } = process;
  signalFrames.get(frame)?.saved.dispose();
  const saved = cpu.createSaved();
  saved.save();
  signalFrames.set(frame, { thread: current, saved });
}

/** A handler that was left by longjmp never returns: its frame lies below what the stack has come back to. */
function forgetLeftFrames(process: GuestProcess, stack: number): void {
  const { current, space } = process;
  const region = space.regionAt(stack);
  process.forgetFrames(
    ({ thread, address }) => thread === current && address < stack && space.regionAt(address) === region,
  );
}

/** rt_sigreturn: takes back what the handler's frame holds, which the handler may have changed. */
export function returnFromSignal(process: GuestProcess): void {
  const { cpu, space } = process;
  const frame = Number(cpu.general[RSP] ?? 0n) - 8;
  const { saved } = process.signalFrames.get(frame) ?? fail('EFAULT');
  const registers = space.read(frame + FRAME.machineContext, 8 * (SAVED_REGISTERS.length + 2));
  const view = new DataView(registers.buffer);
  process.current.blocked = space.readU64(frame + FRAME.mask) & ~UNBLOCKABLE;
  saved.restore();
  saved.dispose();
  process.signalFrames.delete(frame);
  for (const [slot, index] of SAVED_REGISTERS.entries())
    cpu.general[index] = view.getBigUint64(8 * slot, true);
  cpu.rip = view.getBigUint64(8 * SAVED_REGISTERS.length, true);
}
