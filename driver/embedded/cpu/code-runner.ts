/**
 * Runs the machine code of conditions and of RUN_CUSTOM_CODE actions (driver-protocol 5.2, 5.3; actions-page). The code has
 * an engine of its own that shares the machine's memory and page tables: it can do to the guest what the real driver lets
 * it do, and nothing at all to this computer. An instruction budget ends endless loops.
 */

import { Unicorn, type RegisterBatch, type UnicornContext, type UnicornLibrary } from '../../native/unicorn';
import { UC_ERROR, UC_PROTECTION } from '../../native/unicorn-constants';
import type { CodeResult, CodeRunner, SafeBuffer } from '../events/event-host';
import type { KernelArea } from '../memory/kernel-area';
import type { PageTables } from '../memory/page-tables';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import { enableLongMode } from './long-mode';
import { SharedRegisters, touchesSharedRegisters } from './shared-registers';

/** Instructions of one call; the script engine has the same limit (script-language 7). */
export const CODE_BUDGET = 1_000_000;

/** A backstop: code that turns paging off can keep the engine busy without an instruction that counts. */
const CODE_TIME_US = 100_000;
/** Behind 0x0f: system instructions, mov to control registers, wrmsr. The backstop costs a millisecond, so others go without. */
const SYSTEM_OPCODES = new Set([0x01, 0x22, 0x30]);
const changesSystem = (code: Uint8Array): boolean =>
  code.some((byte, at) => byte === 0x0f && SYSTEM_OPCODES.has(code[at + 1] ?? 0));

const STACK_BYTES = 64 * 1024;
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
  readonly timeoutUs: number;
}

export class UnicornCodeRunner implements CodeRunner {
  readonly #engine: Unicorn;
  readonly #area: KernelArea;
  readonly #arguments: RegisterBatch;
  /** The state before any code has run, so that nothing carries over from call to call. */
  readonly #fresh: UnicornContext;
  readonly #registers: bigint;
  readonly #registersPhysical: number;
  readonly #memory: PhysicalMemory;
  readonly #space: CodeSpace;
  /** CR3 of the fresh state. */
  readonly #freshRoot: bigint;
  /** Version of the page tables that the engine's TLB knows. */
  #spaceVersion = 0;
  /** undefined where there is no guest, as in script tests. */
  readonly #shared: SharedRegisters | undefined;
  readonly #stack: bigint;
  readonly #returnAddress: bigint;
  #placed = new Map<Uint8Array, PlacedCode>();
  #placedBytes = 0;
  #fault: string | undefined;

  constructor(
    library: UnicornLibrary,
    memory: PhysicalMemory,
    area: KernelArea,
    space: CodeSpace,
    guest?: Unicorn,
  ) {
    this.#memory = memory;
    this.#space = space;
    this.#area = area;
    this.#engine = new Unicorn(library);
    this.#shared = guest === undefined ? undefined : new SharedRegisters(guest, this.#engine);
    this.#engine.mapHost(0n, memory.sizeBytes, UC_PROTECTION.all, memory.hostAddress);
    this.#freshRoot = space.root();
    enableLongMode(this.#engine, this.#freshRoot);
    this.#engine.writeDescriptorTable('gdtr', area.descriptorTable.address, area.descriptorTable.limit);
    this.#registers = area.reserve(REGISTER_AREA_BYTES);
    this.#registersPhysical = area.physical(this.#registers);
    this.#stack = area.reserve(STACK_BYTES);
    // Not at the start of its page: for an exit address there the engine would look at the page before, too.
    this.#returnAddress = area.reserve(PAGE_BYTES, { execute: true }) + 16n;
    this.#engine.useExits();
    this.#engine.setExits(BigUint64Array.of(this.#returnAddress));
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
    const view = this.#memory.view;
    for (const [index, value] of registers.entries()) {
      view.setBigUint64(this.#registersPhysical + 8 * index, value, true);
    }
    const error = this.#space.unwatched(() => this.#execute(placed, kind, context, buffer?.address ?? 0n));
    if (error !== undefined) return { ok: false, error };
    if (placed.touchesShared) this.#shared?.takeBack();
    for (let index = 0; index < registers.length; index++) {
      registers[index] = view.getBigUint64(this.#registersPhysical + 8 * index, true);
    }
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
    const status = this.#engine.start(placed.address, 0n, placed.timeoutUs, CODE_BUDGET);
    this.#arguments.read();
    return this.#failure(status, this.#arguments.values[RETURNED.rip] ?? 0n, placed);
  }

  /** The stack is aligned as the Windows x64 convention has it, with room for the callee's home space. */
  #setArguments(kind: 'condition' | 'action', code: bigint, context: bigint, buffer: bigint): void {
    const homeSpace = 32n;
    const rsp = this.#stack + BigInt(STACK_BYTES) - homeSpace - 16n - 8n;
    this.#area.write(rsp, new Uint8Array(BigUint64Array.of(this.#returnAddress).buffer));
    const [rcx, rdx, r8] =
      kind === 'condition' ? [this.#registers, context, 0n] : [buffer, this.#registers, context];
    this.#arguments.values.set([rcx, rdx, r8, rsp, code, 0n, RFLAGS]);
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
    if (rip === this.#returnAddress) return undefined;
    if (placed.bytes[Number(offset) - 1] === HLT) return `it halted the CPU (hlt)${where}`;
    return `it did not return within ${CODE_BUDGET} instructions (or ${CODE_TIME_US / 1000} ms) and was ended${where}`;
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
      timeoutUs: changesSystem(code) ? CODE_TIME_US : 0,
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
