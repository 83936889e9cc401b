import path from 'node:path';
import type { SymbolResolver } from '../../script-engine/compiler/compiled-script';
import { type CallFrameRules, type CallFrameTable, readCallFrames } from './call-frame-table';
import { DebugInfo, type FunctionScope, type Variable } from './dwarf/debug-info';
import type { ElfImage, ElfSymbol } from './elf-image';
import { readLineTable, type LineTable, type SourceLine } from './line-table';

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
  readonly image: ElfImage;
  readonly bias: bigint;
  /** Functions by address, one per address. */
  readonly functions: readonly ElfSymbol[];
  readonly byName: ReadonlyMap<string, readonly ElfSymbol[]>;
  lines: LineTable | undefined;
  frames: CallFrameTable | undefined;
  /** Read at the first question; null: there is none. */
  debugInfo: DebugInfo | null | undefined;
}

/** The name under which scripts address a module: its file name without extension. */
export function moduleNameOf(file: string): string {
  return path.parse(file).name;
}

/** All spellings of a module's name. Scripts cannot spell dots and dashes, so `libc.so.6` answers to `libc` too. */
function spellingsOf(file: string): Set<string> {
  const name = moduleNameOf(file);
  const short = path.basename(file).split('.')[0] ?? '';
  return new Set([name, short, name.replace(/\W/g, '_'), short.replace(/\W/g, '_')].filter((s) => s !== ''));
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
    // A program that is not position independent runs where it was linked, whatever base the target tells.
    const bias = image.isPositionIndependent ? baseAddress - image.linkedBase : 0n;
    const functions = image.symbols.filter((symbol) => symbol.kind === 'function').sort(byAddress);
    const byName = new Map<string, ElfSymbol[]>();
    for (const symbol of image.symbols) {
      const same = byName.get(symbol.name);
      if (same === undefined) byName.set(symbol.name, [symbol]);
      else same.push(symbol);
    }
    const entry: ModuleEntry = {
      name: moduleNameOf(file),
      path: file,
      baseAddress: image.linkedBase + bias,
      sizeBytes: endOf(image) - image.linkedBase,
      functionCount: functions.length,
      hasLines: image.sectionNamed('.debug_line') !== undefined,
      image,
      bias,
      functions: functions.filter((symbol, i) => symbol.address !== functions[i - 1]?.address),
      byName,
      lines: undefined,
      frames: undefined,
      debugInfo: undefined,
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
      const found = module.byName.get(symbolName) ?? [];
      // A static function may share its name with the global one that the author means.
      const globals = found.filter((symbol) => symbol.isGlobal);
      for (const symbol of globals.length > 0 ? globals : found) addresses.add(symbol.address + module.bias);
    }
    const [only] = addresses;
    return addresses.size === 1 ? only : undefined;
  }

  /** All names, for whoever looks for one by a pattern. */
  *names(): Generator<{ readonly moduleName: string; readonly name: string; readonly address: bigint }> {
    for (const { name: moduleName, bias, byName } of this.#modules)
      for (const [name, symbols] of byName)
        for (const symbol of symbols) yield { moduleName, name, address: symbol.address + bias };
  }

  /** The function or module that holds `address`. */
  placeOf(address: bigint): SymbolPlace | undefined {
    const module = this.#moduleAt(address);
    if (module === undefined) return undefined;
    const symbol = functionAt(module, address - module.bias);
    const name = symbol === undefined ? module.name : `${module.name}!${symbol.name}`;
    const start = symbol === undefined ? module.baseAddress : symbol.address + module.bias;
    const offset = address - start;
    const text = offset === 0n ? name : `${name}+0x${offset.toString(16)}`;
    return { moduleName: module.name, name, offset, text };
  }

  /** The variable that holds `address`, with the distance from its start. */
  dataAt(address: bigint): string | undefined {
    const found = this.#dataSymbolAt(address);
    if (found === undefined) return undefined;
    const { module, symbol } = found;
    const offset = address - module.bias - symbol.address;
    return `${module.name}!${symbol.name}${offset === 0n ? '' : `+0x${offset.toString(16)}`}`;
  }

  /** Size of the variable that starts at `address`. */
  sizeAt(address: bigint): number | undefined {
    const found = this.#dataSymbolAt(address);
    return found !== undefined && found.symbol.address + found.module.bias === address
      ? Number(found.symbol.sizeBytes)
      : undefined;
  }

  /** The function that holds `address`; where sizes are missing it reaches to the next function. */
  functionAt(address: bigint): FunctionRange | undefined {
    const module = this.#moduleAt(address);
    if (module === undefined) return undefined;
    const symbol = functionAt(module, address - module.bias);
    if (symbol === undefined) return undefined;
    const next = module.functions[indexAtOrBelow(module.functions, symbol.address) + 1];
    const end = symbol.sizeBytes > 0n ? symbol.address + symbol.sizeBytes : next?.address;
    const start = symbol.address + module.bias;
    return {
      name: `${module.name}!${symbol.name}`,
      start,
      end: end === undefined ? module.baseAddress + module.sizeBytes : end + module.bias,
    };
  }

  /** Start of the last function that begins at or before `address`, in the same module. */
  startAtOrBefore(address: bigint): bigint | undefined {
    const module = this.#moduleAt(address);
    if (module === undefined) return undefined;
    const symbol = module.functions[indexAtOrBelow(module.functions, address - module.bias)];
    return symbol === undefined ? undefined : symbol.address + module.bias;
  }

  /** Whether `address` lies in an executable segment of a known module. */
  isCode(address: bigint): boolean {
    const module = this.#moduleAt(address);
    if (module === undefined) return false;
    const linked = address - module.bias;
    return module.image.segments.some(
      (segment) =>
        segment.isExecutable &&
        linked >= segment.virtualAddress &&
        linked < segment.virtualAddress + segment.memorySizeBytes,
    );
  }

  /** How to find the caller of the code at `address`. */
  callFrameAt(address: bigint): CallFrameRules | undefined {
    const module = this.#moduleAt(address);
    if (module === undefined) return undefined;
    module.frames ??= readCallFrames(module.image);
    return module.frames.rulesAt(address - module.bias);
  }

  /** Source line that `address` belongs to (DWARF line table). */
  lineOf(address: bigint): SourceLine | undefined {
    const module = this.#moduleAt(address);
    return module === undefined ? undefined : linesOf(module)?.lineOf(address - module.bias);
  }

  /** Where the code of a source line, or of the next line with code, starts. */
  codeOf(file: string, line: number): { readonly address: bigint; readonly line: number } | undefined {
    for (const module of this.#modules) {
      const code = linesOf(module)?.codeOf(file, line);
      if (code !== undefined) return { address: code.linkedAddress + module.bias, line: code.line };
    }
    return undefined;
  }

  /** What is visible in the code at `address`; `bias` is what its module is moved by. */
  scopeAt(address: bigint): { readonly scope: FunctionScope; readonly bias: bigint } | undefined {
    const module = this.#moduleAt(address);
    const scope = module === undefined ? undefined : debugInfoOf(module)?.functionAt(address - module.bias);
    return module === undefined || scope === undefined ? undefined : { scope, bias: module.bias };
  }

  /** A variable outside of functions, of the first module that has one with debug information. */
  globalVariable(name: string): { readonly variable: Variable; readonly bias: bigint } | undefined {
    for (const module of this.#modules) {
      const variable = debugInfoOf(module)?.global(name);
      if (variable !== undefined) return { variable, bias: module.bias };
    }
    return undefined;
  }

  #dataSymbolAt(address: bigint): { module: ModuleEntry; symbol: ElfSymbol } | undefined {
    const module = this.#moduleAt(address);
    const linked = address - (module?.bias ?? 0n);
    const symbol = module?.image.symbols.find(
      (one) => one.kind === 'data' && linked >= one.address && linked < one.address + one.sizeBytes,
    );
    return module === undefined || symbol === undefined ? undefined : { module, symbol };
  }

  #moduleAt(address: bigint): ModuleEntry | undefined {
    return this.#modules.find(
      (module) => address >= module.baseAddress && address < module.baseAddress + module.sizeBytes,
    );
  }
}

