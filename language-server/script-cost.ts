/** What the scripts of a command cost for each hit, in words. */

import type { CommandText } from '../script-engine/command-file/checked-command';
import { compileScript } from '../script-engine/compiler/compile';
import { costOf, type ScriptCost } from '../script-engine/compiler/cost';
import { GlobalTable } from '../script-engine/compiler/global-table';
import { NodeKind } from '../script-engine/syntax/node-kind';
import { scriptTreesOf } from './script-trees';

export interface HitCost extends ScriptCost {
  /** Their bodies count once. */
  readonly loops: number;
}

const known = new WeakMap<CommandText, HitCost | undefined>();

const LOOPS: ReadonlySet<number> = new Set([NodeKind.For, NodeKind.While, NodeKind.DoWhile]);

/** Addresses change nothing of what a script costs. */
const anyAddress = { resolve: () => 0x1000n };

/** undefined for a command without a script, or with one that cannot be compiled alone. */
export function scriptCost(text: CommandText): HitCost | undefined {
  if (known.has(text)) return known.get(text);
  const [script] = scriptTreesOf(text);
  const options = { globals: new GlobalTable(), symbols: anyAddress };
  const compiled =
    script && compileScript(script.text.before + script.text.body.text + script.text.after, options).script;
  const cost = compiled && {
    ...costOf(compiled.bytes),
    loops: script.tree.nodes.kinds.filter((kind) => LOOPS.has(kind)).length,
  };
  known.set(text, cost);
  return cost;
}

/** E.g. `12 operations, 1 read, ≤ 40 bytes of text, 1 loop`. */
export function costText({ operations, memoryReads, memoryWrites, outputBytes, loops }: HitCost): string {
  const parts = [
    counted(operations, 'operation'),
    ...(memoryReads > 0 ? [counted(memoryReads, 'read')] : []),
    ...(memoryWrites > 0 ? [counted(memoryWrites, 'write')] : []),
    ...(outputBytes > 0 ? [`about ${counted(outputBytes, 'byte')} of text`] : []),
    ...(loops > 0 ? [`${counted(loops, 'loop')}, of each one round`] : []),
  ];
  return parts.join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
