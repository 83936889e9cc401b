import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ElfImage, readElf } from './elf-image';

export interface ProgramFile {
  readonly path: string;
  readonly image: ElfImage;
}

/** The file is no program for the embedded machine. The message is one sentence for the user and names the cure. */
export class ProgramFileError extends Error {
  override readonly name = 'ProgramFileError';
}

/** Reads a guest program before any machine is started. Rejects with ProgramFileError. */
export async function checkProgramFile(program: string): Promise<ProgramFile> {
  const bytes = await readProgram(program);
  const reading = readElf(bytes);
  if (reading.kind === 'refused') throw new ProgramFileError(`The program "${program}" ${reading.reason}`);
  return { path: path.resolve(program), image: reading.image };
}

async function readProgram(program: string): Promise<Uint8Array> {
  try {
    const found = await stat(program);
    if (found.isDirectory()) {
      throw new ProgramFileError(
        `The program "${program}" is a folder; give the path of a Linux x86-64 ELF file.`,
      );
    }
    if (!found.isFile()) {
      throw new ProgramFileError(
        `The program "${program}" is not a regular file; give the path of a Linux x86-64 ELF file.`,
      );
    }
    return await readFile(program);
  } catch (error) {
    if (error instanceof ProgramFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ProgramFileError(
        `The program "${program}" does not exist; check the path, or build the program first.`,
      );
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new ProgramFileError(
        `The program "${program}" cannot be read: permission denied. Make it readable for you.`,
      );
    }
    throw new ProgramFileError(
      `The program "${program}" cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
