import { SymbolKind } from '../catalog/opcodes';
import { TokenKind } from '../syntax/token-kind';
import { commonType, isFloating, type ScriptType } from './types';

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

/** An operation with a constant that always stops the script (script-language 7). */
export function constantWarning(operator: TokenKind, left: Compared, right: Compared): Warning | undefined {
  if (right.kind !== SymbolKind.NUM || isFloating(right.type)) return undefined;
  if ((operator === TokenKind.Slash || operator === TokenKind.Percent) && isZero(right))
    return {
      code: 'division-by-zero',
      message: 'A division by 0 stops the script; divide by something else.',
    };
  if (operator !== TokenKind.ShiftLeft && operator !== TokenKind.ShiftRight) return undefined;
  const common = commonType(left.type, right.type);
  if (common === undefined) return undefined;
  const bits = common.sizeBytes * 8;
  if (right.high === 0 && right.low < bits) return undefined;
  const shown = right.high === 0 ? ` (${right.low} in decimal)` : '';
  return {
    code: 'shift-too-far',
    message: `A shift by ${bits} bits or more stops the script, and numbers are hexadecimal${shown}; write \`0n…\` for decimal.`,
  };
}

function isZero(value: Compared): boolean {
  return value.kind === SymbolKind.NUM && value.low === 0 && value.high === 0;
}
