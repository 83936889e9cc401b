/** All instructions of the evaluator, and how one is executed (script-language 7). */

import { SymbolKind } from '../catalog/opcodes';
import type { Execution } from './execution';
import { floatInstructions } from './float-instructions';
import { handlerTable, type HandlerGroup } from './instruction-table';
import { typedInstructions, untypedInstructions } from './integer-instructions';
import { memoryInstructions } from './memory-instructions';
import { printInstructions } from './printf';
import { ScriptFault } from './script-fault';
import { serviceInstructions } from './service-instructions';
import { stringInstructions } from './string-instructions';

const jump = (run: Execution): void => {
  run.slot = target(run, run.operand());
};

/** Jumps lead to a slot; one past the end leaves the script, which is how `return` ends it. */
function target(run: Execution, slot: number): number {
  if (run.script.kinds[slot] === SymbolKind.NUM) return run.script.indexes[slot] ?? 0;
  const value = run.read(slot);
  return value > 0xffff_ffffn ? 0xffff_ffff : Number(value);
}

const controlInstructions: HandlerGroup = {
  JMP: jump,
  JZ: (run) => {
    const to = run.operand();
    if (run.isZero(run.operand())) run.slot = target(run, to);
  },
  JNZ: (run) => {
    const to = run.operand();
    if (!run.isZero(run.operand())) run.slot = target(run, to);
  },
  MOV: (run) => {
    const source = run.operand();
    run.move(source, run.operand());
  },
  REFERENCE: (run) => {
    const address = run.addressOf(run.operand());
    run.write(run.operand(), address);
  },
  PUSH: (run) => run.push(run.take()),
  POP: (run) => run.write(run.operand(), run.pop()),
  CALL: (run) => {
    const to = target(run, run.operand());
    run.push(BigInt(run.slot));
    run.slot = to;
  },
  RET: (run) => {
    const to = run.pop();
    run.slot = to > 0xffff_ffffn ? 0xffff_ffff : Number(to);
  },
};

const handlers = handlerTable([
  controlInstructions,
  untypedInstructions,
  typedInstructions,
  floatInstructions,
  memoryInstructions,
  stringInstructions,
  serviceInstructions,
  printInstructions,
]);

/** Executes the instruction at a slot; afterwards `run.slot` is where the script goes on. */
export function executeInstruction(run: Execution, slot: number): void {
  const { kinds, indexes } = run.script;
  run.slot = slot + 1;
  const handler = kinds[slot] === SymbolKind.SEMANTIC_RULE ? handlers[indexes[slot] ?? 0] : undefined;
  if (handler === undefined) withoutHandler(run, slot);
  else handler(run);
}

/** Upstream skips such slots in user mode, with a message; a kernel would run whatever number stands there. */
function withoutHandler(run: Execution, slot: number): void {
  if (run.script.kinds[slot] === SymbolKind.SEMANTIC_RULE) return;
  if (!run.isUserMode) throw new ScriptFault('there is no instruction at this place of the script buffer');
  run.machine.print('err, expecting operator type\n');
}
