/** Epilogs have a fixed form, and no unwind data ("x64 prolog and epilog"): what is left of one is read from the code. */

import { type CallFrameRules, DwarfRegister } from '../call-frame-table';
import type { PeImage } from './pe-image';
import { DWARF_OF_MACHINE, type RuntimeFunction } from './pe-unwind';

const MAX_EPILOG_BYTES = 64;

/** Rules where `address` lies in an epilog; undefined where it does not. */
export function epilogRules(
  image: PeImage,
  entry: RuntimeFunction,
  address: number,
): CallFrameRules | undefined {
  const code = image.bytesUpTo(address, MAX_EPILOG_BYTES);
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const start = stackRelease(code, view);
  let at = start.length;
  let position = start.displacement;
  const saved = new Map<number, bigint>();
  for (;;) {
    const hasPrefix = code[at] === 0x41;
    const opcode = code[at + (hasPrefix ? 1 : 0)] ?? 0;
    if (opcode < 0x58 || opcode > 0x5f) break;
    saved.set(DWARF_OF_MACHINE[(opcode & 7) + (hasPrefix ? 8 : 0)] ?? 0, position);
    position += 8n;
    at += hasPrefix ? 2 : 1;
  }
  if (!leaves(code, view, at, entry, address)) return undefined;
  const cfaOffset = position + 8n;
  const relative = new Map([...saved].map(([register, place]) => [register, place - cfaOffset]));
  relative.set(DwarfRegister.returnAddress, -8n);
  return { cfaRegister: start.register, cfaOffset, saved: relative, isOutermost: false };
}

/** `add rsp, n` or `lea rsp, [frame + n]`, with which an epilog may begin. */
function stackRelease(
  code: Uint8Array,
  view: DataView,
): { length: number; register: number; displacement: bigint } {
  const [rex, opcode, modrm = 0] = code;
  const rsp = DwarfRegister.rsp;
  if (rex === 0x48 && modrm === 0xc4) {
    if (opcode === 0x83 && code.length > 3)
      return { length: 4, register: rsp, displacement: BigInt(view.getInt8(3)) };
    if (opcode === 0x81 && code.length > 6)
      return { length: 7, register: rsp, displacement: BigInt(view.getInt32(3, true)) };
  }
  if ((rex === 0x48 || rex === 0x49) && opcode === 0x8d && ((modrm >> 3) & 7) === 4 && (modrm & 7) !== 4) {
    const register = DWARF_OF_MACHINE[(modrm & 7) + (rex === 0x49 ? 8 : 0)] ?? rsp;
    if (modrm >> 6 === 1 && code.length > 3)
      return { length: 4, register, displacement: BigInt(view.getInt8(3)) };
    if (modrm >> 6 === 2 && code.length > 6)
      return { length: 7, register, displacement: BigInt(view.getInt32(3, true)) };
  }
  return { length: 0, register: rsp, displacement: 0n };
}

/** Whether the function ends here: a return, or a jump that leaves it. */
function leaves(
  code: Uint8Array,
  view: DataView,
  at: number,
  entry: RuntimeFunction,
  address: number,
): boolean {
  const opcode = code[at];
  if (opcode === 0xc3 || opcode === 0xc2) return true;
  if (opcode === 0xf3 && code[at + 1] === 0xc3) return true;
  if (opcode === 0x48 && code[at + 1] === 0xff && code[at + 2] === 0x25) return true;
  const target =
    opcode === 0xe9 && at + 5 <= code.length
      ? address + at + 5 + view.getInt32(at + 1, true)
      : opcode === 0xeb && at + 2 <= code.length
        ? address + at + 2 + view.getInt8(at + 1)
        : undefined;
  // A jump at the first instruction of the code looked at is an ordinary one more often than a tail call.
  return target !== undefined && at > 0 && (target < entry.begin || target >= entry.end);
}
