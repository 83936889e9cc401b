/**
 * A second level of paging under the guest's own, as the real hypervisor has it in EPT: it watches physical pages, and it
 * sees every page before its first execution, so that the instructions events are for are found wherever code comes from.
 * In force only while something needs it; else the CPU walks the guest's tables by itself, which is faster.
 */

import type { MemoryAccess } from '../../native/unicorn';
import type { Cpu, CpuPaging, Walk } from '../cpu/cpu';
import type { Exposure, WatchedRange } from '../guest';
import { findInstructions, LONGEST_INSTRUCTION_BYTES } from '../instructions';
import type { PageWalker, WalkedPage } from '../memory/page-walker';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';
import type { ProbeTables } from './probe-tables';

const PAGE = BigInt(PAGE_BYTES);
const pageOf = (address: bigint): bigint => address - (address % PAGE);

const CR0_WRITE_PROTECT = 1n << 16n;

interface Watch {
  read: boolean;
  write: boolean;
}

export class NestedPaging implements Exposure, CpuPaging {
  onSitesChanged: () => void = () => undefined;
  readonly #cpu: Cpu;
  readonly #memory: PhysicalMemory;
  readonly #walker: PageWalker;
  readonly #probe: ProbeTables;
  /** By physical page. */
  #watches = new Map<bigint, Watch>();
  #eventTypes: ReadonlySet<number> = new Set();
  /** Sites of the pages that may be executed, by physical page and then by the virtual page they are executed at. */
  readonly #code = new Map<bigint, Map<bigint, readonly bigint[]>>();
  #isInForce = false;
  /** The physical page whose watch is lifted. */
  #lifted: bigint | undefined;

  constructor(cpu: Cpu, memory: PhysicalMemory, walker: PageWalker, probe: ProbeTables) {
    this.#probe = probe;
    this.#cpu = cpu;
    this.#memory = memory;
    this.#walker = walker;
  }

  watch(ranges: readonly WatchedRange[]): void {
    this.#watches = new Map();
    for (const { first, last, isPhysical, kind } of ranges) {
      for (let address = pageOf(first); address <= last; address += PAGE) {
        const page = isPhysical ? address : this.#translate(address);
        if (page === undefined) continue;
        const before = this.#watches.get(page);
        const read = kind === 'read and write' || before?.read === true;
        this.#watches.set(page, { read, write: true });
      }
    }
    this.#changed();
  }

  #translate(address: bigint): bigint | undefined {
    return this.#walker.walk(this.#root, address)?.page;
  }

  get #root(): bigint {
    return this.#cpu.engine.readRegister('cr3');
  }

  expose(eventTypes: ReadonlySet<number>): void {
    this.#eventTypes = eventTypes;
    this.#code.clear();
    this.#changed();
  }

  #changed(): void {
    const isNeeded = this.#watches.size > 0 || this.#eventTypes.size > 0;
    if (isNeeded !== this.#isInForce) {
      this.#isInForce = isNeeded;
      this.#cpu.usePaging(isNeeded ? this : undefined);
    } else if (isNeeded) {
      this.#cpu.flushTlb();
    }
  }

  isWatched(address: bigint, access: MemoryAccess): boolean {
    const page = this.#translate(address);
    return page !== undefined && this.#isPageWatched(page, access);
  }

  #isPageWatched(page: bigint, access: MemoryAccess): boolean {
    const watch = page === this.#lifted ? undefined : this.#watches.get(page);
    return watch !== undefined && access !== 'execute' && watch[access];
  }

  unwatched<T>(address: bigint, body: () => T): T {
    this.#lifted = this.#translate(address);
    this.#cpu.flushTlb();
    try {
      return body();
    } finally {
      this.#lifted = undefined;
      this.#cpu.flushTlb();
    }
  }

  *sites(): Iterable<bigint> {
    for (const views of this.#code.values()) for (const sites of views.values()) yield* sites;
  }

  walk(address: bigint, access: MemoryAccess): Walk {
    const isUser = this.#cpu.privilegeLevel === 3;
    const found = this.#walker.walk(this.#root, address);
    if (found === undefined) return { kind: 'fault' };
    const isWritable = found.isWritable || (!isUser && !this.#isWriteProtected);
    const isAllowed =
      (found.isUser || !isUser) &&
      (access !== 'write' || isWritable) &&
      (access !== 'execute' || found.isExecutable);
    if (!isAllowed) return { kind: 'fault' };
    return this.#grant(address, access, found, isWritable);
  }

  get #isWriteProtected(): boolean {
    return (this.#cpu.engine.readRegister('cr0') & CR0_WRITE_PROTECT) !== 0n;
  }

  /** What the second level leaves of the rights. A page is either executable or writable here, while code is looked for. */
  #grant(address: bigint, access: MemoryAccess, found: WalkedPage, isWritable: boolean): Walk {
    const { page } = found;
    if (this.#isPageWatched(page, access)) return { kind: 'hold' };
    const looksForCode = this.#eventTypes.size > 0;
    const isKnownCode = this.#code.get(page)?.has(pageOf(address)) === true;
    if (looksForCode && access === 'execute' && !isKnownCode) return { kind: 'hold' };
    if (looksForCode && access === 'write' && this.#code.has(page)) return { kind: 'hold' };
    this.#walker.markUsed(found, access === 'write');
    const watch = page === this.#lifted ? undefined : this.#watches.get(page);
    return {
      kind: 'page',
      page,
      rights: {
        read: watch?.read !== true,
        // The dirty bit is set at the first write, which must therefore come here.
        write: isWritable && access === 'write' && watch?.write !== true && !(looksForCode && isKnownCode),
        execute: found.isExecutable && (!looksForCode || isKnownCode),
      },
    };
  }

  locate(address: bigint, access: 'read' | 'write'): bigint | undefined {
    return this.#cpu.faultUnder(this.#probe.without(this.#root, address, access));
  }

  admit(address: bigint, access: MemoryAccess): boolean {
    const page = this.#translate(address);
    if (page === undefined || this.#isPageWatched(page, access)) return false;
    if (access === 'execute') {
      const views = this.#code.get(page) ?? new Map<bigint, readonly bigint[]>();
      views.set(pageOf(address), this.#findSites(pageOf(address), page));
      this.#code.set(page, views);
    } else {
      this.#code.delete(page);
    }
    this.#cpu.flushTlb();
    this.onSitesChanged();
    return true;
  }

  /** Memory was written past the CPU: what was found in it may be gone. */
  forgetCode(): void {
    if (this.#code.size === 0) return;
    this.#code.clear();
    this.#cpu.flushTlb();
    this.onSitesChanged();
  }

  /** Sites that begin in the page; the last of them may reach into the next one. */
  #findSites(virtualPage: bigint, page: bigint): readonly bigint[] {
    const next = this.#translate(virtualPage + PAGE);
    const bytes = Buffer.alloc(PAGE_BYTES + (next === undefined ? 0 : LONGEST_INSTRUCTION_BYTES));
    bytes.set(this.#memory.bytes.subarray(Number(page), Number(page) + PAGE_BYTES));
    if (next !== undefined)
      bytes.set(
        this.#memory.bytes.subarray(Number(next), Number(next) + LONGEST_INSTRUCTION_BYTES),
        PAGE_BYTES,
      );
    return [...findInstructions(bytes, this.#eventTypes)]
      .filter((offset) => offset < PAGE_BYTES)
      .map((offset) => virtualPage + BigInt(offset));
  }

  prepareRun(): void {
    // The engine's TLB is told of every change at once.
  }
}
