import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../project-root';

/** Programs of Debian's packages clang, lld and llvm. */
const TOOLS = ['clang', 'lld-link', 'llvm-pdbutil', 'llvm-readobj'];

export const missingLlvm =
  'clang, lld-link, llvm-pdbutil or llvm-readobj is missing ("apt-get install clang lld llvm")';
export const missingMingw = 'there is no mingw compiler ("apt-get install gcc-mingw-w64-x86-64")';

export function hasTools(names: readonly string[] = TOOLS): boolean {
  try {
    for (const name of names) execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

export interface BuiltSample {
  readonly folder: string;
  readonly source: string;
  readonly image: string;
  readonly pdb: string;
  dispose(): void;
}

/** Compiles and links a source file to an image with a PDB. */
export function buildSample(
  source = path.join(projectRoot, 'test/adapter/symbols/windows-sample.cpp'),
): BuiltSample {
  const folder = mkdtempSync(path.join(tmpdir(), 'hyperdbg-pdb-'));
  const [object, image, pdb] = ['sample.obj', 'sample.exe', 'sample.pdb'].map((name) =>
    path.join(folder, name),
  );
  execFileSync('clang', [
    ...['--target=x86_64-pc-windows-msvc', '-g', '-gcodeview', '-O1', '-ffreestanding', '-funwind-tables'],
    ...['-c', source, '-o', object!],
  ]);
  execFileSync('lld-link', [
    ...['/nodefaultlib', '/entry:entry', '/subsystem:console', '/debug', `/out:${image}`, `/pdb:${pdb}`],
    object!,
  ]);
  return { folder, source, image: image!, pdb: pdb!, dispose: () => rmSync(folder, { recursive: true }) };
}

export function dump(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
}
