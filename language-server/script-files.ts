import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** More is no script. */
export const LARGEST_BYTES = 1 << 20;

/**
 * Reads the files that a script names, as they are looked for when it is armed: beside it. What the editor has open counts
 * before what is on disk. undefined for a script that is no file.
 */
export function filesBeside(
  uri: string,
  openText: (uri: string) => string | undefined,
): ((name: string) => string | undefined) | undefined {
  if (!uri.startsWith('file:')) return undefined;
  let folder: string;
  try {
    folder = path.dirname(fileURLToPath(uri));
  } catch {
    // A URI of a client on another system, e.g. with a host.
    return undefined;
  }
  return (name) => {
    const file = path.resolve(folder, name);
    return openText(pathToFileURL(file).href) ?? textOnDisk(file);
  };
}

function textOnDisk(file: string): string | undefined {
  try {
    const status = statSync(file);
    // A device or a pipe may never end.
    return status.isFile() && status.size <= LARGEST_BYTES ? readFileSync(file, 'utf8') : undefined;
  } catch {
    // The check says which name could not be read, and where.
    return undefined;
  }
}
