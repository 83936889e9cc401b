// Writing a script: what the language server says, seen in the editor.
import { openWorkbench } from './workbench.mjs';

describe('editing a script', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('editing');
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('highlights', async () => {
    await vs.openFile('licence.hds');
    await vs.until('five colours', async () => {
      const colours = await vs.editor
        .locator('.view-line span span')
        .evaluateAll((spans) => spans.map((span) => getComputedStyle(span).color));
      return new Set(colours).size >= 5;
    });
    await vs.picture('script');
  });

  it('offers what can be done with an event, and does it', async () => {
    await vs.page.locator('.codelens-decoration a', { hasText: 'Dry-run' }).first().click();
    await vs.page.locator('.notification-list-item', { hasText: 'On sample registers' }).first().waitFor();
    await vs.picture('dry-run');
    await vs.command('Notifications: Clear All Notifications');
  });

  it('marks a mistake and repairs it by a quick fix', async () => {
    await vs.goTo(18, 1);
    await vs.page.keyboard.type('printff("x\\n");');
    await vs.page.keyboard.press('Enter');
    await vs.page.locator('.squiggly-error').first().waitFor();
    await vs.picture('squiggle');
    await vs.goTo(18, 3);
    await vs.page.keyboard.press('Control+.');
    await vs.page.locator('.action-widget .monaco-list-row', { hasText: 'printf' }).first().waitFor();
    await vs.picture('quick-fix');
    await vs.page.keyboard.press('Enter');
    await vs.page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await vs.line(18, /^\s*printf\("x\\n"\);/);
  });

  it('completes', async () => {
    await vs.goTo(18, 1);
    await vs.page.keyboard.press('Enter');
    await vs.goTo(18, 1);
    await vs.page.keyboard.type('pri');
    await vs.page
      .locator('.suggest-widget.visible .monaco-list-row', { hasText: 'printf' })
      .first()
      .waitFor();
    await vs.picture('completion');
  });

  it('shows the signature of a call', async () => {
    await vs.page.keyboard.press('Escape');
    await vs.page.keyboard.type('ntf(');
    const hint = vs.page.locator('.parameter-hints-widget.visible', { hasText: 'printf' });
    await hint.waitFor();
    await vs.picture('signature');
    await vs.page.keyboard.press('Escape');
  });

  it('explains on hover', async () => {
    await vs.editor
      .locator('.view-line span', { hasText: /^!epthook$/ })
      .first()
      .hover();
    await vs.page.locator('.monaco-hover:visible', { hasText: 'epthook' }).first().waitFor();
    await vs.picture('hover');
  });
});
