// Parts of the product as it has them: bundled by esbuild, with its enums inlined.
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { projectFile, projectRoot } from '../scripts/project.mjs';

/**
 * Bundles everything that the modules export into out/bench/.
 * @param {string} name file name of the bundle
 * @param {readonly string[]} modules paths in the project, without extension
 * @returns {Promise<string>} path of the bundle
 */
export async function bundle(name, modules) {
  const outfile = projectFile(`out/bench/${name}`);
  await build({
    stdin: {
      contents: modules.map((file) => `export * from './${file}';`).join('\n'),
      resolveDir: projectRoot,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['koffi', 'keystone-wasm'],
    logLevel: 'warning',
  });
  return outfile;
}

/** Bundles the modules and loads what they export; see `bundle`. */
export async function loadBundle(name, modules) {
  return createRequire(import.meta.url)(await bundle(name, modules));
}
