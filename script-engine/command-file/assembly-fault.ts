/** What an assembler says about an `asm` block, at its line. */

import type { Assembler, AssembleResult } from '../asm/assembler';
import type { Diagnostic } from '../diagnostic';
import type { CodeBlock } from './command-file';

/** A symbol in angle brackets stands for its address: `mov rax, <main!table>`. */
export const SYMBOL_IN_ASSEMBLY = /<([^<>\s]+)>/g;

/** Instructions are the same for every address that is as long; this one fits where a kernel's symbols are. */
const STAND_IN = '0xfffff80000001000';

/** Results by text: an editor asks after each key, and keys go into one block. */
const known = new Map<string, AssembleResult>();
const MOST_KNOWN = 256;

/** The mistake of a block whose symbols nobody can resolve yet; undefined when there is none. */
export function assemblyFault(block: CodeBlock, assembler: Assembler): Diagnostic | undefined {
  if (block.body.text.trim() === '') return undefined;
  const text = block.body.text.replace(SYMBOL_IN_ASSEMBLY, STAND_IN);
  const before = known.get(text);
  const result = before ?? assembler.assemble(`${text}\n; ret`, 0n);
  if (before === undefined) {
    if (known.size === MOST_KNOWN) known.clear();
    known.set(text, result);
  }
  return result.ok ? undefined : assemblyFailure(block, result);
}

/** A refusal of the assembler as a diagnostic. */
export function assemblyFailure(
  block: CodeBlock,
  { message, line }: Extract<AssembleResult, { ok: false }>,
): Diagnostic {
  return { code: 'bad-assembly', severity: 'error', message, span: lineSpan(block, line) };
}

/** A line of a block without its outer blanks; the whole block when the line is not known. */
function lineSpan(block: CodeBlock, line: number | undefined): CodeBlock['codeSpan'] {
  const { body } = block;
  const lines = body.text.split('\n');
  const text = line === undefined ? undefined : lines[line];
  if (line === undefined || text === undefined || text.trim() === '') return block.codeSpan;
  const start = lines.slice(0, line).reduce((sum, before) => sum + before.length + 1, 0);
  const indent = text.length - text.trimStart().length;
  return body.span(start + indent, start + text.trimEnd().length);
}
