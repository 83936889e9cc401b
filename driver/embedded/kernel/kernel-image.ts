/** Bare-metal kernels: ELF files that bring their own descriptor tables and page tables, and are entered in 64-bit mode. */

import { NotRunnableError, type ElfImage } from '../guest/elf';
import { LARGE, PRESENT, WRITABLE } from '../memory/page-entry';
import { PAGE_BYTES, type PhysicalMemory } from '../memory/physical-memory';

/** Where PC kernels are linked: behind the first MiB, and below where Linux programs begin. */
const KERNEL_START = 0x10_0000;
const PROGRAM_START = 0x40_0000;

/** Physical addresses of the tables that a kernel starts with. */
const TABLES = { pml4: 0x1000, directoryPointers: 0x2000, directory: 0x3000 } as const;
const LARGE_PAGE_BYTES = 2 << 20;
const USER = 4n;

/** Tells a kernel from a Linux program by where it wants to lie; no program is linked there. */
export function isKernelImage(image: ElfImage): boolean {
  const start = Math.min(...image.segments.map(({ address }) => address));
  const isFixed = !image.isRelocatable && image.interpreter === undefined;
  return isFixed && start >= KERNEL_START && start < PROGRAM_START;
}

/**
 * Puts the kernel where it is linked, and before it page tables that map the whole of `memoryBytes` (at most 1 GiB) one to
 * one. Returns CR3. Throws NotRunnableError when the kernel does not fit.
 */
export function loadKernel(image: ElfImage, memory: PhysicalMemory, memoryBytes: number): number {
  for (const { address, fileOffset, fileSizeBytes, memorySizeBytes } of image.segments) {
    if (address + memorySizeBytes > memoryBytes) {
      throw new NotRunnableError(
        `wants memory up to 0x${(address + memorySizeBytes).toString(16)}, but the machine has ${memoryBytes >> 20} MiB`,
      );
    }
    memory.bytes.set(image.bytes.subarray(fileOffset, fileOffset + fileSizeBytes), address);
  }
  const link = PRESENT | WRITABLE | USER;
  memory.view.setBigUint64(TABLES.pml4, BigInt(TABLES.directoryPointers) | link, true);
  memory.view.setBigUint64(TABLES.directoryPointers, BigInt(TABLES.directory) | link, true);
  for (let index = 0; index * LARGE_PAGE_BYTES < memoryBytes; index++) {
    const entry = BigInt(index * LARGE_PAGE_BYTES) | link | LARGE;
    memory.view.setBigUint64(TABLES.directory + 8 * index, entry, true);
  }
  // What a kernel expects to find as its first stack is its own business; an empty page below the tables does no harm.
  memory.bytes.fill(0, 0, PAGE_BYTES);
  return TABLES.pml4;
}
