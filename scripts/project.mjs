import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Absolute path of a file of the repository, from its path with slashes. */
export const projectFile = (relativePath) => path.join(projectRoot, ...relativePath.split('/'));

/** True for the script that Node was started with. */
export function isMain(moduleUrl) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl);
}

/** A reason to stop that the user can act on: its message is shown alone, without a stack trace. */
export class ScriptFailure extends Error {
  name = 'ScriptFailure';
}

/** Runs a script's work: the exit status is what it returns, or 1 after a failure. */
export async function runScript(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    console.error(error instanceof ScriptFailure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** All files below a folder or the file itself, sorted, without those below folders named in `skip`. */
export function filesBelow(start, skip = new Set()) {
  if (!existsSync(start)) return [];
  if (!statSync(start).isDirectory()) return [start];
  return readdirSync(start, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (skip.has(entry.name)) return [];
      return filesBelow(path.join(start, entry.name), skip);
    });
}

/** Changes when a file of the list is written, added or removed; reads no contents. */
export function filesStamp(files, ...more) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${path.relative(projectRoot, file)}\0${mtimeMs}\0${size}\0`);
  }
  return hash.update(more.join('\0')).digest('hex');
}
