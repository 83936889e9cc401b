/** Finds the names of one script in its tree. A tree with mistakes gives the names that it still has. */

import { NodeKind } from '../../script-engine/syntax/node-kind';
import type { Span } from '../../script-engine/syntax/span';
import { TokenKind, tokenText } from '../../script-engine/syntax/token-kind';
import { nodeSpan, type SyntaxTree, tokenSpan } from '../../script-engine/syntax/tree';
import type { NameKind, NameRole, NameUse } from './name-use';

/** Spans are those of the tree's source. */
export interface TreeNames {
  readonly uses: readonly NameUse[];
  readonly scopes: readonly { readonly name: string; readonly span: Span }[];
}

interface Scope {
  readonly name: string;
  readonly firstToken: number;
  readonly endToken: number;
  readonly parameters: Set<string>;
}

/** Reads the names of a script; `script` is its number in its command. */
export function namesOfTree(tree: SyntaxTree, script: number): TreeNames {
  return new NameReader(tree, script).read();
}

type Declared = Pick<NameUse, 'detail' | 'extent' | 'leadsTo'>;

class NameReader {
  readonly #uses: NameUse[] = [];
  readonly #scopes: readonly Scope[];
  /** Struct that a variable leads to, by scope and name. */
  readonly #structOf = new Map<string, string>();
  readonly #memberStructs = new Map<string, string>();
  readonly #typedefs = new Map<string, string>();
  #structTag = '';
  #structToken = -1;

  constructor(
    readonly tree: SyntaxTree,
    readonly script: number,
  ) {
    this.#scopes = scopesOf(tree);
  }

