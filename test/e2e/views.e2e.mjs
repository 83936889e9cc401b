// The views of the HyperDbg container, script tests, and processes that die.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

const files = {
  'bad-test.hds': '//@ id: bad\n//@ load: 1\n//@ out: two\n? printf("one\\n");\n',
};

describe('views of a session', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('views', { files });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('lists the events with state, actions and hits', async () => {
    await vs.openFile('licence.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    await vs.showViews();
    await vs.row('Events', /1: !epthook licence!checksum.*1 hit · 1 message/).waitFor();
    await vs.row('Events', /2: !epthook licence!verify.*1 hit · 1 stop/).waitFor();
    await vs.row('Events', /Script.*printf/).waitFor();
    await vs.row('Events', /Custom code.*mov qword ptr \[rdx\+0x38\], 1/).waitFor();
  });

  it('notes the hits behind the lines of the script', async () => {
    const notes = async () =>
      vs.editor
        .locator('.view-line span')
        .evaluateAll((spans) => spans.map((span) => getComputedStyle(span, '::after').content));
    await vs.until('the notes', async () => {
      const texts = (await notes()).join(' ').replaceAll('\u00a0', ' ');
      return texts.includes('event 1, 1 hit') && texts.includes('event 3, 0 hits');
    });
  });

  it('filters messages by event', async () => {
    const pane = vs.page.locator('.pane-header', { hasText: 'Messages' }).first();
    await pane.hover();
    await pane.locator('.action-label[aria-label="Filter Messages by Event"]').click();
    const second = vs.page.locator('.quick-input-list .monaco-list-row', { hasText: '2: !epthook' }).first();
    const third = vs.page.locator('.quick-input-list .monaco-list-row', { hasText: '3: !epthook' }).first();
    await second.click();
    await third.click();
    await vs.page.keyboard.press('Enter');
    await vs.row('Messages', 'key GUEST-0000').waitFor({ state: 'detached' });
    await vs.row('Messages', /checksum of GUEST-0000/).waitFor();
    await vs.picture('filtered');
    await pane.hover();
    await pane.locator('.action-label[aria-label="Filter Messages by Event"]').click();
    await second.click();
    await third.click();
    await vs.page.keyboard.press('Enter');
    await vs.row('Messages', 'key GUEST-0000').waitFor();
  });

  it('shows what events printed', async () => {
    await vs.row('Messages', /checksum of GUEST-0000.*event 1/).waitFor();
  });

  it('shows the registers of the stop', async () => {
    await vs.row('Registers', /rdi.*0x96e98238/).waitFor();
    await vs.picture('container');
  });

  it('disables an event', async () => {
    const row = vs.row('Events', '3: !epthook licence!report');
    await row.hover();
    await row.locator('.action-label[aria-label="Disable Event"]').click();
    await vs.row('Events', /3: !epthook licence!report.*disabled/).waitFor();
  });

  it('goes to the script of an event', async () => {
    const row = vs.row('Events', '3: !epthook licence!report');
    // The list is drawn anew after the event was disabled, and a click on a row that goes is lost.
    await vs.until('line 25', async () => {
      await row.hover();
      await row.locator('.action-label[aria-label="Go to Script"]').click();
      const line = vs.page.locator('.statusbar-item', { hasText: 'Ln 25, Col 1' });
      return line.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      );
    });
  });

  it('changes a register', async () => {
    const row = vs.row('Registers', /^rdi/);
    await row.hover();
    await row.locator('.action-label[aria-label="Change Value"]').click();
    await vs.quickInput.fill('@rsi');
    await vs.page.keyboard.press('Enter');
    await vs.row('Registers', /rdi.*0x18b8217b/).waitFor();
    await vs.picture('changed');
  });

  it('the guest acts on it: the key is valid without event 3', async () => {
    await vs.page.keyboard.press('F5');
    await vs.row('Messages', /(?<!in)valid key/).waitFor();
    await vs.ended();
  });

  it('an adapter that dies is reported, and the session ends', async () => {
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.row('Registers', /rdi/).waitFor();
    await vs.killProcess('dist/adapter.js');
    await vs.notification('The HyperDbg debug adapter ended by SIGKILL').waitFor();
    await vs.picture('adapter-died');
    await vs.ended();
  });

  it('a language server that dies comes back', async () => {
    await vs.killProcess('dist/language-server.js');
    await vs.openFile('counter-writes.hds');
    await vs.goTo(15, 1);
    await vs.page.keyboard.type('printff();');
    await vs.page.locator('.squiggly-error').first().waitFor();
    await vs.picture('server-back');
  });

  it('runs the tests of scripts', async () => {
    await vs.page.locator('.activitybar .action-label[aria-label="Testing"]').first().click();
    const test = (name, state) =>
      vs.page
        .locator('.test-explorer .monaco-list-row', { hasText: name })
        .filter({ has: vs.page.locator(`.codicon-testing-${state}-icon`) })
        .first();
    await test('bad', 'unset').waitFor();
    await vs.command('Test: Run All Tests');
    await test('bad', 'failed').waitFor();
    // What was typed above is in the editor only; a run saves it first.
    await test('counter-writes', 'failed').waitFor();
    for (const name of ['licence', 'minikernel', 'v01', 'v12']) await test(name, 'passed').waitFor();
    await vs.picture('tests');
  });

  it('asks nothing of the network', () => {
    assert.deepEqual([...vs.outsideRequests], []);
  });
});
