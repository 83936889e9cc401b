import type { Span } from './span';
import { NodeKind } from './node-kind';
import { conditionLevel, expressionLevel, shiftLevel } from './operator-level';
import { NameUse, ParserCore } from './parser-core';
import type { Diagnostic } from '../diagnostic';
import { closeFunction, closeType, didYouMean, maxNames } from './suggestion';
import { TokenKind } from './token-kind';
import { tokenSpan } from './tree';

/** A rename looks through no more tokens than this. */
const maxRenamedTokens = 20_000;

type Fix = NonNullable<Diagnostic['fix']>;

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
      const use = this.useOf(this.at);
      if (use === NameUse.Variable) {
        this.advance();
        return true;
      }
      const taken = use === NameUse.Function ? 'a function' : use === NameUse.Type ? 'a type' : 'a parameter';
      this.error('name-taken', `\`${this.text()}\` is ${taken} already; HyperDbg needs another name here.`);
      return false;
    }
    this.error(code, this.notAName() ?? message, undefined, () => this.renameFix());
    return false;
  }

  /** Why the present token, though it looks like one, is no name. */
  protected notAName(): string | undefined {
    switch (this.peek()) {
      case TokenKind.Register:
        return `\`${this.text()}\` is a register and cannot be a name; choose another one.`;
      case TokenKind.Number:
        return isHexWord(this.text())
          ? `\`${this.text()}\` is read as a hexadecimal number, because it has no letter from g to z; ` +
              `choose another name, as \`${freeName(this.text())}\`.`
          : undefined;
      case TokenKind.Function:
      case TokenKind.TypeWord:
      case TokenKind.Reserved:
      case TokenKind.If:
      case TokenKind.Elsif:
      case TokenKind.Else:
      case TokenKind.While:
      case TokenKind.Do:
      case TokenKind.For:
      case TokenKind.Break:
      case TokenKind.Continue:
      case TokenKind.Return:
      case TokenKind.Struct:
      case TokenKind.Typedef:
      case TokenKind.Sizeof:
        return `\`${this.text()}\` is a word of the language and cannot stand here; a name must be another word.`;
      default:
        return undefined;
    }
  }

  /** Another name for what is read as a number, wherever the script has it from here on. */
  protected renameFix(): Fix | undefined {
    const word = this.text();
    if (this.peek() !== TokenKind.Number || !isHexWord(word)) return undefined;
    const { starts, ends, source, count } = this.tokens;
    if (count - this.at > maxRenamedTokens) return undefined;
    const name = freeName(word);
    const start = starts[this.at] ?? 0;
    let text = '';
    let end = start;
    for (let token = this.at; token < count; token++) {
      if (this.kindAt(token) !== TokenKind.Number || this.text(token) !== word) continue;
      text += source.slice(end, starts[token]) + name;
      end = ends[token] ?? end;
    }
    return { title: `Rename it to \`${name}\``, span: { start, end }, text };
  }

  protected insertion(text: string): Fix {
    const at = this.tokens.ends[this.at - 1] ?? 0;
    return { title: `Write \`${text.trim()}\``, span: { start: at, end: at }, text };
  }

  protected removal(title: string): Fix {
    return { title, span: tokenSpan(this.tokens, this.at), text: '' };
  }

  /** `else if` becomes `elsif`; the present token is the `if`. */
  protected elsifFix(): Fix {
    return { title: 'Write `elsif`', span: this.elseIfSpan(), text: 'elsif' };
  }

  /** Of the `else` and the `if` that is the present token. */
  protected elseIfSpan(): Span {
    return { start: this.tokens.starts[this.at - 1] ?? 0, end: this.tokens.ends[this.at] ?? 0 };
  }

  /** `=` in a condition becomes `==`. */
  protected comparisonFix(): Fix | undefined {
    if (this.peek() !== TokenKind.Assign) return undefined;
    return { title: 'Compare with `==`', span: tokenSpan(this.tokens, this.at), text: '==' };
  }

  /** Reports a call of a name that is no function; the present token is the `(`. */
  protected unknownFunction(nameToken: number): void {
    const name = this.text(nameToken);
    const close = this.isSilent() ? undefined : closeFunction(name, this.#namesUsedAs(NameUse.Function));
    this.error(
      'unknown-function',
      `There is no function \`${name}\`${close === undefined ? '; a function must be defined before it is called.' : '.'}${didYouMean(close)}`,
      undefined,
      () => this.#respelling(nameToken, close),
      tokenSpan(this.tokens, nameToken),
    );
  }

  /** Reports a name where a type is needed; the present token is the next one. */
  protected unknownType(nameToken: number): void {
    const name = this.text(nameToken);
    const close = this.isSilent() ? undefined : closeType(name, this.#namesUsedAs(NameUse.Type));
    this.error(
      'unknown-type',
      `There is no type \`${name}\`${close === undefined ? '; `typedef` makes one.' : '.'}${didYouMean(close)}`,
      undefined,
      () => this.#respelling(nameToken, close),
      tokenSpan(this.tokens, nameToken),
    );
  }

  #respelling(token: number, name: string | undefined): Fix | undefined {
    if (name === undefined) return undefined;
    return { title: `Write \`${name}\``, span: tokenSpan(this.tokens, token), text: name };
  }

  #namesUsedAs(use: NameUse): Set<string> {
    const names = new Set<string>();
    for (let token = 0; token < this.at && names.size < maxNames; token++)
      if (this.kindAt(token) === TokenKind.Identifier && this.useOf(token) === use)
        names.add(this.text(token));
    return names;
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

function isHexWord(word: string): boolean {
  return /^[a-f_]/i.test(word);
}

/** A name like it that is no number. */
function freeName(word: string): string {
  return `${word.replace(/^_+/, '')}_value`;
}
