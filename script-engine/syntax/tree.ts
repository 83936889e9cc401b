import type { Diagnostic } from '../diagnostic';
import type { NodeKind } from './node-kind';
import type { Span } from './span';
import { tokenText, type TokenTable } from './token-kind';

/** Nodes in post-order: parallel arrays, no object per node. A subtree is the slice `firstNodes[i]`…`i`. */
export interface NodeTable {
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly firstTokens: Int32Array;
  /** Exclusive. A node without tokens has `endToken` = `firstToken`. */
  readonly endTokens: Int32Array;
  readonly firstNodes: Int32Array;
  readonly data: Int32Array;
}

/** The first mistake of the grammar, as upstream's parser would meet it. */
export interface SyntaxStop {
  /** The token upstream has scanned last. */
  readonly token: number;
  /** Code of catalog/upstream-errors. */
  readonly code: number;
}

export interface SyntaxTree {
  readonly tokens: TokenTable;
  readonly nodes: NodeTable;
  readonly diagnostics: readonly Diagnostic[];
  readonly stop: SyntaxStop | undefined;
  /** Include tokens whose file was not read, and why; the compiler reports them. */
  readonly unreadIncludes: ReadonlyMap<number, UnreadInclude>;
}

export interface UnreadInclude {
  /** Nobody has the file, or it has not the form that an included file must have (script-language 14). */
  readonly problem: 'missing' | 'malformed';
  /** Files from the one that the script itself includes to the one that is not read. */
  readonly chain: readonly string[];
}

/** The same numbers in a bigger array. */
export function widened(old: Int32Array, room: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(room);
  wide.set(old);
  return wide;
}

/** Scratch arrays bigger than this are not kept for the next tree. */
const keptNodes = 1 << 19;

/** A growing table of nodes, used for tree after tree. */
export class NodeBuilder {
  count = 0;
  #kinds = new Uint8Array(256);
  #firstTokens = new Int32Array(256);
  #endTokens = new Int32Array(256);
  #firstNodes = new Int32Array(256);
  #data = new Int32Array(256);

  /** Appends a node whose first descendant is `firstNode` (= its own index for a leaf). */
  add(kind: NodeKind, firstToken: number, endToken: number, firstNode: number, data: number): number {
    if (this.count === this.#kinds.length) this.#resize(this.count * 2);
    const index = this.count++;
    this.#kinds[index] = kind;
    this.#firstTokens[index] = firstToken;
    this.#endTokens[index] = endToken;
    this.#firstNodes[index] = firstNode;
    this.#data[index] = data;
    return index;
  }

  kindOf(index: number): NodeKind {
    return this.#kinds[index] ?? 0;
  }

  firstTokenOf(index: number): number {
    return this.#firstTokens[index] ?? 0;
  }

  /** Gives a node another kind: a name that turns out to be the target of an assignment. */
  rename(index: number, kind: NodeKind): void {
    this.#kinds[index] = kind;
  }

  /** Begins another tree. */
  reset(): void {
    this.count = 0;
    if (this.#kinds.length > keptNodes) this.#resize(256);
  }

  finish(): NodeTable {
    const { count } = this;
    return {
      count,
      kinds: this.#kinds.slice(0, count),
      firstTokens: this.#firstTokens.slice(0, count),
      endTokens: this.#endTokens.slice(0, count),
      firstNodes: this.#firstNodes.slice(0, count),
      data: this.#data.slice(0, count),
    };
  }

  #resize(room: number): void {
    const kept = Math.min(room, this.count);
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds.subarray(0, kept));
    this.#kinds = kinds;
    this.#firstTokens = widened(this.#firstTokens.subarray(0, kept), room);
    this.#endTokens = widened(this.#endTokens.subarray(0, kept), room);
    this.#firstNodes = widened(this.#firstNodes.subarray(0, kept), room);
    this.#data = widened(this.#data.subarray(0, kept), room);
  }
}

/** A node as an object, made when somebody asks. */
export class NodeView {
  constructor(
    readonly tree: SyntaxTree,
    readonly index: number,
  ) {}

  get kind(): NodeKind {
    return this.tree.nodes.kinds[this.index] ?? 0;
  }

  get data(): number {
    return this.tree.nodes.data[this.index] ?? 0;
  }

  get span(): Span {
    return nodeSpan(this.tree, this.index);
  }

  get text(): string {
    const { start, end } = this.span;
    return this.tree.tokens.source.slice(start, end);
  }

  /** Direct children in the order of the text. */
  children(): NodeView[] {
    const list: NodeView[] = [];
    const { firstNodes } = this.tree.nodes;
    const first = firstNodes[this.index] ?? this.index;
    for (let child = this.index - 1; child >= first; child = (firstNodes[child] ?? child) - 1)
      list.push(new NodeView(this.tree, child));
    return list.reverse();
  }
}

/** The whole tree; its root is the last node. */
export function rootOf(tree: SyntaxTree): NodeView {
  return new NodeView(tree, tree.nodes.count - 1);
}

/** From the start of a node's first token to the end of its last one. */
export function nodeSpan(tree: SyntaxTree, index: number): Span {
  const first = tree.nodes.firstTokens[index] ?? 0;
  const end = tree.nodes.endTokens[index] ?? first;
  const start = tree.tokens.starts[first] ?? 0;
  return { start, end: end > first ? (tree.tokens.ends[end - 1] ?? start) : start };
}

export function tokenSpan(tokens: TokenTable, index: number): Span {
  return { start: tokens.starts[index] ?? 0, end: tokens.ends[index] ?? 0 };
}

/** The text of all tokens with the gaps between them: equal to the source, whatever the source is. */
export function treeText(tree: SyntaxTree): string {
  const { tokens } = tree;
  let text = '';
  let at = 0;
  for (let i = 0; i < tokens.count; i++) {
    text += tokens.source.slice(at, tokens.starts[i]) + tokenText(tokens, i);
    at = tokens.ends[i] ?? at;
  }
  return text + tokens.source.slice(at);
}