/** Read at the first question: line tables are large, and most sessions never ask. */
function linesOf(module: ModuleEntry): LineTable | undefined {
  if (!module.hasLines) return undefined;
  return (module.lines ??= readLineTable(module.image));
}

function debugInfoOf(module: ModuleEntry): DebugInfo | undefined {
  if (module.debugInfo === undefined) module.debugInfo = DebugInfo.of(module.image) ?? null;
  return module.debugInfo ?? undefined;
}

function byAddress(a: ElfSymbol, b: ElfSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  // Of several names for one address the global one with a size is what people know.
  return Number(b.isGlobal) - Number(a.isGlobal) || Number(b.sizeBytes - a.sizeBytes);
}

function endOf(image: ElfImage): bigint {
  return image.segments.reduce((end, segment) => {
    const own = segment.virtualAddress + segment.memorySizeBytes;
    return own > end ? own : end;
  }, 0n);
}

/** Index of the last function whose address is not above `address`, or −1. */
function indexAtOrBelow(functions: readonly ElfSymbol[], address: bigint): number {
  let low = 0;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((functions[middle]?.address ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function functionAt(module: ModuleEntry, linked: bigint): ElfSymbol | undefined {
  const symbol = module.functions[indexAtOrBelow(module.functions, linked)];
  if (symbol === undefined) return undefined;
  // Code after the end of a sized function is padding or unnamed; naming it after that function would mislead.
  return symbol.sizeBytes > 0n && linked >= symbol.address + symbol.sizeBytes ? undefined : symbol;
}
