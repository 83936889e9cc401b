/** Public symbols, global variables and references to procedures: one stream of records, indexed at the first question. */

import type { ByteCursor } from '../byte-cursor';
import type { MsfStream } from './msf';
import { dataOf, orNothing, SymbolKind, symbolRecords } from './symbol-records';

export type IndexedSymbol =
  | { readonly kind: 'public'; readonly rva: number; readonly isFunction: boolean; readonly name: string }
  | { readonly kind: 'data'; readonly rva: number; readonly typeIndex: number; readonly name: string }
  /** `offset` is the place of the procedure's record in the stream of its module. */
  | { readonly kind: 'procedure'; readonly module: number; readonly offset: number; readonly name: string };

export interface SymbolIndex {
  readonly publicCount: number;
  readonly functionCount: number;
  named(name: string): readonly IndexedSymbol[];
  names(): IterableIterator<string>;
  /** The last public symbol that starts at or before an address. */
  publicAtOrBefore(
    rva: number,
  ): { readonly name: string; readonly rva: number; readonly next: number | undefined } | undefined;
  /** The last variable that starts at or before an address. */
  dataAtOrBefore(rva: number): (IndexedSymbol & { kind: 'data' }) | undefined;
}

export type RvaOf = (section: number, offset: number) => number | undefined;

const PUBLIC_IS_CODE = 1;
const PUBLIC_IS_FUNCTION = 2;

export function readSymbolIndex(stream: MsfStream | undefined, rvaOf: RvaOf): SymbolIndex {
  const byName = new Map<string, IndexedSymbol | IndexedSymbol[]>();
  const publics: (IndexedSymbol & { kind: 'public' })[] = [];
  const data: (IndexedSymbol & { kind: 'data' })[] = [];
  const bytes = stream === undefined ? new Uint8Array() : stream.read(0, stream.sizeBytes);
  for (const record of symbolRecords(bytes)) {
    const symbol = indexed(record.kind, record.body, rvaOf);
    if (symbol === undefined) continue;
    const present = byName.get(symbol.name);
    if (present === undefined) byName.set(symbol.name, symbol);
    else if (Array.isArray(present)) present.push(symbol);
    else byName.set(symbol.name, [present, symbol]);
    if (symbol.kind === 'public') publics.push(symbol);
    else if (symbol.kind === 'data') data.push(symbol);
  }
  publics.sort((a, b) => a.rva - b.rva);
  data.sort((a, b) => a.rva - b.rva);
  return {
    publicCount: publics.length,
    functionCount: publics.reduce((count, symbol) => count + Number(symbol.isFunction), 0),
    named(name) {
      const found = byName.get(name);
      return found === undefined ? [] : Array.isArray(found) ? found : [found];
    },
    names: () => byName.keys(),
    publicAtOrBefore(rva) {
      let at = indexAtOrBelow(publics, rva);
      // Of several names for one address the first one counts, always the same.
      while (at > 0 && publics[at - 1]?.rva === publics[at]?.rva) at--;
      const found = publics[at];
      if (found === undefined) return undefined;
      return { name: found.name, rva: found.rva, next: publics[indexAtOrBelow(publics, found.rva) + 1]?.rva };
    },
    dataAtOrBefore: (rva) => data[indexAtOrBelow(data, rva)],
  };
}

function indexed(kind: number, body: ByteCursor, rvaOf: RvaOf): IndexedSymbol | undefined {
  return orNothing(() => {
    switch (kind) {
      case SymbolKind.public: {
        const flags = body.u32();
        const offset = body.u32();
        const rva = rvaOf(body.u16(), offset);
        const isFunction = (flags & (PUBLIC_IS_CODE | PUBLIC_IS_FUNCTION)) !== 0;
        return rva === undefined ? undefined : { kind: 'public', rva, isFunction, name: body.text() };
      }
      case SymbolKind.globalData:
      case SymbolKind.localData: {
        const symbol = dataOf({ kind, body, offset: 0 });
        const rva = symbol === undefined ? undefined : rvaOf(symbol.section, symbol.offset);
        return rva === undefined || symbol === undefined
          ? undefined
          : { kind: 'data', rva, typeIndex: symbol.typeIndex, name: symbol.name };
      }
      case SymbolKind.procedureReference:
      case SymbolKind.localProcedureReference: {
        body.skip(4);
        const offset = body.u32();
        // Counted from 1.
        const module = body.u16() - 1;
        return { kind: 'procedure', module, offset, name: body.text() };
      }
      default:
        return undefined;
    }
  });
}

/** Index of the last entry whose address is not above `rva`, or −1. */
export function indexAtOrBelow(entries: readonly { readonly rva: number }[], rva: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.rva ?? 0) <= rva) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
