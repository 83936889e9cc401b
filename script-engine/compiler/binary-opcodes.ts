import { opcodeValue } from '../catalog/opcodes';
import { TokenKind } from '../syntax/token-kind';

export interface BinaryOpcodes {
  readonly untyped: number;
  readonly typed: number;
  /** Undefined where there is no floating form. */
  readonly float: number | undefined;
  readonly comparison: boolean;
}

function row(untyped: string, typed: string, float?: string, comparison = false): BinaryOpcodes {
  return {
    untyped: opcodeValue(`FUNC_${untyped}`),
    typed: opcodeValue(`FUNC_${typed}`),
    float: float === undefined ? undefined : opcodeValue(`FUNC_${float}`),
    comparison,
  };
}

const arithmetic = (name: string): BinaryOpcodes => row(name, `${name}_TYPED`, `${name}_FLOAT`);
const comparison = (name: string): BinaryOpcodes => row(name, `${name}_TYPED`, `${name}_FLOAT`, true);

const add = arithmetic('ADD');
const subtract = arithmetic('SUB');
const multiply = arithmetic('MUL');
const divide = arithmetic('DIV');
const modulo = row('MOD', 'MOD_TYPED');
const and = row('AND', 'BITWISE_AND_TYPED');
const or = row('OR', 'BITWISE_OR_TYPED');
const xor = row('XOR', 'BITWISE_XOR_TYPED');
const shiftLeft = row('ASL', 'SHIFT_LEFT_TYPED');
const shiftRight = row('ASR', 'SHIFT_RIGHT_TYPED');

/** Opcodes of a binary operator and of its compound assignment (script-engine.json binaryOperatorOpcodes). */
export const binaryOpcodes: ReadonlyMap<number, BinaryOpcodes> = new Map<number, BinaryOpcodes>([
  [TokenKind.Plus, add],
  [TokenKind.PlusAssign, add],
  [TokenKind.Minus, subtract],
  [TokenKind.MinusAssign, subtract],
  [TokenKind.Star, multiply],
  [TokenKind.StarAssign, multiply],
  [TokenKind.Slash, divide],
  [TokenKind.SlashAssign, divide],
  [TokenKind.Percent, modulo],
  [TokenKind.PercentAssign, modulo],
  [TokenKind.And, and],
  [TokenKind.AndAssign, and],
  [TokenKind.Or, or],
  [TokenKind.OrAssign, or],
  [TokenKind.Xor, xor],
  [TokenKind.XorAssign, xor],
  [TokenKind.ShiftLeft, shiftLeft],
  [TokenKind.ShiftLeftAssign, shiftLeft],
  [TokenKind.ShiftRight, shiftRight],
  [TokenKind.ShiftRightAssign, shiftRight],
  [TokenKind.Greater, comparison('GT')],
  [TokenKind.Less, comparison('LT')],
  [TokenKind.GreaterEqual, comparison('EGT')],
  [TokenKind.LessEqual, comparison('ELT')],
  [TokenKind.Equal, comparison('EQUAL')],
  [TokenKind.NotEqual, comparison('NEQ')],
]);
