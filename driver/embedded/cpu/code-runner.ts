/**
 * Runs the machine code of conditions and of RUN_CUSTOM_CODE actions (driver-protocol 5.2, 5.3; actions-page). The code has
 * an engine of its own that shares the machine's memory and page tables: it can do to the guest what the real driver lets
 * it do, and nothing at all to this computer. An instruction budget ends endless loops.
 */

import { Unicorn, type RegisterBatch, type UnicornContext, type UnicornLibrary } from '../../native/unicorn';
import { UC_ERROR, UC_PROTECTION } from '../../native/unicorn-constants';
import { CODE_TIME_MS, type RunMarks } from '../run-watch';
import type { CodeResult, CodeRunner, SafeBuffer } from '../events/event-host';
import type { KernelArea } from '../memory/kernel-area';
import type { PageTables } from '../memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import { enableLongMode } from './long-mode';
import { SharedRegisters, touchesSharedRegisters } from './shared-registers';

/** Instructions of one call; the script engine has the same limit (script-language 7). */
export const CODE_BUDGET = 1_000_000;

/**
 * A limit that the engine keeps by itself costs a millisecond a call. Code that is seen to turn to the system gets a short one,
 * and all code a longer one where nobody watches; the rest is left to the watch.
 */
const SYSTEM_CODE_MS = 100;
/** Behind 0x0f: system instructions, mov to control registers, wrmsr. */
const SYSTEM_OPCODES = new Set([0x01, 0x22, 0x30]);
const changesSystem = (code: Uint8Array): boolean =>
  code.some((byte, at) => byte === 0x0f && SYSTEM_OPCODES.has(code[at + 1] ?? 0));

const STACK_BYTES = 64 * 1024;
const HOME_SPACE_BYTES = 32;
const REGISTER_AREA_BYTES = 128;
/** Room for code before all of it is forgotten and placed anew. */
const CODE_ROOM_BYTES = 4 << 20;

/** What the code can raise, in words for its author (SDM volume 3, 6.3.1). */
const EXCEPTION_TEXTS: Readonly<Record<number, string>> = {
  0: 'it divided by zero',
  1: 'it raised a debug exception',
  3: 'it ran into an int3',
  6: 'it ran into an invalid opcode',
  8: 'it raised a double fault',
  12: 'it used a wrong stack segment',
  13: 'it did something the CPU forbids (general protection)',
  16: 'it raised a floating-point error',
  17: 'it used an address that is not aligned',
};
const PAGE_FAULT = 14;
const HLT = 0xf4;

const ARGUMENTS = ['rcx', 'rdx', 'r8', 'rsp', 'rip', 'rax', 'rflags'] as const;
const RETURNED = { rip: 4, rax: 5 } as const;
/** Interrupts on, reserved bit set. */
const RFLAGS = 0x202n;

/** The address space that the code runs in: the guest's, with the kernel area in it. */
export interface CodeSpace {
  /** CR3 for a call that begins now. */
  root(): bigint;
  /** Grows with every change that a TLB can hold the old state of. */
  readonly version: number;
  /** Watches are for the guest's accesses; the driver's own code never runs into them. */
  unwatched<T>(body: () => T): T;
}

/** The address space of these tables and nothing else. */
export function codeSpaceOf(tables: PageTables): CodeSpace {
  return {
    root: () => BigInt(tables.root),
    get version() {
      return tables.version;
    },
    unwatched: (body) => tables.unwatched('all', body),
  };
}

interface PlacedCode {
  readonly bytes: Uint8Array;
  readonly address: bigint;
  readonly touchesShared: boolean;
  readonly timeoutMs: number;
}

export interface CodeRunnerOptions {
  /** The engine whose registers the code sees; missing where there is no guest, as in script tests. */
  readonly guest?: Unicorn;
  /** Told of every run, so that another thread can end one that takes too long. */
  readonly marks?: RunMarks;
}

export class UnicornCodeRunner implements CodeRunner {
  readonly #engine: Unicorn;
  readonly #area: KernelArea;
  readonly #arguments: RegisterBatch;
  /** The state before any code has run, so that nothing carries over from call to call. */
  readonly #fresh: UnicornContext;
  readonly #registers: bigint;
  /** GUEST_REGS as the code sees them. */
  readonly #registerCells: BigUint64Array;
  /** Where the code finds its return address. */
  readonly #returnCell: BigUint64Array;
  readonly #space: CodeSpace;
  /** CR3 of the fresh state. */
  readonly #freshRoot: bigint;
  /** Version of the page tables that the engine's TLB knows. */
  #spaceVersion = 0;
  readonly #shared: SharedRegisters | undefined;
  readonly #marks: RunMarks | undefined;
  readonly #stackPointer: bigint;
  readonly #returnAddress: bigint;
  #placed = new Map<Uint8Array, PlacedCode>();
  #placedBytes = 0;
  #fault: string | undefined;

