/** Translates a symbol buffer into one WebAssembly function. */

import { SymbolKind } from '../../catalog/opcodes';
import type { PreparedScript } from '../prepare';
import { layout, STACK_WORDS } from './arena';
import { Label } from './code-writer';
import type { EmitterGroup } from './emitter';
import { floatEmitters } from './float-code';
import { flowGraph, type BasicBlock, type FlowGraph, type Instruction } from './flow-graph';
import { FunctionBuilder, Local, localCounts, type Variant } from './function-builder';
import { integerEmitters, popWord, pushRoom, pushWord, typedEmitters } from './integer-code';
import { memoryEmitters } from './memory-code';
import { moduleOf, STEP_FUNCTION } from './module-writer';
import { dispatchTo, itemOf, regionAround, regionsOf, routeBetween, type Edge, type Region } from './regions';

/** Longer scripts, and wilder jumps than people write, would hold everything up while they are compiled. */
const MOST_INSTRUCTIONS = 4000;
const MOST_DISPATCHES = 4000;
/** So many blocks are found by comparisons, more by a table. */
const MOST_COMPARISONS = 4;

const emitters: EmitterGroup = { ...integerEmitters, ...typedEmitters, ...floatEmitters, ...memoryEmitters };
const controlInstructions = new Set(['JMP', 'JZ', 'JNZ', 'CALL', 'RET', 'PUSH', 'POP']);
const registersOfTheRun = new Set<number | undefined>([
  SymbolKind.STACK_INDEX,
  SymbolKind.STACK_BASE_INDEX,
  SymbolKind.RETURN_VALUE,
]);

export interface Translation {
  readonly module: Uint8Array;
  /** What `run` must be given to start at the slot that was asked for. */
  readonly entry: number;
  /** Whether SB may be anything but 0. */
  readonly movesFrame: boolean;
  /** Words of the stack, from its start, that must be 0 before a run. */
  readonly clearedWords: number;
  readonly registers: readonly number[];
  readonly writtenRegisters: readonly number[];
  readonly globals: readonly number[];
  readonly writtenGlobals: readonly number[];
}

/** The script, to be entered at its start and at `entry`; undefined when it is too long or too wild. */
export function translate(script: PreparedScript, variant: Variant, entry: number): Translation | undefined {
  const graph = flowGraph(script, entry, MOST_INSTRUCTIONS);
  if (graph === undefined || graph.blocks.length === 0) return undefined;
  const root = regionsOf(graph.blocks.length, edgesOf(graph));
  return root && new Translator(script, variant, graph, root).translate(entry);
}

class Translator {
  readonly #builder: FunctionBuilder;
  readonly #root: Region;
  /** The end of the function: the interpreter goes on at `slot`, or the script is over. */
  readonly #leave = new Label();

  constructor(
    readonly script: PreparedScript,
    variant: Variant,
    readonly graph: FlowGraph,
    root: Region,
  ) {
    this.#builder = new FunctionBuilder(script, variant, graph.changesBase);
    this.#root = root;
  }

