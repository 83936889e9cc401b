/** Whether the instruction at RIP is a call: the debuggee wants to hear it with a step over (driver-protocol 8.4). */

const LEGACY_PREFIXES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3]);

/** Size of the call that `bytes` begin with, in bytes; undefined when they begin with another instruction. */
export function callSizeBytes(bytes: Uint8Array, is32Bit: boolean): number | undefined {
  let at = 0;
  let hasAddressPrefix = false;
  for (let byte = bytes[at]; byte !== undefined && LEGACY_PREFIXES.has(byte); byte = bytes[++at])
    hasAddressPrefix ||= byte === 0x67;
  const maybeRex = bytes[at];
  if (!is32Bit && maybeRex !== undefined && maybeRex >= 0x40 && maybeRex <= 0x4f) at++;
  const opcode = bytes[at];
  if (opcode === 0xe8) return at + 5;
  if (opcode === 0x9a && is32Bit) return at + 7;
  const modRm = bytes[at + 1];
  if (opcode !== 0xff || modRm === undefined) return undefined;
  const operation = (modRm >> 3) & 7;
  if (operation !== 2 && operation !== 3) return undefined;
  // 16-bit addressing has other forms; compilers never make it, and a step in is always right.
  if (is32Bit && hasAddressPrefix) return undefined;
  return at + 2 + operandSizeBytes(modRm, bytes[at + 2] ?? 0);
}

/** SIB byte and displacement behind `modRm`. */
function operandSizeBytes(modRm: number, sib: number): number {
  const mod = modRm >> 6;
  const rm = modRm & 7;
  if (mod === 3) return 0;
  const sibBytes = rm === 4 ? 1 : 0;
  if (mod === 1) return sibBytes + 1;
  if (mod === 2) return sibBytes + 4;
  const base = rm === 4 ? sib & 7 : rm;
  return sibBytes + (base === 5 ? 4 : 0);
}
