// Drives the packaged extension in a real VS Code: `npm run test:e2e`. Arguments go to mocha (`-- --grep quick`).
// Screenshots and logs are left in out/e2e.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { NoToolsError, provideTools } from './e2e/tools.mjs';
import { packageFor, thisTarget } from './package.mjs';
import { filesBelow, projectFile, projectRoot, runScript } from './project.mjs';
import { runNode } from './run-program.mjs';
import { setUp } from './setup.mjs';

const output = projectFile('out/e2e');

await runScript(async () => {
  const { cpuProblem } = await setUp();
  let tools;
  try {
    if (cpuProblem !== undefined) throw new NoToolsError('the CPU library is not there (see above)');
    tools = await provideTools((text) => console.log(`end-to-end: ${text}`));
  } catch (error) {
    if (!(error instanceof NoToolsError)) throw error;
    console.log(`SKIPPED: the end-to-end tests in a real VS Code: ${error.message}.`);
    return 0;
  }
  const vsix = await packageFor(thisTarget());
  await rm(output, { recursive: true, force: true });
  await mkdir(path.join(output, 'screenshots'), { recursive: true });
  const args = process.argv.slice(2);
  const files = filesBelow(projectFile('test/e2e')).filter((file) => file.endsWith('.e2e.mjs'));
  return runNode(
    projectFile('node_modules/mocha/bin/mocha.js'),
    ['--timeout', '120000', '--slow', '20000', '--bail', '--exit', ...args, ...files],
    {
      cwd: projectRoot,
      env: {
        ...process.env,
        HDS_E2E: JSON.stringify({ ...tools, vsix, output }),
      },
    },
  );
});
