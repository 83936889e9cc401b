/**
 * Where instructions that events are for stand in executable memory. Every place that holds the bytes is a site: one in
 * the middle of another instruction is never reached as an instruction, so it costs nothing.
 */

import type { PhysicalMemory } from './memory/physical-memory';
import { PAGE_BYTES } from './memory/physical-memory';
import type { PageTables } from './memory/page-tables';
import type { Region } from './guest/address-space';

export interface Opcode {
  readonly bytes: readonly number[];
  /** VMM_EVENT_TYPE_ENUM of its events. */
  readonly eventType: number;
}

/** All addresses in the executable regions where one of the opcodes stands. Pages that are not there yet hold none. */
export function findOpcodes(
  regions: readonly Region[],
  memory: PhysicalMemory,
  tables: PageTables,
  opcodes: readonly Opcode[],
): Map<bigint, Opcode> {
  const sites = new Map<bigint, Opcode>();
  if (opcodes.length === 0) return sites;
  for (const region of regions) {
    if (!region.execute) continue;
    const bytes = regionBytes(region, memory, tables);
    for (const opcode of opcodes) {
      const pattern = Buffer.from(opcode.bytes);
      for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
        sites.set(BigInt(region.start + at), opcode);
      }
    }
  }
  return sites;
}

/** The whole region in one piece, so that an opcode across two pages is found; absent pages read as zeros. */
function regionBytes(region: Region, memory: PhysicalMemory, tables: PageTables): Buffer {
  const bytes = Buffer.alloc(region.end - region.start);
  for (let at = region.start; at < region.end; at += PAGE_BYTES) {
    const physical = tables.translate(BigInt(at));
    if (physical === undefined) continue;
    bytes.set(memory.bytes.subarray(Number(physical), Number(physical) + PAGE_BYTES), at - region.start);
  }
  return bytes;
}
