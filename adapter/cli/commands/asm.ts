import type { Command } from 'commander';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { CliError, EXIT } from '../cli-error';
import { printLine, readStdin } from '../console-io';
import { hexValue } from '../option-values';

/** `hds asm`: instructions from stdin, bytes in hexadecimal to stdout. */
export function addAsmCommand(program: Command): void {
  program
    .command('asm')
    .description('assemble x86-64 instructions: text from stdin, hexadecimal bytes to stdout')
    .option('--address <hex>', 'address of the first instruction', hexValue, 0n)
    .action(async ({ address }: { address: bigint }) => {
      const text = await readStdin();
      if (text.trim() === '') return;
      const assembler = await loadAssembler().catch((error: unknown) => {
        throw new CliError(error instanceof Error ? error.message : String(error), EXIT.machineLacks);
      });
      const result = assembler.assemble(text, address);
      if (!result.ok) throw new CliError(result.message, EXIT.failed);
      printLine(Buffer.from(result.bytes).toString('hex'));
    });
}
