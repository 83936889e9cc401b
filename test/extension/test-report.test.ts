import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { projectFile } from '../project-root';
import { runHds } from '../cli/run-hds';
import { readReports, testHeaderOf } from '../../extension/test-report';

describe('script tests of the Test Explorer', () => {
  it('finds the test in a header', () => {
    const text = readFileSync(projectFile('examples/licence.hds'), 'utf8');
    assert.deepEqual(testHeaderOf(text, 'licence.hds'), { name: 'licence', line: 2 });
  });

  it('a header without a name has the name of its file, one that expects nothing is no test', () => {
    assert.deepEqual(testHeaderOf('//@ load: 1\n? print(1);\n', 'a.hds'), { name: 'a.hds', line: 0 });
    assert.equal(testHeaderOf('//@ id: nothing\n//@ user: prose\n', 'a.hds'), undefined);
    assert.equal(testHeaderOf('// on: 1\n', 'a.hds'), undefined);
  });

  it('reads what the command line answers', async function () {
    this.timeout(20_000);
    const file = projectFile('examples/v01-number-bases-and-printf.hds');
    const { stdout } = await runHds(['test', '--json', file]);
    const [report] = readReports(stdout);
    assert.deepEqual([report?.file, report?.outcome], [file, 'passed']);
    assert.throws(() => readReports('{}'), SyntaxError);
  });
});
