// A real VS Code without a desktop: code-server is its workbench and extension host served to a browser. What is missing comes
// from the npm registry, into a cache outside the project, and from Debian.
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { importTypeScript } from '../import-typescript.mjs';
import { lastLine, runProgram } from '../run-program.mjs';
import { npmCommand } from '../setup/dependencies.mjs';

/** VS Code 1.100.3; the newest whose server runs on Node 20. */
const CODE_SERVER = 'code-server@4.100.3';
const PLAYWRIGHT = 'playwright-core@1.65.1';
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const NODE_RANGE = [20, 22];

/** Why there can be no end-to-end test on this computer. */
export class NoToolsError extends Error {
  name = 'NoToolsError';
}

/**
 * Everything that the suite needs, installed when it is missing.
 * @returns {Promise<{server: string, browser: string, playwright: string}>} places: VS Code's server, a browser, the module that drives it
 */
export async function provideTools(report) {
  const node = Number(process.versions.node.split('.')[0]);
  if (process.platform !== 'linux') throw new NoToolsError('it runs on Linux only');
  if (node < NODE_RANGE[0] || node > NODE_RANGE[1]) {
    throw new NoToolsError(
      `VS Code's server needs Node ${NODE_RANGE.join(' to ')}; this is ${process.versions.node}`,
    );
  }
  const browser = await provideProgram(BROWSERS, 'chromium', report);
  const search = await provideProgram(['rg'], 'ripgrep', report);
  const folder = await provideCodeServer(report);
  await linkSearch(folder, search);
  const server = path.join(vscodeFolder(folder), 'out/server-main.js');
  await mustRun(process.execPath, [server, '--version'], "VS Code's server");
  await mustRun(browser, ['--version'], 'the browser');
  return {
    server,
    browser,
    playwright: path.join(folder, 'node_modules/playwright-core/index.mjs'),
  };
}

/** What is installed and does not run is as good as not there. */
async function mustRun(file, args, name) {
  const { status, output } = await runProgram(file, args);
  if (status !== 0) throw new NoToolsError(`${name} does not run: ${lastLine(output)}`);
}

async function provideProgram(names, debianPackage, report) {
  const found = findProgram(names);
  if (found !== undefined) return found;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || findProgram(['apt-get']) === undefined) {
    throw new NoToolsError(`${debianPackage} is not installed ("apt install ${debianPackage}")`);
  }
  report(`installing ${debianPackage} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runProgram('apt-get', ['update', '-qq'], { env });
  const { output } = await runProgram(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', debianPackage, 'fonts-dejavu-core'],
    { env },
  );
  const installed = findProgram(names);
  if (installed === undefined) {
    throw new NoToolsError(`${debianPackage} could not be installed: ${lastLine(output)}`);
  }
  return installed;
}

function findProgram(names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

const vscodeFolder = (folder) => path.join(folder, 'node_modules/code-server/lib/vscode');

/** Installs without any install script: what those would compile (terminals, key rings) no test uses. */
async function provideCodeServer(report) {
  const unicorn = await importTypeScript('unicorn-release', ['driver/native/unicorn-release']);
  const wanted = `${CODE_SERVER} ${PLAYWRIGHT}`;
  const folder = path.join(unicorn.cacheFolder(unicorn.thisComputer()), 'e2e');
  const stamp = path.join(folder, 'installed.txt');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return folder;
  report(`installing ${wanted} into ${folder} …`);
  await mkdir(folder, { recursive: true });
  await npm(folder, ['install', CODE_SERVER, PLAYWRIGHT, `--prefix=${folder}`]);
  for (const part of [vscodeFolder(folder), path.join(vscodeFolder(folder), 'extensions')]) {
    await npm(part, ['install', '--omit=dev']);
  }
  await writeFile(stamp, wanted);
  return folder;
}

async function npm(cwd, args) {
  const [file, ...first] = npmCommand();
  const { status, output } = await runProgram(
    file,
    [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd },
  );
  if (status !== 0) throw new NoToolsError(`VS Code's server could not be installed: ${lastLine(output)}`);
}

/** VS Code's search looks for ripgrep at the place where an install script would have put it. */
async function linkSearch(folder, program) {
  const link = path.join(vscodeFolder(folder), 'node_modules/@vscode/ripgrep/bin/rg');
  if (existsSync(link)) return;
  await mkdir(path.dirname(link), { recursive: true });
  await symlink(program, link);
}
