import { AddressSpace, ScalarType } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { isFloating, scalarId, sizeOf, type ScriptType } from '../semantics/types';
import { readNumber } from '../syntax/literal-value';
import { TokenKind } from '../syntax/token-kind';
import { CallGenerator } from './call-generator';
import { Op } from './instruction-opcodes';
import { numberOperand, type Operand } from './operand';

/** More elements than this are refused: no frame holds them, and their code would only fill memory. */
const maxArrayElements = 16384;
const maxSlots = 1_000_000;

/** Arrays: their declaration and their first values (script-language 6.8). */
export abstract class ArrayGenerator extends CallGenerator {
  #arrayDepth = 0;
  readonly #dimensions: number[] = [];

  protected dimension(): void {
    const token = this.firstToken() + 1;
    const text = this.text(token);
    const count = decimalOf(text);
    this.#dimensions.push(count);
    readNumber(this.tokens.source, this.tokens.starts[token] ?? 0, this.tokens.ends[token] ?? 0, this.halves);
    if (this.halves.low !== count)
      this.warn(
        'decimal-array-size',
        `HyperDbg reads the size of an array as decimal: this is ${count} elements. Write \`0n${count}\` to say so.`,
        this.tokenSpan(token),
      );
  }

  protected arrayHead(): void {
    this.#arrayDepth = this.operands.length;
  }

  protected arrayDeclaration(): void {
    const values = this.operands.splice(this.#arrayDepth);
    const target = this.pop();
    const element = this.popType();
    const dimensions = this.#dimensions.splice(0);
    const usable = values.filter((operand) => this.resolved(operand)).length === values.length;
    const nameToken = this.firstToken(target.node);
    const name = this.text(nameToken);
    if (element === undefined) return this.invalidType();
    let type: ScriptType = element;
    for (const count of dimensions.toReversed()) type = { kind: 'array', element: type, count };
    const total = dimensions.reduce((product, count) => product * count, 1);
    if (name.startsWith('.') || this.tokenKind(nameToken) === TokenKind.Register) {
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'array-not-local',
        'Only a local variable can be an array; HyperDbg makes broken code for this one.',
        target,
      );
      return;
    }
    if (total > maxArrayElements || this.buffer.count > maxSlots) {
      this.fail(
        UpstreamErrorCode.INVALID_ARRAY_SIZE,
        'array-too-big',
        `An array of ${total} elements does not fit: a script has 256 words of memory.`,
        target,
      );
      this.define(name, nameToken, { kind: 'array', element, count: 1 }, false);
      return;
    }
    const array = this.define(name, nameToken, type, false);
    if (values.length > total + 1) {
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'too-many-values',
        `The array has ${total} element(s) and gets ${values.length} values.`,
        values[total] ?? this.node,
      );
      return;
    }
    if (values.length > total)
      this.warn(
        'too-many-values',
        'This value is written behind the end of the array, over other variables.',
        values[total],
      );
    if (usable) this.#storeElements(array, element, Math.max(total, values.length), values);
  }

  #storeElements(array: Operand, element: ScriptType, count: number, values: readonly Operand[]): void {
    const size = sizeOf(element);
    // Elements of two bytes get opcode 0, which does nothing good (script-language 13).
    const opcode = size === 8 ? Op.EQ : size === 4 ? Op.ED : size === 1 ? Op.EB : 0;
    if (this.safe && scalarId(element) !== ScalarType.INVALID)
      return this.#storeTyped(array, element, count, values);
    if (isFloating(element) && size === 4)
      this.warn(
        'array-of-float',
        'HyperDbg stores half of the bits of a double in each `float` of an array; use an array of `double`.',
        array,
      );
    if (opcode === 0)
      this.warn(
        'array-of-short',
        'HyperDbg makes broken code for the values of an array of `short`; use an array of `int`.',
      );
    for (let i = 0; i < count; i++) {
      const address = this.newTemp(undefined);
      this.emit(Op.MUL, size, i, address);
      this.emit(Op.ADD, array, address, address);
      this.emit(opcode, values[i] ?? numberOperand(0), address, address);
      this.free(address);
    }
  }

  /** The same with conversions and with stores that know two bytes. */
  #storeTyped(array: Operand, element: ScriptType, count: number, values: readonly Operand[]): void {
    const size = sizeOf(element);
    const plain = size !== 2 && values.every((value) => !isFloating(value.type)) && !isFloating(element);
    if (!plain) this.avoided('HyperDbg 0.23 makes broken code for the values of this array', array);
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? numberOperand(0);
      const from = scalarId(value.type);
      const to = scalarId(element);
      const address = this.newTemp(undefined);
      this.emit(Op.ADD, array, size * i, address);
      let stored = value;
      if (from !== ScalarType.INVALID && from !== to) {
        stored = this.newTemp(element);
        this.emit(Op.CAST_SCALAR, value, stored, from, to);
      }
      this.emit(Op.TYPED_STORE, stored, address, AddressSpace.LOCAL, size);
      this.free(address);
      this.free(stored);
    }
  }
}

/** The size of an array: upstream reads the digits as decimal whatever their prefix (script-language 6.8). */
export function decimalOf(text: string): number {
  const digits = /^\d*/.exec(text.replace(/^0[xnoy]/, '').replaceAll('`', ''))?.[0] ?? '';
  return digits === '' ? 0 : Number(digits);
}
