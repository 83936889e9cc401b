import { registerByName, type Register } from '../../../script-engine/catalog/registers';
import type { OccurrenceOfTest, ScriptTest, TestStep } from '../../../script-engine/command-file/script-test';
import { compileScript } from '../../../script-engine/compiler/compile';
import type { SymbolResolver } from '../../../script-engine/compiler/compiled-script';
import type { GlobalTable } from '../../../script-engine/compiler/global-table';
import { type UnmetExpectation, unmetExpectations } from './expectations';
import { type Happening, joinHappenings, type TestWorld } from './test-world';

export interface Followed {
  readonly unmet: readonly UnmetExpectation[];
  /** Occurrences that passed filters and condition. */
  readonly hits: number;
}

/** Lets the steps of a header happen in order and holds each against its expectations. */
export function followSteps(
  test: ScriptTest,
  world: TestWorld,
  loaded: readonly Happening[],
  language: { readonly globals: GlobalTable; readonly symbols: SymbolResolver },
): Followed {
  const unmet: UnmetExpectation[] = [];
  let hits = 0;
  for (const step of test.steps) {
    if (step.kind === 'memory') {
      world.memory.define(step.address, step.bytes);
      continue;
    }
    const happening = happen(step, world, loaded, language);
    if ('text' in happening) {
      unmet.push(happening);
      continue;
    }
    hits += happening.hits;
    const event = step.kind === 'occurrence' ? step.event : undefined;
    unmet.push(...unmetExpectations({ span: step.span, happening, expected: step.expected, event }, world));
  }
  return { unmet, hits };
}

function happen(
  step: Exclude<TestStep, { kind: 'memory' }>,
  world: TestWorld,
  loaded: readonly Happening[],
  { globals, symbols }: { readonly globals: GlobalTable; readonly symbols: SymbolResolver },
): Happening | UnmetExpectation {
  switch (step.kind) {
    case 'load':
      return joinHappenings(loaded);
    case 'eval': {
      const { script, diagnostics } = compileScript(step.script, { globals, symbols });
      if (script !== undefined) return world.run(script.bytes, script.symbolCount);
      const reason = diagnostics[0]?.message ?? 'it does not compile';
      return { span: step.span, text: `eval: ${reason}` };
    }
    case 'occurrence': {
      const happening = world.occur(step.event, sceneOf(step), step, registersOf(step));
      return happening ?? { span: step.span, text: `on: the file has no event ${step.event.toString(16)}` };
    }
  }
}

function sceneOf({ core, processId, threadId }: OccurrenceOfTest) {
  return { core, processId, threadId };
}

function registersOf({ rip, registers }: OccurrenceOfTest): (readonly [Register, bigint])[] {
  return [['rip', rip] as const, ...registers].flatMap(([name, value]) => {
    const register = registerByName(name);
    return register === undefined ? [] : [[register, value] as const];
  });
}
