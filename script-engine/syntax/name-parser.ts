import { NodeKind } from './node-kind';
import { conditionLevel, expressionLevel, shiftLevel } from './operator-level';
import { ParserCore } from './parser-core';
import { TokenKind } from './token-kind';

/** Names and types, and what to say when something else stands in their place. */
export abstract class NameParser extends ParserCore {
  protected inCondition = false;

  protected missing(): void {
    this.mark(NodeKind.Missing);
  }

  protected typeFollows(index: number): boolean {
    const kind = this.kindAt(index);
    return kind === TokenKind.Struct || this.isTypeStart(kind, index);
  }

  /** Words of a type or `struct NAME`, with any number of stars, or with at most one. */
  protected typeName(manyStars: boolean): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    const isStruct = this.accept(TokenKind.Struct);
    if (isStruct) this.name('expected-struct-tag', 'After `struct` comes the name of the struct.');
    else while (this.isTypeStart(this.peek())) this.advance();
    let stars = 0;
    while (!this.panic && this.peek() === TokenKind.Star && (manyStars || stars === 0)) {
      this.advance();
      stars++;
    }
    this.close(isStruct ? NodeKind.StructTypeName : NodeKind.TypeName, firstToken, firstNode, stars);
  }

  /** Takes a name that is free to be a tag, member or typedef. */
  protected name(code: string, message: string): boolean {
    if (this.panic) return false;
    if (this.peek() === TokenKind.Identifier) {
      const text = this.text();
      const taken = this.functionNames.has(text)
        ? 'a function'
        : this.typedefNames.has(text)
          ? 'a type'
          : this.parameterNames.has(text)
            ? 'a parameter'
            : undefined;
      if (taken === undefined) {
        this.advance();
        return true;
      }
      this.error('name-taken', `\`${text}\` is ${taken} already; HyperDbg needs another name here.`);
      return false;
    }
    this.error(code, this.notAName() ?? message);
    return false;
  }

  /** Why the present token, though it looks like one, is no name. */
  protected notAName(): string | undefined {
    switch (this.peek()) {
      case TokenKind.Register:
        return `\`${this.text()}\` is a register and cannot be a name; choose another one.`;
      case TokenKind.Number:
        return /^[a-f_]/i.test(this.text())
          ? `\`${this.text()}\` is a number: words of the letters a to f only are hexadecimal. Choose a name with another letter.`
          : undefined;
      case TokenKind.Function:
      case TokenKind.TypeWord:
      case TokenKind.Reserved:
        return `\`${this.text()}\` is a word of the language and cannot be a name.`;
      default:
        return undefined;
    }
  }

  /** What to say when an operator of the other expression language stands here. */
  protected operatorHint(): string | undefined {
    const kind = this.peek();
    const text = this.text();
    if (kind === TokenKind.Assign && this.inCondition) return 'A condition compares with `==`; `=` assigns.';
    if (!this.inCondition && conditionLevel(kind) > 0 && expressionLevel(kind) === 0)
      return `\`${text}\` works only in the condition of \`if\`, \`while\` or \`for\`; use an \`if\` here.`;
    if (this.inCondition && expressionLevel(kind) > 0 && expressionLevel(kind) < shiftLevel)
      return `\`${text}\` in an argument inside a condition needs its own parentheses: \`f((a ${text} b))\`.`;
    return undefined;
  }
}
