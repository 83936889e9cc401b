import assert from 'node:assert/strict';
import { compareTiers, noPrograms } from './tier-comparison';

/** `npm run fuzz` compares many more. */
const PROGRAMS = 2000;

describe('the two tiers of the evaluator', () => {
  it(`do the same with ${PROGRAMS} random programs`, function () {
    this.timeout(120_000);
    const tally = noPrograms();
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const difference = compareTiers(seed, tally);
      assert.equal(difference, undefined, `seed ${seed}: ${difference}`);
    }
    assert.ok(tally.scripts > PROGRAMS / 3 && tally.buffers > PROGRAMS / 3);
    assert.ok(tally.completed > PROGRAMS / 2, 'too few of the programs run to their end');
  });
});
