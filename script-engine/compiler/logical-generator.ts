import { ScalarType } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { aType, capital, intType, scalarId } from '../semantics/types';
import { TokenKind } from '../syntax/token-kind';
import { Op } from './instruction-opcodes';
import { LeafGenerator } from './leaf-generator';
import type { Operand } from './operand';

interface LogicalState {
  readonly result: Operand;
  readonly jump: number;
}

/** `&&` and `||` (script-language 6.5). */
export abstract class LogicalGenerator extends LeafGenerator {
  readonly #logicals: LogicalState[] = [];

  /** The right side of `&&` or `||` is being made, which may never run. */
  protected get isInRightSide(): boolean {
    return this.#logicals.length > 0;
  }

  protected logicalLeft(): void {
    const left = this.pop();
    if (this.#logicals.length === scriptLimits.maxNestedLogicalOperators)
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'logical-nesting',
        `\`&&\` and \`||\` nest at most ${scriptLimits.maxNestedLogicalOperators} deep; use nested \`if\`s.`,
      );
    this.resolved(left);
    const and = this.data() === TokenKind.AndAnd;
    const truth = this.#truth(left);
    const result = this.newTemp(intType);
    this.emit(Op.MOV, and ? 0 : 1, result);
    const jump = this.emitJump(and ? Op.JZ : Op.JNZ, truth);
    this.free(truth);
    this.#logicals.push({ result, jump });
    this.push(left);
  }

  protected logical(): void {
    const right = this.pop();
    const left = this.pop();
    const state = this.#logicals.pop();
    if (state === undefined) return this.push(this.brokenOperand());
    this.resolved(right);
    const and = this.data() === TokenKind.AndAnd;
    const truth = this.#truth(right);
    const second = this.emitJump(and ? Op.JZ : Op.JNZ, truth);
    this.emit(Op.MOV, and ? 1 : 0, state.result);
    this.patchHere(state.jump);
    this.patchHere(second);
    this.free(truth);
    this.free(right);
    this.free(left);
    this.push({ ...state.result, node: this.node });
  }

  /** 0 or 1, from any scalar: two negations. */
  #truth(operand: Operand): Operand {
    const negated = this.newTemp(intType);
    this.emit(Op.LOGICAL_NOT_TYPED, operand, negated, this.scalarOrLong(operand));
    const truth = this.newTemp(intType);
    this.emit(Op.LOGICAL_NOT_TYPED, negated, truth, ScalarType.I32);
    this.free(negated);
    return truth;
  }

  /** Id of the operand's type; what has no type (a parameter, an untyped result) counts as `long`. */
  protected scalarOrLong(operand: Operand): number {
    const id = scalarId(operand.type);
    if (id !== ScalarType.INVALID || operand.broken === true) return id;
    if (operand.type !== undefined) {
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'not-a-scalar',
        `${capital(aType(operand.type))} is neither true nor false; take one of its members or elements.`,
        operand,
      );
    }
    return ScalarType.I64;
  }
}
