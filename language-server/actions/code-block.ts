/** Machine code as bytes or as instructions; offered only when the way back gives the same bytes. */

import type { CodeAction } from 'vscode-languageserver';
import { type Assembler, loadAssembler } from '../../script-engine/asm/assembler';
import { loadDisassembler } from '../machine-code';
import type { CodeBlock } from '../../script-engine/command-file/command-file';
import type { Span } from '../../script-engine/syntax/span';
import type { ScriptDocument } from '../open-documents';
import { touches } from '../ranges';
import { rewriting } from './rewrite';

const MOST_INSTRUCTIONS = 4096;

/** For the `code` or `condition` block at the cursor. */
export async function codeBlockActions(document: ScriptDocument, { start }: Span): Promise<CodeAction[]> {
  const command = document.checked.commandBefore(start);
  const block = command?.blocks.find(
    ({ keywordSpan, span }) => touches(keywordSpan, start) || touches(span, start),
  );
  if (command === undefined || block === undefined || command.hasUnknownArguments) return [];
  if (block.kind !== 'code' && block.kind !== 'condition') return [];
  let assembler: Assembler;
  try {
    assembler = await loadAssembler();
  } catch {
    // The diagnostic of an asm block says so; bytes can stay bytes.
    return [];
  }
  return block.isAssembly ? toBytes(document, block, assembler) : toInstructions(document, block, assembler);
}

function toBytes(document: ScriptDocument, block: CodeBlock, assembler: Assembler): CodeAction[] {
  // The address of a symbol is not known here, and goes into the bytes.
  if (/<[^<>\s]+>/.test(block.body.text) || /[/;]{2}/.test(block.body.text)) return [];
  const result = assembler.assemble(block.body.text, 0n);
  if (!result.ok) return [];
  const bytes = Array.from(result.bytes, hexByte).join(' ');
  return [
    rewriting(document, `Write as bytes: ${shortened(bytes)}`, [
      { span: block.keywordSpan, text: block.kind },
      { span: block.span, text: `{ ${bytes} }` },
    ]),
  ];
}

async function toInstructions(
  document: ScriptDocument,
  block: CodeBlock,
  assembler: Assembler,
): Promise<CodeAction[]> {
  const bytes = bytesOf(block.body.text);
  if (bytes === undefined) return [];
  const disassembler = await loadDisassembler();
  const text = disassembler
    .decode(bytes, 0n, MOST_INSTRUCTIONS)
    .map((instruction) => instruction.text)
    .join('; ');
  if (text === '') return [];
  const again = assembler.assemble(text, 0n);
  if (!again.ok || !isSame(again.bytes, bytes)) return [];
  return [
    rewriting(document, `Write as instructions: ${shortened(text)}`, [
      { span: block.keywordSpan, text: `asm ${block.kind}` },
      { span: block.span, text: `{ ${text} }` },
    ]),
  ];
}

function bytesOf(text: string): Uint8Array | undefined {
  const digits = text.replace(/0x|\\x|\s+/gi, '');
  if (digits === '' || digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
