import type { Command } from 'commander';
import { loadDisassembler } from '../../../script-engine/asm/disassembler';
import { CliError, EXIT } from '../cli-error';
import { printLine, readStdin } from '../console-io';
import { hexValue } from '../option-values';

/** `hds disasm`: bytes in hexadecimal from stdin, instructions to stdout. */
export function addDisasmCommand(program: Command): void {
  program
    .command('disasm')
    .description('disassemble x86-64 code: hexadecimal bytes from stdin, instructions to stdout')
    .option('--address <hex>', 'address of the first byte', hexValue, 0n)
    .action(async ({ address }: { address: bigint }) => {
      const bytes = hexBytes(await readStdin());
      if (bytes.length === 0) return;
      const disassembler = await loadDisassembler();
      for (const instruction of disassembler.decode(bytes, address, bytes.length)) {
        const hex = Buffer.from(instruction.bytes).toString('hex');
        printLine(
          `${instruction.address.toString(16).padStart(16, '0')}  ${hex.padEnd(30)}  ${instruction.text}`,
        );
      }
    });
}

/** Takes `90c3`, `90 c3`, `0x90, 0xc3` and `\x90\xc3`. */
function hexBytes(text: string): Uint8Array {
  const digits = text.replace(/0x|\\x|[\s,;]/gi, '');
  if (!/^[0-9a-f]*$/i.test(digits) || digits.length % 2 !== 0) {
    throw new CliError(
      'The input is no list of bytes: give two hexadecimal digits for each byte, e.g. 48 ff 01 c3.',
      EXIT.failed,
    );
  }
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
