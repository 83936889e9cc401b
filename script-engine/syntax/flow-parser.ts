import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { DeclarationParser } from './declaration-parser';
import { NodeKind } from './node-kind';
import { TokenKind, type TokenTable } from './token-kind';

/** `if`, `while`, `do`, `for` and their conditions (script-language 3.2). */
export abstract class FlowParser extends DeclarationParser {
  #parenEnds: Map<number, number> | undefined;

  protected override begin(tokens: TokenTable): void {
    super.begin(tokens);
    this.inCondition = false;
    this.#parenEnds = undefined;
  }

  /** The operator of an assignment and what follows it. */
  protected abstract assignOperator(firstToken: number, firstNode: number): void;

  protected ifStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.advance();
    this.#parenthesised(NodeKind.IfCondition);
    this.#ifBody();
    while (!this.panic && this.peek() === TokenKind.Elsif) {
      this.advance();
      this.#parenthesised(NodeKind.ElsifCondition);
      this.#ifBody();
    }
    if (!this.panic && this.accept(TokenKind.Else)) this.block();
    this.close(NodeKind.If, firstToken, firstNode);
  }

  #ifBody(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    this.block();
    this.close(NodeKind.IfBody, firstToken, firstNode);
  }

  /** `( condition )`, and the node that acts on it. */
  #parenthesised(kind: NodeKind): void {
    const open = this.at;
    this.expect(
      TokenKind.OpenParen,
      'expected-open-paren',
      'A condition stands in parentheses; write `(` before it and `)` behind it.',
    );
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    if (this.panic) this.missing();
    else this.#boundedCondition(this.tokens.hiddenPunctuation ? this.#rawEnd(open) : -1);
    this.close(kind, firstToken, firstNode);
    if (!this.panic && !this.accept(TokenKind.CloseParen)) {
      this.inCondition = true;
      const hint = this.operatorHint();
      this.inCondition = false;
      if (hint === undefined) this.require(TokenKind.CloseParen, 'expected-close-paren', ')');
      else this.error('expected-close-paren', hint, undefined, () => this.comparisonFix());
    }
    if (this.panic) this.recoverToBlock();
  }

  /**
   * A condition that upstream ends at the first token at or after the offset `rawEnd`, because it looks for the end
   * in the raw text, strings and comments included (script-language 3.2). −1: no such danger.
   */
  #boundedCondition(rawEnd: number): void {
    if (rawEnd < 0) return this.condition();
    const { starts, count } = this.tokens;
    let limit = this.at;
    while (limit < count - 1 && (starts[limit] ?? 0) < rawEnd) limit++;
    const hidden = starts[limit] !== rawEnd;
    const kind = this.kindAt(limit);
    this.kinds[limit] = TokenKind.End;
    const before = this.diagnostics.length;
    this.condition();
    this.kinds[limit] = kind;
    if (!hidden && !(this.panic && this.at === limit)) return;
    if (hidden && !this.panic && this.at === limit) {
      this.at = limit + 1 < count ? limit + 1 : limit;
      this.error('hidden-parenthesis', '');
    }
    this.diagnostics.length = before;
    this.report(
      'hidden-parenthesis',
      'HyperDbg looks for the end of a condition in the raw text and takes the `)` or `;` of a string or comment for it; ' +
        'remove it, or compute the value before the condition.',
      { start: rawEnd, end: rawEnd + 1 },
    );
  }

  /** Where upstream finds the `)` that closes the `(` of a token: counted in the raw text, once for all of it. */
  #rawEnd(openToken: number): number {
    const { source, starts } = this.tokens;
    if (this.#parenEnds === undefined) {
      this.#parenEnds = new Map();
      const open: number[] = [];
      for (let at = 0; at < source.length; at++) {
        const code = source.charCodeAt(at);
        if (code === 0x28) open.push(at);
        else if (code === 0x29) {
          const start = open.pop();
          if (start !== undefined) this.#parenEnds.set(start, at);
        }
      }
    }
    return this.#parenEnds.get(starts[openToken] ?? 0) ?? -1;
  }

  protected whileStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.leaf(NodeKind.WhileMark, firstToken);
    this.#parenthesised(NodeKind.WhileCondition);
    this.block();
    this.close(NodeKind.While, firstToken, firstNode);
  }

  protected doStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.leaf(NodeKind.DoMark, firstToken);
    this.block();
    this.expect(TokenKind.While, 'expected-while', 'After the block of `do` comes `while (condition);`.');
    if (this.panic) this.missing();
    else {
      const open = this.at;
      this.expect(
        TokenKind.OpenParen,
        'expected-open-paren',
        'A condition stands in parentheses; write `(` before it and `)` behind it.',
      );
      if (this.panic) this.missing();
      else this.#boundedCondition(this.tokens.hiddenPunctuation ? this.#rawEnd(open) : -1);
    }
    this.close(NodeKind.DoWhile, firstToken, firstNode);
    this.require(TokenKind.CloseParen, 'expected-close-paren', ')');
    this.semicolon();
  }

  protected forStatement(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.advance();
    this.expect(
      TokenKind.OpenParen,
      'expected-open-paren',
      'A `for` needs `(`, three parts divided by `;`, and `)`.',
    );
    if (!this.panic && this.peek() !== TokenKind.Semicolon) this.#forInit();
    this.mark(NodeKind.ForInitMark);
    this.expect(
      TokenKind.Semicolon,
      'expected-semicolon',
      'A `for` has three parts divided by `;`: one is missing behind the first part.',
    );
    const conditionNode = this.nodes.count;
    const conditionToken = this.at;
    if (this.panic) this.missing();
    else {
      const from = this.tokens.ends[this.at - 1] ?? 0;
      this.#boundedCondition(this.tokens.hiddenPunctuation ? this.tokens.source.indexOf(';', from) : -1);
    }
    this.close(NodeKind.ForCondition, conditionToken, conditionNode);
    this.expect(
      TokenKind.Semicolon,
      'expected-semicolon',
      'A `for` has three parts divided by `;`: one is missing behind the condition.',
    );
    this.#forStep();
    this.expect(
      TokenKind.CloseParen,
      'expected-close-paren',
      'A `)` is missing behind the step of `for`; write it.',
    );
    if (this.panic) this.recoverToBlock(2);
    this.block();
    this.close(NodeKind.For, firstToken, firstNode);
  }

  #forInit(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    const typed = this.isTypeStart(this.peek());
    if (typed) this.typeName(false);
    if (!this.#isTarget()) {
      this.error(
        'expected-name',
        this.notAName() ?? `The variable of the loop is missing before ${this.found()}.`,
        undefined,
        () => this.renameFix(),
      );
      return;
    }
    this.leaf(NodeKind.TargetName, this.advance());
    const count = this.initialValues();
    this.close(typed ? NodeKind.Declaration : NodeKind.Assign, firstToken, firstNode, count);
  }

  #isTarget(): boolean {
    const kind = this.peek();
    if (kind === TokenKind.Identifier) return !this.isFunction(this.at);
    return kind === TokenKind.Global || kind === TokenKind.Register;
  }

  #forStep(): void {
    const firstNode = this.nodes.count;
    const firstToken = this.at;
    if (!this.panic && !this.#isTarget()) {
      const unknown = this.peek() === TokenKind.Unknown;
      this.error(
        'expected-step',
        this.peek() === TokenKind.CloseParen
          ? 'The step of `for` is mandatory; write what happens after each round, as `i++`.'
          : (this.notAName() ?? 'The step of `for` begins with a variable, as `i++`.'),
        unknown ? UpstreamErrorCode.UNKNOWN_TOKEN : UpstreamErrorCode.SYNTAX,
      );
    }
    if (!this.panic) {
      this.leaf(NodeKind.TargetName, this.advance());
      if (this.peek() === TokenKind.CloseParen) this.close(NodeKind.BareStep, firstToken, firstNode);
      else this.assignOperator(firstToken, firstNode);
    }
    this.close(NodeKind.ForStep, firstToken, firstNode);
  }
}
