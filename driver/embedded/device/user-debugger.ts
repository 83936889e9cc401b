/**
 * The user debugger (driver-protocol 7): which process is attached, whether its threads may run, and what the client is told
 * when they stop. The machine has one process; a core of the real driver that keeps re-faulting is here a machine that waits.
 */

import type { StopReason } from '../../debuggee';
import type { StructOf } from '../../sdk/layout';
import {
  DEBUGGEE_UD_PAUSED_PACKET,
  type DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS,
} from '../../sdk/structs.generated';
import {
  DEBUGGEE_PAUSING_REASON as REASON,
  DEBUGGER_ERROR,
  OPERATION,
  REGS_ENUM,
  SDK,
} from '../../sdk/tables.generated';
import type { Resume } from '../server/server-context';
import { instructionBytes, type DeviceTarget } from './device-target';
import type { PlantedBreakpoints } from './planted-breakpoints';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = SDK.DEBUGGER_EVENT_APPLY_TO_ALL_PROCESSES;
/** Tokens count from here, as event tags do (7.1). */
const FIRST_TOKEN = 0x100_0000n;
/** Field e_entry of an ELF header, and the type that is not relocated. */
const ELF = { typeOffset: 16, entryOffset: 24, headerBytes: 64, fixedAddress: 2 } as const;

export type AttachRecord = StructOf<typeof DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS>;

interface Attached {
  readonly token: bigint;
  readonly processId: number;
  /** User-mode execution of the process is denied. */
  isIntercepting: boolean;
  /** A launch waits for the program's first instruction, and then for its hooks to be removed (7.3). */
  launch: 'waiting' | 'loaded' | undefined;
  /** Threads that have reported, by id. */
  readonly paused: Set<number>;
}

const REASON_OF_STOP: Partial<Record<StopReason, number>> = {
  breakpoint: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_SOFTWARE_BREAKPOINT_HIT,
  step: REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_DEBUG_BREAK,
};

export class UserDebugger {
  readonly #target: DeviceTarget;
  readonly #breakpoints: PlantedBreakpoints;
  readonly #notify: (operation: number, bytes: Uint8Array) => void;
  #lastToken = FIRST_TOKEN - 1n;
  #attached: Attached | undefined;
  /** The program was made suspended and has not been let go (7.3, steps 1 and 3). */
  #isSuspended = true;
  #isHalted = false;
  #resume: Resume | undefined;

  constructor(
    target: DeviceTarget,
    breakpoints: PlantedBreakpoints,
    notify: (operation: number, bytes: Uint8Array) => void,
  ) {
    this.#target = target;
    this.#breakpoints = breakpoints;
    this.#notify = notify;
  }

  /** The machine must not run. */
  get isHalted(): boolean {
    return this.#isSuspended || this.#isHalted;
  }

  get isAttached(): boolean {
    return this.#attached !== undefined;
  }

  /** Lets a program run that was made suspended: ResumeThread. */
  start(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    const attached = this.#attached;
    if (attached?.launch === 'waiting') {
      attached.launch = 'loaded';
      this.#stopAtEntryPoint(attached.processId);
      this.#halt(attached, REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_STARTING_MODULE_LOADED);
    } else if (attached?.isIntercepting === true) {
      this.#halt(attached, REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED);
    } else {
      this.#run({ kind: 'continue' });
    }
  }

  #stopAtEntryPoint(processId: number): void {
    const address = entryPoint(this.#target, this.#target.machine.modules()[0]?.baseAddress ?? 0n);
    if (address === undefined) return;
    this.#breakpoints.set({ address, processId, threadId: ALL, coreId: ALL, removeAfterHit: true });
  }

  /** True when the machine runs and some thread of an intercepted process would run in user mode. */
  takePauseRequest(): boolean {
    return this.#attached?.isIntercepting === true && !this.isHalted && this.#target.threads().some(isReady);
  }

  takeResume(): Resume | undefined {
    const resume = this.#resume;
    this.#resume = undefined;
    return resume;
  }

  /** The machine has stopped between two instructions. Only an attached process stops. */
  stop(reason: StopReason): void {
    const attached = this.#attached;
    if (attached === undefined) return;
    const number = REASON_OF_STOP[reason];
    if (number === undefined) this.#selectReadyThread();
    this.#halt(attached, number ?? REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED);
  }

