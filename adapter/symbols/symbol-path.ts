/** Finds the files of a Windows module in folders of this computer, plain or laid out like a symbol server. */

import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ByteSource, fileSource, SymbolFileError } from './byte-source';
import { PdbFile } from './pdb/pdb-file';
import { type PdbIdentity, type PeImage, readPe } from './pe/pe-image';

export interface FoundFile<T> {
  readonly value: T | undefined;
  /** Why files that have the right name were not taken, in sentences. */
  readonly problems: readonly string[];
}

/** The PDB with this identity. A file of the right name that belongs to another build is refused with a reason. */
export function findPdb(identity: PdbIdentity, folders: readonly string[]): FoundFile<PdbFile> {
  const name = path.win32.basename(identity.path.replaceAll('/', '\\'));
  const key = `${identity.guid}${identity.age.toString(16).toUpperCase()}`;
  return firstFit(name, key, folders, (source) => {
    const pdb = new PdbFile(source);
    if (pdb.info.guid !== identity.guid) {
      throw new SymbolFileError(`belongs to another build (${pdb.info.guid}); ${identity.guid} is needed.`);
    }
    // Writing to a PDB raises its age, and an older image still fits; a lower age is of an older link.
    if (pdb.age < identity.age && pdb.info.age < identity.age) {
      throw new SymbolFileError(`is older than the image (age ${pdb.age}; ${identity.age} is needed).`);
    }
    return pdb;
  });
}

/** The image whose headers say the same as those of `wanted`. */
export function findImage(name: string, wanted: PeImage, folders: readonly string[]): FoundFile<PeImage> {
  const key = `${wanted.timestamp.toString(16).toUpperCase().padStart(8, '0')}${wanted.imageSizeBytes.toString(16)}`;
  return firstFit(name, key, folders, (source) => {
    const image = readPe(source);
    if (image.timestamp !== wanted.timestamp || image.imageSizeBytes !== wanted.imageSizeBytes) {
      throw new SymbolFileError('is another build than the image of the target.');
    }
    return image;
  });
}

function firstFit<T>(
  name: string,
  key: string,
  folders: readonly string[],
  read: (source: ByteSource) => T,
): FoundFile<T> {
  const problems: string[] = [];
  // The name is of a file that somebody else made: it must not lead out of the folders.
  if (name === '' || name === '.' || name === '..' || /[\\/:\0]/.test(name))
    return { value: undefined, problems };
  for (const folder of folders) {
    for (const file of [descend(folder, [name, key, name]), descend(folder, [name])]) {
      if (file === undefined) continue;
      let source: ByteSource | undefined;
      try {
        source = fileSource(file);
        return { value: read(source), problems };
      } catch (error) {
        source?.close();
        if (!(error instanceof SymbolFileError) && !isSystemError(error)) throw error;
        problems.push(
          error instanceof SymbolFileError
            ? `The file "${file}" ${error.message}`
            : `The file "${file}" cannot be read: ${error.message}.`,
        );
      }
    }
  }
  return { value: undefined, problems };
}

/** A file below a folder, with names in either case: symbol servers copied from Windows keep what was there. */
function descend(folder: string, names: readonly string[]): string | undefined {
  let at = folder;
  for (const name of names) {
    const next = entryNamed(at, name);
    if (next === undefined) return undefined;
    at = path.join(at, next);
  }
  return statSync(at, { throwIfNoEntry: false })?.isFile() === true ? at : undefined;
}

function entryNamed(folder: string, name: string): string | undefined {
  try {
    const entries = readdirSync(folder);
    return entries.includes(name)
      ? name
      : entries.find((entry) => entry.toLowerCase() === name.toLowerCase());
  } catch (error) {
    // A folder that is not there, or no folder, holds nothing.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
