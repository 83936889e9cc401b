/** Loads and stores in WebAssembly, as far as they stay inside the script's own stack (script-language 7). */

import { AddressSpace, SymbolKind } from '../../catalog/opcodes';
import { layout } from './arena';
import type { WasmAccess } from './code-writer';
import { allAccessible, type Emitter, type EmitterGroup } from './emitter';
import { Local, type FunctionBuilder } from './function-builder';

const loads = new Map<number, WasmAccess>([
  [1, 'i64.load8_u'],
  [2, 'i64.load16_u'],
  [4, 'i64.load32_u'],
  [8, 'i64.load'],
]);
const stores = new Map<number, WasmAccess>([
  [1, 'i64.store8'],
  [2, 'i64.store16'],
  [4, 'i64.store32'],
  [8, 'i64.store'],
]);

function accessOf(table: ReadonlyMap<number, WasmAccess>, sizeBytes: number): WasmAccess {
  const access = table.get(sizeBytes);
  if (access === undefined) throw new Error(`no access has ${sizeBytes} bytes`);
  return access;
}

function reading(sizeBytes: number, shift = 0n): Emitter {
  return (builder, [address = 0, destination = 0], slow) => {
    if (!allAccessible(builder, [address, destination])) return false;
    const { code } = builder;
    builder.read(address, slow);
    code.set(Local.address);
    builder.ownStackOffset(sizeBytes, slow);
    code.get(Local.offset).access(accessOf(loads, sizeBytes), layout.stack);
    if (shift !== 0n) code.i64(shift).op('i64.shr_u');
    code.set(Local.a);
    builder.write(destination, Local.a, slow);
    return true;
  };
}

/** Size of a typed access whose space and size are constants that the language has. */
function constantSize(builder: FunctionBuilder, space: number, size: number): number | undefined {
  if (builder.kind(space) !== SymbolKind.NUM || builder.kind(size) !== SymbolKind.NUM) return undefined;
  const spaceId = builder.index(space);
  if (spaceId !== AddressSpace.LOCAL && spaceId !== AddressSpace.REMOTE) return undefined;
  const sizeBytes = builder.index(size);
  return loads.has(sizeBytes) ? sizeBytes : undefined;
}

export const memoryEmitters: EmitterGroup = {
  POI: reading(8),
  DB: reading(1),
  DW: reading(2),
  DD: reading(4),
  DQ: reading(8),
  HI: reading(4, 16n),
  LOW: reading(2),
  TYPED_LOAD: (builder, operands, slow) => {
    const [address = 0, space = 0, size = 0, destination = 0] = operands;
    const sizeBytes = constantSize(builder, space, size);
    return sizeBytes !== undefined && reading(sizeBytes)(builder, [address, destination], slow);
  },
  TYPED_STORE: (builder, operands, slow) => {
    const [value = 0, address = 0, space = 0, size = 0] = operands;
    const sizeBytes = constantSize(builder, space, size);
    if (sizeBytes === undefined || !allAccessible(builder, [value, address])) return false;
    const { code } = builder;
    builder.read(value, slow);
    code.set(Local.a);
    builder.read(address, slow);
    code.set(Local.address);
    builder.ownStackOffset(sizeBytes, slow);
    code.get(Local.offset).get(Local.a).access(accessOf(stores, sizeBytes), layout.stack);
    return true;
  },
};
