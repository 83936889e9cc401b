import { functions, type ParameterKind } from '../catalog/functions';
import { callInCondition, NodeKind } from './node-kind';
import { conditionLevel, expressionLevel, isUnaryOperator, shiftLevel } from './operator-level';
import { NameParser } from './name-parser';
import { NameUse } from './parser-core';
import { TokenKind } from './token-kind';

/** Expressions of statements and of conditions: two languages that share words (script-language 3.3, 3.4). */
export abstract class ExpressionParser extends NameParser {
  /** An expression as statements have it; leaves one node. */
  protected expression(): void {
    this.#binary(1);
  }

  /** An expression as conditions have it. */
  protected condition(): void {
    const outer = this.inCondition;
    this.inCondition = true;
    this.#binary(1);
    this.inCondition = outer;
  }

  #binary(minimum: number): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.#unary();
    for (;;) {
      if (this.panic) return;
      const operator = this.peek();
      const level = this.inCondition ? conditionLevel(operator) : expressionLevel(operator);
      if (level === 0 || level < minimum) return;
      this.advance();
      const logical = operator === TokenKind.AndAnd || operator === TokenKind.OrOr;
      if (logical) this.close(NodeKind.LogicalLeft, firstToken, firstNode, operator);
      this.#binary(level + 1);
      this.close(logical ? NodeKind.Logical : NodeKind.Binary, firstToken, firstNode, operator);
    }
  }

  #unary(): void {
    this.depth++;
    const kind = this.peek();
    if (this.panic || this.tooDeep()) this.missing();
    else if (isUnaryOperator(kind)) this.#operator(kind);
    else if (kind === TokenKind.Sizeof) this.#sizeof();
    else if (kind === TokenKind.OpenParen && this.typeFollows(this.at + 1)) this.#cast();
    else this.#primary();
    this.depth--;
  }

  #operator(kind: TokenKind): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    if (!this.inCondition) this.#unary();
    else if (isUnaryOperator(this.peek())) {
      this.error(
        'nested-operator',
        'In a condition an operator cannot follow another one; put the inner one in parentheses.',
      );
      this.missing();
    } else this.#primary();
    this.close(NodeKind.Unary, firstToken, firstNode, kind);
  }

  #cast(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.typeName(true);
    this.expect(TokenKind.CloseParen, 'expected-close-paren', 'A cast needs `)` after its type.');
    this.#unary();
    this.close(NodeKind.Cast, firstToken, firstNode);
  }

  #sizeof(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.leaf(NodeKind.SizeofMark, firstToken);
    let isType = false;
    if (this.peek() === TokenKind.OpenParen) {
      this.advance();
      isType = this.typeFollows(this.at);
      if (isType) this.typeName(true);
      else this.#binary(1);
      this.expect(TokenKind.CloseParen, 'expected-close-paren', '`sizeof(` needs a closing `)`.');
    } else if (this.inCondition || isUnaryOperator(this.peek())) this.#unary();
    else if (
      this.peek() === TokenKind.Sizeof ||
      this.peek() === TokenKind.Function ||
      this.#isUserFunction()
    ) {
      this.error(
        'bad-sizeof',
        '`sizeof` without parentheses takes a variable or a number; put this in parentheses.',
      );
      this.missing();
    } else this.#primary();
    this.close(isType ? NodeKind.SizeofType : NodeKind.SizeofExpression, firstToken, firstNode);
  }

  #isUserFunction(): boolean {
    return this.peek() === TokenKind.Identifier && this.isFunction(this.at);
  }

  /** Takes a `)`; says what hinders it. */
  #closeParen(): void {
    if (this.panic || this.accept(TokenKind.CloseParen)) return;
    const hint = this.operatorHint();
    if (hint !== undefined) this.error('expected-close-paren', hint);
    else this.require(TokenKind.CloseParen, 'expected-close-paren', ')');
  }

  #primary(): void {
    const kind = this.peek();
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    switch (kind) {
      case TokenKind.Number:
        this.leaf(NodeKind.Number, this.advance());
        break;
      case TokenKind.Float:
        this.leaf(NodeKind.Float, this.advance());
        break;
      case TokenKind.PseudoRegister:
        this.leaf(NodeKind.PseudoRegister, this.advance());
        break;
      case TokenKind.SymbolName:
        if (this.#missingSpace()) return;
        this.leaf(NodeKind.SymbolName, this.advance(), this.inCondition ? 1 : 0);
        break;
      case TokenKind.Register:
        this.leaf(NodeKind.Register, this.advance());
        if (!this.inCondition) this.#postfix(firstToken, firstNode, true);
        break;
      case TokenKind.Global:
        if (this.#missingSpace()) return;
        this.leaf(NodeKind.Name, this.advance());
        if (!this.inCondition) this.#postfix(firstToken, firstNode, true);
        break;
      case TokenKind.Identifier:
        if (this.#isUserFunction()) {
          this.userCall(0);
          break;
        }
        if (this.useOf(this.at) === NameUse.Type) {
          this.error(
            'type-as-value',
            `\`${this.text()}\` is a type, and a value is needed here; to convert one write \`(${this.text()})value\`.`,
          );
          this.missing();
          return;
        }
        this.leaf(NodeKind.Name, this.advance());
        if (this.peek() === TokenKind.OpenParen) {
          this.nodes.rename(firstNode, NodeKind.Missing);
          this.unknownFunction(firstToken);
          return;
        }
        if (!this.inCondition) this.#postfix(firstToken, firstNode, true);
        else if (this.peek() === TokenKind.OpenBracket) this.#indexes(firstToken, firstNode);
        break;
      case TokenKind.Function:
        this.#builtinCall();
        break;
      case TokenKind.OpenParen:
        this.#paren();
        break;
      default:
        this.#noOperand();
        this.missing();
        return;
    }
    if (this.inCondition) this.#postfix(firstToken, firstNode, false);
  }

  /** `x!=5`: the exclamation mark belongs to the name (script-language 2.5). True when that is what stands here. */
  #missingSpace(): boolean {
    const token = this.at;
    const { starts, ends, source } = this.tokens;
    const end = ends[token] ?? 0;
    const next = this.kindAt(token + 1);
    if (source.charCodeAt(end - 1) !== 0x21 || starts[token + 1] !== end) return false;
    if (next !== TokenKind.Assign && next !== TokenKind.Equal) return false;
    this.stop ??= { token, code: 1 };
    if (!this.panic)
      this.report(
        'not-equal-without-space',
        'The `!` becomes part of the name here; write a space before `!=`.',
        { start: starts[token] ?? 0, end: end + 1 },
        { title: 'Write a space before `!=`', span: { start: end - 1, end: end - 1 }, text: ' ' },
      );
    this.panic = true;
    this.missing();
    return true;
  }

  #noOperand(): void {
    const kind = this.peek();
    if (kind === TokenKind.String || kind === TokenKind.WideString)
      this.error(
        'misplaced-string',
        'A string stands only in `printf`, in the string functions (byte strings in `strcmp`, L"…" in `wcscmp`) and in `#include`.',
      );
    else if (kind === TokenKind.Dot && this.kindAt(this.at - 1) === TokenKind.CloseParen)
      this.error(
        'dot-after-paren',
        'After `)` a dot is the member operator; assign the global variable to a local one first, or put it in parentheses.',
      );
    else if (kind === TokenKind.CloseParen && this.inCondition)
      this.error(
        'expected-expression',
        'The condition is empty or ends too early; write an expression before `)`.',
      );
    else
      this.error(
        'expected-expression',
        this.notAName() ??
          `A value is missing before ${this.found()}; write a number, a variable, a register or a call.`,
      );
  }

  #paren(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.#binary(1);
    this.#closeParen();
    this.close(NodeKind.Paren, firstToken, firstNode);
  }

  /** Members and, at the end and outside conditions, indexes. */
  #postfix(firstToken: number, firstNode: number, withIndexes: boolean): void {
    while (!this.panic && (this.peek() === TokenKind.Dot || this.peek() === TokenKind.Arrow)) {
      const arrow = this.peek() === TokenKind.Arrow ? 1 : 0;
      this.advance();
      this.name('expected-member', `The name of a member is missing before ${this.found()}.`);
      this.close(NodeKind.Member, firstToken, firstNode, arrow);
    }
    if (withIndexes && !this.panic && this.peek() === TokenKind.OpenBracket)
      this.#indexes(firstToken, firstNode);
  }

  #indexes(firstToken: number, firstNode: number): void {
    let count = 0;
    while (!this.panic && this.peek() === TokenKind.OpenBracket) {
      this.advance();
      this.#binary(1);
      this.require(TokenKind.CloseBracket, 'expected-close-bracket', ']');
      count++;
    }
    this.close(NodeKind.Index, firstToken, firstNode, count);
  }

  #builtinCall(): void {
    const index = this.tokens.values[this.at] ?? 0;
    const entry = functions[index];
    if (entry?.returnsValue !== true) {
      this.error(
        'function-without-value',
        `\`${this.text()}\` returns nothing; call it in a statement of its own.`,
      );
      this.missing();
      return;
    }
    this.builtin(index);
  }

  /** A call of a built-in function; the present token is its name. */
  protected builtin(index: number): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    const entry = functions[index];
    if (!this.panic && !this.accept(TokenKind.OpenParen))
      this.error('expected-open-paren', `\`${entry?.name}\` is a built-in function; \`(\` is missing.`);
    const variadic = entry?.functionClass === 'VarArgFunc1';
    for (let i = 0; i < (variadic ? 1 : (entry?.arity ?? 0)); i++) {
      if (i > 0 && !this.panic && !this.accept(TokenKind.Comma))
        this.error('wrong-argument-count', this.operatorHint() ?? usageOf(index, false));
      if (i === 1 && this.#wideAfterValue(entry?.name)) {
        this.error(
          'wide-string-in-condition',
          'In a condition `wcscmp` takes a wide string as its second argument only after another one; ' +
            'compute the result before the condition.',
        );
      }
      this.#argument(entry?.parameters[i]?.kind ?? 'expression', index);
    }
    while (variadic && !this.panic && this.accept(TokenKind.Comma)) this.#argument('expression', index);
    if (this.peek() === TokenKind.Comma && !this.panic)
      this.error('wrong-argument-count', usageOf(index, true));
    else this.#closeParen();
    this.close(NodeKind.Call, firstToken, firstNode, index + (this.inCondition ? callInCondition : 0));
  }

  /** Upstream's grammar of conditions lacks this one combination. */
  #wideAfterValue(name: string | undefined): boolean {
    if (!this.inCondition || name !== 'wcscmp' || this.peek() !== TokenKind.WideString) return false;
    return this.kindAt(this.at - 2) !== TokenKind.WideString;
  }

  #argument(kind: ParameterKind, functionIndex: number): void {
    if (this.panic) {
      this.missing();
      return;
    }
    const isString = this.peek() === TokenKind.String;
    const isWide = this.peek() === TokenKind.WideString;
    if ((isString && (kind === 'string' || kind === 'format')) || (isWide && kind === 'wide-string'))
      this.leaf(NodeKind.String, this.advance());
    else if (kind === 'format') {
      this.error(
        'expected-format',
        'The first argument of `printf` is a string in quotes, the format, as `printf("%llx\\n", x);`.',
      );
      this.missing();
    } else if (this.peek() === TokenKind.CloseParen) {
      this.error('wrong-argument-count', usageOf(functionIndex, false));
      this.missing();
    } else this.#binary(this.inCondition ? shiftLevel : 1);
  }

  /** A call of a function of the script; the present token is its name. */
  protected userCall(flags: number): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    let count = 0;
    if (!this.panic && !this.accept(TokenKind.OpenParen))
      this.error('expected-open-paren', `\`${this.text(firstToken)}\` is a function; \`(\` is missing.`);
    if (!this.panic && this.peek() !== TokenKind.CloseParen) {
      do {
        this.#binary(this.inCondition ? shiftLevel : 1);
        count++;
      } while (!this.panic && this.accept(TokenKind.Comma));
    }
    this.#closeParen();
    this.close(
      NodeKind.UserCall,
      firstToken,
      firstNode,
      count + flags + (this.inCondition ? callInCondition : 0),
    );
  }
}

function usageOf(functionIndex: number, tooMany: boolean): string {
  const entry = functions[functionIndex];
  const names = entry?.parameters.map((parameter) => parameter.name).join(', ') ?? '';
  return `\`${entry?.name}\` has ${tooMany ? 'too many' : 'too few'} arguments here; call it as \`${entry?.name}(${names})\`.`;
}