  read(): TreeNames {
    const { tree } = this;
    for (let node = 0; node < tree.nodes.count; node++) this.#visit(node);
    this.#uses.sort((one, two) => one.span.start - two.span.start);
    const scopes = this.#scopes.map(({ name, firstToken, endToken }) => {
      const { start } = tokenSpan(tree.tokens, firstToken);
      return { name, span: { start, end: tokenSpan(tree.tokens, Math.max(firstToken, endToken - 1)).end } };
    });
    return { uses: this.#uses, scopes };
  }

  #visit(node: number): void {
    const first = this.#firstToken(node);
    switch (this.#kind(node) as NodeKind) {
      case NodeKind.Name:
        return this.#variable(first, 'read');
      case NodeKind.TargetName:
        return this.#variable(first, 'write');
      case NodeKind.CompoundAssign:
      case NodeKind.IncrementDecrement:
        return this.#becomesUpdate(node);
      case NodeKind.Member:
      case NodeKind.TargetMember:
        return this.#member(node);
      case NodeKind.UserCall:
        return this.#add('function', first, '', 'read');
      case NodeKind.TypeName:
        for (let token = first; token < this.#endToken(node); token++) this.#add('type', token, '', 'read');
        return;
      case NodeKind.StructTypeName:
      case NodeKind.StructForward:
        return this.#add('struct', first + 1, '', 'read');
      case NodeKind.StructHead:
        this.#structTag = this.#text(first + 1);
        this.#structToken = first;
        return;
      case NodeKind.StructMember:
        return this.#structMember(node);
      case NodeKind.StructDefinition:
        return this.#add('struct', this.#structToken + 1, '', 'declaration', {
          detail: `struct ${this.#structTag}`,
          extent: nodeSpan(this.tree, node),
        });
      case NodeKind.StructVariablesHead:
        if (this.#structToken !== first) this.#add('struct', first + 1, '', 'read');
        this.#structTag = this.#text(first + 1);
        return;
      case NodeKind.StructVariable:
        return this.#structVariable(node);
      case NodeKind.Declaration:
      case NodeKind.ArrayDeclaration:
        return this.#declaration(node);
      case NodeKind.Parameter:
        return this.#parameter(node);
      case NodeKind.Function:
        return this.#function(node);
      case NodeKind.Typedef:
        return this.#typedef(node);
      default:
        return;
    }
  }

  #kind(node: number): number {
    return this.tree.nodes.kinds[node] ?? 0;
  }

  #firstToken(node: number): number {
    return this.tree.nodes.firstTokens[node] ?? 0;
  }

  #endToken(node: number): number {
    return this.tree.nodes.endTokens[node] ?? 0;
  }

  #firstNode(node: number): number {
    return this.tree.nodes.firstNodes[node] ?? node;
  }

  #text(token: number): string {
    return tokenText(this.tree.tokens, token);
  }

  #add(kind: NameKind, token: number, owner: string, role: NameRole, declared: Declared = {}): void {
    const tokenKind = this.tree.tokens.kinds[token];
    const isName = kind === 'global' ? tokenKind === TokenKind.Global : tokenKind === TokenKind.Identifier;
    if (!isName) return;
    const span = tokenSpan(this.tree.tokens, token);
    this.#uses.push({ kind, name: this.#text(token), owner, script: this.script, role, span, ...declared });
  }

  #scopeAt(token: number): Scope | undefined {
    return this.#scopes.find(({ firstToken, endToken }) => firstToken <= token && token < endToken);
  }

  #variable(token: number, role: NameRole, declared: Declared = {}): void {
    if (this.tree.tokens.kinds[token] === TokenKind.Global)
      return this.#add('global', token, '', role, declared);
    const scope = this.#scopeAt(token);
    const isParameter = scope?.parameters.has(this.#text(token)) === true;
    this.#add(isParameter ? 'parameter' : 'local', token, scope?.name ?? '', role, declared);
  }

  /** `+=` and `++` read what they write. */
  #becomesUpdate(node: number): void {
    const { start } = tokenSpan(this.tree.tokens, this.#firstToken(node));
    const target = this.#uses.findLastIndex(({ span, role }) => span.start === start && role === 'write');
    const use = this.#uses[target];
    if (use !== undefined) this.#uses[target] = { ...use, role: 'update' };
  }

  #variableKey(token: number): string {
    const isGlobal = this.tree.tokens.kinds[token] === TokenKind.Global;
    return isGlobal ? this.#text(token) : `${this.#scopeAt(token)?.name ?? ''} ${this.#text(token)}`;
  }

  /** Each member of a chain ends one node; the tokens of the chain stand side by side. */
  #member(node: number): void {
    const first = this.#firstToken(node);
    const last = this.#endToken(node) - 1;
    let struct = this.#structOf.get(this.#variableKey(first));
    for (let token = first + 2; token < last && struct !== undefined; token += 2)
      struct = this.#memberStructs.get(`${struct} ${this.#text(token)}`);
    const isWrite = this.#kind(node) === NodeKind.TargetMember;
    const leadsTo = this.#memberStructs.get(`${struct ?? ''} ${this.#text(last)}`);
    this.#add(
      'member',
      last,
      struct ?? '',
      isWrite ? 'write' : 'read',
      leadsTo === undefined ? {} : { leadsTo },
    );
  }

  #structMember(node: number): void {
    const type = this.#structOfTypeIn(node);
    const words = this.#typeWords(node);
    for (let child = this.#firstNode(node); child < node; child++) {
      if (this.#kind(child) !== NodeKind.Declarator) continue;
      const token = this.#nameTokenOf(child);
      if (type !== undefined) this.#memberStructs.set(`${this.#structTag} ${this.#text(token)}`, type);
      this.#add('member', token, this.#structTag, 'declaration', {
        detail: `${words} ${this.#sourceOf(child)}`,
        ...(type === undefined ? {} : { leadsTo: type }),
      });
    }
  }

  #structVariable(node: number): void {
    const token = this.#nameTokenOf(node);
    this.#structOf.set(this.#variableKey(token), this.#structTag);
    this.#variable(token, 'declaration', {
      detail: `struct ${this.#structTag} ${this.#sourceOf(node)}`,
      leadsTo: this.#structTag,
    });
  }

  #declaration(node: number): void {
    const targets = this.#targetsOf(node);
    const [first] = targets;
    if (first === undefined) return;
    const type = this.#structOfTypeIn(node);
    const words = this.#typeWords(node);
    const { start } = tokenSpan(this.tree.tokens, first);
    if (type !== undefined) this.#structOf.set(this.#variableKey(first), type);
    const index = this.#uses.findLastIndex(({ span }) => span.start === start);
    const use = this.#uses[index];
    if (use === undefined) return;
    const detail = `${words} ${use.name}`;
    this.#uses[index] = {
      ...use,
      role: 'declaration',
      detail,
      ...(type === undefined ? {} : { leadsTo: type }),
    };
  }

  #targetsOf(node: number): number[] {
    const tokens: number[] = [];
    for (let child = this.#firstNode(node); child < node; child++)
      if (this.#kind(child) === NodeKind.TargetName) tokens.push(this.#firstToken(child));
    return tokens;
  }

  #parameter(node: number): void {
    const token = this.#endToken(node) - 1;
    this.#variable(token, 'declaration', { detail: this.#sourceOf(node) });
  }

  #function(node: number): void {
    const head = this.#headOf(node);
    if (head === undefined) return;
    const end = tokenSpan(this.tree.tokens, Math.max(0, this.#endToken(head) - 1)).end;
    const extent = nodeSpan(this.tree, node);
    const detail = oneLine(this.tree.tokens.source.slice(extent.start, end));
    this.#add('function', this.#firstToken(head), '', 'declaration', { detail, extent });
  }

  #headOf(node: number): number | undefined {
    for (let child = this.#firstNode(node); child < node; child++)
      if (this.#kind(child) === NodeKind.FunctionHead) return child;
    return undefined;
  }

  #typedef(node: number): void {
    const token = this.#endToken(node) - 1;
    const struct = this.#structOfTypeIn(node);
    if (struct !== undefined) this.#typedefs.set(this.#text(token), struct);
    this.#add('type', token, '', 'declaration', {
      detail: this.#sourceOf(node),
      ...(struct === undefined ? {} : { leadsTo: struct }),
    });
  }

  /** The struct that the type at the beginning of a node names. */
  #structOfTypeIn(node: number): string | undefined {
    const type = this.#typeNodeIn(node);
    if (type === undefined) return undefined;
    const first = this.#firstToken(type);
    if (this.#kind(type) === NodeKind.StructTypeName) return this.#text(first + 1);
    return this.#typedefs.get(this.#text(first));
  }

  #typeNodeIn(node: number): number | undefined {
    const first = this.#firstNode(node);
    const kind = first < node ? this.#kind(first) : -1;
    return kind === NodeKind.TypeName || kind === NodeKind.StructTypeName ? first : undefined;
  }

  #typeWords(node: number): string {
    const type = this.#typeNodeIn(node);
    return type === undefined ? '' : this.#sourceOf(type);
  }

  #sourceOf(node: number): string {
    const { start, end } = nodeSpan(this.tree, node);
    return oneLine(this.tree.tokens.source.slice(start, end));
  }

  /** Stars stand before the name of a declarator. */
  #nameTokenOf(node: number): number {
    let token = this.#firstToken(node);
    while (this.tree.tokens.kinds[token] === TokenKind.Star) token++;
    return token;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Functions do not nest, so a head belongs to the next function that ends. */
function scopesOf({ tokens, nodes }: SyntaxTree): Scope[] {
  const scopes: Scope[] = [];
  let parameters = new Set<string>();
  let head: number | undefined;
  for (let node = 0; node < nodes.count; node++) {
    const kind: NodeKind = nodes.kinds[node] ?? 0;
    if (kind === NodeKind.Parameter) parameters.add(tokenText(tokens, (nodes.endTokens[node] ?? 1) - 1));
    if (kind === NodeKind.FunctionHead) head = nodes.firstTokens[node];
    if (kind !== NodeKind.Function || head === undefined) continue;
    const endToken = nodes.endTokens[node] ?? head;
    scopes.push({ name: tokenText(tokens, head), firstToken: head + 1, endToken, parameters });
    parameters = new Set();
    head = undefined;
  }
  return scopes;
}
