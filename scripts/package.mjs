// Makes the .vsix of one platform: `npm run package` for this computer, `npm run package -- win32-x64` for another one.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { koffiBinaryFolder, cpuLibraryFile, TARGETS } from './package/native-parts.mjs';
import { makeVsix } from './package/vsix.mjs';
import { filesBelow, isMain, projectFile, projectRoot, runScript, ScriptFailure } from './project.mjs';

const work = projectFile('out/package');

/** Files of the repository that are packed where they are. */
const plainPlaces = ['syntaxes', 'examples', 'extension/media', 'docs'];
/** What tools leave in those places, and what is packed elsewhere. */
const leftOut = new Set(['build', 'prebuilt', '.DS_Store']);
/** Pages under the names that the Marketplace expects. */
const pages = [
  ['extension/README.md', 'readme.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ['LICENSE', 'LICENSE.txt'],
];
/** Packages outside the bundles: koffi finds its binary by its own place, Keystone its WebAssembly. */
const packageParts = [
  ['koffi', /^(package\.json|LICENSE\.txt|index\.cjs|src\/koffi\/.*\.cjs)$/],
  ['keystone-wasm', /^(package\.json|dist\/(index\.mjs|keystone\.wasm))$/],
];

/** Platform of this computer in VS Code's words. */
export function thisTarget() {
  return `${process.platform}-${process.arch}`;
}

/** Makes a package and resolves to its path. */
export async function packageFor(target, report = console.log) {
  if (!TARGETS.includes(target)) {
    throw new ScriptFailure(`There is no package for "${target}"; possible are ${TARGETS.join(', ')}.`);
  }
  const manifest = JSON.parse(await readFile(projectFile('package.json'), 'utf8'));
  const files = await collectFiles(target, manifest, report);
  const vsix = await makeVsix(manifest, target, files);
  const file = projectFile(`out/${manifest.name}-${manifest.version}-${target}.vsix`);
  await writeFile(file, vsix);
  report(`${path.relative(projectRoot, file)}: ${megabytes(vsix.length)}, ${files.size} files`);
  reportLargest(files, report);
  return file;
}

async function collectFiles(target, manifest, report) {
  const files = new Map();
  const add = async (name, source) => files.set(name, await readFile(source));
  files.set('package.json', Buffer.from(JSON.stringify(packedManifest(manifest), undefined, 2)));
  for (const [source, name] of pages) {
    files.set(name, Buffer.from(await packedPage(projectFile(source))));
  }
  for (const place of plainPlaces) {
    for (const file of filesBelow(projectFile(place), leftOut)) await add(relative(projectRoot, file), file);
  }
  // Launch configurations of the examples name the guests where set-up builds them.
  for (const file of filesBelow(projectFile('examples/guests/prebuilt'))) {
    await add(`examples/guests/build/${path.basename(file)}`, file);
  }
  await addBundles(files);
  for (const [name, pattern] of packageParts) {
    const folder = projectFile(`node_modules/${name}`);
    for (const file of filesBelow(folder)) {
      const place = relative(folder, file);
      if (pattern.test(place)) await add(`node_modules/${name}/${place}`, file);
    }
  }
  const koffi = await koffiBinaryFolder(target, report);
  for (const file of filesBelow(koffi, new Set(['musl_x64', 'musl_arm64', 'README.md']))) {
    await add(`node_modules/@koromix/koffi-${target}/${relative(koffi, file)}`, file);
  }
  const library = await cpuLibraryFile(target, report);
  await add(`dist/${path.basename(library)}`, library);
  return files;
}

async function addBundles(files) {
  const { buildProduct } = await import('./build.mjs');
  const bundles = path.join(work, 'dist');
  await rm(bundles, { recursive: true, force: true });
  await mkdir(bundles, { recursive: true });
  await buildProduct({ outputFolder: bundles, isRelease: true });
  for (const file of filesBelow(bundles)) files.set(`dist/${path.basename(file)}`, await readFile(file));
}

/** Entries of the manifest that only development needs. */
const developmentEntries = new Set(['devDependencies', 'scripts', 'files', 'private']);

/** The manifest of the installed extension. */
function packedManifest(manifest) {
  const kept = Object.entries(manifest).filter(([name]) => !developmentEntries.has(name));
  const packed = packageParts.map(([name]) => [name, manifest.dependencies[name]]);
  return { ...Object.fromEntries(kept), dependencies: Object.fromEntries(packed) };
}

/**
 * A page as the editor shows it: there is no folder that its links could start from, so pictures go into the text and links to other files become words.
 */
async function packedPage(file) {
  let text = await readFile(file, 'utf8');
  for (const [whole, alternative, target] of text.matchAll(/!\[([^\]]*)\]\(([^):]+\.png)\)/g)) {
    const picture = await readFile(path.join(path.dirname(file), target));
    text = text.replace(whole, `![${alternative}](data:image/png;base64,${picture.toString('base64')})`);
  }
  return text.replace(/(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)/g, '$1');
}

function relative(folder, file) {
  return path.relative(folder, file).split(path.sep).join('/');
}

function reportLargest(files, report) {
  const largest = [...files].sort(([, a], [, b]) => b.length - a.length).slice(0, 6);
  for (const [name, bytes] of largest) report(`  ${megabytes(bytes.length).padStart(8)}  ${name}`);
}

function megabytes(sizeBytes) {
  return `${(sizeBytes / 1e6).toFixed(2)} MB`;
}

if (isMain(import.meta.url)) {
  await runScript(async () => {
    const targets = process.argv.length > 2 ? process.argv.slice(2) : [thisTarget()];
    for (const target of targets) await packageFor(target);
  });
}
