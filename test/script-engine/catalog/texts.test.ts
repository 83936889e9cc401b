import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { functions } from '../../../script-engine/catalog/functions';
import { functionTexts } from '../../../script-engine/catalog/function-texts';
import { pseudoRegisters } from '../../../script-engine/catalog/pseudo-registers';
import { registerText } from '../../../script-engine/catalog/register-texts';
import { registers } from '../../../script-engine/catalog/registers';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { projectFile } from '../../project-root';

/** Compiles an example in both modes; only notes about faults of HyperDbg are allowed. */
function checkExample(name: string, example: string): void {
  assert.notEqual(example, '', name);
  for (const mode of ['exact', 'safe'] as const) {
    const { script, diagnostics } = compileScript(example, { globals: new GlobalTable(), mode });
    const told = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(told, [], `${name}: ${example}`);
    assert.ok(script, name);
  }
}

describe('texts of the catalog', () => {
  it('describe every function, with an example that compiles and calls it', () => {
    assert.equal(functionTexts.size, functions.length);
    for (const { name, summary, signature, parameters } of functions) {
      const { description, effects, example } = functionTexts.get(name) ?? assert.fail(name);
      assert.ok(description.length >= 25 && description !== summary, name);
      assert.ok(/[.]$/.test(description) && /[.]$/.test(summary), name);
      assert.notEqual(effects, '', name);
      assert.ok(example.includes(`${name}(`), name);
      for (const parameter of parameters) assert.ok(signature.includes(parameter.name), name);
      checkExample(name, example);
    }
  });

  it('describe every register, with an example that compiles and names it', () => {
    for (const register of registers) {
      const { summary, description, example } = registerText(register);
      assert.ok(summary.length >= 12, register.name);
      assert.ok(description.startsWith(summary), register.name);
      assert.ok(example.includes(`@${register.name}`), register.name);
      checkExample(register.name, example);
    }
  });

  it('describe every pseudo register, with an example that compiles and names it', () => {
    for (const { name, summary, description, example } of pseudoRegisters) {
      assert.ok(summary.length >= 10 && description.length >= 25, name);
      assert.ok(example.includes(name), name);
      checkExample(name, example);
    }
  });

  it('stand in docs/script-reference.md, which is up to date', async () => {
    const script = pathToFileURL(projectFile('scripts/generate-script-reference.mjs')).href;
    const { generateScriptReference } = (await import(script)) as {
      generateScriptReference(): Promise<[file: string, text: string]>;
    };
    const [file, text] = await generateScriptReference();
    const written = readFileSync(file, 'utf8').replaceAll('\r', '');
    assert.equal(written, text, `${file} is stale: run scripts/generate-script-reference.mjs`);
    for (const { name } of functions) assert.ok(text.includes(`### ${name}\n`), name);
    for (const { name } of registers) assert.ok(text.includes(`\`@${name}\``), name);
  });
});
