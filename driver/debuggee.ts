/**
 * What the adapter sees of a machine, whatever wire leads to it (design: "three targets, one interface").
 * Addresses and 64-bit values are `bigint`. Every request has a time limit; it rejects with a DriverError when the target
 * refuses, does not answer in time, or is gone.
 */

export type StopReason =
  | 'pause'
  | 'requested'
  | 'step'
  | 'breakpoint'
  | 'hardware breakpoint'
  | 'core switched'
  | 'process switched'
  | 'thread switched'
  | 'command finished'
  | 'event'
  | 'module loaded'
  | 'other';

/** The target has halted (driver-protocol 8.3). */
export interface Stop {
  readonly reason: StopReason;
  readonly core: number;
  readonly rip: bigint;
  readonly rflags: bigint;
  readonly is32Bit: boolean;
  /** Tag of the event for reason `event`, id of the breakpoint for reason `breakpoint`, else 0. */
  readonly eventTag: bigint;
  readonly stage: 'pre' | 'post' | undefined;
  /** Up to 16 bytes at RIP. */
  readonly instructionBytes: Uint8Array;
}

/** A text of the target: script output, or a log line of the driver. */
export interface TargetMessage {
  readonly kind: 'script' | 'info' | 'warning' | 'error';
  readonly text: string;
  /** Tag of the event that printed it, or whose condition, script or code failed; undefined for other texts. */
  readonly eventTag: bigint | undefined;
  /** Slot of the event's script that failed; `CompiledScript.sourceOffsets` leads from it to the source. */
  readonly slot?: number;
}

/** The safe buffer of a custom code action, handed to the debugger (actions-page, "How to send buffers back"). */
export interface TargetBuffer {
  readonly eventTag: bigint;
  readonly bytes: Uint8Array;
}

export interface TargetModule {
  readonly path: string;
  readonly baseAddress: bigint;
  readonly isUserMode: boolean;
  readonly is32Bit: boolean;
}

/** All registers that come in one answer. `general` is in GUEST_REGS order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. */
export interface RegisterFile {
  readonly general: BigUint64Array;
  readonly cs: number;
  readonly ss: number;
  readonly ds: number;
  readonly es: number;
  readonly fs: number;
  readonly gs: number;
  readonly rflags: bigint;
  readonly rip: bigint;
}

export interface ProcessDetails {
  readonly processId: number;
  readonly threadId: number;
  readonly processName: string;
  readonly processObject: bigint;
  readonly threadObject: bigint;
}

/** The record of an event as the driver takes it (driver-protocol 5.1); texts and symbols are already numbers. */
export interface EventRequest {
  readonly tag: bigint;
  /** VMM_EVENT_TYPE_ENUM. */
  readonly type: number;
  /** 0xffffffff for all. */
  readonly coreId: number;
  /** 0xffffffff for all. */
  readonly processId: number;
  readonly stage: 1 | 2 | 3;
  readonly shortCircuit: boolean;
  /** OptionalParam1.. of table 5.6; missing ones are 0. */
  readonly options: readonly bigint[];
  /** x64 code called with RCX = GUEST_REGS*, RDX = context. */
  readonly condition: Uint8Array | undefined;
  /** How many actions follow. The original's client tells it, and drivers do not read it. */
  readonly actionCount?: number;
  /** Tags of the outputs that the event's text is copied to, which is the debugger's business alone (5.7). */
  readonly outputTags?: readonly bigint[];
}

export type ActionRequest =
  | { readonly kind: 'break' }
  | {
      readonly kind: 'script';
      readonly bytes: Uint8Array;
      readonly symbolCount: number;
      readonly bufferSizeBytes: number;
    }
  | { readonly kind: 'code'; readonly bytes: Uint8Array; readonly bufferSizeBytes: number };

export type EventVerb = 'query' | 'enable' | 'disable' | 'clear';
export type AddressSpace = 'virtual' | 'physical';
/** `in`: one instruction, all cores run. `over`: as `in`, but a call is run to its return. `instrumentation`: this core alone. */
export type StepKind = 'in' | 'over' | 'instrumentation';

export interface ScriptResult {
  /** What the script printed. */
  readonly text: string;
  /** Value of the last `formats(expression)`, when there was one. */
  readonly value: bigint | undefined;
}

export interface DebuggeeListener {
  /** The target halted by itself: a stop that no pending `pause` or `step` of this interface explains. */
  stopped?(stop: Stop): void;
  message?(message: TargetMessage): void;
  buffer?(buffer: TargetBuffer): void;
  /** Bytes or frames were lost on the wire, or messages in the target's queues. `text` is a sentence. */
  lost?(count: number, text: string): void;
  /** The target told a new module list, asked or not. */
  modules?(modules: readonly TargetModule[]): void;
  /** The guest program has ended with this code; `ended` follows. Only targets tell it that run a program of their own. */
  exited?(code: number): void;
  /** The target is gone; no request can succeed any more. `reason` is a sentence. */
  ended?(reason: string): void;
}

export interface Debuggee {
  readonly description: string;
  /** The present stop, or undefined while the target runs. */
  readonly halted: Stop | undefined;
  /** Modules the target has told of so far; the first is the main program of an embedded Linux guest. */
  readonly modules: readonly TargetModule[];
  listen(listener: DebuggeeListener): void;

  /** Halts the target. Resolves at once with the present stop when it is halted already. */
  pause(): Promise<Stop>;
  resume(): Promise<void>;
  /** Runs one step and resolves with the stop that ends it, which can be an event or a breakpoint met on the way. */
  step(kind: StepKind): Promise<Stop>;

  readRegisters(): Promise<RegisterFile>;
  /** `registerId` is the register's id in the script language (catalog/registers). */
  readRegister(registerId: number): Promise<bigint>;
  writeRegister(registerId: number, value: bigint): Promise<void>;
  /** Bytes from `address` on; shorter than asked, down to empty, where the next page is not mapped. */
  readMemory(address: bigint, sizeBytes: number, space?: AddressSpace): Promise<Uint8Array>;
  writeMemory(address: bigint, bytes: Uint8Array, space?: AddressSpace): Promise<void>;
  /** Physical address of a virtual one, or undefined where nothing is mapped. */
  translate(virtualAddress: bigint): Promise<bigint | undefined>;
  currentProcess(): Promise<ProcessDetails>;
  /** Lets requests look at another core; resolves with the stop as that core sees it. */
  selectCore(core: number): Promise<Stop>;

  registerEvent(event: EventRequest): Promise<void>;
  addAction(tag: bigint, action: ActionRequest, immediate: boolean): Promise<void>;
  /** Applies the verb to one event or to all; resolves with whether the event is enabled (for `query`). */
  modifyEvent(tag: bigint | 'all', verb: EventVerb): Promise<boolean>;

  /** int3 breakpoint; resolves with its id. */
  setBreakpoint(address: bigint): Promise<bigint>;
  clearBreakpoint(id: bigint): Promise<void>;

  /** Runs a compiled script once in the halted target. */
  runScript(bytes: Uint8Array, symbolCount: number, expectValue: boolean): Promise<ScriptResult>;
  /** Asks the target for its module list again. */
  reloadModules(): Promise<readonly TargetModule[]>;
  /** Ends the session; the target runs on without breakpoints and events. Never takes longer than a second. */
  close(): Promise<void>;
}
