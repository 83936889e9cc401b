// Step 1 runs before node_modules exists: Node built-ins only.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectFile, projectRoot, ScriptFailure } from '../project.mjs';
import { runProgram } from '../run-program.mjs';

/** Installs the packages of package-lock.json unless node_modules already holds them. */
export async function installDependencies(report) {
  if (dependenciesMatch()) return 'as the lock file says';
  report('installing from package-lock.json …');
  const [file, ...args] = npmCommand();
  // No package needs its install script: koffi and esbuild bring their binaries as packages of their own.
  const { status, output } = await runProgram(
    file,
    [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: projectRoot },
  );
  if (status === 0) return 'installed';
  throw new ScriptFailure(
    `The dependencies could not be installed:\n${npmErrors(output)}\n` +
      'Check the network and the npm registry ("npm ping"), then start again; "npm ci" shows the whole output.',
  );
}

/** npm's own lines, without the place of its log. */
function npmErrors(output) {
  const lines = output
    .split(/\r?\n/)
    .filter((line) => /\S/.test(line) && !/complete log of this run|^npm error\s+at /.test(line));
  return lines
    .slice(0, 5)
    .map((line) => `  ${line}`)
    .join('\n');
}

function readLock(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/** npm writes what it installed into node_modules/.package-lock.json, in the form of the lock file. */
function dependenciesMatch() {
  const wanted = readLock(projectFile('package-lock.json'));
  const installed = readLock(projectFile('node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '' || (entry.optional && installed[place] === undefined)) return true;
    return installed[place]?.version === entry.version && existsSync(path.join(projectRoot, place));
  });
}

/** npm as a program for this Node; `npm` by name is a shell script on Windows. */
export function npmCommand() {
  const fromNpm = process.env.npm_execpath;
  const besideNode = path.dirname(process.execPath);
  const places = [
    ...(fromNpm !== undefined && path.basename(fromNpm) === 'npm-cli.js' ? [fromNpm] : []),
    path.join(besideNode, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(besideNode, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const found = places.find((place) => existsSync(place));
  return found === undefined ? ['npm'] : [process.execPath, found];
}
