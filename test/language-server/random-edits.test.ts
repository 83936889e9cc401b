import { pathToFileURL } from 'node:url';
import { projectFile } from '../project-root';

describe('language server under random edits', () => {
  it('keeps up with 2,000 of them, and ends where a fresh server does', async function () {
    this.timeout(60_000);
    const script = pathToFileURL(projectFile('scripts/fuzz-language-server.mjs')).href;
    const { fuzzLanguageServer } = (await import(script)) as {
      fuzzLanguageServer(edits: number, seed: number): Promise<void>;
    };
    await fuzzLanguageServer(2000, 20261126);
  });
});
