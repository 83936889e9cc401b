/** The event core's view of the running machine. */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import type { EventRequest } from '../debuggee';
import type { EventHost, HaltCause, Place, SafeBuffer } from './events/event-host';
import type { GuestMachine } from './guest-machine';
import { PROCESS_ID } from './guest/process';

/** The parts that need the debugger's server and the loop, which are made after the core. */
export interface HostOutlets {
  message(operation: number, text: string, immediate: boolean): void;
  sendBuffer(eventTag: bigint, bytes: Uint8Array): void;
  halt(cause: HaltCause): void;
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
    return {
      coreId: 0,
      processId: PROCESS_ID,
      threadId: machine.process.current.id,
      processNameAddress: machine.processNameAddress,
      processObject: machine.processObject,
      threadObject: machine.threadObject,
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
    const { area } = this.#machine;
    const address = area.reserve(sizeBytes);
    return { address, sizeBytes, read: () => area.read(address, sizeBytes) };
  }
  releaseBuffer(buffer: SafeBuffer): void {
    this.#machine.area.release(buffer.address, buffer.sizeBytes);
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
  injectInterrupt(): boolean {
    // A user program has no interrupt handlers that could receive it.
    return false;
  }
}
