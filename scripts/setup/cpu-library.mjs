import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { importTypeScript } from '../import-typescript.mjs';
import { projectFile } from '../project.mjs';
import { lastLine, runProgram } from '../run-program.mjs';

/**
 * Puts libunicorn into the cache and tries it. A failure is no reason to stop: checking, compiling and evaluating scripts
 * need no CPU.
 * @returns {Promise<{summary: string, problem: string | undefined}>} `problem`: why nothing can run, complete with cures
 */
export async function provideCpuLibrary(report) {
  const unicorn = await importTypeScript('cpu-library', [
    'driver/native/unicorn-release',
    'driver/native/unicorn-search',
    'driver/native/unicorn',
  ]);
  const host = unicorn.thisComputer();
  const isNamed = Boolean(host.environment.HDS_UNICORN_LIBRARY);
  const fetchProblem =
    isNamed || existsSync(unicorn.cachedUnicorn(host))
      ? undefined
      : await fetchLibrary(unicorn, host, report);
  try {
    const candidates = unicorn.libraryCandidates(host, projectFile('dist'));
    const library = unicorn.openFirst(host, candidates, (file) => new unicorn.UnicornLibrary(file));
    const { major, minor, patch } = library.version;
    return { summary: `libunicorn ${major}.${minor}.${patch}, ${library.file}`, problem: undefined };
  } catch (error) {
    if (!(error instanceof unicorn.UnicornUnavailableError)) throw error;
    const problem = fetchProblem === undefined ? error.message : `${fetchProblem}\n${error.message}`;
    return { summary: 'not there; what needs no CPU works', problem };
  }
}

/** Puts the library for `host` into the cache. Resolves to undefined, or to the reason why it is not there. */
export async function fetchLibrary(unicorn, host, report) {
  const platform = unicorn.unicornPlatform(host);
  const wheel = unicorn.UNICORN_WHEELS[platform];
  if (wheel === undefined) return `There is no wheel of unicorn ${unicorn.UNICORN_VERSION} for ${platform}.`;
  const pip = await findPip();
  if (pip === undefined) return 'pip was not found (tried "python3 -m pip", "pip" and "py -3 -m pip").';
  report(`fetching unicorn==${unicorn.UNICORN_VERSION} with ${pip.join(' ')} …`);
  const target = unicorn.cachedUnicorn(host);
  const cache = path.dirname(path.dirname(target));
  try {
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(path.join(cache, 'download-'));
    try {
      const file = await downloadWheel(pip, unicorn.UNICORN_VERSION, wheel, folder);
      await unpackLibrary(file, wheel.sha256, target, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    return `The CPU library could not be fetched: ${error.message}`;
  }
  return undefined;
}

async function findPip() {
  const ways = [['python3', '-m', 'pip'], ['pip'], ['py', '-3', '-m', 'pip']];
  for (const way of ways) {
    const [file, ...args] = way;
    if ((await runProgram(file, [...args, '--version'])).status === 0) return way;
  }
  return undefined;
}

async function downloadWheel([file, ...args], version, wheel, folder) {
  const requirements = path.join(folder, 'requirements.txt');
  await writeFile(requirements, `unicorn==${version} --hash=sha256:${wheel.sha256}\n`);
  const { status, output } = await runProgram(file, [
    ...args,
    'download',
    '--no-deps',
    '--require-hashes',
    '--only-binary=:all:',
    `--platform=${wheel.pipPlatform}`,
    '--no-input',
    '--disable-pip-version-check',
    '--retries=2',
    `--dest=${folder}`,
    `--requirement=${requirements}`,
  ]);
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
  if (status === 0 && name !== undefined) return path.join(folder, name);
  throw new Error(`pip says: ${lastLine(output)}`);
}

/** Takes the one library out of the wheel; it appears at `target` whole or not at all. */
async function unpackLibrary(wheelFile, sha256, target, folder) {
  const bytes = await readFile(wheelFile);
  // pip checked this already; a pip that ignores the option must not decide what code we load.
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${path.basename(wheelFile)} has sha256 ${found}, not ${sha256}`);
  const { unzipSync } = await import('fflate');
  const name = `unicorn/lib/${path.basename(target)}`;
  const library = unzipSync(bytes, { filter: (entry) => entry.name === name })[name];
  if (library === undefined) throw new Error(`${path.basename(wheelFile)} has no ${name}`);
  const unpacked = path.join(folder, path.basename(target));
  await writeFile(unpacked, library, { mode: 0o755 });
  await mkdir(path.dirname(target), { recursive: true });
  await rename(unpacked, target);
}
