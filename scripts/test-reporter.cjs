// mocha's reporter of `npm test`: the usual tree, then each skipped test with its reason and one closing line.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- mocha 11 loads reporters by require
const { reporters } = require('mocha');

/** Set by test/skip.ts on the test, or on the suite whose hook skipped. */
function skipReason(runnable) {
  for (let owner = runnable; owner !== undefined; owner = owner.parent) {
    if (owner.skipReason !== undefined) return owner.skipReason;
  }
  return 'no reason given';
}

module.exports = class TestReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on('pending', (test) => skipped.push(test));
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const byReason = new Map();
      for (const test of skipped) {
        const reason = skipReason(test);
        byReason.set(reason, [...(byReason.get(reason) ?? []), test]);
      }
      for (const [reason, tests] of byReason) {
        console.log(`skipped, because ${reason}:`);
        for (const test of tests) console.log(`  ${test.fullTitle()}`);
      }
      console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    });
  }
};
