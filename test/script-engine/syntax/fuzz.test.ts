import { pathToFileURL } from 'node:url';
import { projectFile } from '../../project-root';

describe('fuzzing of the front end', () => {
  it('survives random texts, random edits and deep nesting', async () => {
    const script = pathToFileURL(projectFile('scripts/fuzz-front-end.mjs')).href;
    const { fuzzFrontEnd } = (await import(script)) as {
      fuzzFrontEnd(rounds: number, seed: number): Promise<void>;
    };
    await fuzzFrontEnd(500, 11);
  });
});