  constructor(
    library: UnicornLibrary,
    memory: PhysicalMemory,
    area: KernelArea,
    space: CodeSpace,
    { guest, marks }: CodeRunnerOptions = {},
  ) {
    this.#space = space;
    this.#area = area;
    this.#engine = new Unicorn(library);
    this.#marks = marks;
    this.#shared = guest === undefined ? undefined : new SharedRegisters(guest, this.#engine);
    this.#engine.mapHost(0n, memory.sizeBytes, UC_PROTECTION.all, memory.hostAddress);
    this.#freshRoot = space.root();
    enableLongMode(this.#engine, this.#freshRoot);
    this.#engine.writeDescriptorTable('gdtr', area.descriptorTable.address, area.descriptorTable.limit);
    this.#registers = area.reserve(REGISTER_AREA_BYTES);
    const cells = (address: bigint, count: number): BigUint64Array =>
      new BigUint64Array(memory.bytes.buffer, memory.bytes.byteOffset + area.physical(address), count);
    this.#registerCells = cells(this.#registers, REGISTER_AREA_BYTES / 8);
    // The stack is aligned as the Windows x64 convention has it, with room for the callee's home space.
    this.#stackPointer = area.reserve(STACK_BYTES) + BigInt(STACK_BYTES - HOME_SPACE_BYTES - 16 - 8);
    this.#returnCell = cells(this.#stackPointer, 1);
    // An exit address would do as well, but at each one the engine throws translations away: six times the cost of a call.
    this.#returnAddress = area.place(Uint8Array.of(HLT), { execute: true });
    this.#arguments = this.#engine.batch(ARGUMENTS);
    this.#engine.onInterrupt((vector) => {
      this.#fault = this.#describe(vector);
      this.#engine.requestStop();
    });
    this.#engine.onInvalidInstruction(() => {
      this.#fault = EXCEPTION_TEXTS[6];
      return false;
    });
    this.#engine.onSyscall(() => {
      this.#fault = 'it made a system call, which custom code cannot';
      this.#engine.requestStop();
    });
    this.#fresh = this.#engine.createContext();
    this.#fresh.save();
  }

  /** For `requestEngineStop`. */
  get engineHandle(): bigint {
    return this.#engine.handle;
  }

  #describe(vector: number): string {
    if (vector !== PAGE_FAULT)
      return EXCEPTION_TEXTS[vector] ?? `it raised exception 0x${vector.toString(16)}`;
    const address = this.#engine.readRegister('cr2');
    return `it touched 0x${address.toString(16)}, which is not mapped or not allowed`;
  }

  run(
    code: Uint8Array,
    kind: 'condition' | 'action',
    registers: BigUint64Array,
    context: bigint,
    buffer: SafeBuffer | undefined,
  ): CodeResult {
    const placed = this.#place(code);
    this.#registerCells.set(registers);
    const error = this.#space.unwatched(() => this.#execute(placed, kind, context, buffer?.address ?? 0n));
    if (error !== undefined) return { ok: false, error };
    if (placed.touchesShared) this.#shared?.takeBack();
    registers.set(this.#registerCells);
    return { ok: true, rax: this.#arguments.values[RETURNED.rax] ?? 0n };
  }

  #execute(
    placed: PlacedCode,
    kind: 'condition' | 'action',
    context: bigint,
    buffer: bigint,
  ): string | undefined {
    this.#fault = undefined;
    this.#fresh.restore();
    if (placed.touchesShared) this.#shared?.lend();
    const root = this.#space.root();
    if (this.#space.version !== this.#spaceVersion || root !== this.#freshRoot) {
      this.#engine.writeRegister('cr3', root);
      this.#engine.flushTlb();
      this.#spaceVersion = this.#space.version;
    }
    this.#setArguments(kind, placed.address, context, buffer);
    this.#marks?.begin();
    const status = this.#engine.start(placed.address, 0n, placed.timeoutMs * 1000, CODE_BUDGET);
    this.#marks?.end();
    this.#arguments.read();
    return this.#failure(status, this.#arguments.values[RETURNED.rip] ?? 0n, placed);
  }

  #setArguments(kind: 'condition' | 'action', code: bigint, context: bigint, buffer: bigint): void {
    this.#returnCell[0] = this.#returnAddress;
    const [rcx, rdx, r8] =
      kind === 'condition' ? [this.#registers, context, 0n] : [buffer, this.#registers, context];
    this.#arguments.values.set([rcx, rdx, r8, this.#stackPointer, code, 0n, RFLAGS]);
    this.#arguments.write();
  }

  /** The reason why the code did not return, as half a sentence. */
  #failure(status: number, rip: bigint, placed: PlacedCode): string | undefined {
    const offset = rip - placed.address;
    const where =
      offset >= 0n && offset < BigInt(placed.bytes.length)
        ? ` at offset 0x${offset.toString(16)}`
        : ` at 0x${rip.toString(16)}, outside its own bytes`;
    if (this.#fault !== undefined) return this.#fault + where;
    if (status !== UC_ERROR.ok) return `the CPU refused it (${this.#engine.errorText(status)})${where}`;
    // Behind the `hlt` that it returns to.
    if (rip === this.#returnAddress + 1n) return undefined;
    if (placed.bytes[Number(offset) - 1] === HLT) return `it halted the CPU (hlt)${where}`;
    return `it did not return within ${CODE_BUDGET} instructions (or ${placed.timeoutMs === 0 ? CODE_TIME_MS : placed.timeoutMs} ms) and was ended${where}`;
  }

  #place(code: Uint8Array): PlacedCode {
    const before = this.#placed.get(code);
    if (before !== undefined) return before;
    if (this.#placedBytes > CODE_ROOM_BYTES) this.#forgetAll();
    const address = this.#area.place(code, { execute: true });
    const placed = {
      bytes: code,
      address,
      touchesShared: touchesSharedRegisters(code),
      timeoutMs: changesSystem(code) ? SYSTEM_CODE_MS : this.#marks === undefined ? CODE_TIME_MS : 0,
    };
    this.#placed.set(code, placed);
    this.#placedBytes += Math.ceil(code.length / PAGE_BYTES) * PAGE_BYTES;
    return placed;
  }

  #forgetAll(): void {
    for (const { address, bytes } of this.#placed.values()) this.#area.release(address, bytes.length);
    this.#placed = new Map();
    this.#placedBytes = 0;
    this.#engine.flushTlb();
    this.#engine.flushTranslations();
  }

  dispose(): void {
    this.#fresh.dispose();
    this.#engine.dispose();
  }
}
