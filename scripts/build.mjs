// Bundles the product into dist/: three programs for VS Code, the command line and the thread of the embedded target.
import { build } from 'esbuild';
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from './project.mjs';

const require = createRequire(import.meta.url);
const dist = path.join(projectRoot, 'dist');

/** Bundle name → entry point. `koffi` stays outside: its binary is a package of its own for each platform. */
const entryPoints = {
  extension: 'extension/extension.ts',
  'language-server': 'language-server/main.ts',
  adapter: 'adapter/main.ts',
  hds: 'adapter/cli/main.ts',
  'embedded-worker': 'driver/embedded/worker.ts',
  ticker: 'driver/embedded/cpu/ticker.ts',
};

/** WebAssembly that the bundles load by its place beside them. */
const assets = [['iced-x86/iced_x86_bg.wasm', 'iced_x86_bg.wasm']];

export async function buildProduct() {
  await mkdir(dist, { recursive: true });
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
  for (const [from, to] of assets) await copyFile(require.resolve(from), path.join(dist, to));
}

if (process.argv[1] === import.meta.filename) await buildProduct();
