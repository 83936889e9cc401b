import { EndOfBytes } from './byte-cursor';
import { SymbolFileError } from './byte-source';
import { type LinkedRange, matchingNames, type ModuleSymbols } from './module-symbols';
import { layoutOf, type StructureLayout } from './pdb/structure-layout';
import type { PdbFile } from './pdb/pdb-file';
import { readExports } from './pe/pe-exports';
import type { PeImage } from './pe/pe-image';
import { readUnwindTable, type UnwindTable } from './pe/pe-unwind';

/** The symbols of a Windows module. Addresses as linked are distances from the start of the image. */
export interface WindowsModule extends ModuleSymbols {
  layoutOf(name: string): StructureLayout | undefined;
  /** What could not be read, in sentences; found when it is asked for. */
  readonly problems: readonly string[];
}

/**
 * Symbols by the PDB and, where it is missing or does not say, by the exports. `hasUnwindData`: the image is the file, so that
 * its tables can be read; of an image in a target's memory only the headers are here.
 */
export function windowsModule(
  image: PeImage,
  pdb: PdbFile | undefined,
  hasUnwindData: boolean,
): WindowsModule {
  const problems = new Set<string>();
  const fromPdb = <T>(read: (file: PdbFile) => T): T | undefined => {
    if (pdb === undefined) return undefined;
    try {
      return read(pdb);
    } catch (error) {
      if (!(error instanceof EndOfBytes) && !(error instanceof SymbolFileError)) throw error;
      problems.add(`The PDB is damaged; some of its symbols are missing. Get the file anew.`);
      return undefined;
    }
  };
  let exported: ReadonlyMap<string, number> | undefined;
  const exports = (): ReadonlyMap<string, number> =>
    (exported ??= new Map(
      (hasUnwindData ? readExports(image) : []).flatMap(({ name, rva, forwardedTo }) =>
        forwardedTo === undefined ? [[name, rva] as const] : [],
      ),
    ));
  let byAddress: readonly (readonly [string, number])[] | undefined;
  const exportAtOrBefore = (rva: number): { name: string; rva: number } | undefined => {
    byAddress ??= [...exports()].sort((a, b) => a[1] - b[1]);
    const found = byAddress.findLast((one) => one[1] <= rva);
    return found === undefined ? undefined : { name: found[0], rva: found[1] };
  };
  let table: UnwindTable | undefined;
  const unwind = (): UnwindTable | undefined =>
    hasUnwindData ? (table ??= readUnwindTable(image)) : undefined;
  const isCode = (address: bigint): boolean => image.sectionAt(Number(address))?.isExecutable ?? false;
  const functionAt = (address: bigint): LinkedRange | undefined => {
    const rva = Number(address);
    if (!isCode(address)) return undefined;
    const found = fromPdb((file) => file.functionAt(rva)) ?? exportAtOrBefore(rva);
    if (found === undefined) return undefined;
    const sizeBytes = 'sizeBytes' in found ? found.sizeBytes : 0;
    const next = fromPdb((file) => file.index.publicAtOrBefore(rva)?.next);
    const end = sizeBytes > 0 ? found.rva + sizeBytes : next;
    return { name: found.name, start: BigInt(found.rva), end: end === undefined ? undefined : BigInt(end) };
  };
  return {
    isPositionIndependent: true,
    linkedBase: 0n,
    sizeBytes: BigInt(image.imageSizeBytes),
    get functionCount() {
      return fromPdb((file) => file.index.functionCount) ?? exports().size;
    },
    hasLines: pdb?.hasLines ?? false,
    get problems() {
      return [...problems];
    },
    addressesOf(name) {
      const found = fromPdb((file) => file.addressesOf(name)) ?? [];
      if (found.length > 0) return [...new Set(found)].map(BigInt);
      const rva = exports().get(name);
      return rva === undefined ? [] : [BigInt(rva)];
    },
    namesMatching(pattern, limit) {
      const names = fromPdb((file) => file.index.names()) ?? [];
      const found = matchingNames(names, pattern, limit);
      return found.length > 0 ? found : matchingNames(exports().keys(), pattern, limit);
    },
    functionAt,
    startAtOrBefore: (address) => functionAt(address)?.start,
    variableAt(address) {
      const found = fromPdb((file) => file.index.dataAtOrBefore(Number(address)));
      if (found === undefined) return undefined;
      const sizeBytes = fromPdb((file) => file.sizeOfType(found.typeIndex)) ?? 0;
      const start = BigInt(found.rva);
      const end = start + BigInt(sizeBytes);
      return address < end ? { name: found.name, start, end } : undefined;
    },
    isCode,
    callFrameAt: (address) => unwind()?.rulesAt(address),
    lineOf(address) {
      const found = fromPdb((file) => file.lineAt(Number(address)));
      return found === undefined ? undefined : { file: found.file, line: found.line };
    },
    codeOf(file, line) {
      const found = fromPdb((pdbFile) => pdbFile.codeOfLine(file, line));
      return found === undefined ? undefined : { linkedAddress: BigInt(found.rva), line: found.line };
    },
    layoutOf: (name) => fromPdb((file) => layoutOf(file.types, name)),
  };
}
