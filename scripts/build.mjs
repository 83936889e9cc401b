// Bundles the product into dist/: three programs for VS Code, the command line and the thread of the embedded target.
import { build } from 'esbuild';
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isMain, projectRoot, runScript, ScriptFailure } from './project.mjs';

const require = createRequire(import.meta.url);
const dist = path.join(projectRoot, 'dist');

/** Bundle name → entry point. `koffi` stays outside: its binary is a package of its own for each platform. */
const entryPoints = {
  extension: 'extension/extension.ts',
  'language-server': 'language-server/main.ts',
  adapter: 'adapter/main.ts',
  hds: 'adapter/cli/main.ts',
  'embedded-worker': 'driver/embedded/worker.ts',
  'device-helper': 'driver/device/helper/main.ts',
};

/** WebAssembly that the bundles load by its place beside them. */
const assets = [['iced-x86/iced_x86_bg.wasm', 'iced_x86_bg.wasm']];

/** What a whole build leaves in dist/. */
export function builtFiles() {
  const bundles = Object.keys(entryPoints).map((name) => `${name}.js`);
  return [...bundles, ...assets.map(([, name]) => name)].map((name) => path.join(dist, name));
}

/** Bundles everything. esbuild has already written what is wrong when this fails. */
export async function buildProduct() {
  await mkdir(dist, { recursive: true });
  try {
    await build({
      absWorkingDir: projectRoot,
      entryPoints,
      outdir: dist,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      sourcemap: true,
      external: ['vscode', 'koffi', 'keystone-wasm'],
      logLevel: 'warning',
    });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    throw new ScriptFailure(`The product was not built: ${error.errors.length} error(s), listed above.`);
  }
  for (const [from, to] of assets) await copyFile(require.resolve(from), path.join(dist, to));
}

if (isMain(import.meta.url)) await runScript(buildProduct);
