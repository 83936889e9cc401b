// What a person sees before the first script: the page of the extension and the walkthrough.
import { openWorkbench } from './workbench.mjs';

describe('a fresh installation', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('welcome');
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('is activated by a script in the folder, and tells how long it took', async () => {
    await vs.openFile('licence.hds');
    await vs.page.locator('.view-line span span').first().waitFor();
    await vs.command('Developer: Show Running Extensions');
    const row = vs.page
      .locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'HyperDbg' })
      .first();
    const text = await vs.until('the activation time', async () => {
      const found = await row.textContent();
      return /(\d+)ms/.test(found) ? found : undefined;
    });
    await vs.picture('running');
    console.log(`      activation: ${text.replace(/\s+/g, ' ').slice(0, 160)}`);
  });

  it('has a page with pictures', async () => {
    await vs.page.locator('.activitybar .action-label[aria-label^="Extensions"]').first().click();
    await vs.page.locator('.extensions-list .monaco-list-row', { hasText: 'HyperDbg' }).first().click();
    await vs.page.locator('.extension-editor .name', { hasText: 'HyperDbg' }).waitFor();
    // The page is in frames of its own.
    await vs.until('four pictures', async () => {
      const sizes = await Promise.all(
        vs.page.frames().map((frame) =>
          frame
            .locator('.markdown-body img, #__main img, body > img, p > img')
            .evaluateAll((images) => images.map((image) => image.naturalWidth))
            .catch(() => []),
        ),
      );
      return sizes.flat().filter((width) => width > 300).length >= 4;
    });
    await vs.picture('page');
  });

  it('has a walkthrough', async () => {
    await vs.command('Welcome: Open Walkthrough...');
    await vs.choose('HyperDbg: the First Five Minutes');
    await vs.page.locator('.getting-started-step', { hasText: 'Run a script' }).first().waitFor();
    await vs.picture('walkthrough');
  });
});
