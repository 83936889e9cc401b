import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { compileVector, readVectors, symbolText, vectorCategories, type VectorCase } from './vector-file';

/** What is wrong with our answer to a case, or undefined. */
function mismatch(vector: VectorCase): string | undefined {
  const result = compileVector(vector);
  const want = vector.parse;
  if (vector.upstreamUB === true || want.crash === true) {
    if (want.crash === true && result.upstreamError === undefined)
      return 'upstream crashes here: an error is expected';
    return undefined;
  }
  const { script, upstreamError } = result;
  if (!want.ok) {
    if (upstreamError === undefined) return `accepted, but upstream says ${want.error?.text}`;
    const { text, line, column, message } = upstreamError;
    if (text !== want.error?.text)
      return `says "${text}" at ${line}:${column}, upstream "${want.error?.text}"`;
    if (line !== want.error.line || column !== want.error.column)
      return `at ${line}:${column}, upstream ${want.error.line}:${want.error.column} (${text})`;
    return message === want.error.message ? undefined : `message ${JSON.stringify(message)}`;
  }
  if (script === undefined)
    return `refused: ${upstreamError?.text} at ${upstreamError?.line}:${upstreamError?.column}`;
  if (script.symbolCount !== want.pointer) return `${script.symbolCount} slots instead of ${want.pointer}`;
  if (want.code !== undefined && symbolText(script.bytes) !== want.code) return 'other code';
  const hash = createHash('sha256').update(script.bytes).digest('hex');
  return hash === want.sha256 ? undefined : 'other bytes';
}

describe('golden vectors: parse', () => {
  for (const category of vectorCategories) {
    it(category, () => {
      const vectors = readVectors(category);
      const wrong = vectors.flatMap((vector) => {
        const problem = mismatch(vector);
        return problem === undefined
          ? []
          : [`${vector.id}: ${problem}\n    ${JSON.stringify(vector.source).slice(0, 300)}`];
      });
      assert.equal(wrong.length, 0, `${wrong.length} of ${vectors.length} wrong:\n${wrong.join('\n')}`);
    });
  }

  it('answers every case with either a script or an error', () => {
    for (const vector of vectorCategories.flatMap(readVectors)) {
      const { script, upstreamError, diagnostics } = compileVector(vector);
      assert.equal(script === undefined, upstreamError !== undefined, vector.id);
      const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
      assert.equal(
        errors.length > 0,
        upstreamError !== undefined,
        `${vector.id}: ${JSON.stringify(diagnostics)}`,
      );
    }
  });
});
