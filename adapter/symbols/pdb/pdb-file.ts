import { type ByteCursor, EndOfBytes } from '../byte-cursor';
import { type ByteSource, SymbolFileError } from '../byte-source';
import { type PdbLine, readModuleLines } from './module-lines';
import { readMsf } from './msf';
import {
  type Contribution,
  fileKey,
  NO_STREAM_INDEX,
  type PdbInfo,
  readContributions,
  readDbi,
  readModules,
  readNames,
  readPdbInfo,
  readSectionStarts,
  readSourceFiles,
} from './pdb-headers';
import { indexAtOrBelow, readSymbolIndex, type SymbolIndex } from './symbol-index';
import { procedureOf, symbolRecords } from './symbol-records';
import { typeOf } from './structure-layout';
import { readTypeStream, type TypeStream } from './type-stream';

export interface PdbFunction {
  readonly name: string;
  readonly rva: number;
  /** 0 where only a public symbol is known. */
  readonly sizeBytes: number;
}

/** A PDB whose parts are read when they are asked for, each once. All addresses are relative to the image. */
export class PdbFile {
  readonly info: PdbInfo;
  /** Of the image that belongs to it. */
  readonly age: number;
  readonly #source: ByteSource;
  readonly #msf;
  readonly #dbi;
  readonly #modules;
  readonly #sections;
  readonly #procedures = new Map<number, readonly PdbFunction[]>();
  readonly #lines = new Map<number, readonly PdbLine[]>();
  #index: SymbolIndex | undefined;
  #contributions: readonly Contribution[] | undefined;
  #files: Map<string, number[]> | undefined;
  #names: ByteCursor | undefined;
  #types: TypeStream | undefined;

