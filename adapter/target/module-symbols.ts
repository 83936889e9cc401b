import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Debuggee, TargetModule } from '../../driver/debuggee';
import { readElf } from '../symbols/elf-image';
import type { ProgramFile } from '../symbols/program-file';
import type { SymbolTable } from '../symbols/symbol-table';
import { windowsSymbols } from './windows-symbols';

/** Where the symbols of Windows modules are looked for. */
export interface WindowsSymbolFolders {
  readonly symbolPath: readonly string[];
  /** Gets a sentence about each file that does not fit. */
  readonly report: (sentence: string) => void;
}

/**
 * Reads the symbols of every module whose file is on this computer. Modules without one keep their addresses only. True when
 * there were new ones.
 */
export async function loadModules(
  symbols: SymbolTable,
  debuggee: Debuggee,
  program: ProgramFile | undefined,
  windows?: WindowsSymbolFolders,
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
    if (image === undefined) {
      await addWindowsModule(symbols, debuggee, module, windows);
      continue;
    }
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

async function addWindowsModule(
  symbols: SymbolTable,
  debuggee: Debuggee,
  module: TargetModule,
  windows: WindowsSymbolFolders | undefined,
): Promise<void> {
  if (windows === undefined || windows.symbolPath.length === 0 || module.is32Bit) return;
  const found = await windowsSymbols(debuggee, module, windows.symbolPath, windows.report);
  if (found !== undefined) symbols.addSymbols(module.path, found, module.baseAddress);
}
