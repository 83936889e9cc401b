// The example workspace with its launch configurations, settings, and a workspace that nobody trusts.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

describe('the example workspace', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('workspace');
    await vs.openWorkspaceFile('hyperdbg.code-workspace');
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('F5 runs its first launch configuration', async () => {
    await vs.openFile('licence.hds');
    await vs.page.keyboard.press('F5');
    await vs.stoppedIn('licence!verify');
    await vs.picture('launched');
    await vs.page.keyboard.press('F5');
    await vs.consoleShows(/(?<!in)valid key/);
    await vs.ended();
  });
});

describe('settings', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('settings', {
      files: { 'safe.hds': '!cpuid script {\n  int arr[2] = {1, 2};\n  arr[1] = 5;\n}\n' },
    });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('the compile mode reaches the language server', async () => {
    await vs.openFile('safe.hds');
    await vs.editor.locator('.squiggly-warning').first().waitFor();
    await vs.setSettings({ 'hyperdbg.compileMode': 'safe' });
    await vs.editor.locator('.squiggly-info').first().waitFor();
    await vs.editor.locator('.squiggly-warning').first().waitFor({ state: 'detached' });
    await vs.picture('safe');
    await vs.setSettings({ 'hyperdbg.compileMode': 'exact' });
    await vs.editor.locator('.squiggly-warning').first().waitFor();
  });

  it('an issue report holds versions and the log, and not the name of the home folder', async () => {
    await vs.command('HyperDbg: Report an Issue');
    await vs.page.locator('.tab.active', { hasText: /Untitled/ }).waitFor();
    await vs.page.locator('.view-line', { hasText: 'The language server runs.' }).first().waitFor();
    await vs.picture('issue');
  });
});

describe('an untrusted workspace', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('untrusted', { isTrusted: false });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  /** VS Code asks once more before anything runs. */
  const refuseTrust = async () => {
    const question = vs.page.locator('.monaco-dialog-box', { hasText: 'Do you trust the authors' });
    await question.waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
  };

  it('is read and checked', async () => {
    await vs.page.getByRole('button', { name: /No, I don't trust/ }).click();
    await vs.openFile('licence.hds');
    await vs.goTo(18, 1);
    await vs.page.keyboard.type('printff();');
    await vs.page.locator('.squiggly-error').first().waitFor();
    await vs.picture('checked');
  });

  it('is not run', async () => {
    await vs.page.keyboard.press('F5');
    await vs.picture('refused');
    await refuseTrust();
    assert.equal(await vs.page.locator('.debug-toolbar').isVisible(), false);
  });

  it('its script tests are not run either', async () => {
    await vs.page.locator('.activitybar .action-label[aria-label="Testing"]').first().click();
    await vs.page.locator('.test-explorer .monaco-list-row', { hasText: 'licence' }).first().waitFor();
    await vs.command('Test: Run All Tests');
    await refuseTrust();
    assert.equal(await vs.page.locator('.test-explorer .codicon-testing-passed-icon').count(), 0);
    await vs.picture('tests');
  });
});
