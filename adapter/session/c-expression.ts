/** The C expressions that lead to a place: `point.x`, `list->next`, `table[i]`, `*pointer`, `&value`. */

import { elementOf, memberOf, numberIn, readValue, targetOf, type CValue } from './c-value';
import type { FrameVariables } from './frame-variables';

type Token = { readonly kind: 'name' | 'number' | 'sign'; readonly text: string };

const TOKEN = /\s*(?:([A-Za-z_]\w*)|(0x[0-9a-f]+|\d+)|(->|[.[\]()*&]))/iy;
const MAX_DEPTH = 64;

/** What a text leads to. `not C`: the text is no such expression, or its first name is none of the program's. */
export type CResult =
  | { readonly kind: 'value'; readonly value: CValue }
  | { readonly kind: 'problem'; readonly text: string }
  | { readonly kind: 'not C' };

class NotC extends Error {}
class Problem extends Error {}

export async function evaluateC(text: string, frame: FrameVariables): Promise<CResult> {
  const tokens = tokensOf(text);
  if (tokens === undefined || tokens.length === 0) return { kind: 'not C' };
  try {
    const parser = new Parser(tokens, frame);
    const value = await parser.unary(0);
    return parser.isAtEnd ? { kind: 'value', value } : { kind: 'not C' };
  } catch (error) {
    if (error instanceof NotC) return { kind: 'not C' };
    if (error instanceof Problem) return { kind: 'problem', text: error.message };
    throw error;
  }
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, name, number, sign] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

class Parser {
  #at = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly frame: FrameVariables,
  ) {}

  get isAtEnd(): boolean {
    return this.#at === this.tokens.length;
  }

  #takes(sign: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  async unary(depth: number): Promise<CValue> {
    if (depth > MAX_DEPTH) throw new NotC();
    if (this.#takes('*')) return this.#dereferenced(await this.unary(depth + 1));
    if (this.#takes('&')) return addressed(await this.unary(depth + 1));
    return this.#postfix(depth);
  }

  async #postfix(depth: number): Promise<CValue> {
    let value = await this.#primary(depth);
    for (;;) {
      if (this.#takes('.')) value = this.#member(value, '.');
      else if (this.#takes('->'))
        value = this.#member(await this.#dereferenced(value), '->', value.expression);
      else if (this.#takes('[')) {
        const index = await this.#index(depth);
        if (!this.#takes(']')) throw new NotC();
        value = await this.#element(value, index);
      } else return value;
    }
  }

  async #primary(depth: number): Promise<CValue> {
    if (this.#takes('(')) {
      const value = await this.unary(depth + 1);
      if (!this.#takes(')')) throw new NotC();
      return { ...value, expression: `(${value.expression})` };
    }
    const token = this.tokens[this.#at];
    if (token?.kind !== 'name') throw new NotC();
    this.#at++;
    const found = await this.frame.find(token.text);
    if (found === undefined) throw new NotC();
    if (found.value === undefined)
      throw new Problem(
        `"${token.text}" has no value here: the compiler has kept it nowhere at this instruction.`,
      );
    return found.value;
  }

  async #index(depth: number): Promise<number> {
    const token = this.tokens[this.#at];
    if (token?.kind === 'number') {
      this.#at++;
      return Number(token.text);
    }
    const value = await this.unary(depth + 1);
    if (value.type.kind !== 'scalar' && value.type.kind !== 'enumeration')
      throw new Problem(`"${value.expression}" is ${value.type.name}, not a number.`);
    return Number(numberIn(await this.#bytes(value), value.type, value.bits));
  }

  async #bytes(value: CValue): Promise<Uint8Array> {
    const bytes = await readValue(this.frame, value);
    if (bytes.length < value.type.sizeBytes) throw new Problem(`"${value.expression}" cannot be read.`);
    return bytes;
  }

  async #dereferenced(pointer: CValue): Promise<CValue> {
    if (pointer.type.kind === 'array') return elementOf(pointer, pointer.type.element, 0);
    if (pointer.type.kind !== 'pointer')
      throw new Problem(`"${pointer.expression}" is ${pointer.type.name}, not a pointer.`);
    await this.#bytes(pointer);
    const target = await targetOf(this.frame, pointer);
    if (target === undefined)
      throw new Problem(`"${pointer.expression}" is ${pointer.type.name}: what it points to has no type.`);
    return target;
  }

  #member(structure: CValue, sign: '.' | '->', expression = structure.expression): CValue {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'name') throw new NotC();
    this.#at++;
    const { type } = structure;
    if (type.kind !== 'structure') {
      const help = type.kind === 'pointer' ? '; write "->"' : '';
      throw new Problem(`"${expression}" is ${type.name}, which has no members${help}.`);
    }
    const found = memberNamed(structure, token.text, sign, expression);
    if (found === undefined) throw new Problem(`${type.name} has no member "${token.text}".`);
    return found;
  }

  async #element(value: CValue, index: number): Promise<CValue> {
    if (value.type.kind === 'array') return elementOf(value, value.type.element, index);
    const first = await this.#dereferenced(value);
    return { ...elementOf({ ...first, expression: value.expression }, first.type, index) };
  }
}

/** Members of unnamed structures inside belong to the outer one (C11, 6.7.2.1). */
function memberNamed(
  structure: CValue,
  name: string,
  sign: '.' | '->',
  expression: string,
): CValue | undefined {
  if (structure.type.kind !== 'structure') return undefined;
  for (const member of structure.type.members()) {
    if (member.name === name) return memberOf(structure, member, sign, expression);
    if (member.name !== '') continue;
    const inner = memberNamed(
      { ...memberOf(structure, member, sign, expression), expression },
      name,
      sign,
      expression,
    );
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function addressed(value: CValue): CValue {
  if (value.place.kind !== 'memory' || value.bits !== undefined)
    throw new Problem(
      `"${value.expression}" has no address: it is ${value.bits === undefined ? 'in a register' : 'a bit field'}.`,
    );
  const { address } = value.place;
  return {
    expression: `&${value.expression}`,
    type: { kind: 'pointer', name: `${value.type.name} *`, sizeBytes: 8, target: () => value.type },
    place: { kind: 'value', bytes: new Uint8Array(BigUint64Array.of(address).buffer) },
    bits: undefined,
  };
}
