import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFile } from '../../project-root';

describe('generated SDK files', () => {
  it('are what scripts/generate-sdk.mjs writes now', async () => {
    const generator = pathToFileURL(projectFile('scripts/generate-sdk.mjs')).href;
    const { generateSdk } = (await import(generator)) as { generateSdk(): Promise<[string, string][]> };
    for (const [file, text] of await generateSdk()) {
      assert.equal(
        readFileSync(file, 'utf8'),
        text,
        `${path.basename(file)} is stale: run "npm run generate"`,
      );
    }
  });
});
