import { SymbolKind } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import {
  aType,
  capital,
  commonType,
  floatType,
  isFloating,
  isInteger,
  longType,
  sameType,
  scalarId,
  sizeOf,
  typeName,
  unsignedLongLongType,
  type ScriptType,
} from '../semantics/types';
import type { Span } from '../syntax/span';
import { TokenKind } from '../syntax/token-kind';
import { binaryOpcodes } from './binary-opcodes';
import { isOutOfRange, singleBits } from './float-literal';
import { Op } from './instruction-opcodes';
import { MemoryGenerator, spaceOf } from './memory-generator';
import { numberOperand, type Operand } from './operand';

/** Assignments of all kinds (script-language 6.4). */
export abstract class AssignmentGenerator extends MemoryGenerator {
  protected assign(): void {
    const values = this.#popValues();
    const target = this.pop();
    if (values.length > 1) this.#multi(target, values, undefined);
    else this.#single(target, values[0] ?? this.brokenOperand(), undefined);
  }

  protected declaration(): void {
    const values = this.#popValues();
    const target = this.pop();
    const type = this.popType();
    if (type === undefined) {
      const value = values.at(-1);
      if (value === undefined || this.resolved(value)) this.invalidType();
      this.#remember(target);
      return;
    }
    if (values.length > 1) this.#multi(target, values, type);
    else this.#single(target, values[0] ?? this.brokenOperand(), type);
  }

  protected invalidType(token = this.endToken()): void {
    this.fail(
      UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
      'invalid-type',
      'These words do not make a type; examples are `unsigned long`, `short`, `char`, `double`.',
      this.#typeWords(),
      token,
    );
  }

