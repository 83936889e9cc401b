/** What the event core needs of the world it runs in: the embedded CPU, or the synthetic world of `hds test`. */

import type { ScriptMemory } from '../../../script-engine/evaluator/script-machine';
import type { EventRequest } from '../../debuggee';

/** Where the machine is at the moment of an occurrence. Read afresh at every use. */
export interface Place {
  readonly coreId: number;
  readonly processId: number;
  readonly threadId: number;
  /** Address of the NUL-terminated process name (`$pname`). */
  readonly processNameAddress: bigint;
  readonly processObject: bigint;
  readonly threadObject: bigint;
  readonly tebAddress: bigint;
  readonly instructionPointer: bigint;
  /** Addresses of NUL-terminated texts (`$date`, `$time`); 0 where the world has none. */
  readonly dateAddress: bigint;
  readonly timeAddress: bigint;
}

/** The zeroed memory that an action asked for: `$buffer` in scripts, RCX in custom code. It lives as long as its event. */
export interface SafeBuffer {
  /** Address as scripts (through `EventHost.memory`) and custom code see it. */
  readonly address: bigint;
  readonly sizeBytes: number;
  /** A copy of the present contents. */
  read(): Uint8Array;
}

/** Why the machine halts inside a delivery; becomes stop reason `event` (driver-protocol 8.3). */
export interface HaltCause {
  readonly eventTag: bigint;
  readonly stage: 'pre' | 'post';
}

/** What a script asked of the debugger, in the words of the `act:` lines of script tests. */
export type ScriptRequest =
  | { readonly kind: 'pause' | 'flush' }
  | { readonly kind: 'shortCircuit'; readonly on: boolean }
  | { readonly kind: 'enable' | 'disable' | 'clear'; readonly eventId: bigint };

export interface EventHost {
  readonly place: Place;
  readonly coreCount: number;
  /** GUEST_REGS order; conditions, code and scripts write here in place. Must always be the same array. */
  readonly generalRegisters: BigUint64Array;
  /** Registers that are no general ones, by their id in script-engine's catalog (rip, rflags, segments, cr ...). */
  readRegister(registerId: number): bigint;
  writeRegister(registerId: number, value: bigint): void;
  /** Memory as scripts see it: the guest's and all safe buffers. */
  readonly memory: ScriptMemory;
  /** Whether a process with this id exists (driver-protocol 5.1). */
  hasProcess(processId: number): boolean;

  /**
   * Puts the hardware effect of a validated event in place (page hooks, intercepted instructions; driver-protocol 5.6). The answer is an
   * SDK status: DEBUGGER_OPERATION_WAS_SUCCESSFUL, or the refusal that the debugger gets. The event is still disabled.
   */
  arm(event: EventRequest): number;
  /** Undoes `arm`. Called once for each event that was armed. */
  disarm(event: EventRequest): void;
  /** undefined when there is no room. */
  allocateBuffer(sizeBytes: number): SafeBuffer | undefined;
  releaseBuffer(buffer: SafeBuffer): void;

  /**
   * Text to the debugger. `operation`: 1 info, 2 warning, 3 error, or the low 32 bits of the tag of the event that
   * printed it. `immediate` false lets it wait for others (driver-protocol 4).
   */
  message(operation: number, text: string, immediate?: boolean): void;
  /** The safe buffer that custom code returned. */
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void;
  /** Halts the machine now and returns when the debugger lets it go on. Everything printed so far must go out first. */
  halt(cause: HaltCause): void;
  /** Drops messages that have not gone out yet (script `flush()`). */
  flush(): void;
  /** Told of everything a script asks, before it is done. */
  scriptAsked?(request: ScriptRequest): void;
  /** False when this world cannot inject; then the script that asked fails. */
  injectInterrupt(vector: number, errorCode: number | undefined): boolean;
  /** Asks for one instruction after this event, and then for an event of type trace (DEBUGGER_EVENT_TRACE_TYPE). */
  traceStep?(traceType: number): void;
}

export type CodeResult =
  { readonly ok: true; readonly rax: bigint } | { readonly ok: false; readonly error: string };

/** Runs x64 machine code of conditions and custom code under an instruction budget; nothing in it may throw. */
export interface CodeRunner {
  /**
   * `condition`: fn(RCX = GUEST_REGS*, RDX = context) (driver-protocol 5.2). `action`: fn(RCX = buffer or 0, RDX =
   * GUEST_REGS*, R8 = context) (5.3). What the code writes to GUEST_REGS stands in `registers` afterwards. `error` is half
   * a sentence for the user: "it ran into an invalid opcode at offset 0x12".
   */
  run(
    code: Uint8Array,
    kind: 'condition' | 'action',
    registers: BigUint64Array,
    context: bigint,
    buffer: SafeBuffer | undefined,
  ): CodeResult;
}
