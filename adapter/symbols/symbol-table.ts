import path from 'node:path';
import type { SymbolResolver } from '../../script-engine/compiler/compiled-script';
import type { CallFrameRules } from './call-frame-table';
import type { FunctionScope, Variable } from './dwarf/debug-info';
import type { ElfImage } from './elf-image';
import { elfModule } from './elf-module';
import type { SourceLine } from './line-table';
import { type ModuleSymbols, wildcard } from './module-symbols';
import type { StructureLayout } from './pdb/structure-layout';

/** Where an address lies: in a function or, failing that, in a module. */
export interface SymbolPlace {
  readonly moduleName: string;
  /** `module!function` or the bare module name. */
  readonly name: string;
  /** Distance from the start of the function, or of the module. */
  readonly offset: bigint;
  /** `name` or `name+0x12`. */
  readonly text: string;
}

export interface FunctionRange {
  readonly name: string;
  readonly start: bigint;
  /** First address after the function. */
  readonly end: bigint;
}

export interface LoadedModule {
  readonly name: string;
  readonly path: string;
  readonly baseAddress: bigint;
  readonly sizeBytes: bigint;
  readonly functionCount: number;
  readonly hasLines: boolean;
}

interface ModuleEntry extends LoadedModule {
  readonly symbols: ModuleSymbols;
  readonly bias: bigint;
}

/** Files of the Windows kernel, which everybody calls `nt`. */
const KERNEL_FILES = new Set(['ntoskrnl', 'ntkrnlmp', 'ntkrnlpa', 'ntkrpamp']);

/** The name under which scripts address a module: its file name without extension, wherever the file is from. */
export function moduleNameOf(file: string): string {
  const { name } = isWindowsPath(file) ? path.win32.parse(file) : path.parse(file);
  return isWindowsPath(file) && KERNEL_FILES.has(name.toLowerCase()) ? 'nt' : name;
}

/** A drive, or one of the names under which the kernel lists its own modules. */
function isWindowsPath(file: string): boolean {
  return /^[a-z]:[\\/]|^\\/i.test(file) || /^[^/]*\.(?:exe|sys|dll)$/i.test(file);
}

/** All spellings of a module's name. Scripts cannot spell dots and dashes, so `libc.so.6` answers to `libc` too. */
function spellingsOf(file: string): Set<string> {
  const base = isWindowsPath(file) ? path.win32.basename(file) : path.basename(file);
  const name = moduleNameOf(file);
  const own = path.parse(base).name;
  const short = base.split('.')[0] ?? '';
  const plain = [name, own, short];
  return new Set([...plain, ...plain.map((text) => text.replace(/\W/g, '_'))].filter((s) => s !== ''));
}

/** Symbols and source lines of the modules of a target, at the addresses they have there. */
export class SymbolTable implements SymbolResolver {
  readonly #modules: ModuleEntry[] = [];

  get modules(): readonly LoadedModule[] {
    return this.#modules;
  }

  hasModuleAt(baseAddress: bigint): boolean {
    return this.#modules.some((module) => module.baseAddress === baseAddress);
  }

  /** Adds a module that the target has loaded at `baseAddress`. A module that is already there is replaced. */
  addModule(file: string, image: ElfImage, baseAddress: bigint): LoadedModule {
    return this.addSymbols(file, elfModule(image), baseAddress);
  }

  /** As `addModule`, for symbols of any format. */
  addSymbols(file: string, symbols: ModuleSymbols, baseAddress: bigint): LoadedModule {
    // A program that is not position independent runs where it was linked, whatever base the target tells.
    const bias = symbols.isPositionIndependent ? baseAddress - symbols.linkedBase : 0n;
    const entry: ModuleEntry = {
      name: moduleNameOf(file),
      path: file,
      baseAddress: symbols.linkedBase + bias,
      sizeBytes: symbols.sizeBytes,
      // Counting can mean reading a large file, so it waits for the question.
      get functionCount() {
        return symbols.functionCount;
      },
      hasLines: symbols.hasLines,
      symbols,
      bias,
    };
    const present = this.#modules.findIndex((module) => module.path === file);
    if (present >= 0) this.#modules[present] = entry;
    else this.#modules.push(entry);
    return entry;
  }

  resolve(name: string): bigint | undefined {
    const bang = name.indexOf('!');
    const moduleName = bang < 0 ? undefined : name.slice(0, bang);
    const symbolName = bang < 0 ? name : name.slice(bang + 1);
    const addresses = new Set<bigint>();
    for (const module of this.#modules) {
      if (moduleName !== undefined && !spellingsOf(module.path).has(moduleName)) continue;
      for (const address of module.symbols.addressesOf(symbolName)) addresses.add(address + module.bias);
    }
    const [only] = addresses;
    return addresses.size === 1 ? only : undefined;
  }

