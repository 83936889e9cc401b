import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Code, Decoder, DecoderOptions, FlowControl, Mnemonic, Register } from 'iced-x86';
import { memorySource } from '../../../adapter/symbols/byte-source';
import { type CallFrameRules, DwarfRegister } from '../../../adapter/symbols/call-frame-table';
import { readPe } from '../../../adapter/symbols/pe/pe-image';

/**
 * Follows RSP through the instructions of a function with a fixed frame and compares its distance from the return address with
 * what the unwind data says. Returns how many instructions were compared.
 */
export function compareDepths(
  code: Uint8Array,
  start: number,
  rulesAt: (address: number) => CallFrameRules | undefined,
): number {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  decoder.ip = BigInt(start);
  let depth = 0;
  let deepest = 0;
  let count = 0;
  while (decoder.canDecode) {
    const instruction = decoder.decode();
    const rules = rulesAt(Number(instruction.ip));
    const place = `0x${instruction.ip.toString(16)}`;
    assert.equal(rules?.cfaRegister, DwarfRegister.rsp, place);
    assert.equal(rules?.cfaOffset, BigInt(depth + 8), place);
    assert.equal(rules?.saved.get(DwarfRegister.returnAddress), -8n, place);
    count++;
    const changesStack = instruction.op0Register === Register.RSP;
    if (instruction.mnemonic === Mnemonic.Sub && changesStack) {
      // After a call of __chkstk the amount is in RAX.
      const isByRax = instruction.code === Code.Sub_r64_rm64 || instruction.code === Code.Sub_rm64_r64;
      depth += isByRax ? rax(code) : Number(instruction.immediate(1));
    } else if (instruction.mnemonic === Mnemonic.Add && changesStack)
      depth -= Number(instruction.immediate(1));
    else if (instruction.mnemonic === Mnemonic.Push || instruction.mnemonic === Mnemonic.Pop)
      depth -= instruction.stackPointerIncrement;
    deepest = Math.max(deepest, depth);
    if (instruction.flowControl === FlowControl.Return) depth = deepest;
    instruction.free();
  }
  decoder.free();
  return count;
}

/** The amount that `mov eax, n` in front of a call of __chkstk sets. */
function rax(code: Uint8Array): number {
  const at = code.indexOf(0xb8);
  return new DataView(code.buffer, code.byteOffset, code.byteLength).getInt32(at + 1, true);
}

/** An image as the loader lays it out. */
export function loadedImage(file: string): Uint8Array {
  const bytes = Uint8Array.from(readFileSync(file));
  const image = readPe(memorySource(bytes));
  const memory = new Uint8Array(image.imageSizeBytes);
  memory.set(bytes.subarray(0, 4096 > bytes.length ? bytes.length : 1024));
  for (const { rva, fileOffset, fileSizeBytes, sizeBytes } of image.sections) {
    memory.set(bytes.subarray(fileOffset, fileOffset + Math.min(fileSizeBytes, sizeBytes)), rva);
  }
  return memory;
}
