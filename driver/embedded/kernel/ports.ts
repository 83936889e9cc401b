/**
 * The devices of the machine that a kernel finds at its I/O ports: serial port, interval timer, interrupt controller and
 * power switch. Each as far as a small kernel needs it (16550, 8254 and 8259 data sheets).
 */

import type { CpuPorts } from '../cpu/cpu';

const PORT = {
  controllerCommand: 0x20,
  controllerData: 0x21,
  timerChannel0: 0x40,
  timerCommand: 0x43,
  power: 0xf4,
  serialData: 0x3f8,
  serialLineStatus: 0x3fd,
} as const;
/** The transmitter is empty. */
const SERIAL_READY = 0x60;
const NO_DEVICE = 0xffff_ffff;
const INITIALIZE = 0x10;
const END_OF_INTERRUPT = 0x20;
const TIMER_LINE = 1;
const DEFAULT_FIRST_VECTOR = 0x20;
/**
 * A tick of the timer. A real one is set to microseconds by its divisor; here the rate is fixed, so that a kernel with the
 * slowest setting (55 ms) still switches between short processes, and one with the fastest does nothing but tick.
 */
const TICK_MS = 1;

export interface KernelDevices {
  print(bytes: Uint8Array): void;
  powerOff(code: number): void;
  now(): number;
}

export class Ports implements CpuPorts {
  readonly #devices: KernelDevices;
  /** When the next tick is due; undefined while the timer is off. */
  #nextTickMs: number | undefined;
  #isTickPending = false;
  #isInService = false;
  #masked = 0;
  #firstVector = DEFAULT_FIRST_VECTOR;
  /** Initialization words of the interrupt controller that are still to come. */
  #wordsToCome = 0;

  constructor(devices: KernelDevices) {
    this.#devices = devices;
  }

  read(port: number, sizeBytes: number): number {
    if (port === PORT.serialLineStatus) return SERIAL_READY;
    if (port === PORT.controllerData) return this.#masked;
    return sizeBytes === 4 ? NO_DEVICE : NO_DEVICE >>> (32 - 8 * sizeBytes);
  }

  write(port: number, _sizeBytes: number, value: number): void {
    switch (port) {
      case PORT.serialData:
        this.#devices.print(Uint8Array.of(value & 0xff));
        return;
      case PORT.timerCommand:
        if (value >> 6 === 0) this.#nextTickMs ??= this.#devices.now() + TICK_MS;
        return;
      case PORT.controllerCommand:
        if ((value & INITIALIZE) !== 0) this.#wordsToCome = (value & 1) === 0 ? 2 : 3;
        else if ((value & END_OF_INTERRUPT) !== 0) this.#isInService = false;
        return;
      case PORT.controllerData:
        this.#controllerWord(value & 0xff);
        return;
      case PORT.power:
        this.#devices.powerOff(value & 0xff);
        return;
      default:
        // A port without a device swallows what is written.
        return;
    }
  }

  /** The first initialization word is the vector of line 0; the last one is followed by masks. */
  #controllerWord(value: number): void {
    if (this.#wordsToCome === 0) {
      this.#masked = value;
      return;
    }
    if (this.#wordsToCome >= 2 && !this.#hasVector) {
      this.#firstVector = value & 0xf8;
      this.#hasVector = true;
    }
    if (--this.#wordsToCome === 0) this.#hasVector = false;
  }
  #hasVector = false;

  /** Milliseconds until the timer ticks; undefined when it never will. */
  get msToTick(): number | undefined {
    if (this.#isTickPending) return 0;
    return this.#nextTickMs === undefined ? undefined : Math.max(0, this.#nextTickMs - this.#devices.now());
  }

  /** The vector of an interrupt that waits for the CPU. Ticks that nobody took in time are one. */
  get pendingVector(): number | undefined {
    const now = this.#devices.now();
    if (this.#nextTickMs !== undefined && now >= this.#nextTickMs) {
      this.#isTickPending = true;
      this.#nextTickMs = now + TICK_MS;
    }
    const isOpen = !this.#isInService && (this.#masked & TIMER_LINE) === 0;
    return this.#isTickPending && isOpen ? this.#firstVector : undefined;
  }

  /** The CPU takes the interrupt. A lost one is never acknowledged by a handler. */
  take(isLost: boolean): void {
    this.#isTickPending = false;
    this.#isInService = !isLost;
  }
}
