/**
 * Jumps of a flow graph as WebAssembly can have them: loops that nest, forward jumps to the end of a block, backward jumps to
 * the start of a loop. Whatever enters a loop elsewhere than at its start goes through the loop's dispatcher.
 */

import { Label } from './code-writer';

/** A stretch of blocks in the order of the code. All but the outermost one are loops. */
export interface Region {
  readonly first: number;
  readonly last: number;
  readonly parent: Region | undefined;
  /** Blocks and inner loops, in order. */
  readonly items: readonly Item[];
  readonly start: Label;
  /** Blocks inside that are entered through the dispatcher at the start. */
  readonly dispatched: Set<number>;
}

export interface Item {
  readonly first: number;
  readonly last: number;
  /** Jumping here enters the item at its start. */
  readonly label: Label;
  /** undefined for a single block. */
  readonly inner: Region | undefined;
}

export interface Route {
  readonly label: Label;
  /** The dispatcher behind the label must be told the block. */
  readonly isDispatched: boolean;
}

interface Interval {
  readonly first: number;
  last: number;
}

export type Edge = readonly [from: number, to: number];

/** Deeper loops are no program that anybody wrote, and the time for them grows with the square of their depth. */
const MOST_NESTED_LOOPS = 64;

/** Nests the loops of `count` blocks with these jumps between them; undefined when they nest too deep. */
export function regionsOf(count: number, edges: readonly Edge[]): Region | undefined {
  const loops = loopsOf(edges);
  if (nestingOf(loops) > MOST_NESTED_LOOPS) return undefined;
  return regionOf({ first: 0, last: count - 1 }, undefined, loops);
}

function nestingOf(loops: readonly Interval[]): number {
  const open: Interval[] = [];
  let deepest = 0;
  for (const loop of loops) {
    while ((open.at(-1)?.last ?? loop.first) < loop.first) open.pop();
    open.push(loop);
    deepest = Math.max(deepest, open.length);
  }
  return deepest;
}

/** Loops by their first block; two that overlap without nesting are made to nest. */
function loopsOf(edges: readonly Edge[]): readonly Interval[] {
  const byFirst = new Map<number, Interval>();
  for (const [from, to] of edges) {
    if (to > from) continue;
    const known = byFirst.get(to);
    if (known === undefined) byFirst.set(to, { first: to, last: from });
    else known.last = Math.max(known.last, from);
  }
  const loops = [...byFirst.values()].sort((one, other) => one.first - other.first);
  // From the innermost starts outwards: a loop that an inner one leaves behind grows to the inner one's end.
  for (let index = loops.length - 1; index >= 0; index--) {
    const loop = loops[index];
    if (loop === undefined) continue;
    for (const inner of loops.slice(index + 1)) {
      if (inner.first > loop.last) break;
      loop.last = Math.max(loop.last, inner.last);
    }
  }
  return loops;
}

function regionOf({ first, last }: Interval, parent: Region | undefined, loops: readonly Interval[]): Region {
  const items: Item[] = [];
  const region: Region = { first, last, parent, items, start: new Label(), dispatched: new Set() };
  const isRoot = parent === undefined;
  const within = loops.filter((loop) => loop.first >= first && loop.last <= last);
  // A loop over all blocks lies inside the outermost region, not instead of it.
  const inner = isRoot ? within : within.filter((loop) => loop.first !== first);
  for (let block = first; block <= last; block++) {
    const loop = inner.find((candidate) => candidate.first === block);
    const label = new Label();
    if (loop === undefined) {
      items.push({ first: block, last: block, label, inner: undefined });
      continue;
    }
    items.push({ first: block, last: loop.last, label, inner: regionOf(loop, region, inner) });
    block = loop.last;
  }
  return region;
}

/** The innermost region that holds the block. */
export function regionAround(root: Region, block: number): Region {
  let region = root;
  for (;;) {
    const inner = itemOf(region, block).inner;
    if (inner === undefined) return region;
    region = inner;
  }
}

export function itemOf(region: Region, block: number): Item {
  const { items } = region;
  let least = 0;
  let most = items.length - 1;
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if ((items[middle]?.first ?? 0) <= block) least = middle;
    else most = middle - 1;
  }
  const item = items[least];
  if (item === undefined || block < item.first || block > item.last)
    throw new Error(`block ${block} lies outside its region`);
  return item;
}

/** How to jump from one block to another. */
export function routeBetween(root: Region, [from, to]: Edge): Route {
  let region = regionAround(root, from);
  while (to < region.first || to > region.last) region = region.parent ?? root;
  if (to <= from) return { label: region.start, isDispatched: to !== region.first };
  const item = itemOf(region, to);
  return { label: item.label, isDispatched: to !== item.first };
}

/**
 * Makes the dispatchers that lead to the block; the outermost of them has the label `region.start`. The answer is how many
 * there are.
 */
export function dispatchTo(region: Region, block: number): number {
  let inner: Region | undefined = region;
  let count = 0;
  while (inner !== undefined && (inner.first !== block || inner.parent === undefined)) {
    inner.dispatched.add(block);
    inner = itemOf(inner, block).inner;
    count++;
  }
  return count;
}
