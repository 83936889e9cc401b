import { AddressSpace } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import {
  aType,
  addMember,
  completeStruct,
  pointerTo,
  sizeOf,
  typeName,
  typeOfWords,
  type ScriptType,
  type StructType,
} from '../semantics/types';
import { declaratorArray } from '../syntax/node-kind';
import type { Span } from '../syntax/span';
import { TokenKind } from '../syntax/token-kind';
import { closestName } from '../catalog/closest-name';
import { didYouMean } from '../syntax/suggestion';
import { ArrayGenerator, decimalOf } from './array-generator';
import { Op } from './instruction-opcodes';
import type { Operand } from './operand';

/** Sizes from here on overflow upstream's 32 bits. */
const maxSizeBytes = 0x7fffffff;

interface Declarator {
  readonly name: string;
  readonly token: number;
  readonly stars: number;
  readonly count: number | undefined;
  readonly countToken: number;
}

/** Arrays, structs and typedefs (script-language 4, 6.8, 6.9). */
export abstract class AggregateGenerator extends ArrayGenerator {
  #struct: StructType | undefined;
  readonly #declarators: Declarator[] = [];
  #variablesTag = 0;
  #lastVariable: Operand | undefined;
  #initializerDepth = 0;

  // ---- types

  protected typeNameNode(): void {
    const words: string[] = [];
    let type: ScriptType | undefined;
    for (let token = this.firstToken(); token < this.endToken(); token++) {
      const kind = this.tokenKind(token);
      if (kind === TokenKind.TypeWord || kind === TokenKind.Identifier) words.push(this.text(token));
    }
    const [first] = words;
    if (words.length === 1 && first !== undefined && this.names.typedefs.has(first))
      type = this.names.typedefs.get(first);
    else type = typeOfWords(words.map((word) => (this.names.typedefs.has(word) ? 'void' : word)));
    this.types.push(this.#withStars(type, this.data()));
  }

  protected structTypeName(): void {
    this.types.push(this.#withStars(this.#structOf(this.firstToken() + 1), this.data()));
  }

  #withStars(type: ScriptType | undefined, stars: number): ScriptType | undefined {
    let result = type;
    for (let i = 0; i < stars && result !== undefined; i++) result = pointerTo(result);
    return result;
  }

  /** The struct of a tag; undefined and reported when there is none. */
  #structOf(tagToken: number): StructType | undefined {
    return this.names.structs.get(this.text(tagToken));
  }

