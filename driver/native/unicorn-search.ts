/** Finds the libunicorn that runs the embedded target's CPU. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { UnicornLibrary } from './unicorn';
import {
  cachedUnicorn,
  type HostComputer,
  thisComputer,
  unicornFileName,
  unicornRemedies,
} from './unicorn-release';

/** No libunicorn works here. The message is complete: what was tried and which commands help. */
export class UnicornUnavailableError extends Error {
  override readonly name = 'UnicornUnavailableError';
}

/** A place to look for the library. */
export interface LibraryCandidate {
  /** Where the candidate comes from, for the message. */
  readonly origin: string;
  /** A path, or a bare file name that the system's loader searches for. */
  readonly file: string;
}

/** What the search needs to know of a loaded library. */
export interface VersionedLibrary {
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
}

/** The candidates in the order they are tried. A library that the user names is the only one. */
export function libraryCandidates(host: HostComputer, bundleFolder: string): readonly LibraryCandidate[] {
  const named = host.environment['HDS_UNICORN_LIBRARY'];
  if (named) return [{ origin: 'HDS_UNICORN_LIBRARY', file: path.resolve(named) }];
  const name = unicornFileName(host);
  return [
    { origin: 'beside the program', file: path.join(bundleFolder, name) },
    { origin: 'cache', file: cachedUnicorn(host) },
    { origin: 'system', file: name },
  ];
}

/** The first candidate that loads and has a fitting version. Throws UnicornUnavailableError when none does. */
export function openFirst<Library extends VersionedLibrary>(
  host: HostComputer,
  candidates: readonly LibraryCandidate[],
  load: (file: string) => Library,
): Library {
  const failures: string[] = [];
  for (const { origin, file } of candidates) {
    const attempt = tryLibrary(file, load);
    if (typeof attempt !== 'string') return attempt;
    failures.push(`  ${origin}: ${file}: ${attempt}`);
  }
  throw new UnicornUnavailableError(
    [
      'The embedded machine needs the CPU library libunicorn 2.1 or newer, and none was found. Tried:',
      ...failures,
      'What helps:',
      ...unicornRemedies(host).map((line) => `  ${line}`),
    ].join('\n'),
  );
}

/** The library, or the reason in a few words. */
function tryLibrary<Library extends VersionedLibrary>(
  file: string,
  load: (file: string) => Library,
): Library | string {
  if (path.isAbsolute(file) && !existsSync(file)) return 'there is no such file';
  let library: Library;
  try {
    library = load(file);
  } catch (error) {
    return firstLine(error instanceof Error ? error.message : String(error));
  }
  return versionProblem(library) ?? library;
}

function versionProblem({ version: { major, minor, patch } }: VersionedLibrary): string | undefined {
  const text = `version ${major}.${minor}.${patch}`;
  if (major === 2 && minor >= 1) return undefined;
  // 2.0.x looks memory up by virtual address and loses EFER.NX, so page tables do not work on it.
  if (major < 2 || (major === 2 && minor < 1))
    return `${text} is too old (page tables do not work before 2.1)`;
  return `${text} is not known to this program (2.1 or newer, below 3, is)`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

/**
 * The libunicorn of this computer: HDS_UNICORN_LIBRARY, else beside the bundle, the cache of set-up, the system's own.
 * Throws UnicornUnavailableError.
 */
export function openUnicornLibrary(): UnicornLibrary {
  const host = thisComputer();
  return openFirst(host, libraryCandidates(host, __dirname), (file) => new UnicornLibrary(file));
}
