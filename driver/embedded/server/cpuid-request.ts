/** CPUID for the debugger (driver-protocol 6.5): the instruction's answer, and what the client's decoders want besides. */

import type { StructOf } from '../../sdk/layout';
import type { DEBUGGER_CPUID_REQUEST_RESPONSE } from '../../sdk/structs.generated';
import { DEBUGGER_ERROR } from '../../sdk/tables.generated';
import type { CpuidResult, Machine } from './machine';

type CpuidRecord = StructOf<typeof DEBUGGER_CPUID_REQUEST_RESPONSE>;

const LEAF = { caches: 4, topology: 0xb, extendedState: 0xd, enclaves: 0x12 } as const;
/** Leaves whose sub-leaf 0 tells the last sub-leaf in EAX (Intel SDM volume 2, CPUID). */
const COUNTED_LEAVES: ReadonlySet<number> = new Set([0x7, 0x14, 0x17, 0x18, 0x1d, 0x20]);
const FIRST_EXTENDED_LEAF = 0x8000_0000;
const BRAND_LEAVES = [0x8000_0002, 0x8000_0003, 0x8000_0004];
/** No CPU has so many; it ends the search in one that repeats itself. */
const MAX_SUBLEAVES = 32;
const ENCLAVES_BIT = 1 << 2;
const TYPE_MASK = 0x1f;

/** What a leaf that cannot be asked for would say. */
const NOTHING: CpuidResult = { eax: 0, ebx: 0, ecx: 0, edx: 0 };

export function cpuidAnswer(machine: Machine, record: CpuidRecord): CpuidRecord {
  const { FunctionId, SubFunctionId } = record;
  const asked = machine.cpuid(FunctionId, SubFunctionId);
  if (asked === undefined)
    return { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED };
  const ask = (leaf: number, subleaf = 0): CpuidResult => machine.cpuid(leaf, subleaf) ?? NOTHING;
  const { eax, ebx, ecx, edx } = asked;
  const lastLeaf = ask(0).eax;
  const has = (leaf: number): boolean => lastLeaf >= leaf;
  const hasTopology = has(LEAF.topology) && ask(LEAF.topology).ebx !== 0;
  const hasEnclaves = has(LEAF.enclaves) && (ask(7).ebx & ENCLAVES_BIT) !== 0;
  const state = has(LEAF.extendedState)
    ? { user: ask(LEAF.extendedState, 0), supervisor: ask(LEAF.extendedState, 1) }
    : undefined;
  return {
    ...record,
    BrandString: brandString(ask),
    EAX: eax,
    EBX: ebx,
    ECX: ecx,
    EDX: edx,
    Leaf4MaxSubLeaf: has(LEAF.caches)
      ? lastSubleaf((index) => (ask(LEAF.caches, index).eax & TYPE_MASK) !== 0)
      : 0,
    LeafBMaxSubleaf: hasTopology ? lastSubleaf((index) => ask(LEAF.topology, index).ebx !== 0) : 0,
    // Sub-leaves 0 and 1 exist always; from 2 on they have a type until the first that has none.
    Leaf12MaxSubLeaf: hasEnclaves
      ? Math.max(
          1,
          lastSubleaf((index) => index < 2 || (ask(LEAF.enclaves, index).eax & TYPE_MASK) !== 0),
        )
      : 0,
    LeafEaxMaxSubleaf: COUNTED_LEAVES.has(FunctionId) && has(FunctionId) ? ask(FunctionId, 0).eax : 0,
    LeafBSupported: hasTopology,
    Leaf12Supported: hasEnclaves,
    XCR0Vector: state === undefined ? 0n : wide(state.user.edx, state.user.eax),
    IA32_XSS_Vector: state === undefined ? 0n : wide(state.supervisor.edx, state.supervisor.ecx),
    KernelStatus: DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL,
  };
}

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/** The last of the sub-leaves from 0 on that are valid. */
function lastSubleaf(isValid: (index: number) => boolean): number {
  let count = 0;
  while (count < MAX_SUBLEAVES && isValid(count)) count++;
  return Math.max(0, count - 1);
}

function brandString(ask: (leaf: number) => CpuidResult): string {
  if (ask(FIRST_EXTENDED_LEAF).eax < (BRAND_LEAVES.at(-1) ?? 0)) return '';
  const words = BRAND_LEAVES.flatMap((leaf) => {
    const { eax, ebx, ecx, edx } = ask(leaf);
    return [eax, ebx, ecx, edx];
  });
  return Buffer.from(Uint32Array.from(words).buffer).toString('latin1').replace(/\0.*$/s, '').trimStart();
}
