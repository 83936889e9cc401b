import { ScalarType } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import {
  aType,
  capital,
  isFloating,
  longType,
  scalarId,
  sizeOf,
  typeName,
  unsignedLongLongType,
  type ScriptType,
} from '../semantics/types';
import { ExpressionGenerator } from './expression-generator';
import { TempPool } from './generator-core';
import { Op } from './instruction-opcodes';
import { numberOperand, type Operand } from './operand';

/** What `sizeof` rolls back to. */
interface SizeofState {
  readonly slots: number;
  readonly used: Uint8Array;
  readonly maximum: number;
}

/** Casts and `sizeof` (script-language 6.3). */
export abstract class ConversionGenerator extends ExpressionGenerator {
  readonly #sizeofs: SizeofState[] = [];

  protected cast(): void {
    const operand = this.pop();
    const type = this.popType();
    if (!this.resolved(operand)) return this.push(this.brokenOperand());
    const from = operand.type === undefined ? ScalarType.I64 : scalarId(operand.type);
    const to = scalarId(type);
    const mixed =
      type?.kind === 'pointer'
        ? isFloating(operand.type)
        : isFloating(type) && operand.type?.kind === 'pointer';
    if (from === 0 || to === 0 || mixed) {
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'invalid-cast',
        `${capital(aType(operand.type))} cannot be cast to ${type === undefined ? 'this: it is no type' : typeName(type)}.`,
      );
      return this.push(this.brokenOperand());
    }
    const result = this.newTemp(type);
    this.emit(Op.CAST_SCALAR, operand, result, from, to);
    this.free(operand);
    const isPointer = type?.kind === 'pointer';
    this.push(isPointer ? { ...result, provenance: operand.provenance ?? 'remote' } : result);
  }

  protected sizeofMark(): void {
    const { used, maximum } = this.temps;
    this.#sizeofs.push({ slots: this.buffer.count, used: used.slice(), maximum });
    if (this.#sizeofs.length === scriptLimits.maxNestedSizeof + 1)
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'sizeof-nesting',
        `\`sizeof\` nests at most ${scriptLimits.maxNestedSizeof} deep.`,
      );
  }

  /** The code of the operand goes; only its type counts (script-language 6.3). */
  #rollBack(): void {
    const state = this.#sizeofs.pop();
    if (state === undefined) return;
    this.buffer.truncate(state.slots);
    const pool = new TempPool();
    pool.used.set(state.used);
    pool.maximum = state.maximum;
    this.temps = pool;
  }

  protected sizeofExpression(): void {
    const operand = this.pop();
    this.#rollBack();
    this.#pushSize(operand.unresolved === undefined ? (operand.type ?? longType) : undefined, operand);
  }

  protected sizeofType(): void {
    const type = this.popType();
    this.#rollBack();
    this.#pushSize(type, undefined);
  }

  #pushSize(type: ScriptType | undefined, operand: Operand | undefined): void {
    const incomplete =
      type === undefined || type.kind === 'void' || (type.kind === 'struct' && !type.complete);
    if (incomplete && operand?.broken !== true)
      this.fail(
        UpstreamErrorCode.INCOMPLETE_TYPE,
        'no-size',
        operand?.unresolved === undefined
          ? `${capital(aType(type))} has no size.`
          : `\`${operand.unresolved}\` has no value yet, so it has no size; assign it first.`,
        operand ?? this.node,
      );
    const size = incomplete ? 0 : sizeOf(type);
    this.push({ ...numberOperand(size, this.node), type: unsignedLongLongType });
  }
}
