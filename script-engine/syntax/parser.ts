import { functions } from '../catalog/functions';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { FlowParser } from './flow-parser';
import type { HardwareInfo } from './hardware-register';
import { tokenize } from './lexer';
import { callAsStatement, NodeKind } from './node-kind';
import { isCompoundAssign } from './operator-level';
import { NameUse } from './parser-core';
import { TokenKind, type TokenTable } from './token-kind';
import type { SyntaxTree } from './tree';

/** Parses the text of a script; never throws and always returns a whole tree. */
export function parseScript(source: string, hardware?: HardwareInfo): SyntaxTree {
  return parseTokens(tokenize(source, hardware));
}

/** Parses tokens; `unreadIncludes` are the include tokens whose file could not be spliced in. */
export function parseTokens(
  tokens: TokenTable,
  unreadIncludes: SyntaxTree['unreadIncludes'] = new Map(),
): SyntaxTree {
  return parser.run(tokens, unreadIncludes);
}

/** Statements (script-language 3.1, 3.2). */
class StatementParser extends FlowParser {
  run(tokens: TokenTable, unreadIncludes: SyntaxTree['unreadIncludes']): SyntaxTree {
    this.begin(tokens);
    this.#program();
    const { diagnostics, stop } = this;
    return { tokens, nodes: this.nodes.finish(), diagnostics, stop, unreadIncludes };
  }

