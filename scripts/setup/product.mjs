import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { filesBelow, filesStamp, projectFile } from '../project.mjs';

const rooms = ['extension', 'language-server', 'adapter', 'script-engine', 'driver'];
const stampFile = projectFile('dist/build-stamp.txt');

/** Bundles the product into dist/ when a source is newer than the last build. */
export async function buildProductWhenStale(report) {
  const inputs = [...rooms, 'scripts/build.mjs', 'package-lock.json'].flatMap((place) =>
    filesBelow(projectFile(place)),
  );
  const stamp = filesStamp(inputs);
  const { buildProduct, builtFiles } = await import('../build.mjs');
  const isWhole = builtFiles().every((file) => existsSync(file));
  if (isWhole && existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === stamp) return 'up to date';
  report('bundling …');
  await buildProduct();
  await writeFile(stampFile, stamp);
  return 'built';
}
