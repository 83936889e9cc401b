import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { answerVector, type VectorRequest } from '../../../../script-engine/conformance/answer-vector';
import { projectFile } from '../../../project-root';

const folder = projectFile('test/vectors/script');
/** Compiled at once, and in the middle of the run after one or a few instructions. */
const moments = [0, 1, 7];

describe('golden vectors in WebAssembly', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(`${file}: as in the interpreter`, () => {
      const vectors = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as (VectorRequest & {
        readonly eval?: unknown;
      })[];
      for (const vector of vectors) {
        if (vector.eval === undefined) continue;
        const request = { ...vector, want: ['parse', 'eval'] };
        const expected = answerVector(request, { compileAfter: Infinity });
        for (const compileAfter of moments)
          assert.deepEqual(
            answerVector(request, { compileAfter }),
            expected,
            `${vector.id} at ${compileAfter}`,
          );
      }
    });
  }
});
