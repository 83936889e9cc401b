/** Integer types of typed instructions (script-language 4). */

import { ScalarType } from '../catalog/opcodes';
import { fault } from './script-fault';

const widths = new Map<number, number>([
  [ScalarType.BOOL, 8],
  [ScalarType.I8, 8],
  [ScalarType.I16, 16],
  [ScalarType.I32, 32],
  [ScalarType.I64, 64],
  [ScalarType.U8, 8],
  [ScalarType.U16, 16],
  [ScalarType.U32, 32],
  [ScalarType.U64, 64],
]);

export function isInteger(type: number): boolean {
  return type >= ScalarType.BOOL && type <= ScalarType.U64;
}

export function isFloat(type: number): boolean {
  return type === ScalarType.F32 || type === ScalarType.F64;
}

export function isSigned(type: number): boolean {
  return type >= ScalarType.I8 && type <= ScalarType.I64;
}

export function widthOf(type: number): number {
  return widths.get(type) ?? fault(`there is no integer type ${type}`);
}

/** The value as the type holds it, as a signed or unsigned number. The widths are constants here so that they compile well. */
export function numberInType(value: bigint, type: number): bigint {
  switch (type) {
    case ScalarType.I64:
      return BigInt.asIntN(64, value);
    case ScalarType.U64:
    case ScalarType.POINTER:
      return BigInt.asUintN(64, value);
    case ScalarType.BOOL:
      return BigInt.asUintN(64, value) === 0n ? 0n : 1n;
    case ScalarType.I8:
      return BigInt.asIntN(8, value);
    case ScalarType.I16:
      return BigInt.asIntN(16, value);
    case ScalarType.I32:
      return BigInt.asIntN(32, value);
    case ScalarType.U8:
      return BigInt.asUintN(8, value);
    case ScalarType.U16:
      return BigInt.asUintN(16, value);
    case ScalarType.U32:
      return BigInt.asUintN(32, value);
    default:
      return fault(`there is no integer type ${type}`);
  }
}
