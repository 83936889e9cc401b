// Cuts the pictures of the documentation out of what the end-to-end tests left: `npm run test:e2e`, then `npm run pictures`.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { NoToolsError, provideTools } from './e2e/tools.mjs';
import { projectFile, runScript, ScriptFailure } from './project.mjs';

const screenshots = projectFile('out/e2e/screenshots');
const pictures = projectFile('docs/images');

/** Name in the documentation, screenshot, and the part that is shown. */
const parts = [
  ['editing', 'editing-quick-fix', { x: 347, y: 30, width: 780, height: 580 }],
  ['completion', 'editing-completion', { x: 347, y: 30, width: 780, height: 580 }],
  ['stopped', 'debugging-registers', { x: 0, y: 30, width: 1000, height: 800 }],
  ['assembly', 'debugging-watch', { x: 0, y: 30, width: 1000, height: 520 }],
  ['memory', 'debugging-memory', { x: 347, y: 30, width: 800, height: 300 }],
  ['events', 'views-changed', { x: 0, y: 30, width: 1000, height: 800 }],
  ['tests', 'views-tests', { x: 0, y: 30, width: 860, height: 530 }],
];

await runScript(async () => {
  const tools = await provideTools(console.log).catch((error) => {
    throw error instanceof NoToolsError ? new ScriptFailure(`No pictures: ${error.message}.`) : error;
  });
  const { chromium } = await import(pathToFileURL(tools.playwright).href);
  const browser = await chromium.launch({
    executablePath: tools.browser,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    for (const [name, screenshot, clip] of parts) {
      const bytes = await readFile(path.join(screenshots, `${screenshot}.png`));
      await page.setContent(
        `<body style="margin:0"><img src="data:image/png;base64,${bytes.toString('base64')}">`,
      );
      await page.locator('img').evaluate((image) => image.decode());
      await writeFile(path.join(pictures, `${name}.png`), await page.screenshot({ clip }));
    }
  } finally {
    await browser.close();
  }
});