  /** Reads the directory and the headers only. Throws SymbolFileError. */
  constructor(source: ByteSource) {
    this.#source = source;
    try {
      this.#msf = readMsf(source);
      this.info = readPdbInfo(this.#msf);
      this.#dbi = readDbi(this.#msf);
      this.#modules = readModules(this.#dbi.moduleBytes);
      this.#sections = readSectionStarts(this.#msf.stream(this.#dbi.sectionStream));
    } catch (error) {
      if (error instanceof EndOfBytes) throw new SymbolFileError('is cut off or damaged in its headers.');
      throw error;
    }
    if (this.#dbi.omapStream !== NO_STREAM_INDEX) {
      throw new SymbolFileError(
        'belongs to an image that was reordered after linking, which is not supported.',
      );
    }
    this.age = this.#dbi.age;
  }

  get moduleCount(): number {
    return this.#modules.length;
  }

  get hasLines(): boolean {
    return this.#modules.some((module) => module.stream !== undefined && module.c13Bytes > 0);
  }

  /** Names of all modules and public symbols. */
  get index(): SymbolIndex {
    return (this.#index ??= readSymbolIndex(this.#msf.stream(this.#dbi.recordStream), this.#rvaOf));
  }

  get types(): TypeStream {
    return (this.#types ??= readTypeStream(this.#msf.stream(2)));
  }

  /** Addresses of a name; a public or global one comes before what is static in a module. */
  addressesOf(name: string): number[] {
    const found = this.index.named(name);
    const addresses = found.flatMap((symbol) => (symbol.kind === 'procedure' ? [] : [symbol.rva]));
    if (addresses.length > 0) return addresses;
    return found.flatMap((symbol) => {
      if (symbol.kind !== 'procedure') return [];
      const known = this.#procedureAt(symbol.module, symbol.offset);
      return known === undefined ? [] : [known.rva];
    });
  }

  /** The function that holds an address, by its module's records, or by the public symbols. */
  functionAt(rva: number): PdbFunction | undefined {
    const module = this.#moduleAt(rva);
    if (module !== undefined) {
      const procedures = this.proceduresOf(module);
      const found = procedures[indexAtOrBelow(procedures, rva)];
      if (found !== undefined && rva < found.rva + found.sizeBytes) return found;
    }
    const known = this.index.publicAtOrBefore(rva);
    return known === undefined ? undefined : { name: known.name, rva: known.rva, sizeBytes: 0 };
  }

  /** Procedures of a module, sorted by address. */
  proceduresOf(module: number): readonly PdbFunction[] {
    const present = this.#procedures.get(module);
    if (present !== undefined) return present;
    const procedures: PdbFunction[] = [];
    // The first four bytes are a signature.
    for (const record of symbolRecords(this.#moduleBytes(module, 'symbols'), 4)) {
      const procedure = procedureOf(record);
      const rva = procedure === undefined ? undefined : this.#rvaOf(procedure.section, procedure.offset);
      if (procedure === undefined || rva === undefined) continue;
      procedures.push({ name: procedure.name, rva, sizeBytes: procedure.sizeBytes });
    }
    procedures.sort((a, b) => a.rva - b.rva);
    this.#procedures.set(module, procedures);
    return procedures;
  }

  sizeOfType(typeIndex: number): number {
    return typeOf(this.types, typeIndex, 0).sizeBytes;
  }

  lineAt(rva: number): PdbLine | undefined {
    const module = this.#moduleAt(rva);
    if (module === undefined) return undefined;
    const lines = this.linesOf(module);
    const found = lines[indexAtOrBelow(lines, rva)];
    return found === undefined || found.line === 0 ? undefined : found;
  }

  /** First code of a line, or of the next line of the file that has code. */
  codeOfLine(file: string, line: number): PdbLine | undefined {
    const key = fileKey(file);
    this.#files ??= readSourceFiles(this.#dbi.fileBytes);
    let best: PdbLine | undefined;
    for (const module of new Set(this.#files.get(key))) {
      for (const row of this.linesOf(module)) {
        if (row.line === 0 || row.line < line || fileKey(row.file) !== key) continue;
        if (best === undefined || row.line < best.line || (row.line === best.line && row.rva < best.rva))
          best = row;
      }
    }
    return best;
  }

  linesOf(module: number): readonly PdbLine[] {
    const present = this.#lines.get(module);
    if (present !== undefined) return present;
    const names = (this.#names ??= this.#readNames());
    const lines = readModuleLines(this.#moduleBytes(module, 'lines'), names, this.#rvaOf);
    this.#lines.set(module, lines);
    return lines;
  }

  close(): void {
    this.#source.close();
  }

  #readNames(): ByteCursor {
    const stream = this.info.namedStreams.get('/names');
    return readNames(stream === undefined ? undefined : this.#msf.stream(stream));
  }

  #procedureAt(module: number, offset: number): PdbFunction | undefined {
    const bytes = this.#moduleBytes(module, 'symbols');
    const [record] = symbolRecords(bytes, offset);
    const procedure = record === undefined ? undefined : procedureOf(record);
    const rva = procedure === undefined ? undefined : this.#rvaOf(procedure.section, procedure.offset);
    return procedure === undefined || rva === undefined
      ? undefined
      : { name: procedure.name, rva, sizeBytes: procedure.sizeBytes };
  }

  #moduleBytes(index: number, part: 'symbols' | 'lines'): Uint8Array {
    const module = this.#modules[index];
    const stream = module?.stream === undefined ? undefined : this.#msf.stream(module.stream);
    if (module === undefined || stream === undefined) return new Uint8Array();
    return part === 'symbols'
      ? stream.read(0, module.symbolBytes)
      : stream.read(module.symbolBytes + module.c11Bytes, module.c13Bytes);
  }

  #moduleAt(rva: number): number | undefined {
    this.#contributions ??= readContributions(this.#dbi.contributionBytes, this.#rvaOf);
    const found = this.#contributions[indexAtOrBelow(this.#contributions, rva)];
    return found !== undefined && rva < found.rva + found.sizeBytes ? found.module : undefined;
  }

  /** Sections are counted from 1; a symbol of section 0 has no address. */
  readonly #rvaOf = (section: number, offset: number): number | undefined => {
    const start = this.#sections[section - 1];
    return start === undefined || offset > start.sizeBytes ? undefined : start.rva + offset;
  };
}
