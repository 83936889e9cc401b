import { DEBUGGER_ERROR } from '../../../driver/sdk/tables.generated';
import type { EventHost, Place, SafeBuffer, ScriptRequest } from '../../../driver/embedded/events/event-host';
import { type Register, registerById } from '../../../script-engine/catalog/registers';
import type { NamedMemory } from './named-memory';

/** Of the world's own things, far from everything a test names by hand. */
const PROCESS_NAME_ADDRESS = 0xffff_a000_0000_0000n;
const FIRST_BUFFER_ADDRESS = 0xffff_b000_0000_0000n;
const BUFFER_STRIDE = 0x1_0000n;
/** More cores than any filter of a test names. */
const CORE_COUNT = 0x100;
const DEFAULT_PROCESS_ID = 0x1c0;
/** Interrupts on, reserved bit set. */
const DEFAULT_RFLAGS = 0x202n;
/** Operation codes below are log lines of the driver; from here on they are tags of events (event-host). */
const FIRST_TAG = 0x1000000;

/** What changes from one occurrence to the next. */
export interface Scene {
  readonly core: number;
  readonly processId: number;
  readonly threadId: number;
}

export const IDLE_SCENE: Scene = { core: 0, processId: DEFAULT_PROCESS_ID, threadId: 0 };

/** The world of `hds test`: a debuggee without a guest in which declared things occur (script-tests.md). */
export class SyntheticHost implements EventHost {
  readonly generalRegisters = new BigUint64Array(16);
  readonly coreCount = CORE_COUNT;
  /** Registers that are no general ones, by the name of the whole register. */
  readonly #otherRegisters = new Map<string, bigint>();
  #scene: Scene = IDLE_SCENE;
  #nextBuffer = FIRST_BUFFER_ADDRESS;
  #printed = '';
  #asked: string[] = [];
  /** A script has just asked for a pause, so the halt that follows is its own. */
  #scriptPauses = false;

  constructor(
    readonly memory: NamedMemory,
    processName: string,
  ) {
    memory.define(PROCESS_NAME_ADDRESS, new TextEncoder().encode(`${processName}\0`));
  }

  /** Zeroes the registers and sets the scene of the next occurrence. */
  begin(scene: Scene): void {
    this.#scene = scene;
    this.generalRegisters.fill(0n);
    this.#otherRegisters.clear();
    this.#otherRegisters.set('rflags', DEFAULT_RFLAGS);
  }

  /** What scripts printed since the last call. */
  takePrinted(): string {
    const printed = this.#printed;
    this.#printed = '';
    return printed;
  }

  /** What scripts asked of the debugger since the last call, in the words of `act:`. */
  takeAsked(): string[] {
    const asked = this.#asked;
    this.#asked = [];
    this.#scriptPauses = false;
    return asked;
  }

  print(text: string): void {
    this.#printed += text;
  }

  get place(): Place {
    const { core, processId, threadId } = this.#scene;
    return {
      coreId: core,
      processId,
      threadId,
      processNameAddress: PROCESS_NAME_ADDRESS,
      processObject: 0n,
      threadObject: 0n,
      tebAddress: 0n,
      instructionPointer: this.#otherRegisters.get('rip') ?? 0n,
      dateAddress: 0n,
      timeAddress: 0n,
    };
  }

  readRegister(registerId: number): bigint {
    const register = registerById(registerId);
    return register === undefined ? 0n : this.read(register);
  }

  writeRegister(registerId: number, value: bigint): void {
    const register = registerById(registerId);
    if (register !== undefined) this.write(register, value);
  }

  /** Any register, whole or part. */
  read(register: Register): bigint {
    return (this.#whole(register) >> BigInt(register.shift)) & maskOf(register);
  }

  /** Any register; the bits of its parent that it has no part in stay. */
  write(register: Register, value: bigint): void {
    const mask = maskOf(register);
    const shift = BigInt(register.shift);
    const whole = (this.#whole(register) & ~(mask << shift)) | ((value & mask) << shift);
    if (register.generalIndex === undefined) this.#otherRegisters.set(register.parent, whole);
    else this.generalRegisters[register.generalIndex] = whole;
  }

  #whole(register: Register): bigint {
    return register.generalIndex === undefined
      ? (this.#otherRegisters.get(register.parent) ?? 0n)
      : (this.generalRegisters[register.generalIndex] ?? 0n);
  }

  hasProcess(): boolean {
    return true;
  }

  arm(): number {
    return DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  }

  disarm(): void {}

  allocateBuffer(sizeBytes: number): SafeBuffer {
    const address = this.#nextBuffer;
    this.#nextBuffer += BUFFER_STRIDE;
    this.memory.define(address, new Uint8Array(sizeBytes));
    return { address, sizeBytes, read: () => this.memory.read(address, sizeBytes) ?? new Uint8Array(0) };
  }

  releaseBuffer(buffer: SafeBuffer): void {
    this.memory.undefine(buffer.address, buffer.sizeBytes);
  }

  message(operation: number, text: string): void {
    if (operation >= FIRST_TAG) this.#printed += text;
  }

  sendBuffer(): void {}

  /** A break action stops without any script asking. The debugger of a test lets the machine go on at once. */
  halt(): void {
    if (!this.#scriptPauses) this.#asked.push('pause');
    this.#scriptPauses = false;
  }

  flush(): void {}

  scriptAsked(request: ScriptRequest): void {
    this.#scriptPauses = request.kind === 'pause';
    this.#asked.push(actOf(request));
  }

  injectInterrupt(): boolean {
    return true;
  }
}

function actOf(request: ScriptRequest): string {
  switch (request.kind) {
    case 'pause':
    case 'flush':
      return request.kind;
    case 'shortCircuit':
      return `sc=${request.on ? 1 : 0}`;
    case 'enable':
    case 'disable':
    case 'clear':
      return `${request.kind}=${request.eventId.toString(16)}`;
  }
}

function maskOf(register: Register): bigint {
  return (1n << BigInt(register.width)) - 1n;
}
