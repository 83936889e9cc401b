/** The event core's view of the running machine. */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import type { EventRequest } from '../debuggee';
import type { EventHost, HaltCause, Place, SafeBuffer } from './events/event-host';
import type { GuestMachine } from './guest-machine';

/** The parts that need the debugger's server and the loop, which are made after the core. */
export interface HostOutlets {
  message(operation: number, text: string, immediate: boolean): void;
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void;
  halt(cause: HaltCause): void;
  /** See EventHost. */
  inject(vector: number, errorCode: number | undefined): boolean;
  traceStep(traceType: number): void;
  flush(): void;
}

export class GuestEventHost implements EventHost {
  readonly #machine: GuestMachine;
  readonly #outlets: () => HostOutlets;

  constructor(machine: GuestMachine, outlets: () => HostOutlets) {
    this.#machine = machine;
    this.#outlets = outlets;
  }

  get place(): Place {
    const machine = this.#machine;
    const { coreId, processId, threadId } = machine.guest.place;
    return {
      coreId,
      processId,
      threadId,
      processNameAddress: machine.processNameAddress,
      processObject: machine.processObject(processId),
      threadObject: machine.threadObject(threadId),
      tebAddress: 0n,
      instructionPointer: machine.cpu.rip,
      dateAddress: 0n,
      timeAddress: 0n,
    };
  }

  get coreCount(): number {
    return this.#machine.coreCount;
  }
  get generalRegisters(): BigUint64Array {
    return this.#machine.generalRegisters;
  }
  get memory(): ScriptMemory {
    return this.#machine.memory;
  }

  readRegister(registerId: number): bigint {
    return this.#machine.readRegister(registerId) ?? 0n;
  }
  writeRegister(registerId: number, value: bigint): void {
    this.#machine.writeRegister(registerId, value);
  }
  hasProcess(processId: number): boolean {
    return this.#machine.hasProcess(processId);
  }

  arm(event: EventRequest): number {
    return this.#machine.intercepts.arm(event);
  }
  disarm(event: EventRequest): void {
    this.#machine.intercepts.disarm(event);
  }

  allocateBuffer(sizeBytes: number): SafeBuffer {
    const { area } = this.#machine.guest;
    const address = area.reserve(sizeBytes);
    return { address, sizeBytes, read: () => area.read(address, sizeBytes) };
  }
  releaseBuffer(buffer: SafeBuffer): void {
    this.#machine.guest.area.release(buffer.address, buffer.sizeBytes);
  }

  message(operation: number, text: string, immediate = true): void {
    this.#outlets().message(operation, text, immediate);
  }
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void {
    this.#outlets().sendBuffer(eventTag, bytes);
  }
  halt(cause: HaltCause): void {
    this.#outlets().halt(cause);
  }
  flush(): void {
    this.#outlets().flush();
  }
  injectInterrupt(vector: number, errorCode: number | undefined): boolean {
    return this.#outlets().inject(vector, errorCode);
  }
  traceStep(traceType: number): void {
    this.#outlets().traceStep(traceType);
  }
}
