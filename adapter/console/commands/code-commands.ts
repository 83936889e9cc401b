/** `u`, `a`: machine code as text and back. */

import type { AddressSpace } from '../../../driver/debuggee';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { loadDisassembler } from '../../../script-engine/asm/disassembler';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { addressOf, CommandWords } from '../command-words';
import { addressText } from '../format/numbers';
import { readRange, writeValues } from '../memory-access';

/** What the original reads for each width of code (recorded: `u`, `u2`). */
const DEFAULT_SIZE = { 32: 0x80n, 64: 0x40n } as const;
const LARGEST_SHOWN = 0x10_0000n;
const MOST_INSTRUCTIONS = 0x10_0000;

export function disassemble(bitness: 32 | 64, space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const sizeBytes = Number(words.takeNumberOf('l', LARGEST_SHOWN) ?? DEFAULT_SIZE[bitness]);
    const address = await words.takeAddress('an address', context);
    words.end();
    const range = { address, sizeBytes, space, wantsMode: true };
    const { bytes, is32Bit } = await readRange(range, context);
    const disassembler = await loadDisassembler();
    if (bitness === 64 && space === 'virtual' && is32Bit)
      context.io.say('The target says that this is 32-bit code; "u2" shows it as such.');
    for (const instruction of disassembler.decode(bytes, address, MOST_INSTRUCTIONS, bitness)) {
      const place = context.symbols.placeOf(instruction.address)?.text;
      const code = Buffer.from(instruction.bytes).toString('hex').padEnd(20);
      context.io.print(
        `${addressText(instruction.address)}  ${code} ${instruction.text}${place === undefined ? '' : `  ; ${place}`}`,
      );
    }
  };
}

/** Writes instructions, or shows their bytes when no address stands before the block. */
export function assemble(space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const tokens = words.takeAll();
    const block = tokens.find(({ kind }) => kind === 'block');
    const [place, extra] = tokens.filter((token) => token !== block);
    if (block === undefined || extra !== undefined)
      throw new CommandError(
        `"${command.name}" takes an address and a block: ${command.name} <Address> {nop; ret}.`,
      );
    const isShownOnly = place === undefined || tokens[0] === block;
    const address = place === undefined ? 0n : await addressOf(place, context);
    const text = block.text.replace(/<([^<>\s]+)>/g, (_whole, name: string) => {
      const symbol = context.symbols.resolve(name);
      if (symbol === undefined) throw new CommandError(`No symbol is named "${name}".`);
      return `0x${symbol.toString(16)}`;
    });
    const result = (await loadAssembler()).assemble(text, address);
    if (!result.ok) throw new CommandError(result.message);
    const bytes = Array.from(result.bytes);
    if (!isShownOnly) await writeValues(address, bytes.map(BigInt), 1, space, context);
    context.io.print(
      `${bytes.length} bytes${isShownOnly ? '' : ` at ${addressText(address)}`}: ${Buffer.from(bytes).toString('hex')}`,
    );
  };
}
