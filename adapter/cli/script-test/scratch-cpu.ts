import { codeSpaceOf, UnicornCodeRunner } from '../../../driver/embedded/cpu/code-runner';
import type { CodeRunner } from '../../../driver/embedded/events/event-host';
import { KernelArea } from '../../../driver/embedded/memory/kernel-area';
import { isCanonical } from '../../../driver/embedded/memory/page-entry';
import { PageTables } from '../../../driver/embedded/memory/page-tables';
import { PAGE_BYTES, PhysicalMemory } from '../../../driver/embedded/memory/physical-memory';
import { openUnicornLibrary, UnicornUnavailableError } from '../../../driver/native/unicorn-search';
import { type PageStore, plainPages } from './named-memory';

export { UnicornUnavailableError };

/** Enough for what tests name; pages are taken as they are needed. */
const MEMORY_BYTES = 64 << 20;

/** A CPU without a guest, for the machine code of conditions and custom code, and memory that it shares with scripts. */
export interface ScratchCpu {
  readonly pages: PageStore;
  readonly codeRunner: CodeRunner;
  dispose(): void;
}

/**
 * Needed only by tests that hold machine code: this module is loaded late, so that the others run without the CPU library.
 * Throws UnicornUnavailableError.
 */
export function startScratchCpu(): ScratchCpu {
  const library = openUnicornLibrary();
  const memory = new PhysicalMemory(MEMORY_BYTES);
  const tables = new PageTables(memory);
  const area = new KernelArea(memory, tables);
  const codeRunner = new UnicornCodeRunner(library, memory, area, codeSpaceOf(tables));
  // No CPU reaches an address whose upper bits differ, but a test may name bytes there.
  const unreachable = plainPages();
  return {
    codeRunner,
    pages: {
      page(address) {
        if (!isCanonical(address)) return unreachable.page(address);
        let physical = tables.translate(address);
        if (physical === undefined) {
          physical = BigInt(memory.allocatePage());
          tables.map(address, Number(physical), { write: true, execute: false, user: false });
        }
        return memory.bytes.subarray(Number(physical), Number(physical) + PAGE_BYTES);
      },
    },
    dispose: () => codeRunner.dispose(),
  };
}
