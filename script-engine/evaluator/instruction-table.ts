import { opcodeValue } from '../catalog/opcodes';
import type { Execution } from './execution';

/** Executes one instruction, whose opcode slot has been taken. */
export type Handler = (run: Execution) => void;

/** Handlers of a group of instructions by the opcode's name without `FUNC_`. */
export type HandlerGroup = Readonly<Record<string, Handler>>;

/** One table of all groups; the index is the opcode. */
export function handlerTable(groups: readonly HandlerGroup[]): readonly (Handler | undefined)[] {
  const table: (Handler | undefined)[] = [];
  for (const group of groups) {
    for (const [name, handler] of Object.entries(group)) table[opcodeValue(`FUNC_${name}`)] = handler;
  }
  return table;
}
