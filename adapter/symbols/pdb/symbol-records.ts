/** CodeView symbol records (Microsoft's published cvinfo layouts, as LLVM's PDB pages name them). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';

export interface SymbolRecord {
  readonly kind: number;
  /** Place of the record in its stream. */
  readonly offset: number;
  readonly body: ByteCursor;
}

export const SymbolKind = {
  localData: 0x110c,
  globalData: 0x110d,
  public: 0x110e,
  localProcedure: 0x110f,
  globalProcedure: 0x1110,
  procedureReference: 0x1125,
  localProcedureReference: 0x1127,
  localProcedureId: 0x1146,
  globalProcedureId: 0x1147,
} as const;

export interface Procedure {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly isGlobal: boolean;
  readonly typeIndex: number;
}

export interface DataSymbol {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly typeIndex: number;
}

/** Walks over records; ends at the first one that does not fit. */
export function* symbolRecords(bytes: Uint8Array, from = 0): Generator<SymbolRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = from;
  while (at + 4 <= bytes.length) {
    const length = view.getUint16(at, true);
    const next = at + 2 + length;
    if (length < 2 || next > bytes.length) return;
    yield {
      kind: view.getUint16(at + 2, true),
      offset: at,
      body: new ByteCursor(bytes.subarray(at + 4, next)),
    };
    at = next;
  }
}

/** The procedure of a record, or undefined where it is something else. */
export function procedureOf({ kind, body }: SymbolRecord): Procedure | undefined {
  const isGlobal = kind === SymbolKind.globalProcedure || kind === SymbolKind.globalProcedureId;
  if (!isGlobal && kind !== SymbolKind.localProcedure && kind !== SymbolKind.localProcedureId)
    return undefined;
  return orNothing(() => {
    body.seek(12);
    const sizeBytes = body.u32();
    body.skip(8);
    const typeIndex = body.u32();
    const offset = body.u32();
    const section = body.u16();
    body.skip(1);
    return { name: body.text(), section, offset, sizeBytes, isGlobal, typeIndex };
  });
}

/** The variable of a record, or undefined where it is something else. */
export function dataOf({ kind, body }: SymbolRecord): DataSymbol | undefined {
  if (kind !== SymbolKind.globalData && kind !== SymbolKind.localData) return undefined;
  return orNothing(() => {
    const typeIndex = body.u32();
    const offset = body.u32();
    return { typeIndex, offset, section: body.u16(), name: body.text() };
  });
}

/** A record that ends too early is no symbol; its neighbours are independent of it. */
export function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
}