  #program(): void {
    while (this.peek() !== TokenKind.End) {
      this.#statements(true);
      if (this.peek() === TokenKind.End) break;
      if (this.peek() === TokenKind.CloseBrace)
        this.echo('unexpected-close-brace', 'This `}` closes nothing; remove it or open its block.');
      else
        this.echo(
          'statement-after-block',
          'Nothing may follow a bare block; remove its braces, or make it the last statement.',
        );
      if (this.peek() === TokenKind.CloseBrace) this.advance();
    }
    this.nodes.add(NodeKind.Program, 0, this.at, 0, 0);
  }

  /** Statements up to a `}` or the end; a bare block ends them (script-language 3.1). */
  #statements(topLevel: boolean): void {
    while (this.peek() !== TokenKind.End && this.peek() !== TokenKind.CloseBrace) {
      if (this.peek() === TokenKind.OpenBrace) {
        this.#bareBlock();
        return;
      }
      const before = this.at;
      const firstNode = this.nodes.count;
      this.#statement(topLevel);
      if (this.panic) {
        this.recoverStatement(before);
        if (this.at === before) this.advance();
        this.close(NodeKind.Skipped, before, firstNode);
      }
    }
  }

  #bareBlock(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.depth++;
    if (this.tooDeep()) this.skipToCloseBrace();
    else if (this.peek() === TokenKind.CloseBrace) {
      this.error('empty-block', 'A bare block needs at least one statement; write one or remove the braces.');
      this.panic = false;
    } else this.#statements(false);
    this.depth--;
    this.#closeBlock(firstToken, firstNode);
  }

  #closeBlock(firstToken: number, firstNode: number): void {
    while (this.peek() !== TokenKind.CloseBrace && this.peek() !== TokenKind.End) {
      this.echo('statement-after-block', 'Nothing may follow a bare block; remove its braces.');
      this.#statements(false);
    }
    if (!this.accept(TokenKind.CloseBrace))
      this.echo(
        'expected-close-brace',
        'A `}` is missing before the end of the script; a block is still open.',
      );
    this.close(NodeKind.Block, firstToken, firstNode);
  }

  protected block(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    if (this.panic) return;
    if (this.peek() !== TokenKind.OpenBrace) {
      const unknown = this.peek() === TokenKind.Unknown || this.peek() === TokenKind.SymbolName;
      const afterCondition = this.kindAt(this.at - 1) === TokenKind.CloseParen;
      const elseIf = this.peek() === TokenKind.If && this.kindAt(this.at - 1) === TokenKind.Else;
      this.error(
        'expected-block',
        elseIf
          ? '`else if` does not exist; write `elsif`.'
          : `The body needs braces, even around one statement: write \`{\` before ${this.found()} and \`}\` behind it.`,
        unknown && afterCondition ? UpstreamErrorCode.UNKNOWN_TOKEN : UpstreamErrorCode.SYNTAX,
        elseIf ? () => this.elsifFix() : undefined,
        elseIf ? this.elseIfSpan() : undefined,
      );
      this.#bracelessBody();
      return;
    }
    this.advance();
    this.depth++;
    if (this.tooDeep()) this.skipToCloseBrace();
    else this.#statements(false);
    this.depth--;
    this.#closeBlock(firstToken, firstNode);
  }

  /** One statement where a block should be: what was meant is clear, so it is not skipped. */
  #bracelessBody(): void {
    if (!startsSimpleStatement(this.peek())) return;
    this.depth++;
    if (!this.tooDeep()) {
      this.panic = false;
      this.#statement(false);
    }
    this.depth--;
  }

  #statement(topLevel: boolean): void {
    const kind = this.peek();
    switch (kind) {
      case TokenKind.If:
        return this.ifStatement();
      case TokenKind.While:
        return this.whileStatement();
      case TokenKind.Do:
        return this.doStatement();
      case TokenKind.For:
        return this.forStatement();
      case TokenKind.Break:
        return this.#jump(NodeKind.Break);
      case TokenKind.Continue:
        return this.#jump(NodeKind.Continue);
      case TokenKind.Return:
        return this.#return(topLevel);
      case TokenKind.Struct:
        return this.structStatement();
      case TokenKind.Typedef:
        return this.typedefStatement();
      case TokenKind.Include:
        return this.#include(topLevel);
      case TokenKind.Function:
        return this.#builtinStatement();
      case TokenKind.Star:
        return this.#dereferenceAssign();
      case TokenKind.TypeWord:
        return this.declaration(topLevel);
      case TokenKind.Identifier:
        if (this.isFunction(this.at)) {
          this.userCall(callAsStatement);
          return this.semicolon();
        }
        if (this.useOf(this.at) === NameUse.Type) return this.declaration(topLevel);
        return this.#assignment();
      case TokenKind.Global:
      case TokenKind.Register:
        return this.#assignment();
      default:
        return this.#noStatement(kind);
    }
  }

  #noStatement(kind: TokenKind): void {
    if (kind === TokenKind.Else || kind === TokenKind.Elsif) this.#strayElse();
    else if (kind === TokenKind.Semicolon)
      this.error(
        'empty-statement',
        'There is no empty statement in this language; remove the `;`.',
        undefined,
        () => this.removal('Remove the `;`'),
      );
    else if (kind === TokenKind.PseudoRegister)
      this.error(
        'assign-pseudo-register',
        `\`${this.text()}\` is read-only; a pseudo register cannot be assigned.`,
      );
    else if (kind === TokenKind.PlusPlus || kind === TokenKind.MinusMinus)
      this.error('prefix-increment', `Write the operator behind the variable: \`x${this.text()};\`.`);
    else
      this.error(
        'expected-statement',
        this.notAName() ??
          `${this.found()} cannot begin a statement; write an assignment, a call, \`if\`, \`while\` or \`for\`.`,
        undefined,
        () => this.renameFix(),
      );
  }

  /** An `else` behind an `if` that was not understood: its block is read all the same. */
  #strayElse(): void {
    this.echo('else-without-if', `This \`${this.text()}\` has no \`if\` before it.`);
    this.advance();
    this.panic = true;
    this.recoverToBlock();
    if (!this.panic) this.block();
  }

  #assignment(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.#target();
    if (this.panic) return;
    this.assignOperator(firstToken, firstNode);
    this.semicolon();
  }

  #target(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.leaf(NodeKind.TargetName, this.advance());
    while (!this.panic && (this.peek() === TokenKind.Dot || this.peek() === TokenKind.Arrow)) {
      const arrow = this.peek() === TokenKind.Arrow ? 1 : 0;
      this.advance();
      this.name('expected-member', `The name of a member is missing before ${this.found()}.`);
      this.close(NodeKind.TargetMember, firstToken, firstNode, arrow);
    }
    let count = 0;
    while (!this.panic && this.peek() === TokenKind.OpenBracket) {
      this.advance();
      this.expression();
      this.require(TokenKind.CloseBracket, 'expected-close-bracket', ']');
      count++;
    }
    if (count > 0) this.close(NodeKind.TargetIndex, firstToken, firstNode, count);
  }

  protected assignOperator(firstToken: number, firstNode: number): void {
    const operator = this.peek();
    if (operator === TokenKind.Assign) {
      const count = this.initialValues();
      this.close(NodeKind.Assign, firstToken, firstNode, count);
    } else if (operator === TokenKind.PlusPlus || operator === TokenKind.MinusMinus) {
      this.advance();
      this.close(NodeKind.IncrementDecrement, firstToken, firstNode, operator);
    } else if (isCompoundAssign(operator)) {
      this.advance();
      this.expression();
      this.close(NodeKind.CompoundAssign, firstToken, firstNode, operator);
    } else this.#noAssignment(firstToken);
  }

  #noAssignment(firstToken: number): void {
    if (this.peek() === TokenKind.OpenParen) this.unknownFunction(firstToken);
    else if (this.peek() === TokenKind.Identifier) this.unknownType(firstToken);
    else
      this.error(
        'expected-assignment',
        'A value alone is no statement; assign it with `=`, `+=`, `++` …, or remove it.',
      );
  }

  #dereferenceAssign(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    const kind = this.peek();
    const isName = kind === TokenKind.Identifier && !this.isFunction(this.at);
    if (isName || kind === TokenKind.Global) this.leaf(NodeKind.Name, this.advance());
    else if (kind === TokenKind.Register) this.leaf(NodeKind.Register, this.advance());
    else
      return this.error(
        'expected-pointer',
        'After `*` a variable is expected; use `eq(address, value)` for anything else.',
      );
    this.require(TokenKind.Assign, 'expected-assign', '=');
    this.expression();
    this.close(NodeKind.DereferenceAssign, firstToken, firstNode);
    this.semicolon();
  }

  #builtinStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    const index = this.tokens.values[this.at] ?? 0;
    this.builtin(index);
    if (functions[index]?.returnsValue === true) this.close(NodeKind.CallStatement, firstToken, firstNode);
    this.semicolon();
  }

  #jump(kind: NodeKind): void {
    this.leaf(kind, this.advance());
    this.semicolon();
  }

  #return(topLevel: boolean): void {
    if (topLevel)
      return this.error(
        'return-at-top-level',
        '`return` works in a function or a block only; put it into an `if`, or remove it.',
      );
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    const hasValue = this.peek() !== TokenKind.Semicolon;
    if (hasValue) this.expression();
    this.close(NodeKind.Return, firstToken, firstNode, hasValue ? 1 : 0);
    this.semicolon();
  }

  #include(topLevel: boolean): void {
    if (!topLevel)
      return this.error('include-in-block', '`#include` works at top level only; move it out of the block.');
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.expect(TokenKind.String, 'expected-file-name', '`#include` takes a file name in quotes.');
    this.close(NodeKind.Include, firstToken, firstNode);
    this.semicolon();
  }
}

function startsSimpleStatement(kind: TokenKind): boolean {
  switch (kind) {
    case TokenKind.Identifier:
    case TokenKind.Global:
    case TokenKind.Register:
    case TokenKind.Function:
    case TokenKind.Break:
    case TokenKind.Continue:
    case TokenKind.Return:
    case TokenKind.If:
    case TokenKind.For:
    case TokenKind.While:
      return true;
    default:
      return false;
  }
}

/**
 * There is one, used for text after text: the engine throws the code it has compiled for a class away when the last
 * object of the class dies, and the first parse after each collection would be four times as slow.
 */
const parser = new StatementParser();
