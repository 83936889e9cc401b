/**
 * The devices of the machine that a kernel finds at its I/O ports: serial port, interval timer, interrupt controller,
 * keyboard and power switch. Each as far as a small kernel needs it (16550, 8254 and 8259 data sheets).
 */

import type { CpuPorts } from '../cpu/cpu';

const PORT = {
  controllerCommand: 0x20,
  controllerData: 0x21,
  timerCommand: 0x43,
  keyboardData: 0x60,
  keyboardStatus: 0x64,
  power: 0xf4,
  serialData: 0x3f8,
  serialLineStatus: 0x3fd,
} as const;
/** The transmitter is empty. */
const SERIAL_READY = 0x60;
/** A scan code waits to be read. */
const KEYBOARD_FULL = 1;
const NO_DEVICE = 0xffff_ffff;
const END_OF_INTERRUPT = 0x20;
/** Lines of the interrupt controller, as bits. */
const LINE = { timer: 1, keyboard: 2 } as const;
const LINE_COUNT = 8;
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
  readonly #controller = new InterruptController();
  /** When the next tick is due; undefined while the timer is off. */
  #nextTickMs: number | undefined;
  readonly #scanCodes: number[] = [];

  constructor(devices: KernelDevices) {
    this.#devices = devices;
  }

  read(port: number, sizeBytes: number): number {
    switch (port) {
      case PORT.serialLineStatus:
        return SERIAL_READY;
      case PORT.controllerData:
        return this.#controller.masked;
      case PORT.keyboardStatus:
        return this.#scanCodes.length > 0 ? KEYBOARD_FULL : 0;
      case PORT.keyboardData: {
        const code = this.#scanCodes.shift() ?? 0;
        if (this.#scanCodes.length > 0) this.#controller.request(LINE.keyboard);
        return code;
      }
      default:
        return sizeBytes === 4 ? NO_DEVICE : NO_DEVICE >>> (32 - 8 * sizeBytes);
    }
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
        this.#controller.command(value);
        return;
      case PORT.controllerData:
        this.#controller.data(value & 0xff);
        return;
      case PORT.power:
        this.#devices.powerOff(value & 0xff);
        return;
      default:
        // A port without a device swallows what is written.
        return;
    }
  }

  /** Keys that somebody has typed, as scan codes. */
  press(scanCodes: readonly number[]): void {
    this.#scanCodes.push(...scanCodes);
    if (scanCodes.length > 0) this.#controller.request(LINE.keyboard);
  }

  /** Milliseconds until the timer ticks; undefined when it never will. */
  get msToTick(): number | undefined {
    if (this.#controller.isRequested(LINE.timer)) return 0;
    return this.#nextTickMs === undefined ? undefined : Math.max(0, this.#nextTickMs - this.#devices.now());
  }

  /** The vector of an interrupt that waits for the CPU. Ticks that nobody took in time are one. */
  get pendingVector(): number | undefined {
    const now = this.#devices.now();
    if (this.#nextTickMs !== undefined && now >= this.#nextTickMs) {
      this.#controller.request(LINE.timer);
      this.#nextTickMs = now + TICK_MS;
    }
    return this.#controller.pendingVector;
  }

  /** The CPU takes the interrupt. A lost one is never acknowledged by a handler. */
  take(vector: number, isLost: boolean): void {
    this.#controller.take(vector, isLost);
  }
}

const DEFAULT_FIRST_VECTOR = 0x20;
const INITIALIZE = 0x10;
const NEEDS_FOURTH_WORD = 1;

/** One 8259: eight lines, the lowest first. */
class InterruptController {
  masked = 0;
  #requested = 0;
  #inService = 0;
  #firstVector = DEFAULT_FIRST_VECTOR;
  /** What the next words at the data port mean; none is left: the mask. */
  #expected: ('vector' | 'wiring' | 'mode')[] = [];

  command(value: number): void {
    if ((value & INITIALIZE) !== 0) {
      const last = (value & NEEDS_FOURTH_WORD) !== 0 ? (['mode'] as const) : [];
      this.#expected = ['vector', 'wiring', ...last];
      this.#inService = 0;
    } else if ((value & END_OF_INTERRUPT) !== 0) {
      // The line in service with the highest priority is the lowest bit.
      this.#inService &= this.#inService - 1;
    }
  }

  data(value: number): void {
    const meaning = this.#expected.shift();
    if (meaning === undefined) this.masked = value;
    else if (meaning === 'vector') this.#firstVector = value & 0xf8;
  }

  request(line: number): void {
    this.#requested |= line;
  }

  isRequested(line: number): boolean {
    return (this.#requested & line) !== 0;
  }

  /** Of the first open line that no line of its own or of higher priority keeps waiting. */
  get pendingVector(): number | undefined {
    const open = this.#requested & ~this.masked;
    for (let index = 0; index < LINE_COUNT; index++) {
      const line = 1 << index;
      if ((this.#inService & line) !== 0) return undefined;
      if ((open & line) !== 0) return this.#firstVector + index;
    }
    return undefined;
  }

  take(vector: number, isLost: boolean): void {
    const line = 1 << (vector - this.#firstVector);
    this.#requested &= ~line;
    if (!isLost) this.#inService |= line;
  }
}
