import { SymbolKind } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import {
  aType,
  commonType,
  doubleType,
  innermostElement,
  intType,
  isFloating,
  isInteger,
  longType,
  pointerTo,
  promoted,
  sameType,
  scalarId,
  sizeOf,
  unsignedLongLongType,
  type ScriptType,
} from '../semantics/types';
import { TokenKind } from '../syntax/token-kind';
import { binaryOpcodes, type BinaryOpcodes } from './binary-opcodes';
import { Op } from './instruction-opcodes';
import { LogicalGenerator } from './logical-generator';
import type { Operand } from './operand';

/** Unary and binary operators (script-language 6.1, 6.2). */
export abstract class ExpressionGenerator extends LogicalGenerator {
  // ---- binary operators

  protected binary(): void {
    const right = this.pop();
    const left = this.pop();
    const opcodes = binaryOpcodes.get(this.data());
    if (opcodes === undefined || !this.resolved(left) || !this.resolved(right)) {
      this.push(this.brokenOperand());
      return;
    }
    const operator = this.data();
    this.checkOperands(operator, left, right);
    if (isFloating(left.type) || isFloating(right.type)) return this.#floatBinary(opcodes, left, right);
    const additive = operator === TokenKind.Plus || operator === TokenKind.Minus;
    if (additive && (isPointerLike(left.type) || isPointerLike(right.type)))
      return this.#pointerArithmetic(opcodes, operator, left, right);
    let common: ScriptType | undefined = commonType(left.type, right.type);
    if (opcodes.comparison && left.type?.kind === 'pointer' && right.type?.kind === 'pointer') {
      const either = left.type.base.kind === 'void' || right.type.base.kind === 'void';
      if (!either && !sameType(left.type.base, right.type.base))
        this.#mismatch('compare', left, right, UpstreamErrorCode.SYNTAX);
      common = left.type;
    }
    const result = this.newTemp(opcodes.comparison ? intType : common);
    if (common === undefined) this.emit(opcodes.untyped, right, left, result);
    else this.emit(opcodes.typed, right, left, result, scalarId(common));
    this.free(left);
    this.free(right);
    this.push(result);
  }

  /** A hook for warnings about what the operands will do. */
  protected abstract checkOperands(operator: TokenKind, left: Operand, right: Operand): void;

