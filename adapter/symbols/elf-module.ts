import { type CallFrameTable, readCallFrames } from './call-frame-table';
import { DebugInfo } from './dwarf/debug-info';
import type { ElfImage, ElfSymbol } from './elf-image';
import { readLineTable, type LineTable } from './line-table';
import { type LinkedRange, matchingNames, type ModuleSymbols } from './module-symbols';

/** The symbols of an ELF file. */
export function elfModule(image: ElfImage): ModuleSymbols {
  const sorted = image.symbols.filter((symbol) => symbol.kind === 'function').sort(byAddress);
  /** Functions by address, one per address. */
  const functions = sorted.filter((symbol, i) => symbol.address !== sorted[i - 1]?.address);
  const byName = new Map<string, ElfSymbol[]>();
  for (const symbol of image.symbols) {
    const same = byName.get(symbol.name);
    if (same === undefined) byName.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  const hasLines = image.sectionNamed('.debug_line') !== undefined;
  // Read at the first question: the tables are large, and most sessions never ask.
  let lines: LineTable | undefined;
  let frames: CallFrameTable | undefined;
  let debugInfo: { readonly found: DebugInfo | undefined } | undefined;
  const lineTable = () => (hasLines ? (lines ??= readLineTable(image)) : undefined);
  return {
    isPositionIndependent: image.isPositionIndependent,
    linkedBase: image.linkedBase,
    sizeBytes: endOf(image) - image.linkedBase,
    functionCount: sorted.length,
    hasLines,
    addressesOf(name) {
      const found = byName.get(name) ?? [];
      // A static function may share its name with the global one that the author means.
      const globals = found.filter((symbol) => symbol.isGlobal);
      return (globals.length > 0 ? globals : found).map((symbol) => symbol.address);
    },
    namesMatching: (pattern, limit) => matchingNames(byName.keys(), pattern, limit),
    functionAt: (address) => functionAt(functions, address),
    startAtOrBefore: (address) => functions[indexAtOrBelow(functions, address)]?.address,
    variableAt(address) {
      const symbol = image.symbols.find(
        (one) => one.kind === 'data' && address >= one.address && address < one.address + one.sizeBytes,
      );
      return symbol === undefined
        ? undefined
        : { name: symbol.name, start: symbol.address, end: symbol.address + symbol.sizeBytes };
    },
    isCode: (address) =>
      image.segments.some(
        (segment) =>
          segment.isExecutable &&
          address >= segment.virtualAddress &&
          address < segment.virtualAddress + segment.memorySizeBytes,
      ),
    debugInfo: () => (debugInfo ??= { found: DebugInfo.of(image) }).found,
    callFrameAt: (address) => (frames ??= readCallFrames(image)).rulesAt(address),
    lineOf: (address) => lineTable()?.lineOf(address),
    codeOf: (file, line) => lineTable()?.codeOf(file, line),
  };
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

function functionAt(functions: readonly ElfSymbol[], address: bigint): LinkedRange | undefined {
  const index = indexAtOrBelow(functions, address);
  const symbol = functions[index];
  if (symbol === undefined) return undefined;
  const end = symbol.sizeBytes > 0n ? symbol.address + symbol.sizeBytes : functions[index + 1]?.address;
  // Code after the end of a sized function is padding or unnamed; naming it after that function would mislead.
  return end !== undefined && address >= end ? undefined : { name: symbol.name, start: symbol.address, end };
}
