// The front end as the product has it: bundled by esbuild, with its enums inlined.
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '../scripts/project.mjs';

const modules = [
  'compiler/compile',
  'command-file/check',
  'command-file/checked-file',
  'compiler/global-table',
  'semantics/types',
  'syntax/lexer',
  'syntax/parser',
  'syntax/tree',
];

/** Bundles the front end into out/bench/ and loads it. */
export async function loadFrontEnd() {
  const outfile = path.join(projectRoot, 'out', 'bench', 'front-end.cjs');
  await build({
    stdin: {
      contents: modules.map((name) => `export * from './script-engine/${name}';`).join('\n'),
      resolveDir: projectRoot,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  return createRequire(import.meta.url)(outfile);
}
