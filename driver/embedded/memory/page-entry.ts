/** Entries of the x86-64's page tables and how an address selects them (Intel SDM volume 3, 4.5). */

export const PRESENT = 1n;
export const WRITABLE = 2n;
export const USER = 4n;
export const ACCESSED = 0x20n;
export const DIRTY = 0x40n;
/** In a directory entry: a page of 2 MiB or 1 GiB instead of a table. */
export const LARGE = 0x80n;
export const NO_EXECUTE = 1n << 63n;
export const FRAME = 0x000f_ffff_ffff_f000n;
/** Lowest address bit that each of PML4E, PDPTE, PDE and PTE is for. */
export const LEVEL_SHIFTS = [39n, 30n, 21n, 12n] as const;

export const offsetInTable = (address: bigint, shift: bigint): number =>
  Number((address >> shift) & 511n) * 8;

/** True when bits 63..47 are equal, as the CPU demands of every address. */
export function isCanonical(address: bigint): boolean {
  const top = BigInt.asIntN(64, address) >> 47n;
  return top === 0n || top === -1n;
}
