/** A walk through the page tables in force, whoever made them (Intel SDM volume 3, 4.5). */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';
import { FRAME, LARGE, LEVEL_SHIFTS, NO_EXECUTE, PRESENT } from './memory/page-entry';
import type { PageTableEntry, PageTableWalk } from './server/machine';

const ENTRY_BYTES = 8;
const NO_ENTRY: PageTableEntry = { address: 0n, value: 0n };
/** Only the middle two can stand for a large page. */
const [PML4E, PDPTE, PDE, PTE] = LEVEL_SHIFTS;

/** undefined when an entry before the last is not present. `root` is CR3. */
export function walkPageTables(
  memory: Pick<ScriptMemory, 'readPhysical'>,
  root: bigint,
  address: bigint,
): PageTableWalk | undefined {
  const walk = new Map<bigint, PageTableEntry>();
  let table = root & FRAME;
  for (const shift of LEVEL_SHIFTS) {
    const at = table + ((address >> shift) & 511n) * BigInt(ENTRY_BYTES);
    const bytes = memory.readPhysical(at, ENTRY_BYTES);
    if (bytes === undefined) return undefined;
    const value = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    walk.set(shift, { address: at, value });
    if (shift === PTE) break;
    if ((value & PRESENT) === 0n) return undefined;
    if (shift !== PML4E && (value & LARGE) !== 0n) break;
    table = value & FRAME;
  }
  const entry = (shift: bigint): PageTableEntry => walk.get(shift) ?? NO_ENTRY;
  return [entry(PML4E), entry(PDPTE), entry(PDE), entry(PTE)];
}

/** Whether the page may be executed: no entry on the way to it forbids it. */
export function isExecutableWalk(walk: PageTableWalk): boolean {
  return walk.every(({ value }) => (value & NO_EXECUTE) === 0n);
}
