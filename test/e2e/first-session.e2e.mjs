// The first five minutes of a person, on the embedded machine, without any launch.json.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

describe('a first session', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('first');
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture('failed');
  });

  it('highlights a script and marks its mistake', async () => {
    await vs.openFile('licence.hds');
    await vs.picture('script');
    await vs.goTo(19, 5);
    await vs.page.keyboard.press('Home');
    await vs.page.keyboard.type('printff("x\\n");\n');
    await vs.page.locator('.squiggly-error').first().waitFor();
    await vs.picture('squiggle');
  });
});
