import { SymbolKind } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { doubleType, longType } from '../semantics/types';
import { readNumber } from '../syntax/literal-value';
import { TokenKind } from '../syntax/token-kind';
import { doubleBits, isOutOfRange } from './float-literal';
import { GeneratorCore } from './generator-core';
import { operandOf, type Operand } from './operand';

/** Literals and names. */
export abstract class LeafGenerator extends GeneratorCore {
  protected number(): void {
    const token = this.firstToken();
    readNumber(this.tokens.source, this.tokens.starts[token] ?? 0, this.tokens.ends[token] ?? 0, this.halves);
    const { low, high } = this.halves;
    this.push({ ...operandOf(SymbolKind.NUM, low, high, 0, longType, this.node), isLiteral: true });
  }

  protected float(): void {
    const text = this.text(this.firstToken());
    if (isOutOfRange(text, false))
      this.fail(
        UpstreamErrorCode.FLOAT_OUT_OF_RANGE,
        'float-out-of-range',
        'No `double` holds this number: it is too big, or so small that it becomes zero.',
      );
    this.push(this.floatOperand(text));
  }

  protected floatOperand(text: string): Operand {
    const bits = doubleBits(text);
    return {
      ...operandOf(SymbolKind.NUM, bits.low, bits.high, 2, doubleType, this.node),
      floatText: text,
    };
  }

  protected symbol(): void {
    const name = this.text(this.firstToken());
    const { symbols } = this.options;
    const address = symbols?.resolve(name);
    if (address === undefined) {
      // Upstream's scanner takes a name it cannot resolve for an unknown token (script-language 2.7).
      if (symbols === undefined) this.incomplete = true;
      else
        this.fail(
          UpstreamErrorCode.SYNTAX,
          'unresolved-symbol',
          `No symbol \`${name}\` is known; check the module and the spelling.`,
          this.node,
          this.firstToken(),
        );
      this.push(this.brokenOperand());
      return;
    }
    const type = this.data() === 1 ? undefined : longType;
    const low = Number(address & 0xffffffffn);
    const high = Number((address >> 32n) & 0xffffffffn);
    this.push(operandOf(SymbolKind.NUM, low, high, 0, type, this.node));
  }

  protected name(): void {
    const token = this.firstToken();
    const name = this.text(token);
    if (this.tokenKind(token) === TokenKind.Register) return this.register(SymbolKind.REGISTER);
    if (this.tokenKind(token) === TokenKind.Global) {
      this.push(this.globalOperand(name) ?? this.#unresolved(name));
      return;
    }
    const variable = this.scope.variables.get(name);
    this.push(variable === undefined ? this.#unresolved(name) : this.variableOperand(variable));
  }

  #unresolved(name: string): Operand {
    return { ...operandOf(SymbolKind.INVALID, 0, 0, 0, undefined, this.node), unresolved: name };
  }

  protected register(kind: number): void {
    const low = this.tokens.values[this.firstToken()] ?? 0;
    this.push(operandOf(kind, low, 0, 0, longType, this.node));
  }
}
