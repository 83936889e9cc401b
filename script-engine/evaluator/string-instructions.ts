/** String and instruction-length functions (script-language 9). */

import { SymbolKind } from '../catalog/opcodes';
import type { Execution } from './execution';
import { instructionLength } from './instruction-length';
import type { Handler, HandlerGroup } from './instruction-table';
import { stringStart } from './prepare';
import { TextReader } from './text-reader';

/** What comparisons answer for an invalid address. */
const INVALID = 2n;
const LONGEST_INSTRUCTION = 15;

/** Address of the text: a literal lies in the script's own buffer. */
function textAddress(run: Execution): bigint {
  const slot = run.operand();
  const kind = run.script.kinds[slot];
  if (kind === SymbolKind.STRING || kind === SymbolKind.WSTRING) {
    return run.session.bases.code + BigInt(stringStart(slot));
  }
  return run.read(slot);
}

/** 0 when the memory ends before the text does. */
function length(unitBytes: 1 | 2): Handler {
  return (run) => {
    const reader = new TextReader(run.addresses, textAddress(run), unitBytes);
    let count = 0n;
    let unit = reader.next();
    while (unit !== undefined && unit !== 0) {
      count++;
      unit = reader.next();
    }
    run.write(run.operand(), unit === undefined ? 0n : count);
  };
}

function compare(first: TextReader, second: TextReader, limit: bigint, stopsAtNul: boolean): bigint {
  for (let index = 0n; index < limit; index++) {
    const one = first.next();
    const two = second.next();
    if (one === undefined || two === undefined) return INVALID;
    if (one !== two) return one < two ? -1n : 1n;
    if (stopsAtNul && one === 0) return 0n;
  }
  return 0n;
}

/** Sources come right to left: the count, the second text, the first one. */
function comparing(unitBytes: 1 | 2, counted: boolean, stopsAtNul: boolean): Handler {
  return (run) => {
    const limit = counted ? run.take() : 0xffff_ffff_ffff_ffffn;
    const second = new TextReader(run.addresses, textAddress(run), unitBytes);
    const first = new TextReader(run.addresses, textAddress(run), unitBytes);
    run.write(run.operand(), compare(first, second, limit, stopsAtNul));
  };
}

function disassembling(bits: 32 | 64): Handler {
  return (run) => {
    const reader = new TextReader(run.addresses, run.take(), 1);
    const bytes: number[] = [];
    for (
      let byte = reader.next();
      byte !== undefined && bytes.length < LONGEST_INSTRUCTION;
      byte = reader.next()
    ) {
      bytes.push(byte);
    }
    run.write(run.operand(), BigInt(instructionLength(bytes, bits) ?? 0));
  };
}

export const stringInstructions: HandlerGroup = {
  STRLEN: length(1),
  WCSLEN: length(2),
  STRCMP: comparing(1, false, true),
  STRNCMP: comparing(1, true, true),
  MEMCMP: comparing(1, true, false),
  WCSCMP: comparing(2, false, true),
  WCSNCMP: comparing(2, true, true),
  DISASSEMBLE_LEN: disassembling(64),
  DISASSEMBLE_LEN64: disassembling(64),
  DISASSEMBLE_LEN32: disassembling(32),
};