  /** The words of the type that the node begins with, or all of it. */
  #typeWords(): Span | number {
    const { kinds, starts, ends } = this.tokens;
    const end = this.nodes.endTokens[this.node] ?? 0;
    let first = this.nodes.firstTokens[this.node] ?? 0;
    while (first < end && kinds[first] !== TokenKind.TypeWord) first++;
    let last = first;
    while (kinds[last + 1] === TokenKind.TypeWord) last++;
    return first < end ? { start: starts[first] ?? 0, end: ends[last] ?? 0 } : this.node;
  }

  #popValues(): Operand[] {
    return this.operands.splice(Math.max(0, this.operands.length - this.data()));
  }

  /** After a mistake: let the name exist, so that its uses are not reported too. */
  #remember(target: Operand): void {
    const name = target.unresolved;
    if (name === undefined) return;
    // The table of globals outlives the script: a global that was never defined must not get into it.
    if (name.startsWith('.')) this.forgive(name);
    else this.define(name, this.firstToken(target.node), unsignedLongLongType, true);
  }

  /** `a = b = value`: the value goes to each name from right to left, without conversions. */
  #multi(target: Operand, values: Operand[], declared: ScriptType | undefined): void {
    const value = values.pop() ?? this.brokenOperand();
    const places = [target, ...values];
    if (!this.resolved(value)) return places.forEach((place) => this.#remember(place));
    for (const place of places.reverse()) {
      const destination =
        place.unresolved === undefined
          ? place
          : this.define(place.unresolved, this.firstToken(place.node), unsignedLongLongType, true);
      this.emit(Op.MOV, value, destination);
      this.free(place);
      // Only now is the declared type attached, so the move converts nothing (script-language 6.4).
      const name = destination.variable?.name;
      if (declared !== undefined && name !== undefined)
        this.define(name, this.firstToken(place.node), declared, false);
    }
    this.free(value);
  }

  #single(target: Operand, value: Operand, declared: ScriptType | undefined): void {
    if (!this.resolved(value)) return this.#remember(target);
    if (target.broken === true) return;
    if (target.kind === SymbolKind.DEREFERENCE_TEMP)
      this.warn(
        'element-assignment',
        'An assignment to an array element always fails when the script runs; use `eb`, `ed` or `eq` on its address.',
        target,
      );
    const isRegister = target.kind === SymbolKind.REGISTER;
    const existing = target.unresolved === undefined ? target.type : unsignedLongLongType;
    const type = isRegister ? existing : (declared ?? existing);
    const implicit = target.unresolved !== undefined || target.variable?.implicit === true;
    const problem = this.#conversionProblem(type, value, implicit && declared === undefined);
    const isGlobal = target.unresolved?.startsWith('.') === true || target.variable?.place === 'global';
    if (declared !== undefined && isGlobal && isFloating(type))
      this.fail(
        UpstreamErrorCode.UNSUPPORTED_FLOAT_OPERATION,
        'float-global',
        'A global variable cannot hold a floating-point value; use a local one.',
        target,
      );
    else if (problem !== undefined)
      this.fail(UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE, 'type-mismatch', problem, value);
    let cast: Operand | undefined;
    let stored = value;
    const from = scalarId(value.type);
    const to = scalarId(type);
    if (declared !== undefined && isFloating(type) && value.floatText !== undefined)
      stored = this.#literalAs(type, value);
    else if (from !== 0 && to !== 0 && from !== to && !(isFloating(type) && value.floatText !== undefined)) {
      cast = this.newTemp(type);
      this.emit(Op.CAST_SCALAR, value, cast, from, to);
      stored = cast;
    }
    const destination = this.#destination(target, type, declared);
    this.#store(
      stored,
      destination,
      type,
      isFloating(type) && (declared !== undefined || cast !== undefined),
    );
    if (destination.variable !== undefined && type?.kind === 'pointer')
      destination.variable.provenance = value.provenance ?? 'remote';
    if (cast !== undefined) this.free(cast);
    this.free(value);
    this.free(target);
  }

  #destination(target: Operand, type: ScriptType | undefined, declared: ScriptType | undefined): Operand {
    if (target.unresolved !== undefined)
      return this.define(target.unresolved, this.firstToken(target.node), type, declared === undefined);
    if (declared !== undefined && target.variable !== undefined)
      return this.define(target.variable.name, this.firstToken(target.node), declared, false);
    return target;
  }

  #store(value: Operand, target: Operand, type: ScriptType | undefined, floating: boolean): void {
    if (type?.kind === 'struct') {
      const spaces = [spaceOf(target.provenance), spaceOf(value.provenance)] as const;
      this.emit(Op.AGGREGATE_COPY, target, spaces[0], value, spaces[1], sizeOf(type));
    } else if (target.isAddress === true)
      this.emit(
        Op.TYPED_STORE,
        value,
        target,
        spaceOf(target.provenance),
        type === undefined ? 8 : sizeOf(type),
      );
    else this.emit(floating ? Op.MOV_FLOAT : Op.MOV, value, target);
  }

  #literalAs(type: ScriptType, value: Operand): Operand {
    if (type !== floatType) return value;
    const text = value.floatText ?? '0';
    if (isOutOfRange(text, true))
      this.fail(
        UpstreamErrorCode.FLOAT_OUT_OF_RANGE,
        'float-out-of-range',
        'No `float` holds this number; use `double`.',
        value,
      );
    return { ...value, ...singleBits(text), len: 1, type };
  }

  /** Why a value cannot become a type, or undefined when it can. */
  #conversionProblem(type: ScriptType | undefined, value: Operand, implicit: boolean): string | undefined {
    const from = value.type;
    const text = `${capital(aType(from))} cannot become ${aType(type)}`;
    if (type?.kind === 'struct' || from?.kind === 'struct')
      return type !== undefined && from !== undefined && sameType(type, from) ? undefined : `${text}.`;
    if (from?.kind === 'pointer' && type?.kind === 'scalar') {
      if (type.floating) return `${text}.`;
      return implicit ? undefined : `${text}; cast it: \`(${typeName(type)})\`.`;
    }
    if (type?.kind === 'pointer' && from?.kind === 'scalar') {
      const isZero = value.isLiteral === true && value.low === 0 && value.high === 0;
      return isZero ? undefined : `${text}; cast it: \`(${typeName(type)})value\`.`;
    }
    return undefined;
  }

  // ---- compound assignments

  protected compoundAssign(): void {
    const value = this.pop();
    const target = this.pop();
    const opcodes = binaryOpcodes.get(this.data());
    const usable = this.resolved(target) && this.resolved(value);
    if (opcodes === undefined || !usable) return this.#remember(target);
    const { type } = target;
    if (type?.kind === 'pointer') return this.#pointerCompound(target, value, type.base);
    if (target.isAddress === true) return this.#addressCompound(target, value, opcodes.typed);
    const common = commonType(type, value.type);
    if (common === undefined) {
      if (isFloating(type) && this.safe) return this.#floatCompound(target, value);
      if (isFloating(type))
        this.warn(
          'float-compound',
          'On floating-point variables this works on the raw bits; write `x = x + …` instead.',
          target,
        );
      this.emit(opcodes.untyped, value, target, target);
      this.free(value);
      return;
    }
    const result = this.newTemp(common);
    const cast = this.newTemp(type);
    this.emit(opcodes.typed, value, target, result, common.id);
    this.emit(Op.CAST_SCALAR, result, cast, common.id, scalarId(type));
    this.emit(Op.MOV, cast, target);
    this.free(result);
    this.free(cast);
    this.free(value);
  }

  /** `x += y` of floats as `x = x + y`. */
  #floatCompound(target: Operand, value: Operand): void {
    this.avoided('HyperDbg 0.23 works on the raw bits of floating-point variables here', target);
    this.push(target);
    this.push(value);
    this.binary();
    this.#single(target, this.pop(), undefined);
  }

  #addressCompound(target: Operand, value: Operand, typed: number): void {
    if (target.kind === SymbolKind.DEREFERENCE_TEMP)
      this.warn(
        'element-assignment',
        'An assignment to an array element always fails when the script runs; use `eb`, `ed` or `eq` on its address.',
        target,
      );
    const { type } = target;
    const common = commonType(type, value.type);
    if (type === undefined || common === undefined || !isInteger(type)) {
      this.fail(
        UpstreamErrorCode.UNSUPPORTED_FLOAT_OPERATION,
        'unsupported-compound',
        `\`${this.text(this.endToken(target.node))}\` works on integer members only; write it as \`a = a + b\`.`,
      );
      return;
    }
    const loaded = this.load(target);
    const result = this.newTemp(common);
    const cast = this.newTemp(type);
    this.emit(typed, value, loaded, result, common.id);
    this.emit(Op.CAST_SCALAR, result, cast, common.id, type.id);
    this.emit(Op.TYPED_STORE, cast, target, spaceOf(target.provenance), sizeOf(type));
    for (const operand of [result, cast, value, target, loaded]) this.free(operand);
  }

  #pointerCompound(target: Operand, value: Operand, base: ScriptType): void {
    const operator = this.data() as TokenKind;
    if (operator !== TokenKind.PlusAssign && operator !== TokenKind.MinusAssign) {
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'pointer-operator',
        'A pointer knows only `+=` and `-=`; cast it to an integer for anything else.',
        target,
      );
      return;
    }
    // The product is never freed (script-language 6.4).
    const step = this.newTemp(undefined);
    this.emit(Op.MUL, sizeOf(base), value, step);
    this.emit(operator === TokenKind.PlusAssign ? Op.ADD : Op.SUB, step, target, target);
    this.free(value);
  }

  protected incrementDecrement(): void {
    const target = this.pop();
    if (!this.resolved(target)) return this.#remember(target);
    const increment = (this.data() as TokenKind) === TokenKind.PlusPlus;
    const step = binaryOpcodes.get(increment ? TokenKind.PlusAssign : TokenKind.MinusAssign);
    if (this.safe && target.isAddress && isInteger(target.type) && step !== undefined) {
      this.avoided('HyperDbg 0.23 changes an address instead of the value here', target);
      const one = { ...numberOperand(1, this.node), type: longType };
      return this.#addressCompound(target, one, step.typed);
    }
    if (target.isAddress)
      this.warn(
        'increment-without-effect',
        'On members and elements this changes an address that is thrown away, not the value; use `+= 1` on members.',
        target,
      );
    if (target.type?.kind === 'pointer' && target.isAddress !== true)
      this.emit(increment ? Op.ADD : Op.SUB, sizeOf(target.type.base), target, target);
    else this.emit(increment ? Op.INC : Op.DEC, target);
    this.free(target);
  }

  /** `*p = v`: stores as many bytes as the variable `p` itself has (script-language 6.4). */
  protected dereferenceAssign(): void {
    const value = this.pop();
    const pointer = this.pop();
    const usable = this.resolved(value) && this.resolved(pointer);
    if (!usable) return;
    const size = pointer.type === undefined ? 8 : sizeOf(pointer.type);
    const opcode = size === 8 ? Op.EQ : size === 4 ? Op.ED : size === 1 ? Op.EB : undefined;
    const result = this.newTemp(undefined);
    if (opcode !== undefined) this.emit(opcode, value, pointer, result);
    else
      this.warn(
        'dereference-without-effect',
        'HyperDbg makes no code for this store: the variable has neither 1, 4 nor 8 bytes. Use `eb`, `ed` or `eq`.',
        pointer,
      );
    this.free(result);
  }

  /** A step of a `for` with a variable only: upstream's generator loses its balance (script-language 3.2). */
  protected bareStep(): void {
    const target = this.pop();
    this.fail(
      UpstreamErrorCode.SYNTAX,
      'bare-step',
      'The step of `for` does nothing; write what it does, as `i++` or `i += 2`.',
      target,
    );
  }
}
