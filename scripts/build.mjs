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
  adapter: 'adapter/main.ts',
  hds: 'adapter/cli/main.ts',
  'embedded-worker': 'driver/embedded/worker.ts',
  'device-helper': 'driver/device/helper/main.ts',
};

/**
 * The language server starts with every editor, so its bundle is small, and what it needs later is in bundles of its own:
 * the disassembler, for machine code, what runs scripts, for dry runs, and the driver, to verify an event.
 */
const serverEntryPoints = {
  'language-server': 'language-server/main.ts',
  disassembler: 'script-engine/asm/disassembler.ts',
  'dry-run': 'language-server/dry-run.ts',
  verify: 'language-server/verify.ts',
};

/** Imports of the language server that are loaded when they are asked for, from the bundle beside it. */
const loadedLater = {
  name: 'loaded-later',
  setup({ onResolve }) {
    onResolve({ filter: /\/(disassembler|dry-run|verify)\.js$/ }, ({ kind, path: name }) =>
      kind === 'dynamic-import' ? { path: `./${path.posix.basename(name)}`, external: true } : undefined,
    );
  },
};

/** WebAssembly that the bundles load by its place beside them. */
const assets = [['iced-x86/iced_x86_bg.wasm', 'iced_x86_bg.wasm']];

/** What a whole build leaves in dist/. */
export function builtFiles() {
  const bundles = Object.keys({ ...entryPoints, ...serverEntryPoints }).map((name) => `${name}.js`);
  return [...bundles, ...assets.map(([, name]) => name)].map((name) => path.join(dist, name));
}

/**
 * Bundles everything. esbuild has already written what is wrong when this fails.
 * @param {{outputFolder?: string, isRelease?: boolean}} options a release is small: no source maps, no comments
 */
export async function buildProduct({ outputFolder = dist, isRelease = false } = {}) {
  await mkdir(outputFolder, { recursive: true });
  const options = {
    absWorkingDir: projectRoot,
    outdir: outputFolder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: !isRelease,
    minify: isRelease,
    // Names of functions and classes are what is left of a stack in a report.
    keepNames: isRelease,
    external: ['vscode', 'koffi', 'keystone-wasm'],
    logLevel: 'warning',
  };
  try {
    await build({ ...options, entryPoints });
    await build({ ...options, entryPoints: serverEntryPoints, minify: true, plugins: [loadedLater] });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    throw new ScriptFailure(`The product was not built: ${error.errors.length} error(s), listed above.`);
  }
  for (const [from, to] of assets) await copyFile(require.resolve(from), path.join(outputFolder, to));
}

if (isMain(import.meta.url)) await runScript(() => buildProduct());
