import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { checkCommandFile } from '../../../script-engine/command-file/check';
import { readCommandFile } from '../../../script-engine/command-file/command-file';
import type { CommandPlan } from '../../../script-engine/command-file/event-plan';
import { planCommand } from '../../../script-engine/command-file/plan';
import { readScriptTest } from '../../../script-engine/command-file/script-test';
import type { Diagnostic } from '../../../script-engine/diagnostic';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { projectFile } from '../../project-root';

/** Hints about real 0.23 drivers are no faults of a script. */
const serious = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter(({ severity }) => severity !== 'information');

const folder = projectFile('examples');
const names = readdirSync(folder).filter((name) => /^v[0-9]+.*\.hds$/.test(name));

async function plansOf(name: string): Promise<readonly CommandPlan[]> {
  const text = readFileSync(`${folder}/${name}`, 'utf8');
  const test = readScriptTest(text);
  assert.deepEqual(test.diagnostics, []);
  const file = readCommandFile(text, test.args, name);
  assert.deepEqual(file.diagnostics, []);
  const globals = new GlobalTable();
  const plans: CommandPlan[] = [];
  for (const command of file.commands) {
    const { plan, diagnostics } = await planCommand(command, {
      text,
      symbols: { resolve: (symbol) => test.symbols.get(symbol) },
      globals,
      assembler: loadAssembler,
    });
    assert.deepEqual(
      serious(diagnostics),
      [],
      `${name}: ${text.slice(command.span.start, command.span.start + 60)}`,
    );
    plans.push(plan!);
  }
  return plans;
}

describe('the twelve examples', () => {
  it('are there', () => assert.equal(names.length, 12));

  for (const name of names) {
    it(`${name} is planned without diagnostics`, async () => {
      const plans = await plansOf(name);
      assert.ok(plans.length > 0);
      assert.ok(plans.every(({ kind }) => kind === 'event' || kind === 'evaluate'));
    });

    it(`${name} is checked without its arguments`, () => {
      assert.deepEqual(serious(checkCommandFile(readFileSync(`${folder}/${name}`, 'utf8'))), []);
    });
  }

  it('all files in the folder are free of errors', () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.hds'))) {
      const found = checkCommandFile(readFileSync(`${folder}/${name}`, 'utf8'));
      assert.deepEqual(
        found.filter(({ severity }) => severity === 'error'),
        [],
        name,
      );
    }
  });

  it('positions of a script lead to its lines in the file', async () => {
    const [name] = names.filter((file) => file.startsWith('v05'));
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    const [plan] = await plansOf(name!);
    assert.equal(plan?.kind, 'event');
    const [action] = plan.event.actions;
    assert.equal(action?.kind, 'script');
    const offsets = [...action.script.sourceOffsets].filter((offset) => offset >= 0);
    const lines = new Set(
      offsets.map((offset) => text.slice(0, action.span.start + offset).split('\n').length),
    );
    const body = text.split('\n').findIndex((line) => line.startsWith('!epthook')) + 2;
    assert.deepEqual(
      [...lines].sort((a, b) => a - b),
      [body, body + 1, body + 2, body + 3, body + 4],
    );
  });
});