  #mismatch(verb: string, left: Operand, right: Operand, upstreamCode: number): void {
    this.fail(
      upstreamCode,
      'type-mismatch',
      `HyperDbg cannot ${verb} ${aType(left.type)} and ${aType(right.type)}.`,
    );
  }

  #floatBinary(opcodes: BinaryOpcodes, left: Operand, right: Operand): void {
    const numeric = (type: ScriptType | undefined): boolean => isFloating(type) || isInteger(type);
    if (opcodes.float === undefined || !numeric(left.type) || !numeric(right.type)) {
      this.fail(
        UpstreamErrorCode.UNSUPPORTED_FLOAT_OPERATION,
        'unsupported-float-operation',
        'Floating-point values know only + - * / and comparisons; cast the value to an integer first.',
      );
      this.push(this.brokenOperand());
      return;
    }
    const type =
      left.type === doubleType || right.type === doubleType
        ? doubleType
        : (pickFloat(left, right) ?? doubleType);
    const castRight = this.#castTo(right, type);
    const castLeft = this.#castTo(left, type);
    const result = this.newTemp(opcodes.comparison ? intType : type);
    this.emit(opcodes.float, castRight, castLeft, result);
    this.free(left);
    this.free(right);
    this.free(castLeft);
    this.free(castRight);
    this.push(result);
  }

  #castTo(operand: Operand, type: ScriptType): Operand {
    if (operand.type === type) return operand;
    const cast = this.newTemp(type);
    this.emit(Op.CAST_SCALAR, operand, cast, scalarId(operand.type), scalarId(type));
    return cast;
  }

  #pointerArithmetic(opcodes: BinaryOpcodes, operator: TokenKind, left: Operand, right: Operand): void {
    const both = isPointerLike(left.type) && isPointerLike(right.type);
    if (both) {
      if (
        operator === TokenKind.Minus &&
        left.type?.kind === 'pointer' &&
        right.type?.kind === 'pointer' &&
        sameType(left.type.base, right.type.base)
      ) {
        const result = this.newTemp(longType);
        this.emit(Op.POINTER_DIFF, right, left, result, sizeOf(left.type.base));
        this.free(left);
        this.free(right);
        this.push(result);
        return;
      }
      this.#mismatch(
        operator === TokenKind.Minus ? 'subtract' : 'add',
        left,
        right,
        UpstreamErrorCode.SYNTAX,
      );
      this.push(this.brokenOperand());
      return;
    }
    const pointer = isPointerLike(left.type) ? left : right;
    const offset = pointer === left ? right : left;
    if (pointer === right && operator === TokenKind.Minus) {
      this.#mismatch('subtract', left, right, UpstreamErrorCode.SYNTAX);
      this.push(this.brokenOperand());
      return;
    }
    const element = elementOf(pointer.type);
    const type = pointer.type?.kind === 'pointer' ? pointer.type : pointerTo(element);
    const result = { ...this.newTemp(type), provenance: pointer.provenance };
    this.emit(Op.MUL, sizeOf(element), offset, result);
    // The pointer stands where it was written: `p + n` adds t to p, `n + p` adds p to t (script-language 6.1).
    if (pointer === left) this.emit(opcodes.untyped, result, left, result);
    else this.emit(Op.ADD, right, result, result);
    this.free(left);
    this.free(right);
    this.push(result);
  }

  // ---- unary operators

  protected unary(): void {
    const operand = this.pop();
    const operator = this.data() as TokenKind;
    if (operator === TokenKind.Plus) return this.push(operand);
    if (operator === TokenKind.And) return this.reference(operand);
    if (!this.resolved(operand)) return this.push(this.brokenOperand());
    switch (operator) {
      case TokenKind.Minus:
        return this.negate(operand);
      case TokenKind.Tilde:
        return this.complement(operand);
      case TokenKind.Not: {
        const id = this.scalarOrLong(operand);
        const result = this.newTemp(intType);
        this.emit(Op.LOGICAL_NOT_TYPED, operand, result, id);
        this.free(operand);
        return this.push(result);
      }
      default:
        return this.#dereference(operand);
    }
  }

  protected negate(operand: Operand, token = this.endToken()): void {
    if (operand.floatText !== undefined) {
      const text = operand.floatText.startsWith('-') ? operand.floatText.slice(1) : `-${operand.floatText}`;
      return this.push(this.floatOperand(text));
    }
    if (isFloating(operand.type)) {
      const result = this.newTemp(operand.type, token);
      this.emit(Op.NEG_FLOAT, operand, result);
      this.free(operand);
      return this.push(result);
    }
    this.#integerUnary(operand, Op.NEG_TYPED, Op.NEG, token);
  }

  protected complement(operand: Operand, token = this.endToken()): void {
    this.#integerUnary(operand, Op.BITWISE_NOT_TYPED, Op.NOT, token);
  }

  #integerUnary(operand: Operand, typed: number, untyped: number, token: number): void {
    const type = isInteger(operand.type) ? promoted(operand.type) : operand.type;
    const result = this.newTemp(type, token);
    if (isInteger(type)) this.emit(typed, operand, result, type.id);
    else this.emit(untyped, operand, result);
    this.free(operand);
    this.push(result);
  }

  /** `&x` and `reference(x)`. */
  protected reference(operand: Operand, token = this.endToken()): void {
    if (operand.broken === true) return this.push(operand);
    if (operand.unresolved !== undefined) {
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'undefined-variable',
        `\`${operand.unresolved}\` has no value yet; assign it before its address is taken.`,
        operand,
        token,
      );
      return this.push(this.brokenOperand());
    }
    if (operand.isAddress && this.safe) {
      this.avoided('HyperDbg 0.23 takes the address of a copy here', operand);
      this.push({ ...operand, type: pointerTo(operand.type ?? longType), isAddress: false });
      return;
    }
    if (this.isTemporary(operand))
      this.warn(
        'address-of-temporary',
        'HyperDbg takes the address of a temporary copy here, not of the member or value itself.',
        operand,
      );
    const result = this.newTemp(pointerTo(operand.type ?? longType), token);
    this.emit(Op.REFERENCE, operand, result);
    this.free(operand);
    this.push({ ...result, provenance: 'local' });
  }

  protected isTemporary(operand: Operand): boolean {
    return operand.kind === SymbolKind.TEMP;
  }

  #dereference(operand: Operand): void {
    const { type } = operand;
    if (type?.kind === 'pointer' && type.base.kind === 'scalar' && type.base.sizeBytes !== 8)
      this.warn(
        'dereference-size',
        `HyperDbg reads 8 bytes here, not the ${type.base.sizeBytes} of ${aType(type.base)}; use \`${readerOf(type.base.sizeBytes)}\` on the address.`,
      );
    const toStruct =
      type?.kind === 'pointer' && type.base.kind === 'struct' && operand.provenance === 'local';
    const result = this.newTemp(toStruct ? type.base : unsignedLongLongType);
    this.emit(toStruct ? Op.MOV : Op.POI, operand, result);
    this.free(operand);
    this.push(toStruct ? { ...result, isAddress: true, provenance: 'local' } : result);
  }
}

/** The function that reads so many bytes. */
function readerOf(sizeBytes: number): string {
  return sizeBytes === 1 ? 'db' : sizeBytes === 2 ? 'dw' : 'dd';
}

function pickFloat(left: Operand, right: Operand): ScriptType | undefined {
  return isFloating(left.type) ? left.type : right.type;
}

function isPointerLike(type: ScriptType | undefined): boolean {
  return type?.kind === 'pointer' || type?.kind === 'array';
}

/** What a pointer or array steps over when a number is added (script-language 6.1). */
function elementOf(type: ScriptType | undefined): ScriptType {
  if (type?.kind === 'pointer') return type.base;
  return type === undefined ? longType : innermostElement(type);
}
