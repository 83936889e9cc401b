/** The interrupt descriptor table that a core's IDTR points at (Intel SDM volume 3, 6.14.1). */

import type { ScriptMemory } from '../../script-engine/evaluator/script-machine';

const VECTORS = 256;
const GATE_BYTES = 16;

/** The handler of each vector, 0 behind the table's limit; undefined when the table is not mapped. */
export function readInterruptHandlers(
  memory: Pick<ScriptMemory, 'read'>,
  table: { readonly base: bigint; readonly limit: number },
): readonly bigint[] | undefined {
  const gates = Math.min(VECTORS, Math.floor((table.limit + 1) / GATE_BYTES));
  const bytes = gates === 0 ? undefined : memory.read(table.base, gates * GATE_BYTES);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: VECTORS }, (_, vector) =>
    vector < gates ? handlerOf(view, vector * GATE_BYTES) : 0n,
  );
}

/** The address is in three parts: bits 0..15, 16..31 and 32..63. */
function handlerOf(view: DataView, offset: number): bigint {
  const low = view.getUint16(offset, true) | (view.getUint16(offset + 6, true) << 16);
  return (BigInt(view.getUint32(offset + 8, true)) << 32n) | BigInt(low >>> 0);
}
