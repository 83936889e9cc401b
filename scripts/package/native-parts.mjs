// The two parts of the product that are made for one platform each: koffi's binary and the CPU library.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { importTypeScript } from '../import-typescript.mjs';
import { projectFile, ScriptFailure } from '../project.mjs';
import { lastLine, runProgram } from '../run-program.mjs';
import { fetchLibrary } from '../setup/cpu-library.mjs';
import { npmCommand } from '../setup/dependencies.mjs';

/** Platforms that a package can be made for, in VS Code's words. */
export const TARGETS = ['linux-x64', 'linux-arm64', 'win32-x64', 'darwin-x64', 'darwin-arm64'];

/** Folder of koffi's binary for `target`: the installed one, or one fetched from the npm registry. */
export async function koffiBinaryFolder(target, report) {
  const name = `@koromix/koffi-${target}`;
  const installed = projectFile(`node_modules/${name}`);
  if (existsSync(installed)) return installed;
  const { version } = JSON.parse(await readFile(projectFile('node_modules/koffi/package.json'), 'utf8'));
  const home = projectFile(`out/package/koffi-${version}-${target}`);
  const fetched = path.join(home, 'node_modules', ...name.split('/'));
  if (existsSync(fetched)) return fetched;
  report(`fetching ${name} …`);
  await mkdir(home, { recursive: true });
  const [file, ...args] = npmCommand();
  const { status, output } = await runProgram(file, [
    ...args,
    'install',
    `${name}@${version}`,
    `--prefix=${home}`,
    // npm refuses packages of other platforms otherwise.
    '--force',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (status === 0 && existsSync(fetched)) return fetched;
  throw new ScriptFailure(`${name} could not be fetched: ${lastLine(output)}`);
}

/** The CPU library for `target`, from the cache of set-up or fetched into it. */
export async function cpuLibraryFile(target, report) {
  const unicorn = await importTypeScript('unicorn-release', ['driver/native/unicorn-release']);
  const [platform, architecture] = target.split('-');
  const host = { ...unicorn.thisComputer(), platform, architecture, isMusl: false };
  // The cache of this computer holds the libraries of all of them.
  const file = path.join(
    unicorn.cacheFolder(unicorn.thisComputer()),
    path.basename(path.dirname(unicorn.cachedUnicorn(host))),
    unicorn.unicornFileName(host),
  );
  if (existsSync(file)) return file;
  const problem = await fetchLibrary({ ...unicorn, cachedUnicorn: () => file }, host, report);
  if (problem === undefined) return file;
  throw new ScriptFailure(`The package for ${target} needs its CPU library. ${problem}`);
}