  #selectReadyThread(): void {
    const current = this.#target.machine.currentProcess().threadId;
    const ready = this.#target.threads().filter(isReady);
    const [first] = ready;
    if (first !== undefined && !ready.some(({ threadId }) => threadId === current))
      this.#target.switchThread(first.threadId);
  }

  /** Reports the present thread with `reason`, and the others that would run as intercepted (7.1). */
  #halt(attached: Attached, reason: number): void {
    this.#isHalted = true;
    this.#resume = undefined;
    attached.isIntercepting = true;
    attached.paused.clear();
    const { threadId: current } = this.#target.machine.currentProcess();
    this.#report(attached, current, reason);
    for (const { threadId } of this.#target.threads().filter(isReady)) {
      if (threadId === current || !this.#target.switchThread(threadId)) continue;
      this.#report(attached, threadId, REASON.DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED);
    }
    this.#target.switchThread(current);
  }

  #report(attached: Attached, threadId: number, reason: number): void {
    const { machine } = this.#target;
    const rip = machine.readRegister(REGS_ENUM.REGISTER_RIP) ?? 0n;
    const bytes = instructionBytes(machine, rip);
    attached.paused.add(threadId);
    this.#notify(
      OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE,
      DEBUGGEE_UD_PAUSED_PACKET.encode({
        Rip: rip,
        ProcessDebuggingToken: attached.token,
        Is32Bit: machine.is32Bit,
        PausingReason: reason,
        ProcessId: attached.processId,
        ThreadId: threadId,
        Rflags: machine.readRegister(REGS_ENUM.REGISTER_RFLAGS) ?? 0n,
        // Never the breakpoint's id (7.2).
        EventTag: 0n,
        InstructionBytesOnRip: bytes,
        ReadInstructionLen: bytes.length,
      }),
    );
  }

  #run(resume: Resume): void {
    this.#isHalted = false;
    this.#resume = resume;
    this.#attached?.paused.clear();
    this.#breakpoints.continued();
  }

  /** Breakpoints stop an attached process only (1); in another the original instruction just runs. */
  breakpointHit(address: bigint): bigint | undefined {
    return this.#attached === undefined ? undefined : this.#breakpoints.hit(address);
  }

  attach(record: AttachRecord): AttachRecord {
    const { machine } = this.#target;
    if (record.ProcessId === 0 || !machine.hasProcess(record.ProcessId) || !this.#target.isAlive)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_TARGET_USER_MODE_PROCESS);
    if (this.#attached !== undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_AN_ALREADY_ATTACHED_PROCESS);
    // A program that runs already has no launch to wait for.
    if (record.IsStartingNewProcess && !this.#isSuspended)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_TARGET_USER_MODE_PROCESS);
    const token = ++this.#lastToken;
    this.#attached = {
      token,
      processId: record.ProcessId,
      isIntercepting: true,
      launch: record.IsStartingNewProcess ? 'waiting' : undefined,
      paused: new Set(),
    };
    return { ...record, Token: token, Is32Bit: machine.is32Bit, Result: BigInt(OK) };
  }

  /** Part of a launch: the client repeats it until the program has come to its first instruction (7.3, step 4). */
  removeHooks(record: AttachRecord): AttachRecord {
    const attached = this.#byToken(record.Token);
    if (attached === undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN);
    if (attached.launch === 'waiting')
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_REMOVE_HOOKS_ENTRYPOINT_NOT_REACHED);
    if (attached.launch === undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_REMOVE_HOOKS);
    attached.launch = undefined;
    return accepted(record);
  }

  detach(record: AttachRecord): AttachRecord {
    const attached = this.#byProcess(record.ProcessId);
    if (attached === undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_THE_USER_DEBUGGER_NOT_ATTACHED_TO_THE_PROCESS);
    if (attached.paused.size > 0)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_DETACH_AS_THERE_ARE_PAUSED_THREADS);
    this.#attached = undefined;
    return accepted(record);
  }

  kill(record: AttachRecord): AttachRecord {
    if (this.#byProcess(record.ProcessId) === undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_THE_USER_DEBUGGER_NOT_ATTACHED_TO_THE_PROCESS);
    const wasAlive = this.#target.isAlive;
    this.#attached = undefined;
    // A dead process frees its record by this as well (7.4).
    if (!wasAlive)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_KILL_THE_PROCESS_DOES_NOT_EXISTS);
    this.#target.kill();
    this.#isSuspended = false;
    this.#run({ kind: 'continue' });
    return accepted(record);
  }

  continue(record: AttachRecord): AttachRecord {
    const attached = this.#byToken(record.Token);
    if (attached === undefined)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN);
    attached.isIntercepting = false;
    if (this.#isHalted) this.#run({ kind: 'continue' });
    return accepted(record);
  }

  pause(record: AttachRecord): AttachRecord {
    const attached = this.#byToken(record.Token);
    if (attached === undefined || attached.isIntercepting)
      return refused(record, DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_PAUSE_THE_PROCESS_THREADS);
    attached.isIntercepting = true;
    return accepted(record);
  }

  /** Looks at a process or a thread (the process wins) and tells where it stands (7.4, 6). */
  switchTo(record: AttachRecord): AttachRecord {
    const attached = this.#attached;
    const isMine =
      attached !== undefined &&
      (record.ProcessId !== 0
        ? record.ProcessId === attached.processId
        : this.#target.threads().some(({ threadId }) => threadId === record.ThreadId));
    if (!isMine)
      return refused(
        record,
        DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_SWITCH_PROCESS_ID_OR_THREAD_ID_IS_INVALID,
      );
    const { machine } = this.#target;
    const current = machine.currentProcess().threadId;
    const threadId = record.ProcessId !== 0 ? this.#pausedThread(attached, current) : record.ThreadId;
    if (threadId === undefined || (this.#isHalted && !this.#target.switchThread(threadId)))
      return refused(
        record,
        DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_SWITCH_THERE_IS_NO_THREAD_ON_THE_PROCESS,
      );
    const isPaused = attached.paused.has(threadId);
    const rip = isPaused ? (machine.readRegister(REGS_ENUM.REGISTER_RIP) ?? 0n) : 0n;
    const bytes = isPaused ? instructionBytes(machine, rip) : new Uint8Array(0);
    return {
      ...accepted(record),
      ProcessId: attached.processId,
      ThreadId: threadId,
      Token: attached.token,
      Is32Bit: machine.is32Bit,
      IsPaused: isPaused,
      Rip: rip,
      InstructionBytesOnRip: bytes,
      SizeOfInstruction: bytes.length,
    };
  }

  #pausedThread(attached: Attached, current: number): number | undefined {
    return attached.paused.has(current) ? current : [...attached.paused][0];
  }

  /** Attached processes, then paused threads (7.4, verb 7). */
  get details(): readonly { readonly processId: number; readonly threadId: number | undefined }[] {
    const attached = this.#attached;
    if (attached === undefined) return [];
    const { processId } = attached;
    return [
      { processId, threadId: undefined },
      ...[...attached.paused].map((threadId) => ({ processId, threadId })),
    ];
  }

  /** Whether a command can be given to the thread now; it is on the CPU then. */
  selectPausedThread(token: bigint, threadId: number): number {
    const attached = this.#byToken(token);
    if (attached === undefined) return DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN;
    const isReachable = this.#isHalted && attached.paused.has(threadId) && this.#target.isAlive;
    return isReachable && this.#target.switchThread(threadId)
      ? OK
      : DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD;
  }

  /** Lets the selected thread make a step; the stop comes with reason 13. */
  step(resume: Resume): void {
    this.#run(resume);
    if (this.#attached !== undefined) this.#attached.isIntercepting = false;
  }

  /** The hypervisor ends: nobody is held any more. A program that was never started stays suspended. */
  release(): void {
    const wasHalted = this.#isHalted;
    this.#attached = undefined;
    if (wasHalted) this.#run({ kind: 'continue' });
  }

  #byToken(token: bigint): Attached | undefined {
    return this.#attached?.token === token ? this.#attached : undefined;
  }

  #byProcess(processId: number): Attached | undefined {
    return this.#attached?.processId === processId ? this.#attached : undefined;
  }
}

const isReady = ({ isReady: ready }: { readonly isReady: boolean }): boolean => ready;

const refused = (record: AttachRecord, status: number): AttachRecord => ({
  ...record,
  Result: BigInt(status),
});
const accepted = (record: AttachRecord): AttachRecord => refused(record, OK);

/** The entry point that the header of a mapped ELF image names; undefined where there is no such header. */
export function entryPoint({ machine }: DeviceTarget, baseAddress: bigint): bigint | undefined {
  const header = machine.memory.read(baseAddress, ELF.headerBytes);
  if (header === undefined || header[0] !== 0x7f || header[1] !== 0x45) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const entry = view.getBigUint64(ELF.entryOffset, true);
  return view.getUint16(ELF.typeOffset, true) === ELF.fixedAddress ? entry : baseAddress + entry;
}
