// Rows of the page about actions that a person sees in the editor or in a session, and that no other suite shows.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

const files = {
  'large-buffer.hds': '!cpuid buffer 3e8 script {\n    print($context);\n}\n',
  'bad-code.hds': '!cpuid asm code {\n    movv rax, 1\n}\n',
  'context.hds': '!syscall script {\n    print($context);\n}\n',
};

describe('the page about actions, as a person sees it', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('checklist', { files });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  const problem = (text) => vs.page.locator('.markers-panel .monaco-list-row', { hasText: text }).first();

  it('row 13: a buffer that is too large is marked, with the limit', async () => {
    await vs.openFile('large-buffer.hds');
    await vs.page.locator('.squiggly-error').first().waitFor();
    await vs.command('Problems: Focus on Problems View');
    await problem('A buffer has at most 3e7 bytes').waitFor();
    await vs.picture('large-buffer');
  });

  it('row 11: `buffer` is offered after an event', async () => {
    await vs.goTo(4, 1);
    await vs.page.keyboard.type('!cpuid buf');
    await vs.page.keyboard.press('Control+Space');
    await vs.page
      .locator('.suggest-widget.visible .monaco-list-row', { hasText: 'buffer' })
      .first()
      .waitFor();
    await vs.page.keyboard.press('Escape');
  });

  it('rows 1b and 23: a hover tells what $context is in this event', async () => {
    await vs.openFile('context.hds');
    await vs.editor
      .locator('.view-line span', { hasText: /^\$context$/ })
      .first()
      .hover();
    await vs.page
      .locator('.monaco-hover:visible', { hasText: /number of the system call|system call/i })
      .first()
      .waitFor();
    await vs.picture('context');
  });

  it('row 3: the compiled script is shown', async () => {
    await vs.command('HyperDbg: Show the Compiled Script');
    await vs.page.locator('.tab.active', { hasText: 'compiled' }).waitFor();
    await vs.line(1, /^!syscall \(line 1\): \d+ slots, \d+ bytes/);
    await vs.picture('compiled');
  });

  it('rows 8 and 21: the buffer that custom code returns is printed', async () => {
    await vs.openFile('counter-buffer.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('counter');
    await vs.consoleShows(/buffer of event 1: 01 00 00 00 00 00 00 00/);
    await vs.ended();
    await vs.picture('buffer');
  });

  it('row 18: an event is added while the machine stands still', async () => {
    await vs.openFile('licence.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    assert.match(
      await vs.ask('!epthook licence!report script { printf("added %d\\n", @edi); }'),
      /armed event 4/,
    );
    await vs.page.keyboard.press('F5');
    await vs.consoleShows(/added [01]/);
    await vs.ended();
  });

  it('row 2: what a selection prints is what the event prints', async () => {
    await vs.openFile('licence.hds');
    await vs.clickGutter(17);
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!checksum');
    await vs.goTo(18, 5);
    await vs.page.keyboard.press('Shift+End');
    await vs.command('Debug: Evaluate in Debug Console');
    const printed = vs.page.locator('.repl .monaco-list-row', { hasText: 'checksum of GUEST-0000' });
    await printed.first().waitFor();
    await vs.clickGutter(17);
    await vs.page.keyboard.press('F5');
    await vs.stoppedIn('licence!verify');
    await vs.until('the text of the event', async () => (await printed.count()) === 2);
    const said = (await printed.allTextContents()).map(
      (text) => /checksum of .*?called from [0-9a-f]{6}/.exec(text)?.[0],
    );
    assert.ok(said[0]);
    assert.equal(said[0], said[1]);
    await vs.picture('selection');
    await vs.page.keyboard.press('Shift+F5');
    await vs.ended();
  });

  it('row 26: a mistake in an asm block stops the launch with its line', async () => {
    await vs.openFile('bad-code.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('counter');
    await vs.page.locator('.monaco-dialog-box', { hasText: 'bad-code.hds:2' }).waitFor();
    await vs.picture('bad-code');
    await vs.page.keyboard.press('Escape');
  });
});

describe('an installation without its CPU library', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('no-cpu', { withoutFiles: ['dist/libunicorn.so.2'] });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('says what is missing and what helps, and still checks scripts', async () => {
    await vs.openFile('licence.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.page.locator('.monaco-dialog-box', { hasText: 'CPU library' }).waitFor();
    await vs.picture('refused');
    await vs.page.keyboard.press('Escape');
    await vs.goTo(18, 1);
    await vs.page.keyboard.type('printff();');
    await vs.page.locator('.squiggly-error').first().waitFor();
  });
});

describe("an installation without koffi's binary", () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('no-koffi', { withoutFiles: ['node_modules/@koromix'] });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('says what is missing, and still checks scripts', async () => {
    await vs.openFile('licence.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.page.locator('.monaco-dialog-box', { hasText: 'koffi' }).waitFor();
    await vs.picture('refused');
    await vs.page.keyboard.press('Escape');
    await vs.goTo(18, 1);
    await vs.page.keyboard.type('printff();');
    await vs.page.locator('.squiggly-error').first().waitFor();
  });
});
