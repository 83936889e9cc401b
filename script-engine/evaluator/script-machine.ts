/** What the evaluator needs of the machine a script runs on; the driver and the tests implement it. */

/** Memory as a script may touch it. Nothing here throws: an unmapped address is an answer. */
export interface ScriptMemory {
  /** The bytes, or undefined unless all `sizeBytes` of them are readable. */
  read(address: bigint, sizeBytes: number): Uint8Array | undefined;
  /** False, and nothing written, unless the whole range is writable. */
  write(address: bigint, bytes: Uint8Array): boolean;
  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined;
  writePhysical(address: bigint, bytes: Uint8Array): boolean;
  /** undefined where nothing is mapped. */
  virtualToPhysical(address: bigint): bigint | undefined;
  physicalToVirtual(address: bigint): bigint | undefined;
}

/** What a script can ask of the debugger (functions of class "event control" in script-language 9). */
export interface ScriptServices {
  pause(): void;
  flush(): void;
  shortCircuit(on: boolean): void;
  /** `eventId` = tag − 0x1000000. */
  enableEvent(eventId: bigint): void;
  disableEvent(eventId: bigint): void;
  clearEvent(eventId: bigint): void;
  injectInterrupt(vector: number, errorCode: number | undefined): void;
  /** One instruction after this event, and then an event of type trace; absent where nothing can be stepped. */
  traceStep?(traceType: number): void;
  /** A service this machine does not have answers here with a sentence that the script's error carries. */
  unavailable(functionName: string): string;
}

export interface ScriptMachine {
  /**
   * `kernel`: addresses are validated, all registers and services work. `user`: only general registers exist, refused
   * functions print their message (script-language 9, 10).
   */
  readonly mode: 'user' | 'kernel';
  /** GUEST_REGS order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. Scripts write here in place. */
  readonly generalRegisters: BigUint64Array;
  /** Any register that is not (part of) a general one, by its id in catalog/registers. */
  readRegister(registerId: number): bigint;
  writeRegister(registerId: number, value: bigint): void;
  /** By its id in catalog/pseudo-registers. */
  readPseudoRegister(pseudoRegisterId: number): bigint;
  readonly memory: ScriptMemory;
  readonly services: ScriptServices;
  /** Text as the script printed it, newlines included. */
  print(text: string): void;
}