  #unknownTag(tagToken: number): void {
    const tag = this.text(tagToken);
    this.fail(
      UpstreamErrorCode.UNKNOWN_STRUCT_TAG,
      'unknown-struct',
      `There is no \`struct ${tag}\`; define it before it is used.${didYouMean(closestName(tag, this.names.structs.keys()))}`,
      this.tokenSpan(tagToken),
    );
  }

  protected typedef(): void {
    const type = this.popType();
    const first = this.firstToken();
    const name = this.text(this.endToken() - 1);
    if (type === undefined) {
      if (this.tokenKind(first + 1) === TokenKind.Struct) this.#unknownTag(first + 2);
      else this.invalidType();
    }
    this.names.typedefs.set(name, type);
  }

  // ---- structs

  protected structForward(): void {
    const tag = this.text(this.firstToken() + 1);
    if (!this.names.structs.has(tag)) this.names.structs.set(tag, newStruct(tag));
  }

  protected structHead(): void {
    const token = this.firstToken() + 1;
    const tag = this.text(token);
    let struct = this.names.structs.get(tag);
    if (struct?.complete === true) {
      this.fail(
        UpstreamErrorCode.DUPLICATE_STRUCT_DEFINITION,
        'duplicate-struct',
        `\`struct ${tag}\` is defined already; choose another name or remove one.`,
        this.tokenSpan(token),
      );
      struct = undefined;
    }
    if (struct === undefined) {
      struct = newStruct(tag);
      this.names.structs.set(tag, struct);
    }
    this.#struct = struct;
  }

  protected declarator(): void {
    const data = this.data();
    const stars = data & (declaratorArray - 1);
    const hasCount = (data & declaratorArray) !== 0;
    const token = this.firstToken() + stars;
    const countToken = token + 2;
    const count = hasCount ? decimalOf(this.text(countToken)) : undefined;
    if (count !== undefined && (count === 0 || count > 0x7fffffff))
      this.fail(
        UpstreamErrorCode.INVALID_ARRAY_SIZE,
        'invalid-array-size',
        `An array of ${count} elements is not possible here; the size is read as decimal.`,
        this.tokenSpan(countToken),
        countToken + 1,
      );
    this.#declarators.push({
      name: this.text(token),
      token,
      stars,
      count: count === 0 ? 1 : count,
      countToken,
    });
  }

  #declaredType(base: ScriptType, declarator: Declarator): ScriptType {
    const type = this.#withStars(base, declarator.stars) ?? base;
    return declarator.count === undefined ? type : { kind: 'array', element: type, count: declarator.count };
  }

  protected structMember(): void {
    const base = this.popType();
    const declarators = this.#declarators.splice(0);
    const first = this.firstToken();
    if (base === undefined) {
      if (this.tokenKind(first) === TokenKind.Struct) this.#unknownTag(first + 1);
      else this.invalidType();
      return;
    }
    for (const declarator of declarators) {
      const type = this.#declaredType(base, declarator);
      const place = this.tokenSpan(declarator.token);
      if (this.#isIncomplete(type)) this.#incomplete(base, place);
      else if (sizeOf(type) + (this.#struct?.sizeBytes ?? 0) > maxSizeBytes) this.#tooBig(place);
      else if (this.#struct !== undefined && !addMember(this.#struct, declarator.name, type))
        this.fail(
          UpstreamErrorCode.DUPLICATE_STRUCT_MEMBER,
          'duplicate-member',
          `The struct has a member \`${declarator.name}\` already; choose another name.`,
          place,
        );
    }
  }

  #isIncomplete(type: ScriptType): boolean {
    if (type.kind === 'array') return this.#isIncomplete(type.element);
    return type.kind === 'void' || (type.kind === 'struct' && !type.complete);
  }

  #incomplete(type: ScriptType, place: Span): void {
    this.fail(
      UpstreamErrorCode.INCOMPLETE_TYPE,
      'incomplete-struct',
      `The size of ${typeName(type)} is not known here; only a pointer to it is possible.`,
      place,
    );
  }

  #tooBig(place: Span): void {
    this.fail(
      UpstreamErrorCode.INVALID_ARRAY_SIZE,
      'invalid-array-size',
      'This needs more than 2 GiB; a script has 256 words of memory.',
      place,
    );
  }

  protected structDefinition(): void {
    if (this.#struct !== undefined) completeStruct(this.#struct);
    this.#struct = undefined;
  }

  protected structVariablesHead(): void {
    this.#variablesTag = this.firstToken() + 1;
    this.#lastVariable = undefined;
  }

  protected structVariable(): void {
    const [declarator] = this.#declarators.splice(0);
    const struct = this.#structOf(this.#variablesTag);
    if (declarator === undefined) return;
    if (struct === undefined) {
      this.#unknownTag(this.#variablesTag);
      return;
    }
    const type = this.#declaredType(struct, declarator);
    if (this.#isIncomplete(type)) {
      this.#incomplete(struct, this.tokenSpan(declarator.token));
      return;
    }
    if (sizeOf(type) > maxSizeBytes) {
      this.#tooBig(this.tokenSpan(declarator.token));
      return;
    }
    this.#lastVariable = this.define(declarator.name, declarator.token, type, false);
  }

  protected structInitializerHead(): void {
    this.#initializerDepth = this.operands.length;
  }

  protected structInitializer(): void {
    const values = this.operands.splice(this.#initializerDepth);
    const variable = this.#lastVariable;
    const type = variable?.type;
    for (const value of values) this.resolved(value);
    if (variable === undefined || type === undefined) return;
    if (type.kind !== 'struct') {
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'not-a-struct',
        `Values in braces are for a struct; this is ${aType(type)}.`,
      );
      return;
    }
    const { members } = type;
    const limit = Math.min(members.length, scriptLimits.maxStructInitializers);
    const aggregate = members
      .slice(0, values.length)
      .some((member) => member.type.kind === 'struct' || member.type.kind === 'array');
    if (values.length > limit || aggregate || this.data() === 1) {
      this.fail(
        UpstreamErrorCode.SYNTAX,
        values.length > limit ? 'too-many-values' : 'aggregate-initializer',
        values.length > limit
          ? `\`struct ${type.tag}\` takes ${limit} value(s) here and gets ${values.length}.`
          : 'Members that are structs or arrays cannot get a value here; assign their members one by one.',
        values[limit] ?? this.node,
      );
      return;
    }
    this.emit(Op.AGGREGATE_ZERO, variable, AddressSpace.LOCAL, sizeOf(type));
    values.forEach((value, i) => {
      const member = members[i];
      if (member === undefined) return;
      let address = variable;
      if (member.offset !== 0) {
        address = this.newTemp(undefined);
        this.emit(Op.ADD, variable, member.offset, address);
      }
      this.emit(Op.TYPED_STORE, value, address, AddressSpace.LOCAL, sizeOf(member.type));
      this.free(address);
    });
  }

  /** `struct S *p = (struct S *)expression;`: a plain move (script-language 6.9). */
  protected structPointerInitializer(): void {
    const value = this.pop();
    const type = this.popType();
    const variable = this.#lastVariable;
    if (type === undefined) this.#unknownTag(this.firstToken() + 2);
    if (variable === undefined || !this.resolved(value)) return;
    this.emit(Op.MOV, value, variable);
    if (variable.variable !== undefined) variable.variable.provenance = 'remote';
    this.free(value);
  }
}

function newStruct(tag: string): StructType {
  return {
    kind: 'struct',
    tag,
    members: [],
    memberNames: new Set(),
    sizeBytes: 0,
    alignBytes: 1,
    complete: false,
  };
}
