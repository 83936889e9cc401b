/** The disassembler, which is bigger than the rest of the server: loaded when somebody looks at machine code. */

import type { Disassembler } from '../script-engine/asm/disassembler';

export async function loadDisassembler(): Promise<Disassembler> {
  const { loadDisassembler: load } = await import('../script-engine/asm/disassembler.js');
  return load();
}
