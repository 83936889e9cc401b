import type { FrameContext, FrameResult } from '../../script-engine/debugger/frame-expression';
import { rawValue, valueText } from '../../script-engine/debugger/script-values';

/** What a result shows as. */
export function resultText(result: FrameResult, { execution }: FrameContext): string {
  switch (result.kind) {
    case 'place':
      return valueText(execution, result.value);
    case 'number':
      return `0x${BigInt.asUintN(64, result.number).toString(16)}`;
    case 'done':
      return '';
    case 'refused':
      return `<${result.reason}>`;
  }
}

/** Whether a condition holds, or why it cannot be decided. */
export function isTrue(result: FrameResult, { execution }: FrameContext): boolean | string {
  switch (result.kind) {
    case 'place': {
      const bits = rawValue(execution, result.value);
      return bits === undefined ? 'its memory cannot be read' : bits !== 0n;
    }
    case 'number':
      return result.number !== 0n;
    case 'done':
      return 'it has no value';
    case 'refused':
      return result.reason;
  }
}
