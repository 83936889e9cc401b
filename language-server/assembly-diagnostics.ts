/** Mistakes in `asm` blocks, which only an assembler can find; it is loaded when the first block is there. */

import { type Assembler, loadAssembler } from '../script-engine/asm/assembler';
import { assemblyFault } from '../script-engine/command-file/assembly-fault';
import type { Diagnostic } from '../script-engine/diagnostic';
import type { ScriptDocument } from './open-documents';

let ready: Assembler | undefined;

/** At once as long as no block has to wait for the assembler. */
export function assemblyDiagnostics(
  document: ScriptDocument,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  if (!document.source.includes('asm') || blocksOf(document).length === 0) return [];
  return ready === undefined ? afterLoading(document) : findAll(document, ready);
}

async function afterLoading(document: ScriptDocument): Promise<readonly Diagnostic[]> {
  try {
    ready = await loadAssembler();
  } catch (error) {
    const [block] = blocksOf(document);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Assembly is not checked: the assembler cannot be loaded (${reason}).`;
    return block === undefined
      ? []
      : [{ code: 'no-assembler', severity: 'information', message, span: block.keywordSpan }];
  }
  return findAll(document, ready);
}

function blocksOf({ checked }: ScriptDocument) {
  return checked.file.commands.flatMap(({ blocks }) => blocks.filter(({ isAssembly }) => isAssembly));
}

function findAll(document: ScriptDocument, assembler: Assembler): Diagnostic[] {
  return blocksOf(document).flatMap((block) => assemblyFault(block, assembler) ?? []);
}
