import type Mocha from 'mocha';
import { codeSpaceOf, UnicornCodeRunner } from '../../../../driver/embedded/cpu/code-runner';
import { Cpu } from '../../../../driver/embedded/cpu/cpu';
import { KernelArea, SELECTOR } from '../../../../driver/embedded/memory/kernel-area';
import { PageTables } from '../../../../driver/embedded/memory/page-tables';
import { PhysicalMemory } from '../../../../driver/embedded/memory/physical-memory';
import type { UnicornLibrary } from '../../../../driver/native/unicorn';
import { openUnicornLibrary, UnicornUnavailableError } from '../../../../driver/native/unicorn-search';
import { skipBecause } from '../../../skip';

export const CODE = 0x40_0000n;
export const DATA = 0x60_0000n;
export const UNMAPPED = 0x70_0000n;

/** The CPU library, or the end of the test with the reason why there is none. */
export function requireLibrary(test: Mocha.Context): UnicornLibrary {
  try {
    return openUnicornLibrary();
  } catch (error) {
    if (error instanceof UnicornUnavailableError)
      return skipBecause(test, 'there is no CPU library here; "npm run setup" says how to get it');
    throw error;
  }
}

/** A CPU in ring 3 with one page of code and one of data. */
export class BenchMachine {
  readonly memory = new PhysicalMemory(16 << 20);
  readonly tables = new PageTables(this.memory);
  readonly area = new KernelArea(this.memory, this.tables);
  readonly cpu: Cpu;
  readonly codeRunner: UnicornCodeRunner;
  readonly dataPage: number;

  constructor(library: UnicornLibrary, code: string) {
    this.cpu = new Cpu(library, this.memory, this.tables.root);
    this.codeRunner = new UnicornCodeRunner(library, this.memory, this.area, codeSpaceOf(this.tables));
    const codePage = this.memory.allocatePage();
    this.memory.bytes.set(hex(code), codePage);
    this.tables.map(CODE, codePage, { user: true, write: false, execute: true });
    this.dataPage = this.memory.allocatePage();
    this.tables.map(DATA, this.dataPage, { user: true, write: true, execute: false });
    this.#enterUserMode();
  }

  #enterUserMode(): void {
    const { cpu, area } = this;
    cpu.engine.writeDescriptorTable('gdtr', area.descriptorTable.address, area.descriptorTable.limit);
    const frame = BigUint64Array.of(
      CODE,
      BigInt(SELECTOR.userCode),
      0x202n,
      DATA + 0x800n,
      BigInt(SELECTOR.userData),
    );
    const top = area.stackTop - BigInt(frame.byteLength);
    area.write(top, new Uint8Array(frame.buffer));
    cpu.rip = area.enterUserStub;
    cpu.general[4] = top;
    cpu.setExits([CODE]);
    cpu.run(0);
    cpu.setExits([]);
  }

  dispose(): void {
    this.codeRunner.dispose();
    this.cpu.dispose();
  }
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
