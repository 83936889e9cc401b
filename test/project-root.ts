import path from 'node:path';

/** Absolute path of the repository; compiled tests live in out/test. */
export const projectRoot = path.resolve(__dirname, '..', '..');

/** Absolute path of a file of the repository, from its path with slashes. */
export function projectFile(relativePath: string): string {
  return path.join(projectRoot, ...relativePath.split('/'));
}