  /** `module!name` of the symbols that a pattern such as `nt!Ke*` matches, sorted; without `!` in all modules. */
  namesMatching(pattern: string, limit: number): string[] {
    const bang = pattern.indexOf('!');
    const isWanted = wildcard(bang < 0 ? '*' : pattern.slice(0, bang));
    const names: string[] = [];
    for (const module of this.#modules) {
      if (![...spellingsOf(module.path)].some(isWanted)) continue;
      const found = module.symbols.namesMatching(pattern.slice(bang + 1), limit - names.length);
      names.push(...found.map((name) => `${module.name}!${name}`));
    }
    return names.sort();
  }

  /** The function or module that holds `address`. */
  placeOf(address: bigint): SymbolPlace | undefined {
    const module = this.#moduleAt(address);
    if (module === undefined) return undefined;
    const symbol = module.symbols.functionAt(address - module.bias);
    const name = symbol === undefined ? module.name : `${module.name}!${symbol.name}`;
    const start = symbol === undefined ? module.baseAddress : symbol.start + module.bias;
    return {
      moduleName: module.name,
      name,
      offset: address - start,
      text: withOffset(name, address - start),
    };
  }

  /** The variable that holds `address`, with the distance from its start. */
  dataAt(address: bigint): string | undefined {
    const module = this.#moduleAt(address);
    const found = module?.symbols.variableAt(address - module.bias);
    if (module === undefined || found === undefined) return undefined;
    return withOffset(`${module.name}!${found.name}`, address - module.bias - found.start);
  }

  /** Size of the variable that starts at `address`. */
  sizeAt(address: bigint): number | undefined {
    const module = this.#moduleAt(address);
    const found = module?.symbols.variableAt(address - module.bias);
    if (module === undefined || found?.end === undefined) return undefined;
    return found.start + module.bias === address ? Number(found.end - found.start) : undefined;
  }

  /** The function that holds `address`; where sizes are missing it reaches to the next function. */
  functionAt(address: bigint): FunctionRange | undefined {
    const module = this.#moduleAt(address);
    const found = module?.symbols.functionAt(address - module.bias);
    if (module === undefined || found === undefined) return undefined;
    return {
      name: `${module.name}!${found.name}`,
      start: found.start + module.bias,
      end: found.end === undefined ? module.baseAddress + module.sizeBytes : found.end + module.bias,
    };
  }

  /** Start of the last function that begins at or before `address`, in the same module. */
  startAtOrBefore(address: bigint): bigint | undefined {
    const module = this.#moduleAt(address);
    const start = module?.symbols.startAtOrBefore(address - module.bias);
    return module === undefined || start === undefined ? undefined : start + module.bias;
  }

  /** Whether `address` lies in executable memory of a known module. */
  isCode(address: bigint): boolean {
    const module = this.#moduleAt(address);
    return module?.symbols.isCode(address - module.bias) ?? false;
  }

  /** How to find the caller of the code at `address`. */
  callFrameAt(address: bigint): CallFrameRules | undefined {
    const module = this.#moduleAt(address);
    return module?.symbols.callFrameAt(address - module.bias);
  }

  /** Source line that `address` belongs to. */
  lineOf(address: bigint): SourceLine | undefined {
    const module = this.#moduleAt(address);
    return module?.symbols.lineOf(address - module.bias);
  }

  /** Where the code of a source line, or of the next line with code, starts. */
  codeOf(file: string, line: number): { readonly address: bigint; readonly line: number } | undefined {
    for (const module of this.#modules) {
      const code = module.symbols.codeOf(file, line);
      if (code !== undefined) return { address: code.linkedAddress + module.bias, line: code.line };
    }
    return undefined;
  }

  /** What is visible in the code at `address`; `bias` is what its module is moved by. */
  scopeAt(address: bigint): { readonly scope: FunctionScope; readonly bias: bigint } | undefined {
    const module = this.#moduleAt(address);
    const scope = module?.symbols.debugInfo?.()?.functionAt(address - module.bias);
    return module === undefined || scope === undefined ? undefined : { scope, bias: module.bias };
  }

  /** A variable outside of functions, of the first module that has one with debug information. */
  globalVariable(name: string): { readonly variable: Variable; readonly bias: bigint } | undefined {
    for (const module of this.#modules) {
      const variable = module.symbols.debugInfo?.()?.global(name);
      if (variable !== undefined) return { variable, bias: module.bias };
    }
    return undefined;
  }

  /** A structure by `name` or `module!name`; without a module the first one that defines it. */
  layoutOf(name: string): StructureLayout | undefined {
    const bang = name.indexOf('!');
    for (const module of this.#modules) {
      if (bang >= 0 && !spellingsOf(module.path).has(name.slice(0, bang))) continue;
      const layout = module.symbols.layoutOf?.(name.slice(bang + 1));
      if (layout !== undefined) return layout;
    }
    return undefined;
  }

  #moduleAt(address: bigint): ModuleEntry | undefined {
    return this.#modules.find(
      (module) => address >= module.baseAddress && address < module.baseAddress + module.sizeBytes,
    );
  }
}

function withOffset(name: string, offset: bigint): string {
  return offset === 0n ? name : `${name}+0x${offset.toString(16)}`;
}