  translate(entrySlot: number): Translation | undefined {
    const { code } = this.#builder;
    const entry = entrySlot === 0 ? 0 : this.#blockAt(entrySlot) + 1;
    if (this.#planDispatchers(entry) > MOST_DISPATCHES) return undefined;
    code.i32(0).access('i32.load', layout.stackIndex).set(Local.stackIndex);
    code.i32(0).access('i32.load', layout.baseIndex).set(Local.baseIndex);
    code.i32(0).access('i32.load', layout.completed).set(Local.completed);
    this.#builder.setFrame();
    code.block(this.#leave);
    this.#emitRegion(this.#root);
    // Where the code ends, the script does.
    code.i32(this.script.symbolCount).set(Local.slot);
    code.end();
    code.i32(0).get(Local.stackIndex).access('i32.store', layout.stackIndex);
    code.i32(0).get(Local.baseIndex).access('i32.store', layout.baseIndex);
    code.i32(0).get(Local.completed).access('i32.store', layout.completed);
    code.get(Local.slot);
    const { movesFrame, reachesStack, largestFrameSlot } = this.#builder;
    const { registers, writtenRegisters, globals, writtenGlobals } = this.#builder;
    return {
      module: moduleOf(code.bytes, localCounts),
      entry,
      movesFrame,
      clearedWords: movesFrame || reachesStack ? STACK_WORDS : largestFrameSlot + 1,
      registers: [...registers],
      writtenRegisters: [...writtenRegisters],
      globals: [...globals],
      writtenGlobals: [...writtenGlobals],
    };
  }

  #blockAt(slot: number): number {
    const index = this.graph.indexBySlot.get(slot);
    if (index === undefined) throw new Error(`no block begins at slot ${slot}`);
    return index;
  }

  /** The answer is how many entries all dispatchers have; it may stop counting beyond the limit. */
  #planDispatchers(entry: number): number {
    let count = entry > 0 ? dispatchTo(this.#root, entry - 1) : 0;
    for (const slot of this.graph.returnSites) {
      if (count > MOST_DISPATCHES) return count;
      count += dispatchTo(this.#root, this.#blockAt(slot));
    }
    for (const [from, to] of edgesOf(this.graph)) {
      if (count > MOST_DISPATCHES) return count;
      if (!routeBetween(this.#root, [from, to]).isDispatched) continue;
      let region = regionAround(this.#root, from);
      while (to < region.first || to > region.last) region = region.parent ?? this.#root;
      const { inner } = itemOf(region, to);
      if (inner !== undefined) count += dispatchTo(inner, to);
    }
    return count;
  }

  /** The outermost region is a loop too, for RET. */
  #emitRegion(region: Region): void {
    const { code } = this.#builder;
    code.loop(region.start);
    for (const { label } of [...region.items].reverse()) code.block(label);
    this.#emitDispatcher(region);
    for (const item of region.items) {
      code.end();
      if (item.inner === undefined) this.#emitBlock(item.first);
      else this.#emitRegion(item.inner);
    }
    code.end();
  }

  #emitDispatcher(region: Region): void {
    const { dispatched, items } = region;
    const { code } = this.#builder;
    const [first] = items;
    if (dispatched.size === 0 || first === undefined) return;
    const blocks = [...dispatched];
    if (blocks.length <= MOST_COMPARISONS) {
      for (const block of blocks)
        code
          .get(Local.entry)
          .i32(block + 1)
          .op('i32.eq')
          .jumpIf(itemOf(region, block).label);
      return;
    }
    const greatest = Math.max(...blocks) + 1;
    const labels = Array.from({ length: greatest + 1 }, (_, entry) =>
      dispatched.has(entry - 1) ? itemOf(region, entry - 1).label : first.label,
    );
    code.get(Local.entry).jumpTable([...labels, first.label]);
  }

  #emitBlock(index: number): void {
    const block = this.graph.blocks[index];
    if (block === undefined) return;
    const { code } = this.#builder;
    // Dispatchers of loops around must not lead here again.
    if (this.#isDispatched(index)) code.i32(0).set(Local.entry);
    this.#emitFrameCheck(block);
    this.#emitCount(block);
    block.instructions.forEach((instruction, position) => {
      const remaining = block.instructions.length - position;
      if (controlInstructions.has(instruction.name) && instruction.isComplete)
        this.#emitControl(index, instruction, remaining);
      else this.#emitInstruction(instruction, remaining);
    });
    const { next } = block;
    if (next === undefined) return;
    if (next >= this.script.symbolCount) this.#emitEnd();
    else if (this.#blockAt(next) !== index + 1) this.#emitJump(index, this.#blockAt(next));
  }

  #isDispatched(block: number): boolean {
    for (let region: Region | undefined = regionAround(this.#root, block); region; region = region.parent)
      if (region.dispatched.has(block)) return true;
    return false;
  }

  /** Where a frame slot lies outside the stack, the interpreter finds out which one. */
  #emitFrameCheck({ start, instructions }: BasicBlock): void {
    const { code, movesFrame } = this.#builder;
    const slots = instructions.flatMap(({ operands }) => operands);
    const { least, most } = this.#builder.frameRange(slots);
    if (least > (movesFrame ? most : 0)) {
      code.i32(start).set(Local.slot).jump(this.#leave);
      return;
    }
    if (!movesFrame || (least === 0 && most === STACK_WORDS - 1)) return;
    const inside = new Label();
    code.block(inside).get(Local.baseIndex).i32(least).op('i32.sub');
    code
      .i32(most - least)
      .op('i32.le_u')
      .jumpIf(inside);
    code.i32(start).set(Local.slot).jump(this.#leave).end();
  }

  /** A block that would cross the limit is counted by the interpreter, one instruction at a time. */
  #emitCount({ start, instructions }: BasicBlock): void {
    const { code } = this.#builder;
    const within = new Label();
    code.block(within).get(Local.completed).i32(instructions.length).op('i32.add').tee(Local.completed);
    code.get(Local.limit).op('i32.le_u').jumpIf(within);
    this.#leaveAt(start, instructions.length);
    code.end();
  }

  /** Leaves before an instruction; `remaining` instructions of its block were counted but not executed. */
  #leaveAt(slot: number, remaining: number): void {
    const { code } = this.#builder;
    code.get(Local.completed).i32(remaining).op('i32.sub').set(Local.completed);
    code.i32(slot).set(Local.slot).jump(this.#leave);
  }

  /** The script's end. */
  #emitEnd(): void {
    this.#builder.code.i32(this.script.symbolCount).set(Local.slot).jump(this.#leave);
  }

  #emitInstruction(instruction: Instruction, remaining: number): void {
    const { code } = this.#builder;
    const done = new Label();
    const slow = new Label();
    code.block(done).block(slow);
    const emitter = instruction.isComplete ? emitters[instruction.name] : undefined;
    const isEmitted = emitter?.(this.#builder, instruction.operands, slow) === true;
    if (isEmitted && slow.isUsed) code.jump(done);
    code.end();
    if (!isEmitted || slow.isUsed) this.#emitStep(instruction, remaining);
    code.end();
  }

  /** Lets the interpreter execute one instruction, or all from here on where it may change what is kept in locals. */
  #emitStep(instruction: Instruction, remaining: number): void {
    const { code } = this.#builder;
    const { slot, operands, next, isComplete } = instruction;
    const changesRun = operands.some((operand) => registersOfTheRun.has(this.script.kinds[operand]));
    if (!isComplete || changesRun) {
      this.#leaveAt(slot, remaining);
      return;
    }
    const asExpected = new Label();
    code.block(asExpected).i32(slot);
    code.get(Local.completed).i32(remaining).op('i32.sub').get(Local.baseIndex).call(STEP_FUNCTION);
    code.tee(Local.slot).i32(next).op('i32.eq').jumpIf(asExpected);
    code
      .get(Local.completed)
      .i32(remaining - 1)
      .op('i32.sub');
    code.set(Local.completed).jump(this.#leave).end();
  }

  #emitControl(index: number, { slot, name, operands, next }: Instruction, remaining: number): void {
    const { code } = this.#builder;
    const done = new Label();
    const slow = new Label();
    code.block(done).block(slow);
    const isEmitted = this.#emitControlFast(index, name, operands, next, slow);
    if (isEmitted && slow.isUsed) code.jump(done);
    code.end();
    if (!isEmitted || slow.isUsed) this.#leaveAt(slot, remaining);
    code.end();
  }

  #emitControlFast(
    index: number,
    name: string,
    operands: readonly number[],
    next: number,
    slow: Label,
  ): boolean {
    const builder = this.#builder;
    const { code } = builder;
    if (name === 'PUSH' || name === 'POP') return emitters[name]?.(builder, operands, slow) === true;
    if (name === 'RET') {
      this.#emitReturn(slow);
      return true;
    }
    const [targetSlot = 0, condition] = operands;
    if (builder.kind(targetSlot) !== SymbolKind.NUM) return false;
    const target = builder.index(targetSlot);
    if (name === 'CALL') {
      pushRoom(builder, slow);
      pushWord(builder, () => code.i64(BigInt(next)));
    } else if (condition !== undefined) {
      if (!builder.canAccess(condition)) return false;
      const stays = new Label();
      code.block(stays);
      builder.read(condition, slow);
      code.op('i64.eqz');
      if (name === 'JZ') code.op('i32.eqz');
      code.jumpIf(stays);
      this.#emitJumpToSlot(index, target);
      code.end();
      return true;
    }
    this.#emitJumpToSlot(index, target);
    return true;
  }

  #emitJumpToSlot(index: number, slot: number): void {
    if (slot >= this.script.symbolCount) this.#emitEnd();
    else this.#emitJump(index, this.#blockAt(slot));
  }

  #emitJump(from: number, to: number): void {
    const { code } = this.#builder;
    const { label, isDispatched } = routeBetween(this.#root, [from, to]);
    if (isDispatched) code.i32(to + 1).set(Local.entry);
    code.jump(label);
  }

  /** Goes on behind the call whose slot is on the stack; to the interpreter when there is none. */
  #emitReturn(slow: Label): void {
    const builder = this.#builder;
    const { code } = builder;
    popWord(builder, slow);
    const goesOn = new Label();
    code.block(goesOn);
    for (const site of new Set(this.graph.returnSites)) {
      code.i32(this.#blockAt(site) + 1).set(Local.entry);
      code.get(Local.a).i64(BigInt(site)).op('i64.eq').jumpIf(goesOn);
    }
    code.i32(0).set(Local.entry).jump(slow).end();
    code.get(Local.stackIndex).i32(1).op('i32.sub').set(Local.stackIndex);
    code.jump(this.#root.start);
  }
}

function edgesOf({ blocks, indexBySlot }: FlowGraph): readonly Edge[] {
  return blocks.flatMap(({ targets, next }, from) =>
    [...targets, ...(next === undefined ? [] : [next])].flatMap((slot): Edge[] => {
      const to = indexBySlot.get(slot);
      return to === undefined ? [] : [[from, to]];
    }),
  );
}
