// Sets up, compiles and runs the tests. Arguments go to mocha: `npm test -- --grep kd`, `npm test -- out/test/driver/**/*.test.js`;
// `--update` rewrites the golden files.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, projectFile, projectRoot, runScript } from './project.mjs';
import { runNode } from './run-program.mjs';
import { setUp } from './setup.mjs';

const allTests = 'out/test/**/*.test.js';
const updateOption = '--update';

/** A compiled test whose source is gone would still run. */
function removeOrphans() {
  for (const file of filesBelow(projectFile('out'), new Set(['scripts']))) {
    if (!file.endsWith('.js')) continue;
    const source = path.join(projectRoot, path.relative(projectFile('out'), file)).replace(/\.js$/, '.ts');
    if (filesBelow(source).length === 0) rmSync(file);
  }
}

await runScript(async () => {
  await setUp();
  console.log('compiling the tests …');
  const compiled = await runNode(projectFile('node_modules/typescript/bin/tsc'), ['-b', '--pretty'], {
    cwd: projectRoot,
  });
  if (compiled !== 0) return 1;
  removeOrphans();
  const args = process.argv.slice(2).filter((arg) => arg !== updateOption);
  const files = args.some((arg) => arg.endsWith('.js')) ? [] : [allTests];
  const isUpdate = process.argv.includes(updateOption);
  return runNode(
    projectFile('node_modules/mocha/bin/mocha.js'),
    ['--reporter', projectFile('scripts/test-reporter.cjs'), ...args, ...files],
    { cwd: projectRoot, env: { ...process.env, ...(isUpdate ? { HDS_UPDATE_GOLDEN: '1' } : {}) } },
  );
});
