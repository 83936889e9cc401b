import { SymbolKind } from '../catalog/opcodes';
import { TokenKind } from '../syntax/token-kind';
import { commonType, type ScriptType } from './types';

interface Compared {
  readonly kind: number;
  readonly low: number;
  readonly high: number;
  readonly type: ScriptType | undefined;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** A comparison that is always true or always false because its side is unsigned (script-language 4). */
export function comparisonWarning(operator: TokenKind, left: Compared, right: Compared): Warning | undefined {
  const common = commonType(left.type, right.type);
  if (common === undefined || common.signed) return undefined;
  const zeroRight = isZero(right);
  const always =
    (operator === TokenKind.Less && zeroRight) || (operator === TokenKind.Greater && isZero(left))
      ? 'false'
      : (operator === TokenKind.GreaterEqual && zeroRight) ||
          (operator === TokenKind.LessEqual && isZero(left))
        ? 'true'
        : undefined;
  if (always === undefined) return undefined;
  return {
    code: 'unsigned-comparison',
    message:
      `This is always ${always}: a variable without a declared type, and what a function returns, is unsigned. ` +
      'Declare it as `long` to compare with negative numbers.',
  };
}

function isZero(value: Compared): boolean {
  return value.kind === SymbolKind.NUM && value.low === 0 && value.high === 0;
}
