/** Runs random programs in both tiers of the evaluator and says where they differ. */

import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { UserModeMachine } from '../../../../script-engine/conformance/user-mode-machine';
import { userModeBases } from '../../../../script-engine/conformance/user-mode-map';
import { runScript, type RunOptions } from '../../../../script-engine/evaluator/interpreter';
import { MalformedScriptError, prepareScript } from '../../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../../script-engine/evaluator/session';
import { Random } from '../../../random';
import { TestMachine } from '../test-machine';
import { randomBuffer } from './random-buffers';
import { ScriptText } from './random-scripts';

interface Program {
  /** For people: the text or the slots. */
  readonly description: string;
  readonly bytes: Uint8Array;
  readonly symbolCount: number;
}

interface Surroundings {
  readonly isUserMode: boolean;
  readonly registers: readonly bigint[];
  readonly globals: readonly bigint[];
  readonly options: RunOptions;
}

export interface Tally {
  scripts: number;
  buffers: number;
  /** Runs that ended without an error. */
  completed: number;
  instructions: number;
}

export const noPrograms = (): Tally => ({ scripts: 0, buffers: 0, completed: 0, instructions: 0 });

/** Makes and compares the program of a seed; the answer is what is wrong, or undefined. */
export function compareTiers(seed: number, tally: Tally): string | undefined {
  const random = new Random(seed);
  const program = random.below(2) === 0 ? scriptProgram(random) : bufferProgram(random);
  if (program.description.startsWith('script')) tally.scripts++;
  else tally.buffers++;
  const surroundings = randomSurroundings(random);
  const expected = traceOf(program, surroundings, Infinity, tally);
  const shown = (compileAfter: number): string | undefined => {
    const found = traceOf(program, surroundings, compileAfter, undefined);
    if (found === expected) return undefined;
    const at = compileAfter === 0 ? 'at once' : `after ${compileAfter} instructions`;
    return [
      program.description,
      JSON.stringify(surroundings, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      `interpreted: ${expected}`,
      `compiled ${at}: ${found}`,
    ].join('\n');
  };
  return shown(0) ?? shown(1 + random.below(random.below(2) === 0 ? 8 : 60));
}

function scriptProgram(random: Random): Program {
  for (;;) {
    const source = new ScriptText(random).text();
    const { script } = compileScript(source, {
      globals: new GlobalTable(),
      mode: random.pick(['exact', 'safe']),
    });
    if (script === undefined) continue;
    return { description: `script:\n${source}`, bytes: script.bytes, symbolCount: script.symbolCount };
  }
}

function bufferProgram(random: Random): Program {
  for (;;) {
    const { bytes, symbolCount } = randomBuffer(random);
    try {
      prepareScript(bytes, symbolCount);
    } catch (error) {
      if (!(error instanceof MalformedScriptError)) throw error;
      continue;
    }
    const view = new DataView(bytes.buffer);
    const slots = Array.from({ length: symbolCount }, (_, slot) =>
      [0, 8, 16].map((offset) => view.getBigUint64(slot * 24 + offset, true).toString(16)).join('/'),
    );
    return { description: `buffer:\n${slots.join(' ')}`, bytes, symbolCount };
  }
}

function randomSurroundings(random: Random): Surroundings {
  const word = (): bigint => (random.below(2) === 0 ? BigInt(random.below(0x6000)) : random.bits(64));
  return {
    isUserMode: random.below(2) === 0,
    registers: Array.from({ length: 16 }, word),
    globals: Array.from({ length: 4 }, word),
    options: {
      maxInstructions: random.below(3) === 0 ? random.below(200) : random.pick([1000, 5000, 20_000]),
      upstreamFaults: random.below(4) === 0,
      registersArePins: random.below(8) === 0,
    },
  };
}

/** All that a run leaves behind, and a second run of the same script in the same session. */
function traceOf(
  program: Program,
  surroundings: Surroundings,
  compileAfter: number,
  tally: Tally | undefined,
): string {
  const { isUserMode, registers, globals, options } = surroundings;
  const machine = isUserMode ? new UserModeMachine() : new TestMachine();
  const session = new ScriptSession(isUserMode ? { bases: userModeBases } : {});
  machine.generalRegisters.set(registers);
  session.globals.set(globals);
  const prepared = prepareScript(program.bytes, program.symbolCount);
  const runs = [0, 1].map(() => {
    const outcome = runScript(prepared, machine, session, { ...options, compileAfter });
    if (tally !== undefined) {
      tally.completed += outcome.ok ? 1 : 0;
      tally.instructions += outcome.instructions;
    }
    return outcome;
  });
  const state = {
    runs,
    registers: [...machine.generalRegisters],
    globals: [...session.globals.entries()].filter(([, value]) => value !== 0n),
    output: machine.output,
    memory:
      machine instanceof TestMachine
        ? changes(machine.memory.bytes)
        : machine.memory.changedRuns().map((run) => [run.offset, [...run.bytes]]),
    others: machine instanceof TestMachine ? [...machine.otherRegisters, ...machine.requests] : [],
  };
  return JSON.stringify(state, (_, value: unknown) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
  );
}

function changes(bytes: Uint8Array): readonly (readonly number[])[] {
  return [...bytes.entries()].filter(([, value]) => value !== 0);
}
