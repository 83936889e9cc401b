/** What a debugger knows about a compiled script: which instruction belongs to which place, and where its variables live. */

import { SymbolKind } from '../catalog/opcodes';
import type { ScriptAnalysis } from '../compiler/compile';
import type { CompiledScript } from '../compiler/compiled-script';
import { Op } from '../compiler/instruction-opcodes';
import { prepareScript, type PreparedScript } from '../evaluator/prepare';
import type { FunctionScope, Variable } from '../semantics/scope';
import { NodeKind } from '../syntax/node-kind';

/** A user function, or the main program. */
export interface DebugFunction {
  readonly name: string;
  readonly scope: FunctionScope;
  /** First slot, which a CALL goes to, and the slot behind the last one. */
  readonly start: number;
  readonly end: number;
  /** Frame slot of the first local. */
  readonly firstLocal: number;
  /** The same for arrays and structs, whose place can differ (script-language 13 #8). */
  readonly firstAggregate: number;
}

export interface DebugInfo {
  readonly prepared: PreparedScript;
  /** The main program first. */
  readonly functions: readonly DebugFunction[];
  /** For each slot the offset of its statement in the source, where a debugger can stop before it; else −1. */
  readonly stopOffsets: Int32Array;
}

/** `PUSH SB`, `MOV SI SB`, `ADD #n SI SI`; `MOV SB SI`, `POP SB`, `RET`; `ADD #n SI SI` of the main program (script-language 5.4). */
const PROLOGUE_SLOTS = 9;
const EPILOGUE_SLOTS = 6;
const MAIN_PROLOGUE_SLOTS = 4;
/** `JMP #end` in front of a function, which the main program skips it with. */
const SKIP_SLOTS = 2;
/** Of the size in an `ADD #n SI SI`, from the end of it. */
const SIZE_FROM_END = 3;

/** Statements that are one jump; other jumps belong to the shape of a loop or `if`, where nobody wants to stop. */
const JUMP_STATEMENT = /^(?:return|break|continue)\b/;

/** Makes the debug information of an analysed script. */
export function debugInfoOf(
  analysis: ScriptAnalysis,
  script: CompiledScript,
  source: string,
  isSafeMode: boolean,
): DebugInfo {
  const prepared = prepareScript(script.bytes, script.symbolCount);
  const functions = functionsOf(analysis, prepared, isSafeMode);
  const stopOffsets = instructionOffsets(prepared, script.sourceOffsets, source);
  const closings = closingOffsets(analysis);
  functions.forEach((one, index) => {
    if (index === 0) {
      stopOffsets.fill(-1, 0, MAIN_PROLOGUE_SLOTS);
      return;
    }
    stopOffsets.fill(-1, one.start - SKIP_SLOTS, one.start + PROLOGUE_SLOTS);
    stopOffsets.fill(-1, one.end - EPILOGUE_SLOTS, one.end);
    // The end of a function is its closing brace: there its variables can be seen for the last time.
    stopOffsets[one.end - EPILOGUE_SLOTS] = closings[index - 1] ?? -1;
  });
  return { prepared, functions, stopOffsets };
}

function instructionOffsets(
  prepared: PreparedScript,
  sourceOffsets: Int32Array,
  source: string,
): Int32Array<ArrayBuffer> {
  const offsets = new Int32Array(prepared.symbolCount).fill(-1);
  for (let slot = 0; slot < prepared.symbolCount; slot += prepared.widths[slot] || 1) {
    if (prepared.kinds[slot] !== SymbolKind.SEMANTIC_RULE) continue;
    const offset = sourceOffsets[slot] ?? -1;
    const isShape =
      prepared.indexes[slot] === Op.JMP && !JUMP_STATEMENT.test(source.slice(offset, offset + 9));
    if (offset >= 0 && !isShape) offsets[slot] = offset;
  }
  return offsets;
}

function functionsOf(
  { names, scopes }: ScriptAnalysis,
  prepared: PreparedScript,
  isSafeMode: boolean,
): DebugFunction[] {
  const addresses = [...names.functions.values()].slice(1).map(({ address }) => address);
  const functions: DebugFunction[] = [];
  for (const [index, scope] of scopes.entries()) {
    const isMain = index === 0;
    const start = isMain ? 0 : (addresses[index - 1] ?? 0);
    const prologueEnd = start + (isMain ? MAIN_PROLOGUE_SLOTS : PROLOGUE_SLOTS);
    const frameSlots = prepared.indexes[prologueEnd - SIZE_FROM_END] ?? 0;
    const firstLocal = frameSlots - scope.localSlots;
    const end = isMain ? prepared.symbolCount : (prepared.indexes[start - 1] ?? start);
    const firstAggregate = isMain || isSafeMode ? firstLocal : (functions[0]?.firstLocal ?? firstLocal);
    functions.push({ name: scope.name, scope, start, end, firstLocal, firstAggregate });
  }
  return functions;
}

/** Offsets of the closing braces of all functions, in their order. */
function closingOffsets({ tree: { nodes, tokens }, originalOffset }: ScriptAnalysis): number[] {
  const offsets: number[] = [];
  for (let node = 0; node < nodes.count; node++) {
    if (nodes.kinds[node] !== NodeKind.Function) continue;
    offsets.push(originalOffset(tokens.starts[(nodes.endTokens[node] ?? 1) - 1] ?? -1));
  }
  return offsets;
}

/** Frame slot of a local variable, relative to the frame's base. */
export function frameSlot(owner: DebugFunction, { type, index }: Variable): number {
  const isAggregate = type?.kind === 'array' || type?.kind === 'struct';
  return index + (isAggregate ? owner.firstAggregate : owner.firstLocal);
}
