import { ExpressionParser } from './expression-parser';
import { declaratorArray, NodeKind } from './node-kind';
import { NameUse } from './parser-core';
import { TokenKind } from './token-kind';
import { tokenSpan } from './tree';

/** Declarations, types and functions (script-language 3.1). */
export abstract class DeclarationParser extends ExpressionParser {
  protected abstract block(): void;

  /** A declaration that begins with words of a type; arrays and functions only at top level. */
  protected declaration(topLevel: boolean): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.typeName(false);
    const nameToken = this.at;
    if (!this.#declaredName()) return;
    if (topLevel && this.peek() === TokenKind.OpenParen) this.#function(nameToken, firstToken, firstNode);
    else if (topLevel && this.peek() === TokenKind.OpenBracket) this.#array(nameToken, firstToken, firstNode);
    else {
      this.leaf(NodeKind.TargetName, nameToken);
      this.#scalar(firstToken, firstNode);
    }
  }

  #scalar(firstToken: number, firstNode: number): void {
    if (this.peek() === TokenKind.Semicolon)
      this.error(
        'missing-initializer',
        'A variable needs a value where it is declared: write `= 0` before the `;`.',
        undefined,
        () => this.insertion(' = 0'),
      );
    else if (this.peek() === TokenKind.OpenBracket)
      this.error(
        'array-in-block',
        'Arrays can be declared at top level only, outside every block and function.',
      );
    else if (this.peek() === TokenKind.OpenParen)
      this.error(
        'function-in-block',
        'Functions can be defined at top level only; move this one out of the block.',
        undefined,
        undefined,
        tokenSpan(this.tokens, this.at - 1),
      );
    const count = this.initialValues();
    if (this.peek() === TokenKind.Comma)
      this.error(
        'comma-in-declaration',
        'One declaration declares one variable; end it with `;` and begin another one.',
      );
    this.close(NodeKind.Declaration, firstToken, firstNode, count);
    this.semicolon();
  }

  /** The name of a declaration: a local, global, register or parameter. */
  #declaredName(): boolean {
    const kind = this.peek();
    if (kind === TokenKind.Identifier && !this.isFunction(this.at)) {
      this.advance();
      return true;
    }
    if (kind === TokenKind.Global || kind === TokenKind.Register) {
      this.advance();
      return true;
    }
    if (kind === TokenKind.Identifier)
      this.error('name-taken', `\`${this.text()}\` is a function already; choose another name.`);
    else if (kind >= TokenKind.If && kind <= TokenKind.Include) {
      this.error('expected-name', this.notAName() ?? '');
      this.advance();
    } else if (kind === TokenKind.Star)
      this.error(
        'pointer-to-pointer',
        'HyperDbg knows only one `*` in a declaration; keep the address in an `unsigned long`.',
      );
    else
      this.error(
        'expected-name',
        this.notAName() ?? `The name of the variable is missing before ${this.found()}.`,
        undefined,
        () => this.renameFix(),
      );
    return false;
  }

  /** `= value { = value }`; returns their number. */
  protected initialValues(): number {
    let count = 0;
    do {
      this.require(TokenKind.Assign, 'expected-assign', '=');
      this.expression();
      count++;
    } while (!this.panic && this.peek() === TokenKind.Assign);
    return count;
  }

  protected semicolon(): void {
    if (this.panic || this.accept(TokenKind.Semicolon)) return;
    const hint = this.operatorHint();
    if (hint !== undefined) this.error('operator-not-allowed', hint);
    else this.require(TokenKind.Semicolon, 'expected-semicolon', ';');
  }

  #array(nameToken: number, firstToken: number, firstNode: number): void {
    this.leaf(NodeKind.TargetName, nameToken);
    let dimensions = 0;
    while (!this.panic && this.peek() === TokenKind.OpenBracket) {
      const bracket = this.advance();
      const node = this.nodes.count;
      this.expect(TokenKind.Number, 'expected-array-size', 'The size of an array is a plain number.');
      this.require(TokenKind.CloseBracket, 'expected-close-bracket', ']');
      this.close(NodeKind.Dimension, bracket, node);
      dimensions++;
    }
    this.expect(
      TokenKind.Assign,
      'missing-initializer',
      'An array needs its values where it is declared: `= {0}`.',
    );
    this.mark(NodeKind.ArrayHead);
    this.#initializerList();
    this.close(NodeKind.ArrayDeclaration, firstToken, firstNode, dimensions);
    this.semicolon();
  }

  #initializerList(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.expect(
      TokenKind.OpenBrace,
      'expected-open-brace',
      'The values of an array stand in braces: `{1, 2}`.',
    );
    this.depth++;
    while (!this.panic && !this.tooDeep()) {
      if (this.peek() === TokenKind.OpenBrace) this.#initializerList();
      else this.expression();
      if (!this.panic && this.accept(TokenKind.Comma)) {
        if (this.peek() === TokenKind.CloseBrace) break;
      } else break;
    }
    this.depth--;
    this.require(TokenKind.CloseBrace, 'expected-close-brace', '}', '`,` or ');
    this.close(NodeKind.InitializerList, firstToken, firstNode);
  }

  #function(nameToken: number, firstToken: number, firstNode: number): void {
    this.advance();
    this.setUse(nameToken, NameUse.Function);
    const parameters: number[] = [];
    let count = 0;
    while (!this.panic && this.peek() !== TokenKind.CloseParen) {
      if (count > 0) this.require(TokenKind.Comma, 'expected-comma', ')', '`,` or ');
      if (this.panic) break;
      const node = this.nodes.count;
      const token = this.at;
      if (!this.isTypeStart(this.peek())) {
        this.error('expected-parameter-type', 'A parameter begins with its type, as `int value`.');
        break;
      }
      this.typeName(false);
      const parameterToken = this.at;
      if (!this.#declaredName()) break;
      parameters.push(parameterToken);
      this.setUse(parameterToken, NameUse.Parameter);
      this.close(NodeKind.Parameter, token, node);
      count++;
    }
    this.require(TokenKind.CloseParen, 'expected-close-paren', ')');
    if (!this.panic && this.peek() !== TokenKind.OpenBrace)
      this.error('expected-open-brace', 'The body of a function stands in braces.');
    if (this.panic) this.#skipToBody();
    this.close(NodeKind.FunctionHead, nameToken, firstNode, count);
    this.block();
    for (const token of parameters)
      if (this.useOf(token) === NameUse.Parameter) this.setUse(token, NameUse.Variable);
    this.close(NodeKind.Function, firstToken, firstNode);
  }

  /** After a mistake in the parameters: go on with the body, when there is one before the statement ends. */
  #skipToBody(): void {
    while (
      this.peek() !== TokenKind.End &&
      this.peek() !== TokenKind.Semicolon &&
      this.peek() !== TokenKind.CloseBrace
    ) {
      if (this.peek() === TokenKind.OpenBrace) {
        this.panic = false;
        return;
      }
      this.advance();
    }
  }

  /** `struct …`: a forward declaration, a definition, variables, or a definition with variables. */
  protected structStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.name('expected-struct-tag', 'After `struct` comes the name of the struct.');
    if (!this.panic && this.peek() === TokenKind.Semicolon)
      this.close(NodeKind.StructForward, firstToken, firstNode);
    else if (!this.panic) {
      if (this.peek() === TokenKind.OpenBrace) this.#structBody(firstToken);
      if (!this.panic && this.peek() !== TokenKind.Semicolon) this.#structVariables(firstToken);
    }
    this.close(NodeKind.StructStatement, firstToken, firstNode);
    this.semicolon();
  }

  #structBody(firstToken: number): void {
    const firstNode = this.nodes.count;
    this.advance();
    this.close(NodeKind.StructHead, firstToken, firstNode);
    let isClosed = false;
    while (!this.panic && this.peek() !== TokenKind.CloseBrace) {
      const node = this.nodes.count;
      const token = this.at;
      if (this.peek() === TokenKind.Struct) {
        // Stars belong to the declarators here.
        this.advance();
        this.name('expected-struct-tag', 'After `struct` comes the name of the struct.');
        this.close(NodeKind.StructTypeName, token, node, 0);
      } else if (this.isTypeStart(this.peek())) {
        while (this.isTypeStart(this.peek())) this.advance();
        this.close(NodeKind.TypeName, token, node, 0);
      } else {
        this.error(
          'expected-member-type',
          'A member begins with its type, as `int value;`; `}` ends the struct.',
        );
        isClosed = this.peek() !== TokenKind.Number && this.peek() !== TokenKind.Register;
        break;
      }
      let count = 0;
      do {
        this.#declarator();
        count++;
      } while (!this.panic && this.accept(TokenKind.Comma));
      this.semicolon();
      this.close(NodeKind.StructMember, token, node, count);
    }
    // What has no type is most often the statement behind a missing `}`; after any other mistake the struct goes on.
    if (this.panic && !isClosed) this.skipToCloseBrace();
    this.require(TokenKind.CloseBrace, 'expected-close-brace', '}');
    this.close(NodeKind.StructDefinition, firstToken, firstNode);
  }

  #declarator(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    let stars = 0;
    while (this.peek() === TokenKind.Star) {
      this.advance();
      stars++;
    }
    this.name('expected-name', `A name is missing before ${this.found()}.`);
    let array = 0;
    if (!this.panic && this.accept(TokenKind.OpenBracket)) {
      array = declaratorArray;
      this.expect(TokenKind.Number, 'expected-array-size', 'The size of an array is a plain number.');
      this.require(TokenKind.CloseBracket, 'expected-close-bracket', ']');
    }
    this.close(NodeKind.Declarator, firstToken, firstNode, Math.min(stars, 0xfff) + array);
  }

  #structVariables(firstToken: number): void {
    this.nodes.add(NodeKind.StructVariablesHead, firstToken, this.at, this.nodes.count, 0);
    do {
      const node = this.nodes.count;
      const token = this.at;
      this.#declarator();
      this.close(NodeKind.StructVariable, token, node);
    } while (!this.panic && this.accept(TokenKind.Comma));
    if (this.panic || !this.accept(TokenKind.Assign)) return;
    const node = this.nodes.count;
    const token = this.at;
    if (this.peek() === TokenKind.OpenParen) {
      this.advance();
      if (this.peek() !== TokenKind.Struct)
        this.error(
          'expected-struct-cast',
          'A struct pointer begins with a cast, as `(struct Name *)address`.',
        );
      this.typeName(true);
      this.require(TokenKind.CloseParen, 'expected-close-paren', ')');
      this.expression();
      this.close(NodeKind.StructPointerInitializer, token, node);
      return;
    }
    this.expect(TokenKind.OpenBrace, 'expected-open-brace', 'Values of a struct stand in braces: `{1, 2}`.');
    this.mark(NodeKind.StructInitializerHead);
    const nested = this.#structValues();
    this.require(TokenKind.CloseBrace, 'expected-close-brace', '}', '`,` or ');
    this.close(NodeKind.StructInitializer, token, node, nested ? 1 : 0);
  }

  /** Values up to the closing brace; true when some stand in braces of their own. */
  #structValues(): boolean {
    let nested = false;
    if (this.panic || this.peek() === TokenKind.CloseBrace) return nested;
    this.depth++;
    do {
      if (this.peek() === TokenKind.OpenBrace && !this.tooDeep()) {
        this.advance();
        this.#structValues();
        nested = true;
        this.require(TokenKind.CloseBrace, 'expected-close-brace', '}', '`,` or ');
      } else this.expression();
    } while (!this.panic && this.accept(TokenKind.Comma));
    this.depth--;
    return nested;
  }

  protected typedefStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    if (this.peek() === TokenKind.Struct || this.isTypeStart(this.peek())) this.typeName(true);
    else {
      this.error('expected-type', 'After `typedef` comes a type, as `typedef unsigned long u64;`.');
      this.mark(NodeKind.TypeName);
    }
    const nameToken = this.at;
    if (!this.name('expected-name', `The new name of the type is missing before ${this.found()}.`)) return;
    this.close(NodeKind.Typedef, firstToken, firstNode);
    this.setUse(nameToken, NameUse.Type);
    this.semicolon();
  }
}
