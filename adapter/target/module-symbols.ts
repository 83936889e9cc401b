import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Debuggee } from '../../driver/debuggee';
import { readElf } from '../symbols/elf-image';
import type { ProgramFile } from '../symbols/program-file';
import type { SymbolTable } from '../symbols/symbol-table';

/**
 * Reads the symbols of every module whose file is on this computer. Modules without one keep their addresses only. True when
 * there were new ones.
 */
export async function loadModules(
  symbols: SymbolTable,
  debuggee: Debuggee,
  program: ProgramFile | undefined,
): Promise<boolean> {
  const before = symbols.modules.length;
  const listed = debuggee.modules;
  if (listed.length === 0 && before === 0 && program !== undefined) {
    symbols.addModule(program.path, program.image, program.image.linkedBase);
  }
  for (const [index, module] of listed.entries()) {
    // By address: the loader is listed under the name of its link too.
    if (symbols.hasModuleAt(module.baseAddress)) continue;
    // The main program is the file we were given, under whatever path the guest sees it.
    const isProgram = program !== undefined && (index === 0 || path.resolve(module.path) === program.path);
    const image = isProgram ? program.image : await imageOf(module.path);
    if (image === undefined) continue;
    symbols.addModule(isProgram ? program.path : module.path, image, module.baseAddress);
  }
  return symbols.modules.length > before;
}

/** The ELF file of a module, where it is one of this computer. */
export async function imageOf(file: string): Promise<ProgramFile['image'] | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const reading = readElf(bytes);
  return reading.kind === 'image' ? reading.image : undefined;
}
