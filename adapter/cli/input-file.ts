import { readFileSync } from 'node:fs';
import path from 'node:path';
import { withoutByteOrderMark } from './console-io';
import { type CliError, wrongUse } from './cli-error';

/** The text of a file that the user named. Throws a CliError that says what is wrong with the name. */
export function readTextFile(file: string): string {
  try {
    return withoutByteOrderMark(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Files that a script names are looked for beside it. */
export function readBeside(script: string, name: string): string | undefined {
  try {
    return readFileSync(path.resolve(path.dirname(script), name), 'utf8');
  } catch {
    // The plan says which name could not be read, and where.
    return undefined;
  }
}

function unreadable(file: string, error: unknown): CliError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return wrongUse(
        `${file}: there is no such file. Check the path; it is relative to the current folder.`,
      );
    case 'EISDIR':
      return wrongUse(`${file}: this is a folder. Name a file in it.`);
    case 'EACCES':
    case 'EPERM':
      return wrongUse(`${file}: no permission to read this file.`);
    default:
      return wrongUse(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)}).`);
  }
}
