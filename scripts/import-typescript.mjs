import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from './project.mjs';

const require = createRequire(import.meta.url);

/**
 * Loads TypeScript modules of the project into a script, without a build of the whole: what product and scripts must agree
 * on is written once. Needs node_modules.
 * @param {string} name name of the bundle in out/scripts
 * @param {string[]} modules paths from the project's root, with slashes
 */
export async function importTypeScript(name, modules) {
  const { build } = await import('esbuild');
  const outfile = path.join(projectRoot, 'out', 'scripts', `${name}.cjs`);
  await build({
    stdin: {
      contents: modules.map((module) => `export * from './${module}';`).join('\n'),
      resolveDir: projectRoot,
      sourcefile: `${name}.ts`,
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    logLevel: 'warning',
  });
  return require(outfile);
}
