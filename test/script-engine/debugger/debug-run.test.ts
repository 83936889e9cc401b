import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyseScript, compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { answer } from '../../../script-engine/conformance/user-mode';
import { UserModeMachine } from '../../../script-engine/conformance/user-mode-machine';
import { userModeBases } from '../../../script-engine/conformance/user-mode-map';
import { debugInfoOf } from '../../../script-engine/debugger/debug-info';
import { DebugRun } from '../../../script-engine/debugger/debug-run';
import { runScript, type ScriptOutcome } from '../../../script-engine/evaluator/interpreter';
import { prepareScript } from '../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import { projectFile } from '../../project-root';

const folder = projectFile('test/vectors/script');

interface Vector {
  readonly id: string;
  readonly src?: string;
  readonly source?: string;
  readonly script?: string;
  readonly eval?: unknown;
}

function lineIn(source: string): (offset: number) => number {
  return (offset) => source.slice(0, offset).split('\n').length;
}

/** A run to the end with a look at every statement; undefined when the script does not compile. */
function debugged(source: string, maxInstructions?: number) {
  const analysis = analyseScript(source, { globals: new GlobalTable() });
  if (analysis.script === undefined) return undefined;
  const info = debugInfoOf(analysis, analysis.script, source, false);
  const machine = new UserModeMachine();
  const session = new ScriptSession({ bases: userModeBases });
  const run = new DebugRun(info, lineIn(source), machine, session, maxInstructions);
  const visits: number[] = [];
  let depth = 0;
  let outcome: ScriptOutcome | undefined;
  while (outcome === undefined) {
    const advance = run.advance(100, (arrival) => {
      if (arrival.isNewVisit) visits.push(arrival.line);
      depth = Math.max(depth, arrival.depth);
      return false;
    });
    if (advance.kind === 'ended') outcome = advance.outcome;
  }
  return { run, outcome, visits, depth, answer: answer(outcome, machine) };
}

describe('script-engine/debugger', () => {
  it('comes to the same as the interpreter, for every recorded script', () => {
    let compared = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      for (const vector of JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Vector[]) {
        const source = vector.src ?? vector.source ?? vector.script;
        if (source === undefined || vector.eval === undefined) continue;
        const limit = 20_000;
        const stepped = debugged(source, limit);
        if (stepped === undefined) continue;
        const { script } = compileScript(source, { globals: new GlobalTable() });
        assert.ok(script !== undefined);
        const machine = new UserModeMachine();
        const outcome = runScript(
          prepareScript(script.bytes, script.symbolCount),
          machine,
          new ScriptSession({ bases: userModeBases }),
          { maxInstructions: limit, compileAfter: Infinity },
        );
        assert.deepEqual(stepped.outcome, outcome, vector.id);
        assert.deepEqual(stepped.answer, answer(outcome, machine), vector.id);
        compared++;
      }
    }
    assert.ok(compared > 500, `only ${compared} scripts were compared`);
  });

  it('visits the lines of loops and branches in the order of the run', () => {
    const source = [
      'for (int i = 0; i < 2; i++) {',
      '  if (i == 0) {',
      '    x = 1;',
      '  } else {',
      '    x = 2;',
      '  }',
      '}',
      'while (x < 4) { x = x + 1; }',
      'y = x;',
    ].join('\n');
    assert.deepEqual(debugged(source)?.visits, [1, 2, 3, 1, 2, 5, 1, 8, 8, 8, 9]);
  });

  it('visits functions when they are called, and their closing brace last', () => {
    const source =
      'int one(int x) {\n  if (x == 0) { return 0; }\n  return one(x - 1);\n}\ny = one(2);\nz = y;';
    const found = debugged(source);
    assert.deepEqual(found?.visits, [5, 2, 3, 2, 3, 2, 4, 4, 4, 6]);
    assert.equal(found?.depth, 4);
  });

  it('keeps the place and the frames of a failure', () => {
    const found = debugged('int wrong(int x) {\n  y = dq(x);\n  return y;\n}\nz = 1;\nz = wrong(5);');
    assert.equal(found?.outcome.ok, false);
    const { run } = found!;
    assert.deepEqual(
      run.frames.map(({ owner, slot }) => [owner.name, run.lineOf(slot)]),
      [
        ['wrong', 2],
        ['main', 6],
      ],
    );
  });

  it('shows statements of an included file at the line of the include', () => {
    const source = 'x = 1;\n#include "part.hds";\ny = x;\n';
    const options = { globals: new GlobalTable(), readInclude: () => '? {\n\n\nx = 2;\nx = 3;\n}' };
    const { script } = analyseScript(source, options);
    const lines = new Set([...script!.sourceOffsets].filter((at) => at >= 0).map(lineIn(source)));
    assert.deepEqual([...lines].sort(), [1, 2, 3]);
  });
});
