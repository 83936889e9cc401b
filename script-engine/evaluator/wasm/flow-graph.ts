/** The instructions of a symbol buffer that can be reached, in basic blocks. */

import { opcodes, SymbolKind } from '../../catalog/opcodes';
import type { PreparedScript } from '../prepare';

export interface Instruction {
  readonly slot: number;
  /** The opcode's name without `FUNC_`; empty for a slot that holds no opcode. */
  readonly name: string;
  /** Slots of the operands. */
  readonly operands: readonly number[];
  /** Slot after the operands. */
  readonly next: number;
  /** False when the operands run over the end of the buffer: such an instruction always fails. */
  readonly isComplete: boolean;
}

export interface BasicBlock {
  readonly start: number;
  readonly instructions: readonly Instruction[];
  /** Slots of blocks that the last instruction jumps to. */
  readonly targets: readonly number[];
  /** Slot where the block goes on after its last instruction, if it does. */
  readonly next: number | undefined;
}

export interface FlowGraph {
  /** In the order of their slots. */
  readonly blocks: readonly BasicBlock[];
  readonly indexBySlot: ReadonlyMap<number, number>;
  /** Slots behind calls, where a RET may go on. */
  readonly returnSites: readonly number[];
  /** False when SB is 0 from the start to the end. */
  readonly changesBase: boolean;
}

const FORMAT_OPERANDS = 2;

function instructionAt(script: PreparedScript, slot: number): Instruction {
  const { kinds, indexes, widths } = script;
  if (kinds[slot] !== SymbolKind.SEMANTIC_RULE)
    return { slot, name: '', operands: [], next: slot + 1, isComplete: true };
  const opcode = opcodes[indexes[slot] ?? 0];
  const name = opcode?.name.slice('FUNC_'.length) ?? '';
  let wanted = opcode?.operands?.length ?? 0;
  if (name === 'PRINTF') wanted = FORMAT_OPERANDS;
  const operands: number[] = [];
  let next = slot + 1;
  while (operands.length < wanted) {
    const width = widths[next] ?? 0;
    if (width === 0) return { slot, name, operands, next, isComplete: false };
    operands.push(next);
    next += width;
    // The second operand of printf says how many follow; a number that is not true fails anyway.
    if (name === 'PRINTF' && operands.length === FORMAT_OPERANDS) wanted += indexes[operands[1] ?? 0] ?? 0;
  }
  return { slot, name, operands, next, isComplete: true };
}

/** Where an instruction jumps to, as far as its operand is a constant, and whether it may go on behind itself. */
function flowOf(script: PreparedScript, { name, operands, next }: Instruction) {
  const [target] = operands;
  const isConstant = target !== undefined && script.kinds[target] === SymbolKind.NUM;
  const targets = isConstant ? [script.indexes[target] ?? 0] : [];
  switch (name) {
    case 'JMP':
      return { targets, next: undefined, isEnd: true };
    case 'CALL':
      return { targets, next: undefined, isEnd: true };
    case 'RET':
      return { targets: [], next: undefined, isEnd: true };
    case 'JZ':
    case 'JNZ':
      return { targets, next, isEnd: true };
    default:
      return { targets: [], next, isEnd: touchesBase(script, operands) };
  }
}

/** Where SB changes, the frame moves: the next block checks it anew. */
function touchesBase(script: PreparedScript, operands: readonly number[]): boolean {
  return operands.some((slot) => script.kinds[slot] === SymbolKind.STACK_BASE_INDEX);
}

/** Follows the script from its start and from `entry`; undefined when it has more than `limit` instructions. */
export function flowGraph(script: PreparedScript, entry: number, limit: number): FlowGraph | undefined {
  const { symbolCount } = script;
  const found = new Map<number, Instruction>();
  const leaders = new Set<number>();
  const fallenInto = new Set<number>();
  const returnSites: number[] = [];
  const waiting: number[] = [];
  let changesBase = false;
  const lead = (slot: number): void => {
    if (slot >= symbolCount || leaders.has(slot)) return;
    leaders.add(slot);
    waiting.push(slot);
  };
  lead(0);
  lead(entry);
  for (let slot = waiting.pop(); slot !== undefined; slot = waiting.pop()) {
    while (slot < symbolCount && !found.has(slot)) {
      const instruction = instructionAt(script, slot);
      found.set(slot, instruction);
      if (found.size > limit) return undefined;
      if (!instruction.isComplete) break;
      if (instruction.name !== 'PUSH' && touchesBase(script, instruction.operands)) changesBase = true;
      const { targets, next, isEnd } = flowOf(script, instruction);
      targets.forEach(lead);
      if (instruction.name === 'CALL') {
        lead(instruction.next);
        returnSites.push(instruction.next);
      }
      if (next === undefined) break;
      if (isEnd) lead(next);
      // Two instructions that overlap can lead to the same third one.
      else if (fallenInto.has(next)) lead(next);
      fallenInto.add(next);
      slot = next;
    }
  }
  const starts = [...leaders].sort((one, other) => one - other);
  return {
    blocks: starts.map((start) => blockAt(script, start, found, leaders)),
    indexBySlot: new Map(starts.map((start, index) => [start, index])),
    returnSites: returnSites.filter((slot) => slot < symbolCount),
    changesBase,
  };
}

function blockAt(
  script: PreparedScript,
  start: number,
  found: ReadonlyMap<number, Instruction>,
  leaders: ReadonlySet<number>,
): BasicBlock {
  const instructions: Instruction[] = [];
  let slot = start;
  for (;;) {
    const instruction = found.get(slot);
    if (instruction === undefined) throw new Error(`no instruction was found at slot ${slot}`);
    instructions.push(instruction);
    if (!instruction.isComplete) return { start, instructions, targets: [], next: undefined };
    const { targets, next, isEnd } = flowOf(script, instruction);
    if (isEnd || next === undefined || next >= script.symbolCount || leaders.has(next))
      return { start, instructions, targets, next };
    slot = next;
  }
}
